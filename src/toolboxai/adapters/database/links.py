"""Which account somebody of an identity provider has, in the database."""

from sqlalchemy import Double, ForeignKey, String, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import Base
from toolboxai.adapters.database.identity import UserRow, user_of, user_values
from toolboxai.errors import Conflict
from toolboxai.platform.identity.links import Link
from toolboxai.platform.identity.model import Role, User

__all__ = ["DatabaseLinkStore", "LinkRow"]


class LinkRow(Base):
    """One person as one provider knows them."""

    __tablename__ = "links"
    issuer: Mapped[str] = mapped_column(String(500), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey(UserRow.id, ondelete="CASCADE"), index=True)
    created_at: Mapped[float] = mapped_column(Double)


class DatabaseLinkStore:
    """Satisfies ``platform.identity.links.LinkStore`` on SQLite and Postgres; each method is one transaction.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def linked(self, link: Link) -> User | None:
        """See the port."""
        query = (
            select(UserRow.__table__)
            .join(LinkRow, LinkRow.user_id == UserRow.id)
            .where(LinkRow.issuer == link.issuer, LinkRow.subject == link.subject)
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else user_of(row)

    async def add_user(self, user: User, password_hash: str, link: Link, *, at: float) -> None:
        """See the port."""
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(UserRow).values(user_values(user, password_hash)))
                await connection.execute(insert(LinkRow).values(_values(user.id, link, at)))
        except IntegrityError as fault:
            raise Conflict("that person has an account, or its name or address is taken") from fault

    async def add(self, user_id: str, link: Link, *, at: float) -> None:
        """See the port."""
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(LinkRow).values(_values(user_id, link, at)))
        except IntegrityError as fault:
            raise Conflict(f"{link.subject!r} of {link.issuer} has an account already") from fault

    async def change_role(self, user_id: str, role: Role) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            await connection.execute(update(UserRow).where(UserRow.id == user_id).values(role=role.value))


def _values(user_id: str, link: Link, at: float) -> dict[str, object]:
    return {"issuer": link.issuer, "subject": link.subject, "user_id": user_id, "created_at": at}
