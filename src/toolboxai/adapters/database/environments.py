"""Worlds in the database."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Select, and_, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from toolboxai.adapters.database.begun_runs import Asked, begin_once, under_way
from toolboxai.adapters.database.engine import SEQ_MOST
from toolboxai.adapters.database.environment_rows import (
    ACTIVE_VALUES,
    ASSET_COLUMNS,
    ENVIRONMENT_COLUMNS,
    asset_of_row,
    build_values,
    changed_values,
    components_text,
    environment_of,
    file_of_row,
    script_of_row,
    write_made,
)
from toolboxai.adapters.database.environment_tables import (
    EnvironmentBuildRow,
    EnvironmentEventRow,
    EnvironmentFileRow,
    EnvironmentRow,
    EnvironmentScriptRow,
)
from toolboxai.adapters.database.owner_turns import one_at_a_time
from toolboxai.adapters.database.resource_tables import ResourceRow
from toolboxai.adapters.database.resources import DatabaseResourceStore
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.messages.environment import EnvironmentStatus
from toolboxai.platform.resources.model import ResourceKind
from toolboxai.platform.roblox.model.files import WorldFile
from toolboxai.platform.roblox.model.plan import Land, WorldPlan
from toolboxai.platform.roblox.model.spec import WorldSpec
from toolboxai.platform.roblox.records.environments import (
    Asset,
    BuildFacts,
    Creation,
    Environment,
    EnvironmentChange,
    KeptScript,
    NewEnvironment,
    Wish,
    components_of,
)
from toolboxai.platform.runs.events import StoredEvent, stamp
from toolboxai.platform.runs.records import Superseded, TooManyActive

__all__ = ["DatabaseEnvironmentStore"]

_KIND = ResourceKind.ENVIRONMENT.value


class DatabaseEnvironmentStore:
    """Satisfies ``platform.roblox.records.store.EnvironmentStore`` on SQLite and Postgres; each method is one transaction.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._resources = DatabaseResourceStore(engine)

    async def create(self, new: NewEnvironment, *, active_limit: int) -> Creation | None:
        """See the port."""
        wish = msgspec.json.encode(new.wish)
        digest = sha256(wish).hexdigest()
        asked = Asked(new.id, new.owner_id, new.idempotency_key, digest)

        async def made(connection: AsyncConnection) -> None:
            await _insert(connection, new, wish.decode(), digest)

        begun = await begin_once(
            self._engine, EnvironmentRow, asked, made, active=ACTIVE_VALUES, limit=active_limit
        )
        if begun is None:
            return None
        environment = await self.environment(begun.id)
        if environment is None:
            raise LookupError(f"environment {begun.id} was removed while it was made")
        return Creation(environment, fresh=begun.fresh, same_request=begun.same_request)

    async def environment(self, environment_id: str) -> Environment | None:
        """See the port."""
        found = await self._many(select(*ENVIRONMENT_COLUMNS).where(EnvironmentRow.id == environment_id))
        return found[0] if found else None

    async def environments(
        self,
        *,
        organization_id: str,
        owner_id: str,
        limit: int,
        before: tuple[float, str] | None = None,
        content_id: str | None = None,
    ) -> Sequence[Environment]:
        """See the port."""
        query = (
            select(*ENVIRONMENT_COLUMNS)
            .where(EnvironmentRow.organization_id == organization_id, EnvironmentRow.owner_id == owner_id)
            .order_by(EnvironmentRow.created_at.desc(), EnvironmentRow.id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(tuple_(EnvironmentRow.created_at, EnvironmentRow.id) < tuple_(*before))
        if content_id is not None:
            query = query.where(EnvironmentRow.content_id == content_id)
        return await self._many(query)

    async def unfinished(self) -> Sequence[Environment]:
        """See the port."""
        return await self._many(
            select(*ENVIRONMENT_COLUMNS)
            .where(EnvironmentRow.status.in_(ACTIVE_VALUES))
            .order_by(EnvironmentRow.created_at, EnvironmentRow.id)
        )

    async def changed_since(self, at: float) -> Sequence[Environment]:
        """See the port."""
        return await self._many(
            select(*ENVIRONMENT_COLUMNS)
            .where(EnvironmentRow.status.not_in(ACTIVE_VALUES), EnvironmentRow.updated_at >= at)
            .order_by(EnvironmentRow.updated_at, EnvironmentRow.id)
        )

    async def events(
        self, environment_id: str, *, after: int = 0, limit: int | None = None
    ) -> Sequence[StoredEvent]:
        """See the port."""
        query = (
            select(EnvironmentEventRow.__table__)
            .where(
                EnvironmentEventRow.environment_id == environment_id,
                EnvironmentEventRow.seq > min(after, SEQ_MOST),
            )
            .order_by(EnvironmentEventRow.seq)
            .limit(limit)
        )
        async with self._engine.connect() as connection:
            return [
                StoredEvent(row.seq, row.type, msgspec.json.decode(row.data), row.timestamp)
                for row in await connection.execute(query)
            ]

    async def spec(self, environment_id: str, build: int) -> WorldSpec:
        """See the port."""
        found = await self._of_build(EnvironmentBuildRow.spec, environment_id, build)
        if found is None:
            raise LookupError(f"environment {environment_id!r} has no build {build}")
        return msgspec.json.decode(found, type=WorldSpec)

    async def land(self, environment_id: str, build: int) -> Land | None:
        """See the port."""
        found = await self._of_build(EnvironmentBuildRow.land, environment_id, build)
        return None if found is None else msgspec.json.decode(found, type=Land)

    async def plan(self, environment_id: str, build: int) -> WorldPlan | None:
        """See the port."""
        found = await self._of_build(EnvironmentBuildRow.plan, environment_id, build)
        return None if found is None else msgspec.json.decode(found, type=WorldPlan)

    async def _of_build(self, column: Any, environment_id: str, build: int) -> str | None:
        query = select(column).where(
            EnvironmentBuildRow.environment_id == environment_id, EnvironmentBuildRow.number == build
        )
        async with self._engine.connect() as connection:
            found: str | None = await connection.scalar(query)
        return found

    async def builds(self, environment_id: str) -> Sequence[BuildFacts]:
        """See the port."""
        row = EnvironmentBuildRow
        query = (
            select(row.number, row.wish, row.author_id, row.at)
            .where(row.environment_id == environment_id)
            .order_by(row.number.desc())
        )
        async with self._engine.connect() as connection:
            return [
                BuildFacts(
                    number=each.number,
                    wish=msgspec.json.decode(each.wish, type=Wish),
                    author_id=each.author_id,
                    at=each.at,
                )
                for each in await connection.execute(query)
            ]

    async def scripts(self, environment_id: str, build: int) -> Sequence[KeptScript]:
        """See the port."""
        row = EnvironmentScriptRow
        newest = (
            select(row.script_id, func.max(row.revision).label("revision"))
            .where(row.environment_id == environment_id, row.build == build)
            .group_by(row.script_id)
            .subquery()
        )
        query = (
            select(row.__table__)
            .join(newest, and_(row.script_id == newest.c.script_id, row.revision == newest.c.revision))
            .where(row.environment_id == environment_id)
            .order_by(row.place)
        )
        return await self._scripts(query)

    async def script(
        self, environment_id: str, script_id: str, *, revision: int | None = None
    ) -> KeptScript | None:
        """See the port."""
        row = EnvironmentScriptRow
        query = select(row.__table__).where(row.environment_id == environment_id, row.script_id == script_id)
        if revision is not None:
            query = query.where(row.revision == revision)
        found = await self._scripts(query.order_by(row.revision.desc()).limit(1))
        return found[0] if found else None

    async def script_revisions(
        self, environment_id: str, script_id: str, *, before: int | None = None, limit: int
    ) -> Sequence[KeptScript]:
        """See the port."""
        row = EnvironmentScriptRow
        query = select(row.__table__).where(row.environment_id == environment_id, row.script_id == script_id)
        if before is not None:
            query = query.where(row.revision < before)
        return await self._scripts(query.order_by(row.revision.desc()).limit(limit))

    async def _scripts(self, query: Select[*tuple[Any, ...]]) -> Sequence[KeptScript]:
        async with self._engine.connect() as connection:
            return [script_of_row(each) for each in await connection.execute(query)]

    async def assets(self, environment_id: str) -> Sequence[Asset]:
        """See the port."""
        query = (
            select(*ASSET_COLUMNS)
            .where(EnvironmentFileRow.environment_id == environment_id)
            .order_by(EnvironmentFileRow.place)
        )
        async with self._engine.connect() as connection:
            return [asset_of_row(row) for row in await connection.execute(query)]

    async def file(self, environment_id: str, format: str) -> WorldFile | None:
        """See the port."""
        query = select(EnvironmentFileRow.__table__).where(
            EnvironmentFileRow.environment_id == environment_id, EnvironmentFileRow.format == format
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else file_of_row(row)

    async def not_at_roblox(self, format: str, *, since: float) -> Sequence[str]:
        """See the port."""
        query = (
            select(EnvironmentRow.id)
            .join(EnvironmentFileRow, EnvironmentFileRow.environment_id == EnvironmentRow.id)
            .where(
                EnvironmentRow.status == EnvironmentStatus.READY.value,
                EnvironmentRow.updated_at >= since,
                EnvironmentFileRow.format == format,
                EnvironmentFileRow.roblox_id.is_(None),
            )
            .order_by(EnvironmentRow.updated_at, EnvironmentRow.id)
        )
        async with self._engine.connect() as connection:
            return list(await connection.scalars(query))

    async def record(self, run_id: str, change: EnvironmentChange, /) -> Sequence[StoredEvent]:
        """See the port."""
        row = EnvironmentRow
        async with self._engine.begin() as connection:
            changed = await connection.execute(
                update(row)
                .where(
                    row.id == run_id,
                    row.attempt == change.attempt,
                    row.status.in_([status.value for status in change.expected]),
                )
                .values(changed_values(change))
                .returning(row.owner_id, row.last_seq, row.updated_at, row.build)
            )
            now = changed.one_or_none()
            if now is None:
                if await connection.scalar(select(row.id).where(row.id == run_id)) is None:
                    raise LookupError(f"there is no environment {run_id!r}")
                raise Superseded(f"environment {run_id} has moved on; look at its status")
            if change.active_limit is not None:
                await one_at_a_time(connection, now.owner_id)
                if (
                    await under_way(connection, EnvironmentRow, now.owner_id, ACTIVE_VALUES)
                    > change.active_limit
                ):
                    raise TooManyActive(
                        f"{change.active_limit} worlds of this owner wait or are built already"
                    )
            first = now.last_seq - len(change.events) + 1
            events = [
                StoredEvent(seq, draft.type, draft.data, stamp(now.updated_at))
                for seq, draft in enumerate(change.events, first)
            ]
            await write_made(connection, run_id, now.build, change, events)
        return events

    async def announced(self, run_id: str, seq: int, /) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            await connection.execute(
                update(EnvironmentRow)
                .where(EnvironmentRow.id == run_id, EnvironmentRow.announced_seq < seq)
                .values(announced_seq=seq)
            )

    async def remove(self, environment_id: str) -> bool:
        """See the port."""
        return await self._resources.remove(ResourceKind.ENVIRONMENT, environment_id)

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        """See the port."""
        return await self._resources.ownership(kind, resource_id) if kind == _KIND else None

    async def _many(self, query: Select[*tuple[Any, ...]]) -> Sequence[Environment]:
        async with self._engine.connect() as connection:
            return [environment_of(row) for row in await connection.execute(query)]


async def _insert(connection: AsyncConnection, new: NewEnvironment, wish: str, digest: str) -> None:
    lesson = new.spec.lesson
    common = {
        "id": new.id,
        "organization_id": new.organization_id,
        "owner_id": new.owner_id,
        "created_at": new.at,
    }
    await connection.execute(insert(ResourceRow).values(**common, kind=_KIND, name=new.wish.name))
    await connection.execute(
        insert(EnvironmentRow).values(
            **common,
            content_id=new.wish.content_id,
            content_revision=None if lesson is None else lesson.revision,
            wish=wish,
            request_sha256=digest,
            idempotency_key=new.idempotency_key,
            status=EnvironmentStatus.QUEUED.value,
            components=components_text(components_of(new.wish.features)),
            progress=0,
            attempt=1,
            build=1,
            last_seq=0,
            announced_seq=0,
            updated_at=new.at,
        )
    )
    facts = BuildFacts(number=1, wish=new.wish, author_id=new.owner_id, at=new.at)
    await connection.execute(insert(EnvironmentBuildRow).values(build_values(new.id, facts, new.spec)))
