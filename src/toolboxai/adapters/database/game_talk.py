"""What running worlds and their owners have told each other, in the database."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Double,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import Base
from toolboxai.adapters.database.game_servers import GameServerRow
from toolboxai.platform.games.model import (
    EVENTS_KEPT,
    KEPT_S,
    MESSAGES_KEPT,
    GameEvent,
    GameMessage,
    GameMessageKind,
    KeptEvent,
    KeptMessage,
    TalkState,
)
from toolboxai.platform.messages.game import GameEventKind

__all__ = ["DatabaseGameTalkStore", "GameEventRow", "GameMessageRow"]

_QUIZ: Final = {GameMessageKind.QUIZ_OPEN: True, GameMessageKind.QUIZ_CLOSE: False}


class GameMessageRow(Base):
    """What an owner has told a running world; ``data`` is a JSON object."""

    __tablename__ = "game_messages"
    game_server_id: Mapped[str] = mapped_column(
        ForeignKey(GameServerRow.id, ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(32))
    data: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[float] = mapped_column(Double, index=True)


class GameEventRow(Base):
    """What a running world has told of itself; ``value`` is a number or a truth value as JSON."""

    __tablename__ = "game_events"
    __table_args__ = (UniqueConstraint("game_server_id", "event_id"),)
    game_server_id: Mapped[str] = mapped_column(
        ForeignKey(GameServerRow.id, ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    event_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    player: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(String(64))
    value: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[float] = mapped_column(Double)
    received_at: Mapped[float] = mapped_column(Double, index=True)


class DatabaseGameTalkStore:
    """Satisfies ``platform.games.store.GameTalkStore`` on SQLite and Postgres; each method is one transaction.

    Whoever writes for a game server writes its row first: so numbers become visible in their order.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def state(self, game_server_id: str) -> TalkState | None:
        """See the port."""
        async with self._engine.connect() as connection:
            return await _state(connection, game_server_id)

    async def add_message(
        self, game_server_id: str, message: GameMessage, *, at: float
    ) -> KeptMessage | None:
        """See the port."""
        row = GameMessageRow
        async with self._engine.begin() as connection:
            state = await _taken(connection, game_server_id)
            if state is None:
                return None
            if message.idempotency_key is not None:
                same = (
                    row.game_server_id == game_server_id,
                    row.idempotency_key == message.idempotency_key,
                    row.created_at > at - KEPT_S,
                )
                known = (await connection.execute(select(row.__table__).where(*same))).first()
                if known is not None:
                    return _message(known)
            seq = state.last_message + 1
            await connection.execute(
                insert(row).values(
                    game_server_id=game_server_id,
                    seq=seq,
                    kind=message.kind.value,
                    data=json.dumps(message.data),
                    idempotency_key=message.idempotency_key,
                    created_at=at,
                )
            )
            changes = {"last_message": seq, "quiz_open": _QUIZ.get(message.kind, state.quiz_open)}
            await _put(connection, game_server_id, changes)
            old = or_(row.created_at <= at - KEPT_S, row.seq <= seq - MESSAGES_KEPT)
            await connection.execute(delete(row).where(row.game_server_id == game_server_id, old))
        return KeptMessage(seq, message.kind, message.data, at)

    async def messages(
        self, game_server_id: str, *, after: int, since: float
    ) -> tuple[TalkState, Sequence[KeptMessage]] | None:
        """See the port."""
        row = GameMessageRow
        async with self._engine.connect() as connection:
            # Both are of one moment: what is numbered above this state is left for the next time.
            state = await _state(connection, game_server_id)
            if state is None:
                return None
            wanted = (
                row.game_server_id == game_server_id,
                row.seq > after,
                row.seq <= state.last_message,
                row.created_at > since,
            )
            query = select(row.__table__).where(*wanted).order_by(row.seq)
            return state, [_message(each) for each in await connection.execute(query)]

    async def add_events(
        self, game_server_id: str, events: Sequence[GameEvent], *, at: float
    ) -> Sequence[KeptEvent] | None:
        """See the port."""
        row = GameEventRow
        async with self._engine.begin() as connection:
            state = await _taken(connection, game_server_id)
            if state is None:
                return None
            ids = [each.id for each in events]
            same = (row.game_server_id == game_server_id, row.event_id.in_(ids))
            found = [_event(each) for each in await connection.execute(select(row.__table__).where(*same))]
            known = {each.event.id: each for each in found}
            if not all(known[each.id].event.says(each) for each in events if each.id in known):
                return [known.get(each.id, KeptEvent(0, each, at)) for each in events]
            seq, kept = state.last_event, list[KeptEvent]()
            for each in events:
                if each.id not in known:
                    seq += 1
                    kept.append(KeptEvent(seq, each, at, fresh=True))
                    known[each.id] = kept[-1]
            if kept:
                await connection.execute(insert(row), [_values(game_server_id, each) for each in kept])
                await _put(connection, game_server_id, {"last_event": seq})
            old = or_(row.received_at <= at - KEPT_S, row.seq <= seq - EVENTS_KEPT)
            await connection.execute(delete(row).where(row.game_server_id == game_server_id, old))
        return [known[each.id] for each in events]

    async def events(
        self, game_server_id: str, *, after: int, since: float, limit: int
    ) -> Sequence[KeptEvent]:
        """See the port."""
        row = GameEventRow
        wanted = (row.game_server_id == game_server_id, row.seq > after, row.received_at > since)
        query = select(row.__table__).where(*wanted).order_by(row.seq).limit(limit)
        async with self._engine.connect() as connection:
            return [_event(each) for each in await connection.execute(query)]

    async def note_told(self, game_server_id: str, seq: int) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            await _put(connection, game_server_id, {"told_event": seq}, GameServerRow.told_event < seq)


_STATE: Final = (
    GameServerRow.last_message,
    GameServerRow.quiz_open,
    GameServerRow.last_event,
    GameServerRow.told_event,
)


async def _state(connection: AsyncConnection, game_server_id: str) -> TalkState | None:
    query = select(*_STATE).where(GameServerRow.id == game_server_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else TalkState(*row)


async def _taken(connection: AsyncConnection, game_server_id: str) -> TalkState | None:
    """Where it stands, with its row locked until the transaction ends."""
    lock = update(GameServerRow).where(GameServerRow.id == game_server_id)
    row = (
        await connection.execute(lock.values(last_event=GameServerRow.last_event).returning(*_STATE))
    ).one_or_none()
    return None if row is None else TalkState(*row)


async def _put(
    connection: AsyncConnection, game_server_id: str, changes: Mapping[str, Any], *where: ColumnElement[bool]
) -> None:
    await connection.execute(
        update(GameServerRow).where(GameServerRow.id == game_server_id, *where).values(**changes)
    )


def _message(row: Any) -> KeptMessage:
    return KeptMessage(row.seq, GameMessageKind(row.kind), json.loads(row.data), row.created_at)


def _values(game_server_id: str, kept: KeptEvent) -> dict[str, Any]:
    event = kept.event
    return {
        "game_server_id": game_server_id,
        "seq": kept.seq,
        "event_id": event.id,
        "kind": event.kind.value,
        "player": event.player,
        "name": event.name,
        "value": None if event.value is None else json.dumps(event.value),
        "at": kept.received_at if event.at is None else min(event.at, kept.received_at),
        "received_at": kept.received_at,
    }


def _event(row: Any) -> KeptEvent:
    event = GameEvent(
        id=row.event_id,
        kind=GameEventKind(row.kind),
        player=row.player,
        name=row.name,
        value=None if row.value is None else json.loads(row.value),
        at=row.at,
    )
    return KeptEvent(row.seq, event, row.received_at)
