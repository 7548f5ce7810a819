"""Classes and their members in the database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import aliased

from toolboxai.adapters.database.class_tables import ClassMemberRow, ClassRow
from toolboxai.adapters.database.identity import UserRow, user_values
from toolboxai.adapters.database.resource_tables import ShareRow
from toolboxai.platform.classes.model import Classroom, KeptCode, Member, shown_name
from toolboxai.platform.classes.store import Entry, Place
from toolboxai.platform.identity.model import User
from toolboxai.platform.identity.passwords import NO_PASSWORD
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.identity.store import name_key

__all__ = ["DatabaseClassStore"]

_CLASSROOM = select(
    ClassRow.__table__,
    select(func.count())
    .select_from(ClassMemberRow)
    .where(ClassMemberRow.class_id == ClassRow.id)
    .scalar_subquery()
    .label("members"),
)
_MEMBER = select(
    ClassMemberRow.__table__, func.coalesce(UserRow.display_name, "").label("display_name")
).join(UserRow, UserRow.id == ClassMemberRow.user_id, isouter=True)

_OWNER = aliased(UserRow)
# Built once, and one question for both: a school that comes back asks it thousands of times in a few seconds.
_WHOSE = (
    select(
        ClassRow.organization_id,
        ClassRow.owner_id,
        ClassRow.names_shown,
        _OWNER.display_name.label("owner_name"),
        ClassMemberRow.user_id,
        ClassMemberRow.pseudonym,
        UserRow.display_name,
    )
    .select_from(ClassRow)
    .join(_OWNER, _OWNER.id == ClassRow.owner_id, isouter=True)
    .join(ClassMemberRow, ClassMemberRow.class_id == ClassRow.id, isouter=True)
    .join(UserRow, UserRow.id == ClassMemberRow.user_id, isouter=True)
    .where(ClassRow.id == bindparam("class_id"))
)


class DatabaseClassStore:
    """Satisfies ``platform.classes.store.ClassStore`` on SQLite and Postgres; each method is one transaction.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    # ---- classes ------------------------------------------------------------------------------------------------

    async def add(self, classroom: Classroom, *, most: int) -> bool:
        """See the port."""
        row = {
            "id": classroom.id,
            "organization_id": classroom.organization_id,
            "owner_id": classroom.owner_id,
            "name": classroom.name,
            "names_shown": classroom.names_shown,
            "created_at": classroom.created_at,
        }
        count = select(func.count()).select_from(ClassRow).where(ClassRow.owner_id == classroom.owner_id)
        async with self._engine.begin() as connection:
            await connection.execute(insert(ClassRow).values(row))
            if (await connection.scalar(count) or 0) > most:
                await connection.rollback()
                return False
        return True

    async def classroom(self, class_id: str) -> Classroom | None:
        """See the port."""
        found = await self._classrooms(_CLASSROOM.where(ClassRow.id == class_id))
        return found[0] if found else None

    async def classes_of(
        self, user_id: str, *, after: Place | None = None, limit: int
    ) -> Sequence[Classroom]:
        """See the port."""
        joined = select(ClassMemberRow.class_id).where(ClassMemberRow.user_id == user_id)
        place = (ClassRow.created_at, ClassRow.id)
        query = _CLASSROOM.where(or_(ClassRow.owner_id == user_id, ClassRow.id.in_(joined)))
        if after is not None:
            query = query.where(tuple_(*place) > tuple_(*after))
        return await self._classrooms(query.order_by(*place).limit(limit))

    async def _classrooms(self, query: Select[*tuple[Any, ...]]) -> Sequence[Classroom]:
        async with self._engine.connect() as connection:
            return [_classroom(row) for row in await connection.execute(query)]

    async def change(
        self, class_id: str, *, name: str | None = None, names_shown: bool | None = None
    ) -> None:
        """See the port."""
        given = {"name": name, "names_shown": names_shown}
        values = {column: value for column, value in given.items() if value is not None}
        if values:
            async with self._engine.begin() as connection:
                await connection.execute(update(ClassRow).where(ClassRow.id == class_id).values(values))

    async def remove(self, class_id: str) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(ClassRow).where(ClassRow.id == class_id))
            await connection.execute(delete(ShareRow).where(ShareRow.class_id == class_id))

    # ---- the way in ---------------------------------------------------------------------------------------------

    async def set_code(self, class_id: str, code: KeptCode | None) -> bool:
        """See the port."""
        values = {
            "code_hash": None if code is None else code.hash,
            "code_salt": None if code is None else code.salt,
            "code_expires_at": None if code is None else code.expires_at,
        }
        try:
            async with self._engine.begin() as connection:
                await connection.execute(update(ClassRow).where(ClassRow.id == class_id).values(values))
        except IntegrityError:
            return False
        return True

    async def by_code(self, hashes: Sequence[str], *, now: float) -> Classroom | None:
        """See the port."""
        if not hashes:
            return None
        found = await self._classrooms(
            _CLASSROOM.where(
                ClassRow.code_hash.in_(hashes),
                ClassRow.code_expires_at > now,
                ClassRow.owner_id.not_in(select(UserRow.id).where(UserRow.disabled_at.is_not(None))),
            )
        )
        return found[0] if found else None

    async def enter(self, member: Member, *, most: int, account: User | None = None) -> Entry:
        """See the port. A transaction begins with a write of the class's row: two that come in at once count one another."""
        row = {
            "class_id": member.class_id,
            "user_id": member.user_id,
            "pseudonym": member.pseudonym,
            "pseudonym_key": name_key(member.pseudonym),
            "made_here": member.made_here,
            "joined_at": member.joined_at,
        }
        one = ClassRow.id == member.class_id
        count = select(func.count()).where(ClassMemberRow.class_id == member.class_id)
        try:
            async with self._engine.begin() as connection:
                locked = await connection.execute(update(ClassRow).where(one).values(name=ClassRow.name))
                if not locked.rowcount or await self._is_in(connection, member):
                    return Entry.THERE
                if (await connection.scalar(count) or 0) >= most:
                    return Entry.FULL
                if account is not None:
                    await connection.execute(insert(UserRow).values(user_values(account, NO_PASSWORD)))
                await connection.execute(insert(ClassMemberRow).values(row))
        except IntegrityError:
            return Entry.TAKEN
        return Entry.IN

    async def _is_in(self, connection: AsyncConnection, member: Member) -> bool:
        return await connection.scalar(select(ClassMemberRow.user_id).where(*_this(member))) is not None

    # ---- members ------------------------------------------------------------------------------------------------

    async def member(self, class_id: str, user_id: str) -> Member | None:
        """See the port."""
        query = _MEMBER.where(ClassMemberRow.class_id == class_id, ClassMemberRow.user_id == user_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _member(row)

    async def members(
        self, class_id: str, *, after: Place | None = None, limit: int | None = None
    ) -> Sequence[Member]:
        """See the port."""
        place = (ClassMemberRow.joined_at, ClassMemberRow.user_id)
        query = _MEMBER.where(ClassMemberRow.class_id == class_id)
        if after is not None:
            query = query.where(tuple_(*place) > tuple_(*after))
        async with self._engine.connect() as connection:
            return [_member(row) for row in await connection.execute(query.order_by(*place).limit(limit))]

    async def made_for(self, user_id: str) -> Classroom | None:
        """See the port."""
        here = select(ClassMemberRow.class_id).where(
            ClassMemberRow.user_id == user_id, ClassMemberRow.made_here
        )
        found = await self._classrooms(_CLASSROOM.where(ClassRow.id.in_(here)))
        return found[0] if found else None

    async def rename(self, class_id: str, user_id: str, pseudonym: str) -> Entry | None:
        """See the port."""
        change = (
            update(ClassMemberRow)
            .where(ClassMemberRow.class_id == class_id, ClassMemberRow.user_id == user_id)
            .values(pseudonym=pseudonym, pseudonym_key=name_key(pseudonym))
            .returning(ClassMemberRow.made_here)
        )
        account = update(UserRow).where(UserRow.id == user_id, UserRow.guest)
        try:
            async with self._engine.begin() as connection:
                made_here = await connection.scalar(change)
                if made_here:
                    await connection.execute(account.values(display_name=pseudonym))
        except IntegrityError:
            return Entry.TAKEN
        return None if made_here is None else Entry.IN

    async def leave(self, class_id: str, user_id: str) -> bool:
        """See the port."""
        this = (ClassMemberRow.class_id == class_id, ClassMemberRow.user_id == user_id)
        async with self._engine.begin() as connection:
            done = await connection.execute(delete(ClassMemberRow).where(*this))
        return bool(done.rowcount)

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        """See the port."""
        if kind != "class":
            return None
        async with self._engine.connect() as connection:
            # What is joined from outside may be missing, which the columns' types do not know.
            rows: Sequence[Any] = (await connection.execute(_WHOSE, {"class_id": resource_id})).all()
        if not rows:
            return None
        organization_id, owner_id, names_shown, owner_name = rows[0][:4]
        names: dict[str, str] = {  # a class without members is one row without one
            user_id: shown_name(pseudonym, display_name, names_shown=names_shown)
            for *_, user_id, pseudonym, display_name in rows
            if user_id is not None
        }
        ids = frozenset(names)
        if owner_name is not None:
            names[owner_id] = owner_name
        return Ownership(organization_id, owner_id, ids, names=names)


def _this(member: Member) -> tuple[ColumnElement[bool], ...]:
    return ClassMemberRow.class_id == member.class_id, ClassMemberRow.user_id == member.user_id


def _classroom(row: Any) -> Classroom:
    code = None
    if row.code_hash is not None:
        code = KeptCode(row.code_hash, row.code_salt, row.code_expires_at)
    return Classroom(
        row.id,
        row.organization_id,
        row.owner_id,
        row.name,
        row.names_shown,
        row.created_at,
        code,
        row.members,
    )


def _member(row: Any) -> Member:
    return Member(row.class_id, row.user_id, row.pseudonym, row.made_here, row.joined_at, row.display_name)
