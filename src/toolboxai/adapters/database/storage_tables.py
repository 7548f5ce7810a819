"""The tables with which the database itself is looked after."""

from sqlalchemy import Double, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import Base

__all__ = ["BackupRequestRow", "ProbeRow"]


class ProbeRow(Base):
    """What is written, and removed, to see whether there is room. Empty but for that moment."""

    __tablename__ = "storage_probe"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    room: Mapped[bytes] = mapped_column(LargeBinary)


class BackupRequestRow(Base):
    """A backup that waits for the running server to write down what it has in memory.

    Args:
        asked_at: by whoever makes the backup.
        seen_at: by the server, before it begins.
        answered_at: by the server, once everything is in the database.
    """

    __tablename__ = "backup_requests"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    asked_at: Mapped[float] = mapped_column(Double)
    seen_at: Mapped[float | None] = mapped_column(Double)
    answered_at: Mapped[float | None] = mapped_column(Double)
