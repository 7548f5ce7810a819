"""The tables of worlds: builds, scripts, files, events."""

from sqlalchemy import Double, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import Base
from toolboxai.adapters.database.resource_tables import ResourceRow

__all__ = [
    "EnvironmentBuildRow",
    "EnvironmentEventRow",
    "EnvironmentFileRow",
    "EnvironmentRow",
    "EnvironmentScriptRow",
]


class EnvironmentRow(Base):
    """A world that is built here; its name, tenant and owner stand in its row of ``resources``, too."""

    __tablename__ = "environments"
    __table_args__ = (
        UniqueConstraint("owner_id", "idempotency_key", name="uq_environments_owner_id"),
        Index("ix_environments_owner_id", "owner_id", "created_at"),
    )
    id: Mapped[str] = mapped_column(ForeignKey(ResourceRow.id, ondelete="CASCADE"), primary_key=True)
    organization_id: Mapped[str] = mapped_column(String(64))
    owner_id: Mapped[str] = mapped_column(String(64))
    content_id: Mapped[str | None] = mapped_column(String(64), index=True)
    content_revision: Mapped[int | None]
    wish: Mapped[str] = mapped_column(Text)
    request_sha256: Mapped[str] = mapped_column(String(64))
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(16), index=True)
    components: Mapped[str] = mapped_column(Text)
    progress: Mapped[int]
    error: Mapped[str | None] = mapped_column(Text)
    attempt: Mapped[int]
    build: Mapped[int]
    ready_build: Mapped[int | None]
    last_seq: Mapped[int]
    announced_seq: Mapped[int]
    created_at: Mapped[float] = mapped_column(Double)
    updated_at: Mapped[float] = mapped_column(Double)
    finished_at: Mapped[float | None] = mapped_column(Double)


class EnvironmentBuildRow(Base):
    """One build: what was wished and, as JSON text, what it is made from and where everything stands."""

    __tablename__ = "environment_builds"
    environment_id: Mapped[str] = mapped_column(
        ForeignKey(EnvironmentRow.id, ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    wish: Mapped[str] = mapped_column(Text)
    spec: Mapped[str] = mapped_column(Text)
    land: Mapped[str | None] = mapped_column(Text)
    plan: Mapped[str | None] = mapped_column(Text)
    author_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[float] = mapped_column(Double)


class EnvironmentScriptRow(Base):
    """One revision of a script; ``place`` is its place in the order of the world's scripts."""

    __tablename__ = "environment_scripts"
    environment_id: Mapped[str] = mapped_column(
        ForeignKey(EnvironmentRow.id, ondelete="CASCADE"), primary_key=True
    )
    script_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    build: Mapped[int]
    place: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(100))
    parent: Mapped[str] = mapped_column(String(100))
    source: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    how: Mapped[str] = mapped_column(String(16))
    author_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[float] = mapped_column(Double)


class EnvironmentFileRow(Base):
    """One file to download; `notes` is a JSON list of sentences. `roblox_operation` is how an upload is asked after."""

    __tablename__ = "environment_files"
    environment_id: Mapped[str] = mapped_column(
        ForeignKey(EnvironmentRow.id, ondelete="CASCADE"), primary_key=True
    )
    format: Mapped[str] = mapped_column(String(16), primary_key=True)
    asset_id: Mapped[str] = mapped_column(String(64))
    place: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    notes: Mapped[str] = mapped_column(Text)
    roblox_operation: Mapped[str | None] = mapped_column(String(200))
    roblox_id: Mapped[str | None] = mapped_column(String(64))


class EnvironmentEventRow(Base):
    """One event; `data` is JSON text."""

    __tablename__ = "environment_events"
    environment_id: Mapped[str] = mapped_column(
        ForeignKey(EnvironmentRow.id, ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(32))
    data: Mapped[str] = mapped_column(Text)
    timestamp: Mapped[str] = mapped_column(String(32))
