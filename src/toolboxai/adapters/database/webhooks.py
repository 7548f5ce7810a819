"""The queue of webhooks in the database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, delete, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from toolboxai.adapters.database.engine import UNAVAILABLE
from toolboxai.adapters.database.webhook_tables import AnnouncedRow, DeliveryRow
from toolboxai.node.webhooks.events import restamped
from toolboxai.node.webhooks.hold import Key
from toolboxai.node.webhooks.store import (
    Address,
    Announcement,
    Delivery,
    Newest,
    Outcome,
    State,
    StoreUnavailable,
    Waiting,
)

__all__ = ["DatabaseWebhookStore"]

DELIVERED_MOST: Final = 1000  # of one app are kept
DELIVERED_S: Final = 24 * 3600.0
DEAD_MOST: Final = 10_000
DEAD_S: Final = 30 * 86400.0
_LOCK: Final = 0x776862  # any number: whoever appends has its turn, so that places are seen in their order
_ERROR_CHARS: Final = 500
_SOME: Final = 200  # names in one statement


class DatabaseWebhookStore:
    """Satisfies ``node.webhooks.store.WebhookStore`` on SQLite and Postgres.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    # ---- the queue ------------------------------------------------------------------------------------------

    async def write(self, deliveries: Sequence[Delivery], announcements: Sequence[Announcement]) -> None:
        """See the port."""
        newest = {delivery.id: delivery for delivery in deliveries}
        async with self._transaction(appending=True) as connection:
            await _delete(connection, list(newest))
            if newest:
                await connection.execute(insert(DeliveryRow), [_row(each) for each in newest.values()])
            await _announce(connection, announcements)

    async def resume(self, now: float) -> None:
        """See the port."""
        whole = update(DeliveryRow).where(DeliveryRow.state == State.GATHERING.value)
        async with self._transaction(appending=True) as connection:
            await connection.execute(whole.values(state=State.PENDING.value, next_at=now))

    async def newest(self, after: int) -> Sequence[Newest]:
        """See the port."""
        query = (
            select(DeliveryRow.app_id, DeliveryRow.url, func.max(DeliveryRow.seq))
            .where(DeliveryRow.state == State.PENDING.value, DeliveryRow.seq > after)
            .group_by(DeliveryRow.app_id, DeliveryRow.url)
        )
        return [Newest(*row) for row in await self._rows(query)]

    async def waiting(self, app_id: str, url: str, *, after: int, limit: int) -> Sequence[Waiting]:
        """See the port."""
        query = (
            select(
                DeliveryRow.seq,
                DeliveryRow.id,
                DeliveryRow.channels,
                DeliveryRow.created_at,
                DeliveryRow.attempts,
                DeliveryRow.next_at,
            )
            .where(
                DeliveryRow.state == State.PENDING.value,
                DeliveryRow.app_id == app_id,
                DeliveryRow.url == url,
                DeliveryRow.seq > after,
            )
            .order_by(DeliveryRow.seq)
            .limit(limit)
        )
        return [
            Waiting(
                row.seq,
                row.id,
                frozenset(msgspec.json.decode(row.channels)),
                row.created_at,
                row.attempts,
                row.next_at,
            )
            for row in await self._rows(query)
        ]

    async def find(self, delivery_id: str) -> Delivery | None:
        """See the port."""
        found = await self.find_all([delivery_id])
        return found[0] if found else None

    async def find_all(self, delivery_ids: Sequence[str]) -> Sequence[Delivery]:
        """See the port."""
        query = select(DeliveryRow.__table__).where(DeliveryRow.id.in_(delivery_ids))
        return [_delivery(row) for row in await self._rows(query)]

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        """See the port."""
        table = DeliveryRow.__table__
        changed = (
            update(table)  # type: ignore[arg-type]  # a declared table is a Table
            .where(table.c.id == bindparam("b_id"))
            .values({name: bindparam(f"b_{name}") for name in Outcome._fields if name != "id"})
        )
        async with self._transaction() as connection:
            await connection.execute(changed, [_changed(outcome) for outcome in outcomes])

    async def announced(self) -> Sequence[Key]:
        """See the port."""
        query = select(AnnouncedRow.app_id, AnnouncedRow.channel, AnnouncedRow.user_id)
        return [Key(*row) for row in await self._rows(query)]

    # ---- the log --------------------------------------------------------------------------------------------

    async def page(
        self, *, app_id: str | None, state: State | None, before: int | None, limit: int
    ) -> Sequence[Delivery]:
        """See the port; what is still gathered is shown with what waits."""
        query = select(DeliveryRow.__table__).order_by(DeliveryRow.seq.desc()).limit(limit)
        if app_id is not None:
            query = query.where(DeliveryRow.app_id == app_id)
        if state is State.PENDING:
            query = query.where(DeliveryRow.state.in_((State.PENDING.value, State.GATHERING.value)))
        elif state is not None:
            query = query.where(DeliveryRow.state == state.value)
        if before is not None:
            query = query.where(DeliveryRow.seq < before)
        return [_delivery(row) for row in await self._rows(query)]

    async def replay(self, delivery_id: str, now: float) -> bool:
        """See the port."""
        ended = (State.DELIVERED.value, State.DEAD.value)
        taken = delete(DeliveryRow).where(DeliveryRow.id == delivery_id, DeliveryRow.state.in_(ended))
        async with self._transaction(appending=True) as connection:
            row = (await connection.execute(taken.returning(DeliveryRow.__table__))).one_or_none()
            if row is None:
                return False
            again = {
                **_row(_delivery(row)),
                "body": restamped(row.body, now),
                "key": "",
                "created_at": now,
                "next_at": now,
                "state": State.PENDING.value,
                "attempts": 0,
                "last_status": None,
                "last_error": None,
                "delivered_at": None,
            }
            await connection.execute(insert(DeliveryRow).values(again))
            return True

    async def prune(self, now: float) -> None:
        """See the port."""
        kept = ((State.DELIVERED, DELIVERED_MOST, DELIVERED_S), (State.DEAD, DEAD_MOST, DEAD_S))
        for state, most, seconds in kept:
            ours = DeliveryRow.state == state.value
            apps = select(DeliveryRow.app_id).where(ours).distinct()
            for (app_id,) in await self._rows(apps):
                mine = (ours, DeliveryRow.app_id == app_id)
                newest = (
                    select(DeliveryRow.seq)
                    .where(*mine)
                    .order_by(DeliveryRow.seq.desc())
                    .offset(most)
                    .limit(1)
                    .scalar_subquery()
                )
                ended_at = func.coalesce(DeliveryRow.delivered_at, DeliveryRow.created_at)
                old = or_(ended_at < now - seconds, DeliveryRow.seq <= newest)
                async with self._transaction() as connection:
                    await connection.execute(
                        delete(DeliveryRow).where(*mine, old).execution_options(synchronize_session=False)
                    )

    async def backlog(self) -> dict[Address, int]:
        """See the port."""
        query = (
            select(DeliveryRow.app_id, DeliveryRow.url, func.count())
            .where(DeliveryRow.state == State.PENDING.value)
            .group_by(DeliveryRow.app_id, DeliveryRow.url)
        )
        return {(app_id, url): waiting for app_id, url, waiting in await self._rows(query)}

    # ---- transactions ---------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _transaction(self, *, appending: bool = False) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.begin() as connection:
                if appending and connection.dialect.name == "postgresql":
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                yield connection
        except UNAVAILABLE as fault:
            raise StoreUnavailable(f"{type(fault).__name__}: {getattr(fault, 'orig', fault)}") from fault

    async def _rows(self, query: Any) -> Sequence[Any]:
        async with self._transaction() as connection:
            return (await connection.execute(query)).all()


async def _delete(connection: AsyncConnection, ids: Sequence[str]) -> None:
    """Make room: what was gathered so far, and stands at the end of the queue from now on."""
    for start in range(0, len(ids), _SOME):
        some = ids[start : start + _SOME]
        await connection.execute(
            delete(DeliveryRow).where(DeliveryRow.id.in_(some), DeliveryRow.state == State.GATHERING.value)
        )


async def _announce(connection: AsyncConnection, announcements: Sequence[Announcement]) -> None:
    last = {each.key: each.there for each in announcements}
    gone = [key for key, there in last.items() if not there]
    come = [key._asdict() for key, there in last.items() if there]
    if gone:
        table = AnnouncedRow.__table__.c
        one = delete(AnnouncedRow.__table__).where(  # type: ignore[arg-type]  # a declared table is a Table
            table.app_id == bindparam("b_app"),
            table.channel == bindparam("b_channel"),
            table.user_id == bindparam("b_user"),
        )
        await connection.execute(
            one, [{"b_app": key.app_id, "b_channel": key.channel, "b_user": key.user_id} for key in gone]
        )
    if come:
        into = sqlite_insert if connection.dialect.name == "sqlite" else postgres_insert
        await connection.execute(into(AnnouncedRow).on_conflict_do_nothing(), come)


def _changed(outcome: Outcome) -> dict[str, Any]:
    values = {**outcome._asdict(), "state": outcome.state.value}
    values["last_error"] = values["last_error"] and values["last_error"][:_ERROR_CHARS]
    return {f"b_{name}": value for name, value in values.items()}


def _row(delivery: Delivery) -> dict[str, Any]:
    row = asdict(delivery)
    del row["seq"]
    row["channels"] = msgspec.json.encode(delivery.channels).decode()
    row["state"] = delivery.state.value
    return row


def _delivery(row: Any) -> Delivery:
    values = dict(row._mapping)
    values["channels"] = tuple(msgspec.json.decode(values["channels"]))
    values["state"] = State(values["state"])
    return Delivery(**values)
