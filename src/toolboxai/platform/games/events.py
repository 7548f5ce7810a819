"""What a world that runs tells of itself: kept once, told to its owner, and listed."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple
from weakref import WeakValueDictionary

import msgspec

from toolboxai.clock import Clock
from toolboxai.errors import InvalidToken, PublishFailed, ValidationError
from toolboxai.platform.games.model import EVENTS_KEPT, KEPT_S, GameEvent, GameServer, KeptEvent
from toolboxai.platform.games.service import Admitted
from toolboxai.platform.games.store import GameTalkStore
from toolboxai.platform.messages.game import GameEventItem, GameEventKind, GameEvents, GameEventsData
from toolboxai.platform.ports import Event, Publisher
from toolboxai.platform.runs.events import stamp

__all__ = ["EventPage", "GameEventLog", "told_item"]

log = logging.getLogger(__name__)

_AHEAD_S: Final = 300.0  # clocks of game servers go wrong
_PUBLICATION_BYTES: Final = 10_000  # that every Pusher-compatible service takes
_AROUND_BYTES: Final = 400  # the message without its events

# What each kind has beside its id, and what it may have.
_NEEDS: Final = {
    GameEventKind.SERVER_STARTED: (frozenset[str](), frozenset[str]()),
    GameEventKind.SERVER_ENDED: (frozenset[str](), frozenset[str]()),
    GameEventKind.PLAYER_JOINED: (frozenset({"player"}), frozenset[str]()),
    GameEventKind.PLAYER_LEFT: (frozenset({"player"}), frozenset[str]()),
    GameEventKind.CHECKPOINT_REACHED: (frozenset({"player", "name"}), frozenset[str]()),
    GameEventKind.CUSTOM: (frozenset({"name"}), frozenset({"player", "value"})),
}


class EventPage(NamedTuple):
    """Events that follow a cursor.

    Args:
        items: oldest first.
        next_cursor: number of the last of them; the cursor itself where there is none.
        more: whether others follow at once.
        complete: whether none between the cursor and these was dropped.
    """

    items: Sequence[KeptEvent]
    next_cursor: int
    more: bool
    complete: bool


class GameEventLog:
    """Takes batches of events, and tells owners of them on the channel of the world.

    What could not be told, because the way out was shut or this process died, is told with the next batch: the world
    sends again what it has no answer for.

    Args:
        store: keeps events.
        publisher: the way out.
        clock: the time.
    """

    def __init__(self, store: GameTalkStore, publisher: Publisher, clock: Clock) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._alone = WeakValueDictionary[str, asyncio.Lock]()

    async def take(self, known: Admitted, batch: Sequence[GameEvent]) -> Sequence[KeptEvent]:
        """Keep a batch, all of it or nothing; what is new in it is told to whoever follows the world.

        Args:
            known: the game server that posts it.
            batch: in the order in which it happened.

        Raises:
            ValidationError: ``details.fields`` names every event that cannot be taken.
            InvalidToken: the game server was revoked in this moment.
        """
        now = self._clock.now()
        _refuse(dict(_faults(batch, now)))
        server_id = known.server.id
        lock = self._alone.setdefault(server_id, asyncio.Lock())
        async with lock:  # else two batches at once would tell the same
            kept = await self._store.add_events(server_id, batch, at=now)
            if kept is None:
                raise InvalidToken("the token was revoked in this moment; it opens nothing any more")
            _refuse(
                {
                    f"events[{place}].id": "the id was used for another event; use a new one"
                    for place, (new, one) in enumerate(zip(batch, kept, strict=True))
                    if not one.event.says(new)
                }
            )
            await self._tell(known)
        return kept

    async def history(self, server: GameServer, *, after: int, limit: int) -> EventPage:
        """Events of a game server, of the last day."""
        since = self._clock.now() - KEPT_S
        found = await self._store.events(server.id, after=after, since=since, limit=limit + 1)
        items = found[:limit]
        state = await self._store.state(server.id)
        last = 0 if state is None else state.last_event
        complete = items[0].seq == after + 1 if items else after == last
        return EventPage(items, items[-1].seq if items else max(after, last), len(found) > limit, complete)

    async def _tell(self, known: Admitted) -> None:
        """Tell of all that nobody was told of yet, in order; at the first that does not go out it ends."""
        state = await self._store.state(known.server.id)
        if state is None or state.told_event >= state.last_event:
            return
        since = self._clock.now() - KEPT_S
        waiting = await self._store.events(
            known.server.id, after=state.told_event, since=since, limit=EVENTS_KEPT
        )
        channel = f"private-roblox-sync-{known.world.id}"
        try:
            for part in _parts([told_item(each) for each in waiting]):
                data = GameEventsData(
                    environment_id=known.world.id, game_server_id=known.server.id, events=part
                )
                told = GameEvents(data=data, timestamp=stamp(self._clock.now()))
                # Not kept on the channel: there it would push out what the world's own build has told.
                event = Event("game_events", msgspec.json.encode(told).decode(), kept=False)
                await self._publisher.publish([channel], event)
                await self._store.note_told(known.server.id, part[-1].seq)
        except PublishFailed as fault:
            about = {"game_server_id": known.server.id, "reason": str(fault)}
            log.warning(
                "an owner could not be told of a world's events; the next batch tries again", extra=about
            )


def told_item(kept: KeptEvent) -> GameEventItem:
    """An event as it is told and listed."""
    event = kept.event
    beside: dict[str, Any] = {
        name: value
        for name, value in (("player", event.player), ("name", event.name), ("value", event.value))
        if value is not None
    }
    at = kept.received_at if event.at is None else event.at
    return GameEventItem(id=event.id, type=event.kind, seq=kept.seq, at=stamp(at), **beside)


def _parts(items: Sequence[GameEventItem]) -> Iterator[list[GameEventItem]]:
    """As many together as fit into one publication."""
    part, size = list[GameEventItem](), _AROUND_BYTES
    for each in items:
        more = len(msgspec.json.encode(each)) + 1
        if part and size + more > _PUBLICATION_BYTES:
            yield part
            part, size = [], _AROUND_BYTES
        part.append(each)
        size += more
    if part:
        yield part


def _faults(batch: Sequence[GameEvent], now: float) -> Iterator[tuple[str, str]]:
    seen = set[str]()
    for place, each in enumerate(batch):
        here = f"events[{place}]"
        if each.id in seen:
            yield f"{here}.id", "the id stands twice in this batch; give each event an id of its own"
        seen.add(each.id)
        if each.at is not None and each.at > now + _AHEAD_S:
            yield f"{here}.at", "it lies ahead; leave it out for now"
        needs, may = _NEEDS[each.kind]
        there = {name for name in ("player", "name", "value") if getattr(each, name) is not None}
        for name in sorted(needs - there):
            yield f"{here}.data.{name}", f"{each.kind.value} needs it"
        for name in sorted(there - needs - may):
            yield f"{here}.data.{name}", f"{each.kind.value} has no such field; leave it out"


def _refuse(faults: dict[str, str]) -> None:
    if faults:
        told = "; ".join(f"{name}: {fault}" for name, fault in faults.items())
        raise ValidationError(f"nothing was kept: {told}"[:2000], details={"fields": faults})
