"""Shares in the database: with users, with classes, and by link."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from toolboxai.adapters.database.class_tables import ClassMemberRow
from toolboxai.adapters.database.identity import UserRow, user_values
from toolboxai.adapters.database.resource_tables import ShareRow
from toolboxai.platform.identity.model import User
from toolboxai.platform.identity.passwords import NO_PASSWORD
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.resources.model import Share, ShareRole
from toolboxai.platform.resources.store import SharePlace

__all__ = ["DatabaseShareStore", "ownership_of"]


async def ownership_of(
    connection: AsyncConnection, kind: str, resource_id: str, organization_id: str, owner_id: str
) -> Ownership:
    """An owner, with those whom the resource is shared with now; for every store whose rows can be shared."""
    of_it = (
        ShareRow.kind == kind,
        ShareRow.resource_id == resource_id,
        ShareRow.organization_id == organization_id,
    )
    by_name: Select[Any, Any] = select(ShareRow.user_id, ShareRow.role).where(
        *of_it, ShareRow.user_id.is_not(None)
    )
    by_class = (
        select(ClassMemberRow.user_id, literal(ShareRole.VIEWER.value))
        .join(ShareRow, ShareRow.class_id == ClassMemberRow.class_id)
        .where(*of_it)
    )
    everybody, editors = set[str](), set[str]()
    for user_id, role in await connection.execute(by_name.union_all(by_class)):
        everybody.add(user_id)
        if role == ShareRole.EDITOR:
            editors.add(user_id)
    return Ownership(organization_id, owner_id, frozenset(everybody), frozenset(editors))


class DatabaseShareStore:
    """Satisfies ``platform.resources.store.ShareStore`` on SQLite and Postgres; each method is one transaction.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, share: Share, *, most: int, account: User | None = None) -> Share | None:
        """See the port. A share that is there is answered by the same statement, so none can go in between."""
        into = sqlite_insert if self._engine.dialect.name == "sqlite" else postgres_insert
        new = into(ShareRow).values(
            id=share.id,
            kind=share.kind,
            resource_id=share.resource_id,
            organization_id=share.organization_id,
            role=share.role.value,
            user_id=share.user_id,
            class_id=share.class_id,
            code_hash=share.code_hash,
            expires_at=share.expires_at,
            created_at=share.created_at,
        )
        whom = "user_id" if share.class_id is None else "class_id"
        kept = new.on_conflict_do_update(
            index_elements=["kind", "resource_id", whom], set_={"role": new.excluded.role}
        ).returning(ShareRow.__table__)
        all_of_it = (ShareRow.kind == share.kind, ShareRow.resource_id == share.resource_id)
        count = select(func.count()).select_from(ShareRow).where(*all_of_it)
        over = delete(ShareRow).where(*all_of_it, ShareRow.expires_at <= share.created_at)
        async with self._engine.begin() as connection:
            await connection.execute(over)
            if account is not None:
                await connection.execute(insert(UserRow).values(user_values(account, NO_PASSWORD)))
            found = _share((await connection.execute(kept)).one())
            if found.id == share.id and (await connection.scalar(count) or 0) > most:
                await connection.rollback()
                return None
        return found

    async def share(self, share_id: str) -> Share | None:
        """See the port."""
        return await self._one(ShareRow.id == share_id)

    async def by_code(self, code_hash: str, *, now: float) -> Share | None:
        """See the port."""
        return await self._one(ShareRow.code_hash == code_hash, ShareRow.expires_at > now)

    async def shares(
        self, kind: str, resource_id: str, *, after: SharePlace | None = None, limit: int | None = None
    ) -> Sequence[Share]:
        """See the port."""
        return await self._shares([ShareRow.kind == kind, ShareRow.resource_id == resource_id], after, limit)

    async def shared_with(
        self, user_id: str, *, after: SharePlace | None = None, limit: int | None = None
    ) -> Sequence[Share]:
        """See the port."""
        classes = select(ClassMemberRow.class_id).where(ClassMemberRow.user_id == user_id)
        mine = or_(ShareRow.user_id == user_id, ShareRow.class_id.in_(classes))
        return await self._shares([mine], after, limit)

    async def classes_between(self, kind: str, resource_id: str, user_id: str) -> Sequence[str]:
        """See the port."""
        query = (
            select(ShareRow.class_id)
            .join(ClassMemberRow, ClassMemberRow.class_id == ShareRow.class_id)
            .where(
                ShareRow.kind == kind,
                ShareRow.resource_id == resource_id,
                ClassMemberRow.user_id == user_id,
            )
        )
        async with self._engine.connect() as connection:
            return [class_id for class_id in await connection.scalars(query) if class_id is not None]

    async def _one(self, *wanted: ColumnElement[bool]) -> Share | None:
        found = await self._shares(wanted, None, None)
        return found[0] if found else None

    async def _shares(
        self, wanted: Sequence[ColumnElement[bool]], after: SharePlace | None, limit: int | None
    ) -> Sequence[Share]:
        place = (ShareRow.created_at, ShareRow.id)
        query = select(ShareRow.__table__).where(*wanted).order_by(*place).limit(limit)
        if after is not None:
            query = query.where(tuple_(*place) > tuple_(*after))
        async with self._engine.connect() as connection:
            return [_share(row) for row in await connection.execute(query)]

    async def remove(self, share_id: str) -> bool:
        """See the port."""
        async with self._engine.begin() as connection:
            done = await connection.execute(delete(ShareRow).where(ShareRow.id == share_id))
        return bool(done.rowcount)


def _share(row: Any) -> Share:
    return Share(**{**row._mapping, "role": ShareRole(row.role)})
