"""The generator where there is no gcc: the same commands and answers as ``c/load.c``, in Python.

It costs more than the servers that it loads, so that it sets the pace: CPU figures of the server hold, latencies do not.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast

from bench import machine
from bench.figures import part
from bench.wire import masked_frame, signed_request, take_frame, upgrade_request

WARM_S = 0.15
DRAIN_S = 5.0
CONNECT_S = 60.0
MARK = b"tbx="


class Subscriber(asyncio.Protocol):
    """One WebSocket; `ready` is done when it is open and subscribed."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._buffer = bytearray()
        self._upgraded = self._asked = False
        self.ready: asyncio.Future[None] = load.loop.create_future()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(upgrade_request(self._load.path, self._load.port))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if self._buffer[9:12] != b"101":
                self.ready.set_exception(ConnectionError(f"no upgrade: {bytes(self._buffer[:60])!r}"))
                return
            del self._buffer[: end + 4]
            self._upgraded = True
            if self._load.subscribe is None:
                self.ready.set_result(None)
        while (frame := take_frame(self._buffer)) is not None:
            self._frame(*frame)

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == 9:
            self.transport.write(masked_frame(10, payload))
        elif opcode == 1 and self.ready.done():
            self._load.delivered(payload)
        elif opcode == 1 and not self._asked and self._load.subscribe is not None:
            self._asked = True
            self.transport.write(masked_frame(1, self._load.subscribe.encode()))
        elif opcode == 1 and self._load.expect in payload:
            self.ready.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before it was subscribed"))
        self._load.left(self)


class Publisher(asyncio.Protocol):
    """One keep-alive connection with one request under way at a time."""

    def __init__(self, load: "Load") -> None:
        self._loop = load.loop
        self._buffer = bytearray()
        self._answer: asyncio.Future[int] | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes) -> Awaitable[int]:
        """Send one request; the status comes with its answer."""
        self._answer = self._loop.create_future()
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        sizes = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if found and sizes and len(rest) >= int(sizes[0]) and self._answer is not None:
            self._buffer.clear()
            self._answer.set_result(int(head[9:12]))
            self._answer = None

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None:
            self._answer.set_exception(
                ConnectionError("the server closed a connection in the middle of a publish")
            )


class Load:
    """The state of the generator; see ``c/load.c`` for the arguments and the commands."""

    def __init__(self, arguments: list[str]) -> None:
        port, pid, self._app_id, self._key, self._secret, self._channel, self.path, *subscribe = arguments
        self.port, self._pid = int(port), int(pid)
        self.subscribe = subscribe[0] if subscribe else None
        self.expect = subscribe[1].encode() if subscribe else b""
        self.loop = asyncio.get_running_loop()
        self._subscribers: set[Subscriber] = set()
        self._dialled = self._number = 0
        self._due: dict[int, float] = {}
        self._seen: dict[int, int] = {}
        self._complete: dict[int, asyncio.Event] = {}
        self._begin()

    # ---- counting -------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._latencies: list[float] = []
        self._counts = dict.fromkeys(
            ("published", "completed", "deliveries", "answers", "refused", "dropped", "failed"), 0
        )
        self._due.clear()
        self._seen.clear()
        self._complete.clear()
        self._measuring = False
        self._open_window()

    def _open_window(self) -> None:
        self._latencies.clear()
        for name in ("completed", "deliveries", "answers"):
            self._counts[name] = 0
        self._started = time.monotonic()
        self._server_s = -machine.cpu_seconds(self._pid)
        self._own_s = -time.process_time()
        self._measuring = True

    def _close_window(self) -> None:
        self._measuring = False
        self._ended = time.monotonic()
        self._server_s += machine.cpu_seconds(self._pid)
        self._own_s += time.process_time()

    def delivered(self, payload: bytes) -> None:
        """A subscriber has got an event."""
        at = payload.find(MARK)
        if at < 0:
            return
        number = int(payload[at + 4 : at + 16])
        seen = self._seen[number] = self._seen.get(number, 0) + 1
        if self._measuring:
            self._counts["deliveries"] += 1
            if number in self._due:
                self._latencies.append(time.monotonic() - self._due[number])
        if seen >= len(self._subscribers) and number in self._complete:
            self._complete[number].set()

    def left(self, subscriber: Subscriber) -> None:
        """A subscriber's connection has ended."""
        if subscriber in self._subscribers:
            self._subscribers.discard(subscriber)
            self._counts["dropped"] += 1

    def _lost(self) -> int:
        return sum(max(0, len(self._subscribers) - self._seen.get(number, 0)) for number in self._due)

    def _report(self, lost: int) -> dict[str, float]:
        p50, p99, most = (round(part(self._latencies, share) * 1e3, 3) for share in (0.5, 0.99, 1.0))
        return {
            "seconds": self._ended - self._started,
            "server_cpu_s": self._server_s,
            "own_cpu_s": self._own_s,
            "connections": len(self._subscribers),
            **self._counts,
            "lost": lost,
            "disorder": 0,
            "samples": len(self._latencies),
            "p50_ms": p50,
            "p99_ms": p99,
            "max_ms": most,
        }

    # ---- publishing -----------------------------------------------------------------------------------------

    def _request(self, channel: str, size: int) -> tuple[int, bytes]:
        self._number += 1
        data = (f"tbx={self._number:012d}." + "x" * size)[:size]
        body = json.dumps({"name": "bench", "channels": [channel], "data": data}).encode()
        request = signed_request(
            self._app_id, self._key, self._secret, body, port=self.port, now=int(time.time())
        )
        return self._number, request

    async def _publisher(self) -> Publisher:
        _, publisher = await self.loop.create_connection(lambda: Publisher(self), "127.0.0.1", self.port)
        return publisher

    async def _publish(self, publisher: Publisher, channel: str, size: int, due: float | None = None) -> None:
        """One publication, until it was answered and, on our channel, has reached everyone."""
        number, request = self._request(channel, size)
        followed = channel == self._channel
        if followed:
            self._due[number] = time.monotonic() if due is None else due
            self._complete[number] = asyncio.Event()
        self._counts["published"] += 1
        sent = time.monotonic()
        status = await publisher.ask(request)
        self._counts["refused"] += status // 100 != 2
        self._counts["answers"] += self._measuring
        if not followed and self._measuring:
            self._latencies.append(time.monotonic() - sent)
        if followed and self._seen.get(number, 0) < len(self._subscribers):
            await self._complete[number].wait()
        self._complete.pop(number, None)
        self._counts["completed"] += self._measuring

    async def _loop_until(self, until: float, channel: str, size: int) -> None:
        publisher = await self._publisher()
        try:
            while time.monotonic() < until:
                await self._publish(publisher, channel, size)
        finally:
            publisher.transport.abort()

    # ---- commands -------------------------------------------------------------------------------------------

    async def connect(self, count: int, inflight: int) -> dict[str, float]:
        """More subscribers."""
        gate = asyncio.Semaphore(inflight)

        async def one() -> None:
            async with gate:
                place = self._dialled
                self._dialled += 1
                source = f"127.0.{1 + place // 51200}.{1 + place // 200 % 254}"
                begun = time.monotonic()
                try:
                    _, subscriber = await self.loop.create_connection(
                        lambda: Subscriber(self), "127.0.0.1", self.port, local_addr=(source, 0)
                    )
                    await subscriber.ready
                except ConnectionError:
                    self._counts["failed"] += 1
                    return
                self._subscribers.add(subscriber)
                self._latencies.append(time.monotonic() - begun)

        self._open_window()
        async with asyncio.timeout(CONNECT_S):
            await asyncio.gather(*(one() for _ in range(count)))
        self._close_window()
        return self._report(0)

    async def closed_loop(self, width: int, seconds: float, size: int, channel: str) -> dict[str, float]:
        """`width` publications in flight."""
        until = time.monotonic() + WARM_S + seconds
        self._measuring = False
        running = [asyncio.ensure_future(self._loop_until(until, channel, size)) for _ in range(width)]
        try:
            await asyncio.sleep(WARM_S)
            self._open_window()
            await asyncio.sleep(seconds)
            self._close_window()
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_S):
                    await asyncio.gather(*running)
        finally:
            for task in running:
                task.cancel()
        return self._report(self._lost())

    async def rate(self, hz: float, seconds: float, size: int) -> dict[str, Any]:
        """Publications by the clock."""
        publishers: list[Publisher] = []

        async def one(due: float) -> None:
            publisher = publishers.pop() if publishers else await self._publisher()
            await self._publish(publisher, self._channel, size, due)
            publishers.append(publisher)

        self._open_window()
        start = time.monotonic() + 0.05
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds + DRAIN_S), asyncio.TaskGroup() as tasks:
                for count in range(int(hz * seconds)):
                    due = start + count / hz
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                    tasks.create_task(one(due))
        self._close_window()
        for publisher in publishers:
            publisher.transport.abort()
        late = Counter(round(each * 1e6) for each in self._latencies)
        return {**self._report(self._lost()), "late": list(late.items())}

    async def close(self) -> dict[str, float]:
        """All subscribers leave."""
        leaving, self._subscribers = self._subscribers, set()
        for subscriber in leaving:
            subscriber.transport.abort()
        await asyncio.sleep(0)
        return {}

    async def run(self, line: str) -> dict[str, Any]:
        """One command, as typed."""
        name, *numbers = line.split()
        values = [float(number) for number in numbers] + [0.0] * (3 - len(numbers))
        first, second, size = int(values[0]), values[1], int(values[2]) or 200
        self._begin()
        commands: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
            "connect": lambda: self.connect(first, int(second)),
            "fanout": lambda: self.closed_loop(first, second, size, self._channel),
            "publish": lambda: self.closed_loop(first, second, size, "nobody"),
            "rate": lambda: self.rate(values[0], second, size),
            "close": self.close,
        }
        return await commands[name]()


async def main(arguments: list[str]) -> None:
    """Serve commands until stdin ends."""
    load = Load(arguments)
    commands = asyncio.StreamReader()
    await load.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        print(json.dumps(await load.run(line.decode())), flush=True)
    await load.close()
    os._exit(0)  # nothing is left to do; the loop would wait for sockets that nobody needs


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(main(sys.argv[1:]))
    else:
        uvloop.run(main(sys.argv[1:]))
