"""The tables of classes. Teachers, pupils and tenants are named by id only."""

from sqlalchemy import Double, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import Base

__all__ = ["ClassMemberRow", "ClassRow"]


class ClassRow(Base):
    """A class. Of its code only a keyed hash is kept, and the salt from which our keys make it again for its teacher."""

    __tablename__ = "classes"
    __table_args__ = (Index("ix_classes_owner_id", "owner_id", "created_at"),)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    organization_id: Mapped[str] = mapped_column(String(64))
    owner_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(100))
    names_shown: Mapped[bool]
    created_at: Mapped[float] = mapped_column(Double)
    code_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    code_salt: Mapped[str | None] = mapped_column(String(64))
    code_expires_at: Mapped[float | None] = mapped_column(Double)


class ClassMemberRow(Base):
    """A pupil in a class; `made_here`: by joining this class the account was made."""

    __tablename__ = "class_members"
    __table_args__ = (
        UniqueConstraint("class_id", "pseudonym_key", name="uq_class_members_class_id_pseudonym_key"),
    )
    class_id: Mapped[str] = mapped_column(ForeignKey(ClassRow.id, ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    pseudonym: Mapped[str] = mapped_column(String(40))
    pseudonym_key: Mapped[str] = mapped_column(String(256))
    made_here: Mapped[bool]
    joined_at: Mapped[float] = mapped_column(Double)
