"""The tables of minimal resources and of shares. Owners, users and tenants are named by id only."""

from sqlalchemy import Double, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import Base

__all__ = ["ResourceRow", "ShareRow"]


class ResourceRow(Base):
    """An environment, an agent or a plugin; the beginning of the id tells which, so ids are unique across kinds."""

    __tablename__ = "resources"
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    organization_id: Mapped[str] = mapped_column(String(64))
    owner_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[float] = mapped_column(Double)


class ShareRow(Base):
    """One resource, of whatever kind, and who may look at it: a user, a class, or whoever has a code's link."""

    __tablename__ = "shares"
    __table_args__ = (
        UniqueConstraint("kind", "resource_id", "user_id", name="uq_shares_kind_resource_id_user_id"),
        UniqueConstraint("kind", "resource_id", "class_id", name="uq_shares_kind_resource_id_class_id"),
    )
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    resource_id: Mapped[str] = mapped_column(String(128))
    organization_id: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[str | None] = mapped_column(String(64), index=True)
    class_id: Mapped[str | None] = mapped_column(String(64), index=True)
    code_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    expires_at: Mapped[float | None] = mapped_column(Double)
    created_at: Mapped[float] = mapped_column(Double)
