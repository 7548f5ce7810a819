"""A crowd that comes and goes beside steady publications, and that counts every event which did not reach it.

Each place in the crowd has its channels; whoever takes a place over is another user, with a channel of its own name.
Publications of a channel are numbered, and who is there must read each number after its subscribe once, in order.
"""

import asyncio
import json
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Final, cast

from bench.servers import APP_ID, KEY, SECRET, Running
from bench.wire import channel_auth, masked_frame, signed_request, take_frame, upgrade_request

__all__ = ["FILLER", "Client", "Crowd", "Http", "Reading", "Topic", "fill"]

SETTLED_S: Final = 3.0  # what was accepted so long ago must have been read
PATIENCE_S: Final = 60.0  # with a server that says nothing more
MARK: Final = b"tbx="


class Topic:
    """The publications of one channel.

    Attributes:
        sent: number of the newest.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.sent = 0
        self._accepted: deque[tuple[float, int]] = deque()
        self._settled = 0

    def accepted(self, number: int, now: float) -> None:
        """The server has taken this one, at these monotonic seconds."""
        self._accepted.append((now, number))

    def settled(self, now: float) -> int:
        """The newest that everyone must have read by now."""
        while self._accepted and self._accepted[0][0] <= now - SETTLED_S:
            self._settled = self._accepted.popleft()[1]
        return self._settled


class Reading:
    """What one client reads of a topic, from its subscribe on."""

    __slots__ = ("_due", "_last", "_own", "_topic")

    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        self._due = topic.sent  # what was sent before may come or not
        self._last: int | None = None
        self._own: set[int] = set()

    def sends(self, number: int) -> None:
        """This one is the client's own, and will not come back to it."""
        self._own.add(number)

    def read(self, number: int) -> int:
        """One has come; returns how many are missing before it, -1 when it came twice or late."""
        last = self._skip_own(min(self._due, number - 1) if self._last is None else self._last)
        if number <= last:
            return -1
        self._last = number
        return number - last - 1

    def missing(self, now: float) -> int:
        """How many should have come by now, and have not."""
        last = self._skip_own(self._due if self._last is None else self._last)
        return max(0, self._topic.settled(now) - last - sum(own > last for own in self._own))

    def _skip_own(self, last: int) -> int:
        while last + 1 in self._own:
            last += 1
            self._own.discard(last)
        return last


class Client(asyncio.Protocol):
    """One WebSocket; it is `ready` when it is subscribed to all its channels."""

    def __init__(self, crowd: "Crowd", seat: int, user: str, channels: list[str]) -> None:
        self._crowd = crowd
        self._buffer = bytearray()
        self._open = False
        self.seat, self.user = seat, user
        self._wanted = channels
        self.readings: dict[str, Reading] = {}
        self.ready = asyncio.get_running_loop().create_future()
        self.gone = asyncio.get_running_loop().create_future()
        self.leaving = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(upgrade_request(self._crowd.kind.path, self._crowd.port))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            del self._buffer[: end + 4]
            self._open = True
            if self._crowd.kind.subscribe is None:
                self.ready.set_result(True)
        while (frame := take_frame(self._buffer)) is not None:
            opcode, payload = frame
            if opcode == 9:
                self.transport.write(masked_frame(10, payload))
            elif opcode == 1:
                self._hear(payload)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.leaving:
            self._crowd.counts["broken"] += 1
        self.gone.set_result(None)
        if not self.ready.done():
            self.ready.set_result(False)

    def say(self, event: str, data: object, channel: str | None = None) -> None:
        """Send one message."""
        message = {"event": event, "data": data} | ({} if channel is None else {"channel": channel})
        self.transport.write(masked_frame(1, json.dumps(message).encode()))

    def client_event(self, topic: Topic, text: str) -> None:
        """Publish the next of a topic to the others."""
        topic.sent += 1
        self.readings[topic.name].sends(topic.sent)
        self.say("client-said", f"tbx={topic.sent};{text}", topic.name)
        topic.accepted(topic.sent, time.monotonic())

    def leave(self, *, politely: bool) -> None:
        """Go: with a close frame, or without a word."""
        self.leaving = True
        now = time.monotonic()
        self._crowd.counts["lost"] += sum(reading.missing(now) for reading in self.readings.values())
        if politely:
            self.transport.write(masked_frame(8, (1000).to_bytes(2, "big")))
        else:
            self.transport.abort()

    def _hear(self, payload: bytes) -> None:
        at = payload.find(MARK)
        if at >= 0:
            self._read(payload, int(payload[at + len(MARK) : payload.index(b";", at)]))
            return
        message = json.loads(payload)
        event = message["event"]
        if event == "pusher:connection_established":
            socket_id = json.loads(message["data"])["socket_id"]
            for channel in self._wanted:
                self.say("pusher:subscribe", self._request(socket_id, channel))
            if not self._wanted:
                self.ready.set_result(True)
        elif event == "pusher_internal:subscription_succeeded":
            self.readings[message["channel"]] = Reading(self._crowd.topic(message["channel"]))
            if len(self.readings) == len(self._wanted):
                self.ready.set_result(True)
        elif event == "pusher:ping":
            self.say("pusher:pong", {})
        elif event in ("pusher:error", "pusher:subscription_error"):
            self._crowd.counts["refused"] += 1

    def _read(self, payload: bytes, number: int) -> None:
        if self.leaving:
            return
        begin = payload.index(b'"channel":"') + 11
        channel = payload[begin : payload.index(b'"', begin)].decode()
        self._crowd.counts["deliveries"] += 1
        missing = self.readings[channel].read(number)
        if missing:
            self._crowd.counts["lost" if missing > 0 else "disorder"] += abs(missing)

    def _request(self, socket_id: str, channel: str) -> dict[str, str]:
        if not channel.startswith(("private-", "presence-")):
            return {"channel": channel}
        member = None
        if channel.startswith("presence-"):
            member = json.dumps({"user_id": self.user, "user_info": {"name": f"Pupil {self.user}"}})
        return {"channel": channel, **channel_auth(socket_id, channel, member)}


class Crowd:
    """All clients.

    Args:
        server: that they come to; of rivals nothing is heard.
        channels: of a place, by its number and the user's name.
        seed: for who leaves next.

    Attributes:
        counts: deliveries; lost, disorder (came twice or late), broken (ended by the server), refused; comers, leavers.
    """

    def __init__(self, server: Running, channels: Callable[[int, str], list[str]], *, seed: int = 12) -> None:
        self.kind = server.kind
        self.port = server.port
        self._channels = channels
        self.dice = random.Random(seed)
        self._topics: dict[str, Topic] = {}
        self.counts: Counter[str] = Counter()
        self.clients: dict[int, Client] = {}  # by their place
        self._users = 0

    def topic(self, name: str) -> Topic:
        """The publications of a channel; of one that only its owner knows there are none, and nothing is kept."""
        if name.startswith("private-own-"):
            return Topic(name)
        return self._topics.setdefault(name, Topic(name))

    async def come(self, seat: int) -> None:
        """Someone takes this place, and is subscribed to all its channels when this returns."""
        self._users += 1
        user = f"u{self._users}"
        channels = self._channels(seat, user)
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(
            lambda: Client(self, seat, user, channels), "127.0.0.1", self.port
        )
        async with asyncio.timeout(PATIENCE_S):
            ready = await client.ready
        if ready:
            self.clients[seat] = client
            self.counts["comers"] += 1

    async def come_all(self, seats: Sequence[int], *, at_once: int = 32) -> None:
        """All these places are taken, some at the same time."""

        async def one_by_one(some: Sequence[int]) -> None:
            for seat in some:
                await self.come(seat)

        async with asyncio.TaskGroup() as comers:
            for first in range(at_once):
                comers.create_task(one_by_one(seats[first::at_once]))

    def go(self, seat: int) -> None:
        """Whoever has this place leaves it; every other one without a word."""
        client = self.clients.pop(seat, None)
        if client is not None:
            self.counts["leavers"] += 1
            client.leave(politely=self.counts["leavers"] % 2 == 0)

    async def end(self) -> None:
        """All are gone when this returns: a loop that is closed with sockets open may wait for them without end."""
        gone = [client.gone for client in self.clients.values()]
        for client in self.clients.values():
            client.leaving = True
            client.transport.abort()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*gone)

    def missing(self) -> int:
        """How many events those who are here should have had by now, and have not."""
        now = time.monotonic()
        return sum(
            reading.missing(now) for client in self.clients.values() for reading in client.readings.values()
        )


FILLER: Final = -1  # the place of whoever reads what is published to fill the server's memory of it
NAMES: Final = 8192  # of channels, which a server remembers as parsed


async def fill(crowd: Crowd, http: "Http", publications: int, text: str) -> None:
    """Have the server remember as much as it ever will of what has no bound but a number."""
    for first in range(0, NAMES, 100):
        names = [f"name-{number}" for number in range(first, first + 100)]
        await http.post("events", {"name": "tick", "channels": names, "data": text})
    await crowd.come(FILLER)
    for _ in range(publications // 10):
        event = {"name": "tick", "channel": "fill", "data": text}
        await http.post("batch_events", {"batch": [event] * 10})
    crowd.go(FILLER)


class Http:
    """A keep-alive connection to the server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def publish(self, topic: Topic, text: str) -> None:
        """Publish the next of a topic.

        Raises:
            RuntimeError: the server did not take it.
        """
        topic.sent += 1
        number = topic.sent
        data = f"tbx={number};{text}"
        await self.post("events", {"name": "tick", "channels": [topic.name], "data": data})
        topic.accepted(number, time.monotonic())

    async def post(self, path: str, body: object) -> None:
        """A signed call of the Channels API, below the app."""
        encoded = json.dumps(body).encode()
        now = int(time.time())
        await self._ask(signed_request(APP_ID, KEY, SECRET, encoded, port=self._port, now=now, path=path))

    async def get(self, path: str) -> str:
        """What is told there."""
        return (await self._ask(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())).decode()

    def end(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].transport.abort()

    async def _ask(self, request: bytes) -> bytes:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        async with asyncio.timeout(PATIENCE_S):
            head = await reader.readuntil(b"\r\n\r\n")
            size = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            body = await reader.readexactly(int(size[15:]))
        if head[9:12] != b"200":
            raise RuntimeError(f"a call was answered with {head[9:12]!r}: {body[:200]!r}")
        return body
