"""The tables of webhooks: the queue with its log, and who is known to be there."""

from sqlalchemy import BigInteger, Double, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import Base

__all__ = ["AnnouncedRow", "DeliveryRow"]


class DeliveryRow(Base):
    """One delivery. `seq` is never given twice, so that whoever has read up to one misses none that comes later."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("ix_webhook_deliveries_state", "state", "app_id", "seq"),
        {"sqlite_autoincrement": True},
    )
    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    app_id: Mapped[str] = mapped_column(String(20))
    url: Mapped[str] = mapped_column(Text)
    channels: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[float] = mapped_column(Double)
    next_at: Mapped[float] = mapped_column(Double)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    last_status: Mapped[int | None]
    last_error: Mapped[str | None] = mapped_column(String(500))
    delivered_at: Mapped[float | None] = mapped_column(Double)


class AnnouncedRow(Base):
    """A channel that was told as occupied, or with a `user_id` a member that was told as added."""

    __tablename__ = "webhook_announced"
    app_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    channel: Mapped[str] = mapped_column(String(1000), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(200), primary_key=True)
