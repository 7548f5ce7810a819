"""Accounts, login sessions, revocations and one-time codes in the database."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Double,
    ForeignKey,
    Row,
    Select,
    String,
    delete,
    false,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import Base
from toolboxai.errors import Conflict
from toolboxai.platform.identity.model import Organization, Role, User
from toolboxai.platform.identity.store import Credentials, LoginSession, Rotation, name_key

__all__ = [
    "DatabaseIdentityStore",
    "LoginSessionRow",
    "OneTimeCodeRow",
    "OrganizationRow",
    "RevocationRow",
    "UserRow",
    "end_logins",
    "user_of",
    "user_values",
]


class OrganizationRow(Base):
    """A tenant."""

    __tablename__ = "organizations"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)


class UserRow(Base):
    """An account; the ``_key`` columns hold the form in which names are compared, `disabled_at` since when it is out of use.

    A `guest` joined by a code, and has neither a password nor an address; `seen_at` is kept of guests alone.
    """

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    organization_id: Mapped[str] = mapped_column(ForeignKey(OrganizationRow.id), index=True)
    username: Mapped[str] = mapped_column(String(64))
    username_key: Mapped[str] = mapped_column(String(256), unique=True)
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(String(1024), unique=True)
    display_name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(255))
    disabled_at: Mapped[float | None] = mapped_column(Double)
    guest: Mapped[bool] = mapped_column(server_default=false())
    seen_at: Mapped[float | None] = mapped_column(Double)


class LoginSessionRow(Base):
    """One sign-in; `refresh_id` is the one refresh token that is good now. It leaves when the session ends."""

    __tablename__ = "login_sessions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey(UserRow.id, ondelete="CASCADE"), index=True)
    refresh_id: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[float] = mapped_column(Double, index=True)


class RevocationRow(Base):
    """The ``jti`` of a token, or the ``sid`` of a session, that is refused until `expires_at`."""

    __tablename__ = "revocations"
    token_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    revoked_at: Mapped[float] = mapped_column(Double, index=True)
    expires_at: Mapped[float] = mapped_column(Double, index=True)


class OneTimeCodeRow(Base):
    """The SHA-256 of a code that signs in once; the row leaves when it does."""

    __tablename__ = "one_time_codes"
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey(UserRow.id, ondelete="CASCADE"), index=True)
    expires_at: Mapped[float] = mapped_column(Double, index=True)


def user_values(user: User, password_hash: str) -> dict[str, str | bool | None]:
    """The row of an account."""
    return {
        "id": user.id,
        "organization_id": user.organization_id,
        "username": user.username,
        "username_key": name_key(user.username),
        "email": user.email,
        "email_key": None if user.email is None else name_key(user.email),
        "display_name": user.display_name,
        "role": user.role.value,
        "password_hash": password_hash,
        "guest": user.guest,
    }


def user_of(row: Row[Any]) -> User:
    """The account of a row."""
    return User(
        row.id,
        row.organization_id,
        row.username,
        row.email,
        row.display_name,
        Role(row.role),
        row.disabled_at is not None,
        row.guest,
    )


async def end_logins(connection: AsyncConnection, user_id: str) -> Sequence[str]:
    """End an account's login sessions and one-time codes in a transaction; the sessions' ids."""
    await connection.execute(delete(OneTimeCodeRow).where(OneTimeCodeRow.user_id == user_id))
    ended = await connection.execute(
        delete(LoginSessionRow).where(LoginSessionRow.user_id == user_id).returning(LoginSessionRow.id)
    )
    return ended.scalars().all()


class DatabaseIdentityStore:
    """Satisfies ``platform.identity.store.IdentityStore`` on SQLite and Postgres.

    Each method is one transaction; what must happen once is one conditional statement, so that of two processes which
    try at the same time one succeeds.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def organization_named(self, name: str) -> Organization | None:
        """See the port."""
        query = select(OrganizationRow.id, OrganizationRow.name).where(OrganizationRow.name == name)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else Organization(row.id, row.name)

    async def add_organization(self, organization: Organization) -> None:
        """See the port."""
        try:
            async with self._engine.begin() as connection:
                await connection.execute(
                    insert(OrganizationRow).values(id=organization.id, name=organization.name)
                )
        except IntegrityError as fault:
            raise Conflict(f"there is an organisation {organization.name!r} already") from fault

    async def add_user(self, user: User, password_hash: str) -> None:
        """See the port."""
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(UserRow).values(user_values(user, password_hash)))
        except IntegrityError as fault:
            raise Conflict(
                f"the name {user.username!r} or its e-mail address is taken; choose another"
            ) from fault

    async def user(self, user_id: str) -> User | None:
        """See the port."""
        found = await self._credentials(select(UserRow.__table__).where(UserRow.id == user_id))
        return None if found is None else found.user

    async def credentials(self, name_or_email: str) -> Credentials | None:
        """See the port. A name has no @ and an address has one, so that at most one row fits."""
        key = name_key(name_or_email)
        return await self._credentials(
            select(UserRow.__table__).where(or_(UserRow.username_key == key, UserRow.email_key == key))
        )

    async def _credentials(self, query: Select[*tuple[object, ...]]) -> Credentials | None:
        async with self._engine.connect() as connection:
            row: Any = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        return Credentials(user_of(row), row.password_hash)

    async def set_password_hash(self, user_id: str, password_hash: str) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            await connection.execute(
                update(UserRow).where(UserRow.id == user_id).values(password_hash=password_hash)
            )

    async def open_session(self, session: LoginSession) -> bool:
        """See the port. The lock holds off whoever takes the account out of use: they then find this session, too."""
        in_use = (
            select(
                literal(session.id),
                UserRow.id,
                literal(session.refresh_id),
                literal(session.expires_at, Double),
            )
            .where(UserRow.id == session.user_id, UserRow.disabled_at.is_(None))
            .with_for_update(read=True)
        )
        row = LoginSessionRow
        columns = [row.id, row.user_id, row.refresh_id, row.expires_at]
        async with self._engine.begin() as connection:
            kept = await connection.execute(insert(row).from_select(columns, in_use).returning(row.id))
            return kept.first() is not None

    async def disable(self, user_id: str, *, at: float) -> Sequence[str]:
        """See the port."""
        async with self._engine.begin() as connection:
            await connection.execute(
                update(UserRow)
                .where(UserRow.id == user_id, UserRow.disabled_at.is_(None))
                .values(disabled_at=at)
            )
            return await end_logins(connection, user_id)

    async def end_logins(self, user_id: str) -> Sequence[str]:
        """See the port."""
        async with self._engine.begin() as connection:
            return await end_logins(connection, user_id)

    async def seen(self, user_id: str, *, at: float) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            await connection.execute(update(UserRow).where(UserRow.id == user_id).values(seen_at=at))

    async def enable(self, user_id: str) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            await connection.execute(update(UserRow).where(UserRow.id == user_id).values(disabled_at=None))

    async def rotate_session(
        self, session_id: str, used: str, *, refresh_id: str, expires_at: float
    ) -> Rotation:
        """See the port."""
        async with self._engine.begin() as connection:
            changed = await connection.execute(
                update(LoginSessionRow)
                .where(LoginSessionRow.id == session_id, LoginSessionRow.refresh_id == used)
                .values(refresh_id=refresh_id, expires_at=expires_at)
            )
            if changed.rowcount:
                return Rotation.ROTATED
            there = await connection.scalar(
                select(LoginSessionRow.id).where(LoginSessionRow.id == session_id)
            )
        return Rotation.UNKNOWN if there is None else Rotation.REUSED

    async def end_session(self, session_id: str) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(LoginSessionRow).where(LoginSessionRow.id == session_id))

    async def revoke(self, token_id: str, *, expires_at: float, now: float) -> None:
        """See the port."""
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        row = {"token_id": token_id, "revoked_at": now, "expires_at": expires_at}
        async with self._engine.begin() as connection:
            await connection.execute(dialect.insert(RevocationRow).values(row).on_conflict_do_nothing())

    async def revoked_since(self, then: float) -> Mapping[str, float]:
        """See the port."""
        query = select(RevocationRow.token_id, RevocationRow.expires_at).where(
            RevocationRow.revoked_at >= then
        )
        async with self._engine.connect() as connection:
            return {row.token_id: row.expires_at for row in await connection.execute(query)}

    async def add_code(self, code_hash: str, user_id: str, *, expires_at: float) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            await connection.execute(
                insert(OneTimeCodeRow).values(code_hash=code_hash, user_id=user_id, expires_at=expires_at)
            )

    async def take_code(self, code_hash: str, *, now: float) -> str | None:
        """See the port."""
        async with self._engine.begin() as connection:
            taken = await connection.execute(
                delete(OneTimeCodeRow)
                .where(OneTimeCodeRow.code_hash == code_hash)
                .returning(OneTimeCodeRow.user_id, OneTimeCodeRow.expires_at)
            )
            row = taken.one_or_none()
        return None if row is None or row.expires_at <= now else row.user_id

    async def forget_expired(self, now: float) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            for table in (LoginSessionRow, RevocationRow, OneTimeCodeRow):
                await connection.execute(delete(table).where(table.expires_at < now))
