"""The measurements, each with all servers in turn, round after round."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from bench import machine
from bench.figures import Spread, spread
from bench.generator import Generator, Sample, loading
from bench.servers import OURS, Kind, running

SETTLE_S: Final = 0.5  # after opening many connections, until the server has nothing left to do for them
WARM_CONNECTIONS: Final = (
    100  # before memory is read: what is loaded or allocated once is not the connections'
)
IN_FLIGHT: Final = 64  # handshakes at a time
ATTEMPTS: Final = 3  # at one round, when others disturb it


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        retry_s: of each phase; after this long its disturbed rounds are kept and counted instead of repeated.
    """

    rounds: int
    round_s: float
    subscribers: int
    accepts: int
    memory_rounds: int
    memory_connections: int
    crowd: int
    crowd_s: float
    crowd_of_all: bool
    growth: tuple[int, ...]
    retry_s: float


SHORT: Final = Plan(5, 1.0, 1000, 500, 2, 2000, 10_000, 8.0, False, (), 25.0)
FULL: Final = Plan(15, 2.0, 1000, 1000, 5, 5000, 10_000, 20.0, True, (100, 1000, 10_000, 18_000), 120.0)


def until_undisturbed(take: Callable[[], Sample], *, more: Callable[[], bool]) -> list[Sample]:
    """Take a round, and again while it was disturbed, `more` agrees and attempts are left; all that were taken."""
    taken = [take()]
    while taken[-1].disturbed and len(taken) < ATTEMPTS and more():
        taken.append(take())
    return taken


@dataclass
class Results:
    """What was measured: by figure, by server, round by round."""

    samples: dict[str, dict[str, list[Sample]]] = field(default_factory=dict)
    memory_kb: dict[str, list[float]] = field(default_factory=dict)
    discarded: int = 0
    kept_disturbed: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, figure: str, server: str, sample: Sample) -> None:
        """Append a round."""
        self.samples.setdefault(figure, {}).setdefault(server, []).append(sample)

    def memory(self, server: str) -> Spread | None:
        """Kilobytes for each idle connection."""
        values = self.memory_kb.get(server)
        return spread(values) if values else None


class Bench:
    """Runs the phases of a plan over the servers and collects their rounds.

    Args:
        kinds: the servers; the order in which they take turns.
        load: command line of the generator.
        scratch: for what children say on stderr.
        say: told what happens.
    """

    def __init__(
        self, plan: Plan, kinds: Sequence[Kind], load: list[str], scratch: Path, say: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._kinds = kinds
        self._load = load
        self._scratch = scratch
        self._say = say
        self._server_core, self._load_core = machine.pinned_cores()
        self._retry_until = 0.0
        self.results = Results()

    def run(self) -> None:
        """All phases. The servers stay up side by side; only the one whose turn it is has work."""
        with ExitStack() as stack:
            pairs = [self._start(stack, kind) for kind in self._kinds]
            self._publish(pairs)
            self._connect(pairs)
            self._fan_out(pairs)
        self._memory()
        self._crowd()
        self._growth()

    def _note(self, text: str) -> None:
        """Something was not measured as planned: said now, and in the report."""
        self._say(text)
        self.results.notes.append(text)

    def _announce(self, text: str) -> None:
        """A phase begins, with a new allowance for repeating rounds."""
        self._say(text)
        self._retry_until = time.monotonic() + self._plan.retry_s

    def _start(self, stack: ExitStack, kind: Kind) -> Generator:
        server = stack.enter_context(running(kind, self._server_core))
        return stack.enter_context(loading(server, self._load, self._load_core, self._scratch))

    def _undisturbed(self, take: Callable[[], Sample]) -> Sample:
        taken = until_undisturbed(take, more=lambda: time.monotonic() < self._retry_until)
        best = min(taken, key=lambda sample: sample.disturbance)
        self.results.discarded += len(taken) - 1
        self.results.kept_disturbed += best.disturbed
        return best

    def _rounds(self, figure: str, pairs: list[Generator], command: str) -> None:
        for _ in range(self._plan.rounds):
            for pair in pairs:
                sample = self._undisturbed(partial(pair.ask, command))
                self.results.add(figure, pair.server.kind.name, sample)

    # ---- phases ---------------------------------------------------------------------------------------------

    def _publish(self, pairs: list[Generator]) -> None:
        self._announce("signed publish over HTTP, to a channel that nobody follows, 16 requests in flight")
        self._rounds("publish", pairs, f"publish 16 {self._plan.round_s}")

    def _connect(self, pairs: list[Generator]) -> None:
        self._announce(
            f"handshake and subscribe, {self._plan.accepts} connections a round, {IN_FLIGHT} at a time"
        )

        def connect(pair: Generator) -> Sample:
            sample = pair.ask(f"connect {self._plan.accepts} {IN_FLIGHT}")
            pair.close()
            time.sleep(0.1)  # the server takes leave of them before the next one's turn
            return sample

        for _ in range(self._plan.rounds):
            for pair in pairs:
                sample = self._undisturbed(partial(connect, pair))
                self.results.add("connect", pair.server.kind.name, sample)

    def _fan_out(self, pairs: list[Generator]) -> None:
        for pair in pairs:
            pair.ask(f"connect {self._plan.subscribers} {IN_FLIGHT}")
        for width in (1, 16):
            self._announce(
                f"fan-out to {self._plan.subscribers} subscribers, 200-byte events, {width} in flight"
            )
            self._rounds(f"fanout-{width}", pairs, f"fanout {width} {self._plan.round_s} 200")

    def _memory(self) -> None:
        count = self._plan.memory_connections
        self._announce(f"memory of {count} idle subscribed connections, in a new server each time")
        for _ in range(self._plan.memory_rounds):
            for kind in self._kinds:
                with ExitStack() as stack:
                    pair = self._start(stack, kind)
                    pair.ask(f"connect {WARM_CONNECTIONS} {IN_FLIGHT}")
                    time.sleep(SETTLE_S)
                    before = machine.resident_bytes(pair.server.pid)
                    pair.ask(f"connect {count} {IN_FLIGHT}")
                    time.sleep(SETTLE_S)
                    grown = machine.resident_bytes(pair.server.pid) - before
                self.results.memory_kb.setdefault(kind.name, []).append(round(grown / 1000 / count, 3))

    def _crowd(self) -> None:
        """Many connections, ten publications a second, by the clock."""
        count = min(self._plan.crowd, machine.raise_file_limit() - 500)
        if count < self._plan.crowd:
            self._note(
                f"ONLY {count} instead of {self._plan.crowd} connections: the limit of open files (ulimit -n)"
            )
        self._announce(f"{count} subscribers, 10 publications a second for {self._plan.crowd_s:.0f} s")
        for kind in self._kinds:
            if not self._plan.crowd_of_all and kind.name not in (OURS.name, "c"):
                continue
            with ExitStack() as stack:
                pair = self._start(stack, kind)
                pair.ask(f"connect {count} {IN_FLIGHT}")
                time.sleep(SETTLE_S)
                sample = self._undisturbed(partial(pair.ask, f"rate 10 {self._plan.crowd_s} 200"))
                self.results.add("crowd", kind.name, sample)

    def _growth(self) -> None:
        """What a delivery costs as the channel grows; ours and the floor."""
        limit = machine.raise_file_limit() - 500
        for count in self._plan.growth:
            if count > limit:
                self._note(f"NO fan-out to {count} subscribers: the limit of open files allows {limit}")
                continue
            self._announce(f"fan-out to {count} subscribers, one in flight")
            with ExitStack() as stack:
                pairs = [self._start(stack, kind) for kind in self._kinds if kind.name in (OURS.name, "c")]
                for pair in pairs:
                    pair.ask(f"connect {count} {IN_FLIGHT}")
                for _ in range(3):
                    for pair in pairs:
                        sample = self._undisturbed(partial(pair.ask, "fanout 1 2 200"))
                        self.results.add(f"growth-{count}", pair.server.kind.name, sample)
