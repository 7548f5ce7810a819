"""``python -m bench.memory``: what a server's memory grows by, for each thing that it holds.

Each is measured in a new server: the growth of its resident set while so many of them are added. What is loaded or
allocated once is there before, and so is what the server remembers up to a number (its last publications). What the
kernel holds for a socket comes on top, for every server alike.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import uvloop

from bench import machine
from bench.churn import FILLER, Crowd, Http, fill
from bench.figures import Spread, spread
from bench.phases.memory import WARM
from bench.results import write
from bench.servers import APP_ID, KEY, NAIVE, OLD, OURS, SECRET, Kind, Running, running
from bench.stand import SETTLE_S
from toolboxai.limits import PUBLICATIONS

__all__ = ["Plan", "lines", "measured", "of_connection"]

CLASS: Final = 20  # members of a presence channel
FURTHER: Final = 10  # channels of a connection
IN_HISTORY: Final = 1000  # events that one channel keeps
EVENT: Final = "x" * 200
ALLOWED_KB: Final = 8.0  # of an idle connection that is subscribed
RESULT: Final = Path(__file__).parent / "results" / "memory.json"
CONFIG: Final = f"""
[[apps]]
id = "{APP_ID}"
key = "{KEY}"
secret = "{SECRET}"

[[apps.history]]
pattern = "history-*"
events = {IN_HISTORY}
"""

Channels = Callable[[int, str], list[str]]


@dataclass(frozen=True)
class Plan:
    """How much.

    Attributes:
        connections: that are added.
        events: that are kept.
        remembered: publications beforehand; as many as the server remembers.
    """

    rounds: int = 3
    connections: int = 2000
    events: int = 10_000
    remembered: int = PUBLICATIONS


WISHES: Final[Mapping[str, Channels]] = {
    "idle": lambda _seat, _user: [],
    "subscribed": lambda _seat, _user: ["a"],
    "member": lambda seat, _user: [f"presence-class-{seat // CLASS}"],
    "further": lambda _seat, _user: ["a", *(f"further-{number}" for number in range(FURTHER))],
    "occupying": lambda seat, _user: [f"room-{seat}-{number}" for number in range(FURTHER)],
}
"""Of which channels a connection is, by what is measured."""

ROWS: Final = {
    "idle": "an idle connection",
    "subscribed": "an idle connection, subscribed to a public channel",
    "member": f"a connection that is a member of a presence channel of {CLASS}",
    "further": "a subscription more, to a channel that others follow",
    "occupying": "a channel more, with one subscriber",
    "kept": f"an event of {len(EVENT)} bytes that a history keeps",
    OLD.name: f"an idle connection of {OLD.title}",
    NAIVE.name: f"an idle connection of {NAIVE.title}",
}


def measured(plan: Plan, scratch: Path, rivals: Sequence[Kind] = (OLD, NAIVE)) -> dict[str, Spread]:
    """Kilobytes of each thing; a round measures all of them."""
    config = scratch / "memory.toml"
    config.write_text(CONFIG, encoding="utf-8")
    ours = replace(OURS, command=lambda port: [*OURS.command(port), "--config", str(config)])
    found: dict[str, list[float]] = {}
    for _ in range(plan.rounds):
        grown = {name: of_connection(ours, name, plan) for name in WISHES}
        grown["further"] = (grown["further"] - grown["subscribed"]) / FURTHER
        grown["occupying"] = (grown["occupying"] - grown["idle"]) / FURTHER
        grown["kept"] = _grown(ours, lambda server: _keep(server, plan)) / plan.events
        for rival in rivals:
            grown[rival.name] = of_connection(rival, "idle", plan)
        for name, each in grown.items():
            found.setdefault(name, []).append(round(each / 1000, 3))
    return {name: spread(values) for name, values in found.items()}


def of_connection(kind: Kind, wish: str, plan: Plan) -> float:
    """Bytes of a connection that wishes for these channels (see `WISHES`)."""
    return _grown(kind, lambda server: _connect(server, WISHES[wish], plan)) / plan.connections


def _grown(kind: Kind, added: Callable[[Running], Awaitable[int]]) -> int:
    """By how many bytes a new server grows."""
    server_core, own_core = machine.pinned_cores()
    with running(kind, server_core) as server, machine.on_core(own_core):
        return uvloop.run(_awaited(added(server)))


async def _awaited(work: Awaitable[int]) -> int:
    return await work


async def _connect(server: Running, wish: Channels, plan: Plan) -> int:
    crowd = Crowd(server, lambda seat, user: ["fill"] if seat == FILLER else wish(seat, user))
    if wish is WISHES["occupying"]:
        http = Http(server.port)
        await fill(crowd, http, 0, EVENT)  # names that are remembered are not the channels'
        http.end()
    await crowd.come_all(range(WARM))
    await asyncio.sleep(SETTLE_S)
    before = machine.resident_bytes(server.pid)
    await crowd.come_all(range(WARM, WARM + plan.connections))
    await asyncio.sleep(SETTLE_S)
    if len(crowd.clients) != WARM + plan.connections or crowd.counts["refused"]:
        raise RuntimeError(f"{len(crowd.clients)} connections, {crowd.counts['refused']} refusals")
    grown = machine.resident_bytes(server.pid) - before
    await crowd.end()
    return grown


async def _keep(server: Running, plan: Plan) -> int:
    crowd = Crowd(server, lambda seat, _user: ["fill" if seat == FILLER else f"history-{seat}"])
    http = Http(server.port)
    await fill(crowd, http, plan.remembered, EVENT)
    await crowd.come_all(range(-(-plan.events // IN_HISTORY)))
    before = machine.resident_bytes(server.pid)
    for first in range(0, plan.events, 10):
        event = {"name": "tick", "channel": f"history-{first // IN_HISTORY}", "data": EVENT}
        await http.post("batch_events", {"batch": [event] * 10})
    grown = machine.resident_bytes(server.pid) - before
    http.end()
    await crowd.end()
    return grown


# ---- the report -----------------------------------------------------------------------------------------------------


def lines(found: Mapping[str, Spread]) -> list[str]:
    """What is printed: a table, as the documentation has it."""
    told = ["| of | kB (smallest to largest round) |", "|---|---|"]
    return told + [
        f"| {ROWS[name]} | {each.median:.2f} ({each.low:.2f} to {each.high:.2f}) |"
        for name, each in found.items()
    ]


def main() -> int:
    """Measure, print and write down; 0 when an idle subscribed connection takes no more than it may."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--rounds", type=int, default=Plan().rounds, help="(default: %(default)s)")
    parser.add_argument("--ours", action="store_true", help="without rivals")
    parser.add_argument("--out", type=Path, default=RESULT, help="(default: %(default)s)")
    options = parser.parse_args()
    machine.raise_file_limit()
    plan = Plan(rounds=options.rounds)
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        found = measured(plan, Path(scratch), () if options.ours else (OLD, NAIVE))
    kilobytes = {name: [each.low, each.median, each.high] for name, each in found.items()}
    write(options.out, {**machine.origin(), "kilobytes": kilobytes})
    print("\n".join(lines(found)))
    return 0 if found["subscribed"].median <= ALLOWED_KB else 1


if __name__ == "__main__":
    sys.exit(main())
