"""``python -m bench.publishing``: what a signed publish over HTTP costs a server, alone and ten in one request.

Requests go to a channel that nobody follows: ``POST events`` to us and to the FastAPI route, which has no batches, and
``POST batch_events`` to us. All are signed before the clock runs, so that this process has little to do but to send; the
servers share one core and are taken in turn, round by round. Then one subscriber comes, and one publication at a time
is followed from its request to its delivery.
"""

import argparse
import select
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from bench import machine
from bench.build import generator_program
from bench.figures import Spread, ratios, spread
from bench.generator import MAX_WAITED, loading
from bench.servers import APP_ID, KEY, NAIVE, OURS, SECRET, Running, running
from bench.stand import until_undisturbed
from bench.wire import signed_request

BATCH: Final = 10
IN_FLIGHT: Final = 16
EVENT_BYTES: Final = 200
REQUESTS: Final = 512  # made beforehand, and sent again and again
WARM_S: Final = 0.15
WANTED: Final = 7.0  # times less CPU than the FastAPI route; performance.md's target
BATCH_SHARE: Final = 1 / 3  # of a publish alone: what an event of a batch may cost


class Case(NamedTuple):
    """One kind of request to one server.

    Args:
        name: for the report.
        server: which.
        requests: whole ones, signed.
        events: in each.
    """

    name: str
    server: Running
    requests: Sequence[bytes]
    events: int


class Round(NamedTuple):
    """What one round has shown.

    Args:
        cpu_us: of the server, for one event.
        per_s: events in a second.
        waited: share of the time in which the server was kept off its core, and what was stolen of both.
    """

    cpu_us: float
    per_s: float
    waited: float

    @property
    def disturbed(self) -> bool:
        """Whether others had too much of the machine meanwhile."""
        return self.waited > MAX_WAITED


class Refused(Exception):
    """A server did not take a request; the text is its answer."""


def made_requests(call: str, events: int, count: int = REQUESTS) -> list[bytes]:
    """Signed requests, each with events of its own.

    Args:
        call: ``events`` or ``batch_events``.
        events: in each; 1 for ``events``.
        count: of requests.
    """
    return [_request(call, [f"{at}.{each}." for each in range(events)]) for at in range(count)]


def _request(call: str, marks: Sequence[str]) -> bytes:
    texts = [mark.ljust(EVENT_BYTES, "x") for mark in marks]
    if call == "events":
        body = msgspec.json.encode({"name": "bench", "channels": ["nobody"], "data": texts[0]})
    else:
        body = msgspec.json.encode(
            {"batch": [{"name": "bench", "channel": "nobody", "data": data} for data in texts]}
        )
    return signed_request(APP_ID, KEY, SECRET, body, port=80, now=int(time.time()), path=call)


class Publishers:
    """Keep-alive connections, each of which sends its next request when the last one is answered.

    Args:
        port: of the server.
        requests: sent in turn.
        count: of connections.
    """

    def __init__(self, port: int, requests: Sequence[bytes], count: int = IN_FLIGHT) -> None:
        self._requests = cycle(requests)
        self._poll = select.epoll()
        self._lines: dict[int, socket.socket] = {}
        self._read: dict[int, bytes] = {}
        for _ in range(count):
            line = socket.create_connection(("127.0.0.1", port), timeout=10)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._poll.register(line, select.EPOLLIN)
            self._lines[line.fileno()] = line
            self._read[line.fileno()] = b""

    def run(self, seconds: float) -> int:
        """Publish for so long, and until what is under way is answered; how many answers have come.

        Raises:
            Refused: see there.
        """
        until, answers, under_way = time.monotonic() + seconds, 0, len(self._lines)
        for line in self._lines.values():
            line.sendall(next(self._requests))
        while under_way:
            for descriptor, _ in self._poll.poll(0):  # asleep, it would have the server pay for waking it
                line = self._lines[descriptor]
                if not self._answered(descriptor, line.recv(65536)):
                    continue
                answers += 1
                if time.monotonic() < until:
                    line.sendall(next(self._requests))
                else:
                    under_way -= 1
        return answers

    def _answered(self, descriptor: int, data: bytes) -> bool:
        """Whether the answer has come whole."""
        data = self._read[descriptor] + data
        head, empty_line, body = data.partition(b"\r\n\r\n")
        if data and not empty_line:
            self._read[descriptor] = data
            return False
        if not head.startswith(b"HTTP/1.1 200 "):
            raise Refused(data.decode(errors="replace")[:300] or "the connection was closed")
        size = int(head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
        self._read[descriptor] = data if len(body) < size else b""
        return len(body) >= size

    def close(self) -> None:
        """Hang up."""
        for line in self._lines.values():
            line.close()
        self._poll.close()


@contextmanager
def publishing(case: Case) -> Iterator[Publishers]:
    """Connections for this case, warmed up; they are gone when this ends."""
    publishers = Publishers(case.server.port, case.requests)
    try:
        publishers.run(WARM_S)
        yield publishers
    finally:
        publishers.close()


def measured(case: Case, seconds: float) -> Round:
    """One round; of up to three tries the least disturbed one.

    Raises:
        Refused: see there.
    """
    tries = until_undisturbed(lambda: _try(case, seconds))
    return min(tries, key=lambda each: each.waited)


def _try(case: Case, seconds: float) -> Round:
    pid = case.server.pid
    with publishing(case) as publishers:
        lookout, began, cpu = machine.Lookout(pid), time.monotonic(), machine.cpu_seconds(pid)
        events = publishers.run(seconds) * case.events
        took, cpu = time.monotonic() - began, machine.cpu_seconds(pid) - cpu
        waited = lookout.share(took)
    return Round(cpu / events * 1e6, events / took, waited)


def ratio(upper: Sequence[Round], lower: Sequence[Round]) -> Spread:
    """How many times more CPU an event costs, round by round."""
    return ratios([above.cpu_us for above in upper], [below.cpu_us for below in lower])


def told(name: str, found: Spread, unit: str) -> str:
    """One line: the median, and the smallest and largest."""
    return f"{name:58}{found.median:8.2f}{unit} ({found.low:.2f} to {found.high:.2f})"


def report(rounds: dict[str, list[Round]]) -> tuple[list[str], bool]:
    """The lines to print, and whether the targets were met."""
    alone, route, batch = rounds["alone"], rounds["route"], rounds["batch"]
    against_route, share = ratio(route, alone), ratio(batch, alone)
    lines = [
        told("POST events, CPU of one", spread([each.cpu_us for each in alone]), " µs"),
        told("the FastAPI route, CPU of one", spread([each.cpu_us for each in route]), " µs"),
        told(
            f"POST batch_events of {BATCH}, CPU of one event", spread([each.cpu_us for each in batch]), " µs"
        ),
        told("the FastAPI route against POST events", against_route, "x"),
        told("the FastAPI route against an event of a batch", ratio(route, batch), "x"),
        told("an event of a batch against POST events", share, "x"),
        told("events a second, POST events", spread([each.per_s for each in alone]), ""),
        told("events a second, batches", spread([each.per_s for each in batch]), ""),
    ]
    met = against_route.median >= WANTED and share.median <= BATCH_SHARE
    lines.append(
        f"wanted: at least {WANTED:g} times less than the route, and for an event of a batch at most a third of one "
        f"alone: {'met' if met else 'NOT MET'}"
    )
    return lines, met


def latency(
    stack: ExitStack, server: Running, load: list[str], core: int, scratch: Path, seconds: float
) -> str:
    """From one request at a time to the delivery at the one subscriber."""
    pair = stack.enter_context(loading(server, load, core, scratch))
    pair.ask("connect 1 1")
    sample = pair.ask(f"fanout 1 {seconds} {EVENT_BYTES}")
    return (
        f"{server.kind.title}: from request to delivery, one subscriber, one at a time: p50 {sample.p50_ms:.3f} ms, "
        f"p99 {sample.p99_ms:.3f} ms, CPU {sample.server_cpu_s / max(sample.completed, 1) * 1e6:.1f} µs"
    )


def main() -> int:
    """Measure and print; 0 where the targets are met."""
    parser = argparse.ArgumentParser(prog="python -m bench.publishing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="of each case (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a round (default: %(default)s)")
    options = parser.parse_args()
    load = generator_program("load")
    server_core, own_core = machine.pinned_cores()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        stack.enter_context(machine.on_core(own_core))
        ours, rival = (stack.enter_context(running(kind, server_core)) for kind in (OURS, NAIVE))
        cases = [
            Case("alone", ours, made_requests("events", 1), 1),
            Case("route", rival, made_requests("events", 1), 1),
            Case("batch", ours, made_requests("batch_events", BATCH), BATCH),
        ]
        rounds: dict[str, list[Round]] = {case.name: [] for case in cases}
        for _ in range(options.rounds):
            for case in cases:
                rounds[case.name].append(measured(case, options.seconds))
        disturbed = sum(each.disturbed for every in rounds.values() for each in every)
        lines, met = report(rounds)
        print("\n".join(lines), flush=True)
        for server in (ours, rival):
            print(latency(stack, server, load, own_core, scratch, options.seconds), flush=True)
        print(f"rounds kept though disturbed: {disturbed} of {len(cases) * options.rounds}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
