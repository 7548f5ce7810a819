"""Environments, agents and plugins in the database."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.attempt_tables import AttemptRow
from toolboxai.adapters.database.resource_tables import ResourceRow, ShareRow
from toolboxai.adapters.database.shares import ownership_of
from toolboxai.errors import Conflict
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.resources.model import Resource, ResourceKind

__all__ = ["DatabaseResourceStore"]


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
                # What a world has posted is its own.
                await connection.execute(delete(AttemptRow).where(AttemptRow.environment_id == resource_id))
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
