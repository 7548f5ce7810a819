"""Environments, agents, plugins and shares in the database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, tuple_
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from toolboxai.adapters.database.resource_tables import ResourceRow, ShareRow
from toolboxai.errors import Conflict
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.resources.model import Resource, ResourceKind, Share
from toolboxai.platform.resources.store import SharePlace

__all__ = ["DatabaseResourceStore", "DatabaseShareStore", "ownership_of"]


class DatabaseResourceStore:
    """Satisfies ``platform.resources.store.ResourceStore`` on SQLite and Postgres; each method is one transaction.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, resource: Resource) -> None:
        """See the port."""
        row = {
            "id": resource.id,
            "kind": resource.kind.value,
            "organization_id": resource.organization_id,
            "owner_id": resource.owner_id,
            "name": resource.name,
            "created_at": resource.created_at,
        }
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(ResourceRow).values(row))
        except IntegrityError as fault:
            raise Conflict(f"the id {resource.id} is taken; choose another") from fault

    async def resource(self, kind: ResourceKind, resource_id: str) -> Resource | None:
        """See the port."""
        found = await self._resources(ResourceRow.id == resource_id, ResourceRow.kind == kind.value)
        return found[0] if found else None

    async def resources(self, kind: ResourceKind | None = None) -> Sequence[Resource]:
        """See the port."""
        return await self._resources(*([] if kind is None else [ResourceRow.kind == kind.value]))

    async def _resources(self, *wanted: ColumnElement[bool]) -> Sequence[Resource]:
        query = select(ResourceRow.__table__).where(*wanted).order_by(ResourceRow.created_at, ResourceRow.id)
        async with self._engine.connect() as connection:
            return [
                Resource(**{**row._mapping, "kind": ResourceKind(row.kind)})
                for row in await connection.execute(query)
            ]

    async def remove(self, kind: ResourceKind, resource_id: str) -> bool:
        """See the port."""
        this = (ResourceRow.id == resource_id, ResourceRow.kind == kind.value)
        shares = (ShareRow.kind == kind.value, ShareRow.resource_id == resource_id)
        async with self._engine.begin() as connection:
            done = await connection.execute(delete(ResourceRow).where(*this))
            if done.rowcount:
                await connection.execute(delete(ShareRow).where(*shares))
        return bool(done.rowcount)

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        """See the port."""
        query = select(ResourceRow.organization_id, ResourceRow.owner_id).where(
            ResourceRow.id == resource_id, ResourceRow.kind == kind
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                return None
            return await ownership_of(connection, kind, resource_id, row.organization_id, row.owner_id)


async def ownership_of(
    connection: AsyncConnection, kind: str, resource_id: str, organization_id: str, owner_id: str
) -> Ownership:
    """An owner, with those whom the resource is shared with; for every store whose rows can be shared."""
    query = select(ShareRow.user_id).where(
        ShareRow.kind == kind,
        ShareRow.resource_id == resource_id,
        ShareRow.organization_id == organization_id,
    )
    users = await connection.scalars(query)
    return Ownership(organization_id, owner_id, frozenset(users))


class DatabaseShareStore:
    """Satisfies ``platform.resources.store.ShareStore`` on SQLite and Postgres; each method is one transaction.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, share: Share, *, most: int) -> Share | None:
        """See the port. A share that is there is answered by the same statement, so none can go in between."""
        into = sqlite_insert if self._engine.dialect.name == "sqlite" else postgres_insert
        new = into(ShareRow).values(
            id=share.id,
            kind=share.kind,
            resource_id=share.resource_id,
            organization_id=share.organization_id,
            role="viewer",
            user_id=share.user_id,
            created_at=share.created_at,
        )
        kept = new.on_conflict_do_update(
            index_elements=["kind", "resource_id", "user_id"], set_={"user_id": new.excluded.user_id}
        ).returning(ShareRow.__table__)
        all_of_it = (ShareRow.kind == share.kind, ShareRow.resource_id == share.resource_id)
        count = select(func.count()).select_from(ShareRow).where(*all_of_it)
        async with self._engine.begin() as connection:
            found = _share((await connection.execute(kept)).one())
            if found.id == share.id and (await connection.scalar(count) or 0) > most:
                await connection.rollback()
                return None
        return found

    async def share(self, share_id: str) -> Share | None:
        """See the port."""
        found = await self._shares([ShareRow.id == share_id], None, None)
        return found[0] if found else None

    async def shares(
        self, kind: str, resource_id: str, *, after: SharePlace | None = None, limit: int | None = None
    ) -> Sequence[Share]:
        """See the port."""
        return await self._shares([ShareRow.kind == kind, ShareRow.resource_id == resource_id], after, limit)

    async def shared_with(
        self, user_id: str, *, after: SharePlace | None = None, limit: int | None = None
    ) -> Sequence[Share]:
        """See the port."""
        return await self._shares([ShareRow.user_id == user_id], after, limit)

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
    return Share(row.id, row.kind, row.resource_id, row.organization_id, row.user_id, row.created_at)
