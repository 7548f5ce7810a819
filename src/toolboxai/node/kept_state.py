"""What goes with a process, and comes back with the next: kept events, and how far readers had come."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import chain
from typing import Final, Literal, NamedTuple, Protocol

import msgspec

from toolboxai.apps.app import App
from toolboxai.broker.saved import SavedChannel
from toolboxai.hub.cursors import Left
from toolboxai.hub.receipts import Cursor, SessionKey
from toolboxai.node.node import Node
from toolboxai.protocol.publication import Position

__all__ = ["FORM", "MOST_BYTES", "KeptChunk", "KeptStore", "Whence", "load", "saved"]

log = logging.getLogger(__name__)
FORM: Final = 1  # of the bodies; another is left out
MOST_BYTES: Final = 256 << 20  # of all apps together
_CHUNK_BYTES: Final = 256 << 10  # what is made of it in one go keeps nobody waiting
_EVENT_BYTES: Final = 60  # of one, beside its text
_PLACE_BYTES: Final = 120


class Whence(StrEnum):
    """What the saved state is of."""

    LEFT = "left"
    """A process that has ended in order: nothing was published since, and the next one goes on."""

    RUNNING = "running"
    """A process that runs on: there to be copied. Nobody begins with it."""

    RESTORED = "restored"
    """A backup: readers may have seen more than is known here, so positions of then mean nothing."""


class KeptChunk(NamedTuple):
    """A part of one app's state.

    Args:
        app_id: whose.
        form: of the body.
        body: for `load`.
    """

    app_id: str
    form: int
    body: bytes


class KeptStore(Protocol):
    """Where the state waits for the next process. Each call is one transaction.

    Every call raises StoreUnavailable while the database does not take it.
    """

    async def save(self, chunks: Sequence[KeptChunk], whence: Whence) -> None:
        """Put these in the place of all that is there."""
        ...

    async def take(self) -> tuple[Whence, Sequence[KeptChunk]]:
        """What a next process begins with. It is not there any more then, so that nobody begins with it twice."""
        ...


class SavedPlace(msgspec.Struct, array_like=True, frozen=True):
    """How far a reader had come, see ``hub.receipts``; `at` is in unix seconds."""

    kind: Literal["path", "user"]
    name: str
    channel: str
    epoch: str
    offset: int
    sockets: tuple[str, ...]
    at: float


class _Body(msgspec.Struct, array_like=True, frozen=True):
    channels: Sequence[SavedChannel] = ()
    places: Sequence[SavedPlace] = ()


_decoder: Final = msgspec.msgpack.Decoder(_Body)


async def saved(node: Node) -> list[KeptChunk]:
    """Everything, in some chunks. Between two of them others have their turn: each channel is whole in itself."""
    chunks: list[KeptChunk] = []
    room, left_out = MOST_BYTES, 0
    for app in node.apps:
        for body in _bodies(node, app):
            for encoded, count in _encoded(app, body):
                if len(encoded) > room:
                    left_out += count
                    continue
                room -= len(encoded)
                chunks.append(KeptChunk(app.id, FORM, encoded))
            await asyncio.sleep(0)
    if left_out:
        log.error(
            "not all that is kept is saved, there is too much of it",
            extra={"left_out": left_out, "most_bytes": MOST_BYTES},
        )
    return chunks


def _encoded(app: App, body: _Body) -> Iterator[tuple[bytes, int]]:
    """A body, with the number of its channels and places; what is no text in it costs the others nothing."""
    try:
        yield msgspec.msgpack.encode(body), len(body.channels) + len(body.places)
    except UnicodeEncodeError as fault:
        parts = [
            *(_Body([channel]) for channel in body.channels),
            *(_Body(places=[at]) for at in body.places),
        ]
        if len(parts) > 1:
            for part in parts:
                yield from _encoded(app, part)
            return
        names = [*(channel.name for channel in body.channels), *(place.channel for place in body.places)]
        log.error(  # noqa: TRY400 - of who has published that
            "what is kept of a channel cannot be saved and is left out",
            extra={"app_id": app.id, "channel": names[0], "reason": fault.reason},
        )


def _bodies(node: Node, app: App) -> Iterator[_Body]:
    """In chunks of about that size."""
    channels: list[SavedChannel] = []
    size = 0
    for channel in node.broker.saved(app):
        channels.append(channel)
        size += (
            sum(len(event.event) + len(event.data) + _EVENT_BYTES for event in channel.events) + _EVENT_BYTES
        )
        if size >= _CHUNK_BYTES:
            yield _Body(channels)
            channels, size = [], 0
    if channels:
        yield _Body(channels)
    places: list[SavedPlace] = []
    since = node.clock.now() - node.clock.monotonic()
    for key, channel_name, cursor, at in node.places(app):
        position = cursor.position
        places.append(
            SavedPlace(*key, channel_name, position.epoch, position.offset, cursor.sockets, at + since)
        )
        if len(places) * _PLACE_BYTES >= _CHUNK_BYTES:
            yield _Body(places=places)
            places = []
    if places:
        yield _Body(places=places)


def load(node: Node, whence: Whence, chunks: Sequence[KeptChunk]) -> None:
    """Begin with what an earlier process has saved, before the node has connections.

    What cannot be read is logged and left out, and so is what belongs to an app that is not served any more.
    """
    by_app: dict[str, list[_Body]] = {}
    for chunk in chunks:
        try:
            body = _read(chunk)
        except (msgspec.MsgspecError, ValueError) as fault:
            log.warning(
                "a part of what was kept cannot be read and is left out",
                extra={"app_id": chunk.app_id, "reason": str(fault)},
            )
        else:
            by_app.setdefault(chunk.app_id, []).append(body)
    for app_id, bodies in by_app.items():
        app = node.apps.by_id(app_id)
        if app is None:
            log.warning(
                "what was kept of an app is left out: it is not served any more", extra={"app_id": app_id}
            )
            continue
        channels = chain.from_iterable(body.channels for body in bodies)
        places = chain.from_iterable(body.places for body in bodies)
        kept = node.broker.load(app, channels, goes_on=whence is Whence.LEFT)
        known = node.load_places(app, _left(node, places))
        log.info(
            "kept state loaded",
            extra={"app_id": app_id, "channels": kept, "places": known, "of": whence.value},
        )


def _read(chunk: KeptChunk) -> _Body:
    """What was saved.

    Raises:
        MsgspecError: it is of another shape.
        ValueError: it cannot have been written by this version.
    """
    if chunk.form != FORM:
        raise ValueError(f"it has form {chunk.form}, this version reads {FORM}")
    body = _decoder.decode(chunk.body)
    for channel in body.channels:
        channel.check()
    return body


def _left(node: Node, places: Iterable[SavedPlace]) -> Iterator[Left]:
    since = node.clock.now() - node.clock.monotonic()
    for place in places:
        cursor = Cursor(Position(place.epoch, place.offset), place.sockets)
        yield SessionKey(place.kind, place.name), place.channel, cursor, place.at - since
