"""The logs of plugins in the database: entries with their numbers, and what made them, in one transaction each."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from sqlalchemy import and_, delete, func, insert, literal, null, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from toolboxai.adapters.database.plugin_rows import COMMAND, OPEN, command_of, json_text
from toolboxai.adapters.database.plugin_said import Writing, take
from toolboxai.adapters.database.plugin_tables import (
    PluginCommandRow,
    PluginLogRow,
    PluginRow,
    PluginWorldRow,
)
from toolboxai.adapters.database.resource_tables import ResourceRow
from toolboxai.platform.plugins.model import (
    KEPT_COMMANDS,
    KEPT_ENTRIES,
    KEPT_S,
    CommandState,
    LogPage,
    NewCommand,
    PluginMessage,
)
from toolboxai.platform.plugins.store import Issued, Posted
from toolboxai.platform.resources.model import ResourceKind
from toolboxai.platform.runs.events import Draft, StoredEvent, stamp

__all__ = ["DatabasePluginLog"]

_ENTRY: Final = (PluginLogRow.seq, PluginLogRow.type, PluginLogRow.data, PluginLogRow.at, PluginLogRow.size)


class DatabasePluginLog:
    """Satisfies ``platform.plugins.store.LogStore`` on SQLite and Postgres; each method is one transaction.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def post(
        self,
        plugin_id: str,
        messages: Sequence[PluginMessage],
        *,
        at: float,
        announced: int,
        said_by: str | None,
    ) -> Posted:
        """See the port."""
        async with self._writing(plugin_id, at, announced) as writing:
            taken = [await take(writing, message, said_by=said_by) for message in messages]
            return Posted(taken, writing.entries)

    async def issue(
        self, plugin_id: str, new: NewCommand, draft: Draft, *, most: int, announced: int
    ) -> Issued | None:
        """See the port."""
        async with self._writing(plugin_id, new.at, announced) as writing:
            own = (PluginCommandRow.plugin_id == plugin_id, PluginCommandRow.id == new.id)
            found = (await writing.connection.execute(select(*COMMAND).where(*own))).one_or_none()
            if found is not None:
                return Issued(command_of(found), ())
            there = await writing.connection.scalar(
                select(func.count())
                .select_from(PluginCommandRow)
                .where(PluginCommandRow.plugin_id == plugin_id, OPEN, PluginCommandRow.expires_at > new.at)
            )
            if (there or 0) >= most:
                return None
            seq = await writing.write(draft)
            values = {
                "plugin_id": plugin_id,
                "id": new.id,
                "action": new.action,
                "payload": json_text(new.payload),
                "sha256": new.sha256,
                "state": CommandState.QUEUED.value,
                "seq": seq,
                "issued_by": new.issued_by,
                "created_at": new.at,
                "expires_at": new.expires_at,
            }
            await writing.connection.execute(insert(PluginCommandRow).values(values))
            kept = (await writing.connection.execute(select(*COMMAND).where(*own))).one()
            await _forget_commands(writing.connection, plugin_id, new.at)
            return Issued(command_of(kept), writing.entries)

    async def configure(
        self, plugin_id: str, config: Mapping[str, Any], *, at: float, announced: int
    ) -> Sequence[StoredEvent]:
        """See the port."""
        text = json_text(config)
        async with self._writing(plugin_id, at, announced) as writing:
            changed = await writing.connection.execute(
                update(PluginRow)
                .where(PluginRow.id == plugin_id, or_(PluginRow.config.is_(None), PluginRow.config != text))
                .values(config=text)
            )
            if changed.rowcount:
                await writing.write(Draft("config_update", config))
            return writing.entries

    async def world_event(
        self, plugin_id: str, environment_id: str, seq: int, draft: Draft, *, at: float, announced: int
    ) -> Sequence[StoredEvent]:
        """See the port."""
        try:
            return await self._world_event(plugin_id, environment_id, seq, draft, at, announced)
        except IntegrityError:  # the world went meanwhile
            return ()

    async def _world_event(
        self, plugin_id: str, environment_id: str, seq: int, draft: Draft, at: float, announced: int
    ) -> Sequence[StoredEvent]:
        async with self._writing(plugin_id, at, announced) as writing:
            place = (PluginWorldRow.plugin_id == plugin_id, PluginWorldRow.environment_id == environment_id)
            known = await writing.connection.scalar(select(PluginWorldRow.seq).where(*place))
            if known is None:
                row = {"plugin_id": plugin_id, "environment_id": environment_id, "seq": seq}
                await writing.connection.execute(insert(PluginWorldRow).values(row))
            elif known < seq:
                await writing.connection.execute(update(PluginWorldRow).where(*place).values(seq=seq))
            if known is None or known < seq:
                await writing.write(draft)
            return writing.entries

    async def page(self, plugin_id: str, *, after: int, limit: int, bytes_most: int) -> LogPage:
        """See the port."""
        async with self._engine.connect() as connection:
            place = select(PluginRow.last_seq, PluginRow.kept_from).where(PluginRow.id == plugin_id)
            log = (await connection.execute(place)).one_or_none()
            if log is None:
                if await connection.scalar(_resource(plugin_id)) is None:
                    raise LookupError(plugin_id)
                return LogPage((), 0, after == 0)
            known = after <= log.last_seq  # else it is of a log that this one has forgotten
            after = after if known else 0
            query = (
                select(*_ENTRY)
                .where(PluginLogRow.plugin_id == plugin_id, PluginLogRow.seq > after)
                .order_by(PluginLogRow.seq)
                .limit(limit)
            )
            entries: list[StoredEvent] = []
            size = 0
            for row in await connection.execute(query):
                size += row.size
                if entries and size > bytes_most:
                    break
                entries.append(StoredEvent(row.seq, row.type, msgspec.json.decode(row.data), stamp(row.at)))
        complete = known and after >= log.kept_from - 1
        return LogPage(entries, entries[-1].seq if entries else log.last_seq, complete)

    async def delivered(self, plugin_id: str, *, after: int, up_to: int, at: float) -> None:
        """See the port."""
        handed = (
            PluginCommandRow.plugin_id == plugin_id,
            PluginCommandRow.seq > after,
            PluginCommandRow.seq <= up_to,
            PluginCommandRow.state == CommandState.QUEUED.value,
            PluginCommandRow.expires_at > at,
        )
        async with self._engine.begin() as connection:
            changed = update(PluginCommandRow).where(*handed)
            await connection.execute(changed.values(state=CommandState.DELIVERED.value, delivered_at=at))

    async def announced(self, plugin_id: str, seq: int, /) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            behind = (PluginRow.id == plugin_id, PluginRow.announced_seq < seq)
            await connection.execute(update(PluginRow).where(*behind).values(announced_seq=seq))

    async def told(self) -> Sequence[tuple[str, int]]:
        """See the port."""
        query = select(PluginRow.id, PluginRow.announced_seq).where(
            PluginRow.last_seq > PluginRow.announced_seq
        )
        async with self._engine.connect() as connection:
            return [(row.id, row.announced_seq) for row in await connection.execute(query)]

    async def trim(self, *, now: float) -> int:
        """See the port."""
        old = now - KEPT_S
        over = and_(~OPEN, PluginCommandRow.ended_at < old)
        expired = and_(OPEN, PluginCommandRow.expires_at < old)
        async with self._engine.begin() as connection:
            done = await connection.execute(delete(PluginCommandRow).where(or_(over, expired)))
            newest = (
                select(PluginLogRow.plugin_id, func.max(PluginLogRow.seq).label("seq"))
                .where(PluginLogRow.at < old)
                .group_by(PluginLogRow.plugin_id)
            )
            rows = done.rowcount
            for plugin_id, seq in (await connection.execute(newest)).all():
                rows += await forget(connection, plugin_id, seq, now)
        return rows

    @asynccontextmanager
    async def _writing(self, plugin_id: str, at: float, announced: int) -> AsyncIterator[Writing]:
        """One transaction that has the log to itself; beyond the newest entries the older ones go."""
        place = (
            update(PluginRow)
            .where(PluginRow.id == plugin_id)
            .values(announced_seq=func.coalesce(func.nullif(literal(announced), 0), PluginRow.announced_seq))
            .returning(PluginRow.last_seq, PluginRow.kept_from)
        )
        async with self._engine.begin() as connection:
            # The first statement writes: nobody else has read by then what this is going to change.
            log = (await connection.execute(place)).one_or_none()
            if log is None:
                await _begin(connection, plugin_id)
                log = (await connection.execute(place)).one_or_none()
            if log is None:
                raise LookupError(plugin_id)
            # No entry is older than the one before it, so the newest has the latest time.
            newest = await connection.scalar(
                select(PluginLogRow.at).where(
                    PluginLogRow.plugin_id == plugin_id, PluginLogRow.seq == log.last_seq
                )
            )
            writing = Writing(connection, plugin_id, max(at, newest or 0.0), at, log.last_seq, [])
            yield writing
            if writing.entries:
                moved = update(PluginRow).where(PluginRow.id == plugin_id)
                await connection.execute(moved.values(last_seq=writing.last_seq))
                if writing.last_seq - KEPT_ENTRIES >= log.kept_from:
                    await forget(connection, plugin_id, writing.last_seq - KEPT_ENTRIES, at)


async def _begin(connection: AsyncConnection, plugin_id: str) -> None:
    """The row of a plugin that the operator made, which says no more than whose it is."""
    nothing: list[Any] = [literal(""), literal("[]"), literal(False), null(), null(), null(), null()]
    values = select(ResourceRow.id, *nothing, literal(0), literal(1), literal(0)).where(
        ResourceRow.id == plugin_id, ResourceRow.kind == ResourceKind.PLUGIN.value
    )
    columns = [column.name for column in PluginRow.__table__.columns]
    try:
        async with connection.begin_nested():
            await connection.execute(insert(PluginRow).from_select(columns, values))
    except IntegrityError:  # somebody else began it in the same moment
        return


async def forget(connection: AsyncConnection, plugin_id: str, up_to: int, now: float) -> int:
    """Remove entries up to a number, but for those of commands that may still be begun."""
    waits = select(PluginCommandRow.seq).where(
        PluginCommandRow.plugin_id == plugin_id, OPEN, PluginCommandRow.expires_at > now
    )
    done = await connection.execute(
        delete(PluginLogRow).where(
            PluginLogRow.plugin_id == plugin_id, PluginLogRow.seq <= up_to, PluginLogRow.seq.not_in(waits)
        )
    )
    kept = update(PluginRow).where(PluginRow.id == plugin_id, PluginRow.kept_from <= up_to)
    await connection.execute(kept.values(kept_from=up_to + 1))
    return done.rowcount


async def _forget_commands(connection: AsyncConnection, plugin_id: str, now: float) -> None:
    """Remove commands that have ended, but for the newest: else whoever has a plugin fills the disk in a week."""
    of_plugin = PluginCommandRow.plugin_id == plugin_id
    oldest = (
        select(PluginCommandRow.seq)
        .where(of_plugin)
        .order_by(PluginCommandRow.seq.desc())
        .offset(KEPT_COMMANDS)
        .limit(1)
        .scalar_subquery()
    )
    ended = or_(~OPEN, PluginCommandRow.expires_at <= now)
    await connection.execute(delete(PluginCommandRow).where(of_plugin, PluginCommandRow.seq <= oldest, ended))


def _resource(plugin_id: str) -> Any:
    return select(ResourceRow.id).where(
        ResourceRow.id == plugin_id, ResourceRow.kind == ResourceKind.PLUGIN.value
    )
