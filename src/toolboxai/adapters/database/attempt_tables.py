"""The tables of answers to quizzes. Pupils, classes and tenants are named by id only.

Who answers in a world and has no account has a ``player_…`` in the place of the user id. Such answers go with their world;
a foreign key to it cannot be added to a table of SQLite that is there, so that ``resources`` and ``personal`` see to it.
"""

from sqlalchemy import Double, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.content_tables import SessionRow
from toolboxai.adapters.database.engine import Base

__all__ = ["AnswerRow", "AttemptRow"]


class AttemptRow(Base):
    """Answers that came in together, to the quiz of one revision of a content."""

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("user_id", "idempotency_key", name="uq_attempts_user_id_idempotency_key"),
        Index("ix_attempts_content_id", "content_id", "created_at"),
    )
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    content_id: Mapped[str] = mapped_column(ForeignKey(SessionRow.content_id, ondelete="CASCADE"))
    revision: Mapped[int]
    organization_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    class_id: Mapped[str | None] = mapped_column(String(64), index=True)
    source: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[float] = mapped_column(Double)
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    request_sha256: Mapped[str] = mapped_column(String(64))
    environment_id: Mapped[str | None] = mapped_column(String(128), index=True)


class AnswerRow(Base):
    """One answer, as JSON text, and what it is worth; `nth` counts a pupil's answers to the question, from 1."""

    __tablename__ = "attempt_answers"
    __table_args__ = (
        UniqueConstraint("content_id", "user_id", "question_id", "nth", name="uq_attempt_answers_nth"),
    )
    attempt_id: Mapped[str] = mapped_column(ForeignKey(AttemptRow.id, ondelete="CASCADE"), primary_key=True)
    question_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    content_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    nth: Mapped[int]
    answer: Mapped[str] = mapped_column(Text)
    correct: Mapped[bool]
    score: Mapped[float] = mapped_column(Double)
    answered_at: Mapped[float] = mapped_column(Double)
