"""A school's accounts as its admins work on them, and welcome codes, in the database."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from toolboxai.adapters.database.class_tables import ClassMemberRow, ClassRow
from toolboxai.adapters.database.identity import (
    OneTimeCodeRow,
    OrganizationRow,
    UserRow,
    end_logins,
    user_of,
    user_values,
)
from toolboxai.errors import Conflict
from toolboxai.platform.identity.model import Role, User
from toolboxai.platform.identity.passwords import NO_PASSWORD
from toolboxai.platform.identity.store import name_key
from toolboxai.platform.school.store import Change, Changed, ClassPlan, Invitation, LastAdmin

__all__ = ["DatabaseSchoolStore", "admins_in_use", "one_at_a_time"]

_AT_ONCE: Final = 500  # values of one statement: databases have a bound


class DatabaseSchoolStore:
    """Satisfies ``platform.school.store.SchoolStore`` and ``platform.identity.welcome.WelcomeStore``.

    On SQLite and Postgres; each method is one transaction.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    # ---- accounts -----------------------------------------------------------------------------------------------
    async def users(
        self, organization_id: str, *, role: Role | None, text: str | None, after: str | None, limit: int
    ) -> Sequence[User]:
        """See the port."""
        query = (
            select(UserRow.__table__)
            .where(UserRow.organization_id == organization_id)
            .order_by(UserRow.username_key)
            .limit(limit)
        )
        if role is not None:
            query = query.where(UserRow.role == role.value)
        if text is not None:
            query = query.where(or_(*_having(text)))
        if after is not None:
            query = query.where(UserRow.username_key > after)
        async with self._engine.connect() as connection:
            return [user_of(row) for row in await connection.execute(query)]

    async def user(self, organization_id: str, user_id: str) -> User | None:
        """See the port."""
        async with self._engine.connect() as connection:
            return await _user(connection, organization_id, user_id)

    async def taken(self, keys: Collection[str]) -> set[str]:
        """See the port."""
        found: set[str] = set()
        async with self._engine.connect() as connection:
            for some in _parts(sorted(keys)):
                for column in (UserRow.username_key, UserRow.email_key):
                    there = await connection.scalars(select(column).where(column.in_(some)))
                    found.update(key for key in there if key is not None)
        return found

    async def invite(
        self, invitations: Sequence[Invitation], classes: Sequence[ClassPlan] = (), *, at: float
    ) -> None:
        """See the port."""
        try:
            async with self._engine.begin() as connection:
                await _all(connection, UserRow, [user_values(one.user, NO_PASSWORD) for one in invitations])
                await _all(connection, OneTimeCodeRow, [_code(one) for one in invitations])
                made = [
                    _class(plan, invitations[0].user.organization_id, at) for plan in classes if plan.fresh
                ]
                await _all(connection, ClassRow, made)
                members = [_member(plan.id, *pupil, at) for plan in classes for pupil in plan.pupils.items()]
                await _all(connection, ClassMemberRow, members)
        except IntegrityError as fault:
            one = f" {invitations[0].user.username!r}" if len(invitations) == 1 else ""
            raise Conflict(
                f"the name{one} or its e-mail address is taken; nothing was made, choose another"
            ) from fault

    async def change(
        self, organization_id: str, user_id: str, change: Change, *, at: float
    ) -> Changed | None:
        """See the port."""
        async with self._engine.begin() as connection:
            await one_at_a_time(connection, organization_id)
            before = await _user(connection, organization_id, user_id)
            if before is None:
                return None
            values = _values(before, change, at)
            if values:
                await connection.execute(update(UserRow).where(UserRow.id == user_id).values(values))
            user = await _user(connection, organization_id, user_id) or before
            ended: Sequence[str] = ()
            if user.role is not before.role or (user.disabled and not before.disabled):
                ended = await end_logins(connection, user_id)
                if not await admins_in_use(connection, organization_id):
                    raise LastAdmin
        return Changed(user, before, ended)

    async def reset(self, invitation: Invitation) -> Sequence[str] | None:
        """See the port."""
        user = invitation.user
        async with self._engine.begin() as connection:
            done = await connection.execute(
                update(UserRow)
                .where(
                    UserRow.id == user.id,
                    UserRow.organization_id == user.organization_id,
                    UserRow.disabled_at.is_(None),
                )
                .values(password_hash=NO_PASSWORD)
            )
            if not done.rowcount:
                return None
            ended = await end_logins(connection, user.id)
            await connection.execute(insert(OneTimeCodeRow).values(_code(invitation)))
        return ended

    # ---- classes ------------------------------------------------------------------------------------------------
    async def classes(self, organization_id: str) -> Sequence[tuple[str, str, str]]:
        """See the port."""
        query = select(ClassRow.id, ClassRow.name, ClassRow.owner_id).where(
            ClassRow.organization_id == organization_id
        )
        async with self._engine.connect() as connection:
            return [(row.id, row.name, row.owner_id) for row in await connection.execute(query)]

    async def pseudonyms(self, class_ids: Collection[str]) -> Mapping[str, set[str]]:
        """See the port."""
        found: dict[str, set[str]] = {}
        async with self._engine.connect() as connection:
            for some in _parts(sorted(class_ids)):
                query = select(ClassMemberRow.class_id, ClassMemberRow.pseudonym_key).where(
                    ClassMemberRow.class_id.in_(some)
                )
                for row in await connection.execute(query):
                    found.setdefault(row.class_id, set()).add(row.pseudonym_key)
        return found

    # ---- welcome codes ------------------------------------------------------------------------------------------
    async def holder(self, code_hash: str, *, now: float) -> str | None:
        """See the port."""
        query = select(OneTimeCodeRow.user_id).where(
            OneTimeCodeRow.code_hash == code_hash, OneTimeCodeRow.expires_at > now
        )
        async with self._engine.connect() as connection:
            return await connection.scalar(query)

    async def redeem(self, code_hash: str, password_hash: str, *, now: float) -> str | None:
        """See the port. Whoever has a password is no guest any more."""
        taken = (
            delete(OneTimeCodeRow)
            .where(OneTimeCodeRow.code_hash == code_hash, OneTimeCodeRow.expires_at > now)
            .returning(OneTimeCodeRow.user_id)
        )
        async with self._engine.begin() as connection:
            user_id = await connection.scalar(taken)
            if user_id is not None:
                await connection.execute(
                    update(UserRow)
                    .where(UserRow.id == user_id)
                    .values(password_hash=password_hash, guest=False, seen_at=None)
                )
        return user_id


async def one_at_a_time(connection: AsyncConnection, organization_id: str) -> None:
    """Until the transaction ends, no other one decides who looks after this school. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        await connection.execute(
            select(OrganizationRow.id).where(OrganizationRow.id == organization_id).with_for_update()
        )


async def admins_in_use(connection: AsyncConnection, organization_id: str) -> int:
    """How many admins of a school can sign in."""
    query = (
        select(func.count())
        .select_from(UserRow)
        .where(
            UserRow.organization_id == organization_id,
            UserRow.role == Role.ADMIN.value,
            UserRow.disabled_at.is_(None),
        )
    )
    return await connection.scalar(query) or 0


async def _user(connection: AsyncConnection, organization_id: str, user_id: str) -> User | None:
    query = select(UserRow.__table__).where(UserRow.id == user_id, UserRow.organization_id == organization_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else user_of(row)


async def _all(connection: AsyncConnection, table: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        await connection.execute(insert(table), list(rows))


def _having(text: str) -> Iterator[ColumnElement[bool]]:
    key = name_key(text)
    yield UserRow.username_key.contains(key, autoescape=True)
    yield UserRow.email_key.contains(key, autoescape=True)
    yield UserRow.display_name.icontains(text, autoescape=True)


def _values(before: User, change: Change, at: float) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if change.display_name is not None:
        values["display_name"] = change.display_name.strip()
    if change.role is not None:
        values["role"] = change.role.value
    if change.disabled is not None and change.disabled is not before.disabled:
        values["disabled_at"] = at if change.disabled else None
    return values


def _code(invitation: Invitation) -> dict[str, Any]:
    return {
        "code_hash": invitation.code_hash,
        "user_id": invitation.user.id,
        "expires_at": invitation.expires_at,
    }


def _class(plan: ClassPlan, organization_id: str, at: float) -> dict[str, Any]:
    return {
        "id": plan.id,
        "organization_id": organization_id,
        "owner_id": plan.owner_id,
        "name": plan.name,
        "names_shown": False,
        "created_at": at,
    }


def _member(class_id: str, user_id: str, pseudonym: str, at: float) -> dict[str, Any]:
    return {
        "class_id": class_id,
        "user_id": user_id,
        "pseudonym": pseudonym,
        "pseudonym_key": name_key(pseudonym),
        "made_here": False,
        "joined_at": at,
    }


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
