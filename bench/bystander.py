"""Somebody on another channel, for ``bench.reconnect``: events by the clock, and how late each arrives."""

import json
import socket
import time
from contextlib import suppress
from typing import Final, NamedTuple

from bench.line import Line
from bench.servers import APP_ID, KEY, OURS, SECRET
from bench.wire import masked_frame, signed_request, take_frame

CHANNEL: Final = "bystander"
EVERY_S: Final = 0.02
READ_BYTES: Final = 65536


class Taken(NamedTuple):
    """What it has seen.

    Attributes:
        latencies_ms: of each delivery, from the moment at which the event was due.
        lost: events that have not arrived.
    """

    latencies_ms: list[float]
    lost: int


class Bystander:
    """One subscriber and one publisher; whoever made it gives it a turn as often as possible.

    Args:
        port: of the server.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        line = Line(port, OURS.path)
        line.say({"event": "pusher:subscribe", "data": {"channel": CHANNEL}})
        line.hear("subscription_succeeded")
        self._subscriber = line.socket
        self._publisher = socket.create_connection(("127.0.0.1", port))
        self._heard = bytearray()
        self._due: dict[int, float] = {}
        self._latencies: list[float] = []
        self._number = 0
        self._next = time.monotonic()
        for wire in (self._subscriber, self._publisher):
            wire.setblocking(False)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Leave."""
        self._subscriber.close()
        self._publisher.close()

    def due_in(self) -> float:
        """Seconds until it has something to say; 0: at once."""
        return max(self._next - time.monotonic(), 0.0)

    def turn(self) -> None:
        """Publish what is due, and take what has come."""
        now = time.monotonic()
        if now >= self._next:
            self._number += 1
            self._due[self._number] = self._next
            self._next += EVERY_S
            event = {"name": "e", "channel": CHANNEL, "data": str(self._number)}
            body = json.dumps(event).encode()
            self._publisher.sendall(
                signed_request(APP_ID, KEY, SECRET, body, port=self._port, now=int(time.time()))
            )
        try:
            self._heard += self._subscriber.recv(READ_BYTES)
        except BlockingIOError:
            pass
        else:
            self._deliver()
        with suppress(BlockingIOError):
            self._publisher.recv(READ_BYTES)

    def _deliver(self) -> None:
        now = time.monotonic()
        while (frame := take_frame(self._heard)) is not None:
            opcode, payload = frame
            if opcode == 1:
                due = self._due.pop(int(json.loads(payload)["data"]), None)
                if due is not None:
                    self._latencies.append((now - due) * 1000)
            elif opcode == 9:
                self._subscriber.sendall(masked_frame(10, payload))

    @property
    def waits(self) -> bool:
        """Whether an event has not arrived yet."""
        return bool(self._due)

    def take(self) -> Taken:
        """What it has seen since the last time, once everything that still comes has come."""
        taken = Taken(self._latencies, len(self._due))
        self._latencies, self._due = [], {}
        return taken
