"""``python -m bench.soak --minutes 60``: whether a server that has the same work for long stays as it is.

One server, `toolboxai serve --channels-only`, and a crowd of steady size in which people come and go all the time. Its
memory is read every ten seconds. The load is light, so that other work may go on beside it: what is looked for is
growth, not speed.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import uvloop

from bench import churn, machine
from bench.churn import FILLER, Crowd, Http, fill
from bench.servers import APP_ID, KEY, OURS, SECRET, Running, running
from bench.soak_report import Look, Soak, lines, written
from toolboxai.limits import PUBLICATIONS

PUBLISHED: Final = ("lesson-", "presence-class-", "lesson-", "history-news", "cache-board", "lesson-")
COUNTED: Final = ("comers", "leavers", "deliveries", "lost", "disorder", "broken", "refused")
RESULT: Final = Path(__file__).parent / "results" / "soak.json"
TEXT: Final = "x" * 180
CONFIG: Final = f"""
[[apps]]
id = "{APP_ID}"
key = "{KEY}"
secret = "{SECRET}"
activity_timeout_s = 30

[[apps.history]]
pattern = "history-*"
events = 50
seconds = 600
"""


@dataclass(frozen=True)
class Plan:
    """How much.

    Attributes:
        seconds: after everyone has come.
        every_s: between two looks.
        crowd: connections.
        publications_per_s: by the application.
        client_events_per_s: by clients.
        changes_per_s: so many leave, and as many come.
        remembered: publications before all that, as many as the server remembers.
    """

    seconds: float = 3600.0
    every_s: float = 10.0
    crowd: int = 2000
    publications_per_s: float = 5.0
    client_events_per_s: float = 2.0
    changes_per_s: float = 20.0
    remembered: int = PUBLICATIONS


def channels(seat: int, user: str) -> list[str]:
    """A lesson of every tenth, a class that sees who is there or a private talk, news, and a name of one's own."""
    if seat == FILLER:
        return ["fill"]
    found = [f"lesson-{seat % 10}", f"private-own-{user}"]
    if seat % 4 == 0:
        found.append(f"presence-class-{seat // 4 % 20}")
    elif seat % 4 == 1:
        found.append(f"private-talk-{seat // 4 % 20}")
    return [*found, "history-news", "cache-board"] if seat % 10 == 3 else found


class Course:
    """One soak of one server."""

    def __init__(self, plan: Plan, server: Running, told: Callable[[Soak], None]) -> None:
        self._plan = plan
        self._server = server
        self._told = told
        self._crowd = Crowd(server, channels)
        self._looking, self._publishing = Http(server.port), Http(server.port)
        self.soak = Soak()
        self._began = 0.0

    async def run(self) -> Soak:
        """All of it."""
        if self._plan.remembered:  # its growth is no leak, and would take half an hour
            await fill(self._crowd, self._publishing, self._plan.remembered, TEXT)
        await self._crowd.come_all(range(self._plan.crowd))
        self._began = time.monotonic()
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self._by_the_clock(self._plan.publications_per_s, self._publish))
            parts.create_task(self._by_the_clock(self._plan.client_events_per_s, self._client_event))
            parts.create_task(self._by_the_clock(self._plan.changes_per_s, self._change))
            parts.create_task(self._look_on())
        await asyncio.sleep(churn.SETTLED_S + 0.5)  # until all that was accepted must have been read
        self._crowd.counts["lost"] += self._crowd.missing()
        self._count()
        self._looking.end()
        self._publishing.end()
        await self._crowd.end()
        return self.soak

    async def _by_the_clock(self, per_s: float, step: Callable[[int], Awaitable[None]]) -> None:
        for count in range(int(per_s * self._plan.seconds)):
            await asyncio.sleep(max(0.0, self._began + count / per_s - time.monotonic()))
            await step(count)

    async def _publish(self, count: int) -> None:
        name = PUBLISHED[count % len(PUBLISHED)]
        number = self._crowd.dice.randrange(20 if name.startswith("presence") else 10)
        whole = self._crowd.topic(f"{name}{number}" if name.endswith("-") else name)
        await self._publishing.publish(whole, TEXT)

    async def _client_event(self, _count: int) -> None:
        # One place speaks in each talk: what two say at nearly the same time may come in either order.
        seat = 1 + 4 * self._crowd.dice.randrange(max(1, min(20, self._plan.crowd // 4)))
        client = self._crowd.clients.get(seat)
        if client is not None:
            client.client_event(self._crowd.topic(f"private-talk-{seat // 4 % 20}"), TEXT)

    async def _change(self, _count: int) -> None:
        seat = self._crowd.dice.choice(list(self._crowd.clients))
        self._crowd.go(seat)
        await self._crowd.come(seat)

    # ---- looking on -----------------------------------------------------------------------------------------

    async def _look_on(self) -> None:
        before = self._standing()
        for count in range(1, int(self._plan.seconds / self._plan.every_s) + 1):
            await asyncio.sleep(max(0.0, self._began + count * self._plan.every_s - time.monotonic()))
            metrics = await self._looking.get("/metrics")
            now = self._standing()
            took = now.at - before.at
            self.soak.looks.append(
                Look(
                    at_s=round(now.at - self._began, 1),
                    resident_bytes=machine.resident_bytes(self._server.pid),
                    connections=int(metric(metrics, "toolboxai_connections{")),
                    descriptors=int(metric(metrics, "process_open_fds ")),
                    deliveries_per_s=round((now.deliveries - before.deliveries) / took, 1),
                    server_share=round((now.server_cpu - before.server_cpu) / took, 4),
                    own_share=round((now.own_cpu - before.own_cpu) / took, 4),
                    lag_ms=round(quantile(metrics, "toolboxai_loop_lag_seconds", 0.99) * 1000, 1),
                )
            )
            before = now
            self._count()
            self._told(self.soak)

    def _standing(self) -> "_Standing":
        return _Standing(
            time.monotonic(),
            self._crowd.counts["deliveries"],
            machine.cpu_seconds(self._server.pid),
            time.process_time(),
        )

    def _count(self) -> None:
        self.soak.counts = {name: self._crowd.counts[name] for name in COUNTED}


class _Standing(NamedTuple):
    at: float
    deliveries: int
    server_cpu: float
    own_cpu: float


def metric(text: str, begins: str) -> float:
    """The sum of the samples whose line begins so."""
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(begins))


def quantile(text: str, name: str, share: float) -> float:
    """The bound of the bucket in which this share of a histogram's observations lies; 0 of an empty one."""
    buckets = []
    for line in text.splitlines():
        if line.startswith(f"{name}_bucket{{"):
            bound, _, count = line.partition('le="')[2].partition('"} ')
            buckets.append((float(bound), float(count)))
    wanted = share * max((count for _, count in buckets), default=0.0)
    return min((bound for bound, count in buckets if wanted and count >= wanted), default=0.0)


def soaked(plan: Plan, scratch: Path, told: Callable[[Soak], None]) -> Soak:
    """Start a server and do all of it."""
    config = scratch / "soak.toml"
    config.write_text(CONFIG, encoding="utf-8")

    def command(port: int) -> list[str]:
        return [*OURS.command(port), "--config", str(config)]

    server_core, own_core = machine.pinned_cores()
    with running(replace(OURS, command=command), server_core) as server, machine.on_core(own_core):
        return uvloop.run(Course(plan, server, told).run())


def main() -> int:
    """Measure, print and write down; 0 when all is as it should be."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="(default: %(default)s)")
    parser.add_argument("--connections", type=int, default=Plan().crowd, help="(default: %(default)s)")
    parser.add_argument(
        "--times", type=float, default=1.0, help="as much load, to find a leak sooner (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, default=RESULT, help="(default: %(default)s)")
    options = parser.parse_args()
    usual = Plan()
    plan = Plan(
        seconds=options.minutes * 60,
        every_s=min(usual.every_s, options.minutes),
        crowd=options.connections,
        publications_per_s=usual.publications_per_s * options.times,
        client_events_per_s=usual.client_events_per_s * options.times,
        changes_per_s=usual.changes_per_s * options.times,
    )
    machine.raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        soak = soaked(plan, Path(scratch), lambda soak: written(soak, asdict(plan), options.out, over=False))
    written(soak, asdict(plan), options.out, over=True)
    print("\n".join(lines(soak)))
    return 1 if soak.troubles() else 0


if __name__ == "__main__":
    sys.exit(main())
