"""Content sessions, their events, stage results and files in the database."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import (
    Select,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from toolboxai.adapters.database.begun_runs import Asked, begin_once, under_way
from toolboxai.adapters.database.content_revisions import KeptRevisions
from toolboxai.adapters.database.content_rows import (
    ACTIVE_VALUES,
    SESSION_COLUMNS,
    changed_values,
    session_of,
    timing_of,
    write_made,
)
from toolboxai.adapters.database.content_tables import ArtefactRow, EventRow, SessionRow
from toolboxai.adapters.database.engine import SEQ_MOST
from toolboxai.adapters.database.owner_turns import one_at_a_time
from toolboxai.adapters.database.shares import ownership_of
from toolboxai.platform.content.model.request import GenerationRequest
from toolboxai.platform.content.records.forecast import Timing
from toolboxai.platform.content.records.sessions import (
    Change,
    Creation,
    EventType,
    NewSession,
    Session,
    Stage,
    Status,
)
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.runs.events import StoredEvent, stamp
from toolboxai.platform.runs.records import Superseded, TooManyActive

__all__ = ["DatabaseContentStore"]


class DatabaseContentStore(KeptRevisions):
    """Satisfies ``platform.content.records.store.ContentStore`` on SQLite and Postgres; each method is one transaction.

    A transaction that writes begins with its write: on both databases it then holds the session's row, and nobody
    else's numbers come between.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    async def create(self, new: NewSession, *, active_limit: int) -> Creation | None:
        """See the port."""
        request = msgspec.json.encode(new.request)
        theme = "" if new.environment_theme is None else f"\n{new.environment_theme}"
        digest = sha256(request + theme.encode()).hexdigest()
        row = {
            "id": new.id,
            "content_id": new.content_id,
            "organization_id": new.organization_id,
            "owner_id": new.owner_id,
            "subject": new.request.subject,
            "title": new.request.title,
            "request": request.decode(),
            "request_sha256": digest,
            "idempotency_key": new.idempotency_key,
            "environment_theme": new.environment_theme,
            "environment_id": new.environment_id,
            "status": Status.QUEUED.value,
            "percent": 0,
            "attempt": 1,
            "last_seq": 0,
            "announced_seq": 0,
            "created_at": new.at,
            "updated_at": new.at,
        }
        asked = Asked(new.id, new.owner_id, new.idempotency_key, digest)

        async def made(connection: AsyncConnection) -> None:
            await connection.execute(insert(SessionRow).values(row))

        begun = await begin_once(
            self._engine, SessionRow, asked, made, active=ACTIVE_VALUES, limit=active_limit
        )
        if begun is None:
            return None
        session = await self.session(begun.id)
        if session is None:
            raise LookupError(f"session {begun.id} was removed while it was made")
        return Creation(session, fresh=begun.fresh, same_request=begun.same_request)

    async def session(self, session_id: str) -> Session | None:
        """See the port."""
        return await self._one(select(*SESSION_COLUMNS).where(SessionRow.id == session_id))

    async def session_of_content(self, content_id: str) -> Session | None:
        """See the port."""
        return await self._one(select(*SESSION_COLUMNS).where(SessionRow.content_id == content_id))

    async def request(self, session_id: str) -> GenerationRequest:
        """See the port."""
        async with self._engine.connect() as connection:
            request = await connection.scalar(select(SessionRow.request).where(SessionRow.id == session_id))
        if request is None:
            raise LookupError(f"there is no session {session_id!r}")
        return msgspec.json.decode(request, type=GenerationRequest)

    async def sessions(
        self,
        *,
        organization_id: str,
        owner_id: str,
        limit: int,
        before: tuple[float, str] | None = None,
        status: Status | None = None,
    ) -> Sequence[Session]:
        """See the port."""
        query = (
            select(*SESSION_COLUMNS)
            .where(SessionRow.organization_id == organization_id, SessionRow.owner_id == owner_id)
            .order_by(SessionRow.created_at.desc(), SessionRow.id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(tuple_(SessionRow.created_at, SessionRow.id) < tuple_(*before))
        if status is not None:
            query = query.where(SessionRow.status == status.value)
        return await self._many(query)

    async def unfinished(self) -> Sequence[Session]:
        """See the port."""
        return await self._many(
            select(*SESSION_COLUMNS)
            .where(SessionRow.status.in_(ACTIVE_VALUES))
            .order_by(SessionRow.created_at, SessionRow.id)
        )

    async def finished_since(self, at: float) -> Sequence[Session]:
        """See the port."""
        return await self._many(
            select(*SESSION_COLUMNS)
            .where(SessionRow.status.not_in(ACTIVE_VALUES), SessionRow.finished_at >= at)
            .order_by(SessionRow.finished_at, SessionRow.id)
        )

    async def timings(self, *, limit: int) -> Sequence[Timing]:
        """See the port."""
        newest = (
            select(SessionRow.id)
            .where(SessionRow.status == Status.COMPLETE.value, SessionRow.attempt == 1)
            .order_by(SessionRow.finished_at.desc())
            .limit(limit)
        )
        async with self._engine.connect() as connection:
            ids = list(await connection.scalars(newest))[::-1]
            # What it said while it waited for its turn is no work.
            begun = await connection.execute(
                select(EventRow.session_id, func.min(EventRow.timestamp).label("began"))
                .where(
                    EventRow.session_id.in_(ids),
                    EventRow.type == EventType.PROGRESS_UPDATE.value,
                    EventRow.data.not_like('%"queue_position"%'),
                )
                .group_by(EventRow.session_id)
            )
            beginnings = {row.session_id: row.began for row in begun}
            ended = await connection.execute(
                select(EventRow.session_id, EventRow.data, EventRow.timestamp)
                .where(EventRow.session_id.in_(ids), EventRow.type == EventType.STAGE_COMPLETE.value)
                .order_by(EventRow.seq)
            )
            ends: dict[str, list[tuple[str, str]]] = {}
            for session_id, data, timestamp in ended:
                ends.setdefault(session_id, []).append((data, timestamp))
            made = await connection.execute(
                select(ArtefactRow.session_id, ArtefactRow.data).where(
                    ArtefactRow.session_id.in_(ids), ArtefactRow.stage == Stage.PACKAGING.value
                )
            )
            packages = {row.session_id: row.data for row in made}
        return [
            timing_of(beginnings[session_id], ends[session_id], packages[session_id])
            for session_id in ids
            if session_id in beginnings and session_id in ends and session_id in packages
        ]

    async def events(
        self, session_id: str, *, after: int = 0, limit: int | None = None
    ) -> Sequence[StoredEvent]:
        """See the port."""
        query = (
            select(EventRow.seq, EventRow.type, EventRow.data, EventRow.timestamp)
            .where(EventRow.session_id == session_id, EventRow.seq > min(after, SEQ_MOST))
            .order_by(EventRow.seq)
            .limit(limit)
        )
        async with self._engine.connect() as connection:
            rows = await connection.execute(query)
            return [
                StoredEvent(row.seq, EventType(row.type), msgspec.json.decode(row.data), row.timestamp)
                for row in rows
            ]

    async def artefact(self, session_id: str, stage: Stage) -> bytes | None:
        """See the port."""
        query = select(ArtefactRow.data).where(
            ArtefactRow.session_id == session_id, ArtefactRow.stage == stage.value
        )
        async with self._engine.connect() as connection:
            data = await connection.scalar(query)
        return None if data is None else data.encode()

    async def record(self, session_id: str, change: Change) -> Sequence[StoredEvent]:
        """See the port."""
        async with self._engine.begin() as connection:
            changed = await connection.execute(
                update(SessionRow)
                .where(
                    SessionRow.id == session_id,
                    SessionRow.attempt == change.attempt,
                    SessionRow.status.in_([status.value for status in change.expected]),
                )
                .values(changed_values(change))
                .returning(
                    SessionRow.content_id, SessionRow.owner_id, SessionRow.last_seq, SessionRow.updated_at
                )
            )
            row = changed.one_or_none()
            if row is None:
                if await connection.scalar(select(SessionRow.id).where(SessionRow.id == session_id)) is None:
                    raise LookupError(f"there is no session {session_id!r}")
                raise Superseded(f"session {session_id} has moved on; look at its status")
            if change.active_limit is not None:
                await one_at_a_time(connection, row.owner_id)
                if await under_way(connection, SessionRow, row.owner_id, ACTIVE_VALUES) > change.active_limit:
                    raise TooManyActive(f"{change.active_limit} sessions of this owner wait or run already")
            first = row.last_seq - len(change.events) + 1
            events = [
                StoredEvent(seq, draft.type, draft.data, stamp(row.updated_at))
                for seq, draft in enumerate(change.events, first)
            ]
            await write_made(connection, session_id, row.content_id, change, events)
        return events

    async def announced(self, session_id: str, seq: int) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            await connection.execute(
                update(SessionRow)
                .where(SessionRow.id == session_id, SessionRow.announced_seq < seq)
                .values(announced_seq=seq)
            )

    async def world_begun(self, session_id: str) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            await connection.execute(
                update(SessionRow).where(SessionRow.id == session_id).values(environment_begun=True)
            )

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        """See the port."""
        if kind != "content_session":
            return None
        query = select(SessionRow.organization_id, SessionRow.owner_id).where(SessionRow.id == resource_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                return None
            return await ownership_of(connection, kind, resource_id, row.organization_id, row.owner_id)

    async def _one(self, query: Select[*tuple[Any, ...]]) -> Session | None:
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else session_of(row)

    async def _many(self, query: Select[*tuple[Any, ...]]) -> Sequence[Session]:
        async with self._engine.connect() as connection:
            return [session_of(row) for row in await connection.execute(query)]
