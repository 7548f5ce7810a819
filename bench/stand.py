"""What every phase stands on: servers and their generators, rounds in turn, and what happens when one fails."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeAlias, TypeVar

from bench import machine
from bench.generator import Generator, GeneratorFailed, Sample, loading
from bench.plans import Plan
from bench.results import Results
from bench.servers import DidNotStart, Kind, running

__all__ = [
    "ATTEMPTS",
    "FAULTS",
    "FILES_BESIDE",
    "IN_FLIGHT",
    "SETTLE_S",
    "Stand",
    "Take",
    "until_undisturbed",
]

IN_FLIGHT: Final = 64  # handshakes at a time
SETTLE_S: Final = 0.5  # after opening many connections, until the server has nothing left to do for them
ATTEMPTS: Final = 3  # at one round, when others disturb it
FILES_BESIDE: Final = 500  # open files of a server or generator that are no subscribers, generously
FAULTS: Final = (DidNotStart, GeneratorFailed, OSError, TimeoutError)

Take: TypeAlias = Callable[[Generator], Sample]
"""One round of one server."""


class Disturbable(Protocol):
    """What is taken again when others disturbed it."""

    @property
    def disturbed(self) -> bool:
        """Whether something other than the server and the generator shaped it."""
        ...


Taken = TypeVar("Taken", bound=Disturbable)


def until_undisturbed(take: Callable[[], Taken], *, more: Callable[[], bool] = lambda: True) -> list[Taken]:
    """Take a round, and again while it was disturbed, `more` agrees and attempts are left; all that were taken."""
    taken = [take()]
    while taken[-1].disturbed and len(taken) < ATTEMPTS and more():
        taken.append(take())
    return taken


class Stand:
    """Starts what a phase needs, takes its rounds and writes down what came of it.

    Args:
        plan: how much.
        kinds: the servers; the order in which they take turns.
        load: command line of the generator.
        scratch: for what children say on stderr, and what servers keep.
        say: told what happens.

    Attributes:
        exact: whether the generator is the one in C, which alone knows the commands beyond the first four.
    """

    def __init__(
        self, plan: Plan, kinds: Sequence[Kind], load: list[str], scratch: Path, say: Callable[[str], None]
    ) -> None:
        self.plan = plan
        self.kinds = kinds
        self.load = load
        self.scratch = scratch
        self.results = Results()
        self.exact = len(load) == 1
        self.cores = machine.pinned_cores()
        self.say = say
        self._phase = ""
        self._until = 0.0

    @contextmanager
    def phase(self, name: str, about: str) -> Iterator[None]:
        """A phase with its own budget of time. What fails in it is a note of the report, and the run goes on."""
        began = time.monotonic()
        self._phase, self._until = name, began + self.plan.budgets[name]
        self.say(f"{name}: {about} (up to {self.plan.budgets[name]:.0f} s)")
        try:
            yield
        except FAULTS as fault:
            self.note(f"{name} was broken off: {fault}")
        self.results.seconds[name] = round(time.monotonic() - began, 1)

    def note(self, text: str) -> None:
        """Something was not measured as planned: said now, and in the report."""
        self.say(text)
        self.results.notes.append(text)

    @property
    def in_time(self) -> bool:
        """Whether the phase has time left."""
        return time.monotonic() < self._until

    @property
    def left(self) -> float:
        """Seconds that the phase has left."""
        return max(0.0, self._until - time.monotonic())

    def room(self, wanted: int) -> int:
        """So many of these connections as may be opened; fewer are noted."""
        may = min(wanted, machine.raise_file_limit() - FILES_BESIDE)
        if may < wanted:
            self.note(f"{self._phase}: ONLY {may} instead of {wanted} connections: the limit of open files")
        return may

    def start(self, stack: ExitStack, kind: Kind) -> Generator:
        """A server of its own core and a generator on the other."""
        server = stack.enter_context(running(kind, self.cores[0]))
        return stack.enter_context(loading(server, self.load, self.cores[1], self.scratch))

    def start_all(self, stack: ExitStack, kinds: Sequence[Kind]) -> list[Generator]:
        """Those of them that start, side by side; only the one whose turn it is has work."""
        pairs = []
        for kind in kinds:
            try:
                pairs.append(self.start(stack, kind))
            except FAULTS as fault:
                self.note(f"{self._phase}: {kind.title} is left out: {fault}")
        return pairs

    def connected(self, what: str, pairs: Sequence[Generator], count: int) -> list[Generator]:
        """Those of them to which so many subscribers could come; of the others the report says what they failed at."""
        going = []
        for pair in pairs:
            try:
                pair.ask(f"connect {count} {IN_FLIGHT}")
                going.append(pair)
            except FAULTS as fault:
                self.note(f"{what}: {pair.server.kind.title} is left out: {fault}")
        return going

    def undisturbed(self, take: Callable[[], Sample]) -> Sample:
        """A round, again while others disturb it and time is left; the quietest."""
        taken = until_undisturbed(take, more=lambda: self.in_time)
        best = min(taken, key=lambda sample: sample.disturbance)
        self.results.discarded += len(taken) - 1
        self.results.kept_disturbed += best.disturbed
        return best

    def rounds(
        self, figure: str, pairs: Sequence[Generator], take: Take, *, count: int | None = None
    ) -> None:
        """Every server its turn, round after round; one that fails is left out of the figure."""
        self.interleaved([(figure, pair) for pair in pairs], take, count=count)

    def interleaved(
        self, places: Sequence[tuple[str, Generator]], take: Take, *, count: int | None = None
    ) -> None:
        """As `rounds`, where each generator measures a figure of its own."""
        going = list(places)
        for number in range(count or self.plan.rounds):
            if number and not self.in_time:
                self.note(f"{self._phase}: {number} rounds, for want of time")
                return
            for figure, pair in tuple(going):
                name = pair.server.kind.name
                try:
                    self.results.add(figure, name, self.undisturbed(partial(take, pair)))
                except FAULTS as fault:
                    self.note(f"{self._phase}: {pair.server.kind.title} is left out: {fault}")
                    self.results.drop(figure, name)
                    going.remove((figure, pair))
