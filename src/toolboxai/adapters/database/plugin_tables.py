"""The tables of plugins, their logs and their commands. Whose a plugin is stands in ``resources``."""

from sqlalchemy import Double, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import Base
from toolboxai.adapters.database.resource_tables import ResourceRow

__all__ = ["PluginCommandRow", "PluginLogRow", "PluginRow", "PluginWorldRow"]


class PluginRow(Base):
    """What a plugin has said of itself, and how far its log has come."""

    __tablename__ = "plugins"
    id: Mapped[str] = mapped_column(ForeignKey(ResourceRow.id, ondelete="CASCADE"), primary_key=True)
    studio_version: Mapped[str] = mapped_column(String(100))
    capabilities: Mapped[str] = mapped_column(Text)
    world_events: Mapped[bool]
    config: Mapped[str | None] = mapped_column(Text)
    token_id: Mapped[str | None] = mapped_column(String(64))
    token_expires_at: Mapped[float | None] = mapped_column(Double)
    last_seen_at: Mapped[float | None] = mapped_column(Double)
    last_seq: Mapped[int]
    kept_from: Mapped[int]
    announced_seq: Mapped[int]


class PluginLogRow(Base):
    """One entry; what a plugin says again is known by its id, and a result by its command."""

    __tablename__ = "plugin_log"
    __table_args__ = (
        Index("ix_plugin_log_message_id", "plugin_id", "message_id"),
        Index("ix_plugin_log_result_of", "plugin_id", "result_of"),
        Index("ix_plugin_log_at", "at"),
    )
    plugin_id: Mapped[str] = mapped_column(ForeignKey(PluginRow.id, ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    type: Mapped[str] = mapped_column(String(64))
    data: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    at: Mapped[float] = mapped_column(Double)
    message_id: Mapped[str | None] = mapped_column(String(64))
    result_of: Mapped[str | None] = mapped_column(String(64))


class PluginCommandRow(Base):
    """A command, and what became of it."""

    __tablename__ = "plugin_commands"
    __table_args__ = (Index("ix_plugin_commands_seq", "plugin_id", "seq"),)
    plugin_id: Mapped[str] = mapped_column(ForeignKey(PluginRow.id, ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    action: Mapped[str] = mapped_column(String(64))
    payload: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    seq: Mapped[int]
    result: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    issued_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[float] = mapped_column(Double)
    expires_at: Mapped[float] = mapped_column(Double)
    delivered_at: Mapped[float | None] = mapped_column(Double)
    ended_at: Mapped[float | None] = mapped_column(Double)


class PluginWorldRow(Base):
    """How far the events of one world have come into one log."""

    __tablename__ = "plugin_worlds"
    plugin_id: Mapped[str] = mapped_column(ForeignKey(PluginRow.id, ondelete="CASCADE"), primary_key=True)
    environment_id: Mapped[str] = mapped_column(
        ForeignKey(ResourceRow.id, ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int]
