"""The tables of content: sessions, events, stage results, revisions, files."""

from sqlalchemy import Double, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import Base

__all__ = ["ArtefactRow", "ContentFileRow", "EventRow", "RevisionRow", "SessionRow"]


class SessionRow(Base):
    """One generation. Owner and organisation are named by id only: identity's tables are its own room's."""

    __tablename__ = "content_sessions"
    __table_args__ = (
        UniqueConstraint("owner_id", "idempotency_key", name="uq_content_sessions_owner_id"),
        Index("ix_content_sessions_owner_id", "owner_id", "created_at"),
    )
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    content_id: Mapped[str] = mapped_column(String(64), unique=True)
    organization_id: Mapped[str] = mapped_column(String(64))
    owner_id: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(200))
    title: Mapped[str | None] = mapped_column(String(200))
    request: Mapped[str] = mapped_column(Text)
    request_sha256: Mapped[str] = mapped_column(String(64))
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(16), index=True)
    stage: Mapped[str | None] = mapped_column(String(32))
    percent: Mapped[int]
    error: Mapped[str | None] = mapped_column(Text)
    attempt: Mapped[int]
    last_seq: Mapped[int]
    announced_seq: Mapped[int]
    created_at: Mapped[float] = mapped_column(Double)
    updated_at: Mapped[float] = mapped_column(Double)
    finished_at: Mapped[float | None] = mapped_column(Double)
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    environment_theme: Mapped[str | None] = mapped_column(String(32))
    environment_id: Mapped[str | None] = mapped_column(String(128))
    environment_begun: Mapped[bool] = mapped_column(server_default=false())


class EventRow(Base):
    """One event; `data` is JSON text."""

    __tablename__ = "content_events"
    session_id: Mapped[str] = mapped_column(ForeignKey(SessionRow.id, ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(32))
    data: Mapped[str] = mapped_column(Text)
    timestamp: Mapped[str] = mapped_column(String(32))


class ArtefactRow(Base):
    """What a stage made, as JSON text."""

    __tablename__ = "content_artefacts"
    session_id: Mapped[str] = mapped_column(ForeignKey(SessionRow.id, ondelete="CASCADE"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(32), primary_key=True)
    data: Mapped[str] = mapped_column(Text)


class RevisionRow(Base):
    """A revision after the first, which is what the stages made; `document` is JSON text."""

    __tablename__ = "content_revisions"
    __table_args__ = (
        UniqueConstraint("content_id", "idempotency_key", name="uq_content_revisions_content_id"),
    )
    content_id: Mapped[str] = mapped_column(
        ForeignKey(SessionRow.content_id, ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(Text)
    author_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[float] = mapped_column(Double)
    document: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    request_sha256: Mapped[str] = mapped_column(String(64))


class ContentFileRow(Base):
    """One file to download, of a revision; `notes` is a JSON list of sentences."""

    __tablename__ = "content_files"
    content_id: Mapped[str] = mapped_column(
        ForeignKey(SessionRow.content_id, ondelete="CASCADE"), primary_key=True
    )
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    format: Mapped[str] = mapped_column(String(16), primary_key=True)
    audience: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    notes: Mapped[str] = mapped_column(Text)
