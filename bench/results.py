"""What a run has measured, and the files in which it is kept."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import Spread, spread
from bench.generator import Sample

__all__ = ["SERVED_MS", "Results", "Served", "write"]

SERVED_MS = 250.0
"""A connection counts as served when 99 % of the events reach it within so long."""

WIDE = 1.15
FAULTY = {
    "lost": "events lost",
    "disorder": "events out of order",
    "dropped": "subscribers dropped",
    "refused": "publications refused",
    "failed": "connections refused",
}
SEVERAL_PUBLISHERS = (
    "fanout-16",
    "crowd",
)  # each on a connection of its own, which a server reads in any order
INNERMOST = re.compile(r"[\[{]\n[^\[\]{}]*\n\s*[\]}]")  # no text of JSON has an end of line in it


def write(path: Path, data: Mapping[str, Any]) -> None:
    """Put data into a JSON file, whole or not at all; what holds no further list or object stands on one line."""
    text = INNERMOST.sub(lambda found: re.sub(r"\n\s*", " ", found[0]), json.dumps(data, indent=1))
    part = path.with_suffix(".part")
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(path)


@dataclass(frozen=True)
class Served:
    """How many connections a server serves at one rate.

    Attributes:
        connections: the most that were seen to be served.
        fails_at: the fewest at which it was seen to fail; None: it never was, and more could not be tried.
        tries: connections, p99 in milliseconds (None: the server gave up), and whether they were served.
        all_there_may_be: whether these are as many as may be open; otherwise a search that saw none fail ran out of time.
    """

    connections: int
    fails_at: int | None
    tries: tuple[tuple[int, float | None, bool], ...] = ()
    all_there_may_be: bool = False

    @property
    def words(self) -> str:
        """For tables; a search that had no time to end has both its bounds."""
        if self.fails_at is None:
            return f"at least {self.connections:,}"
        if self.fails_at > self.connections * WIDE:
            return f"{self.connections:,} to {self.fails_at:,}"
        return f"{self.connections:,}"


@dataclass
class Results:
    """What was measured: by figure, by server, round by round.

    Attributes:
        memory_kb: kilobytes for each idle connection, at the most that were opened.
        memory_curve: by server and connections, megabytes that they cost together.
        served: by publications a second and server.
        silent_mb: growth of a server's memory while a subscriber never reads, though 16 MB are published to it: the most,
            and at the end.
        seconds: that each phase took.
    """

    samples: dict[str, dict[str, list[Sample]]] = field(default_factory=dict)
    memory_kb: dict[str, list[float]] = field(default_factory=dict)
    memory_curve: dict[str, dict[int, list[float]]] = field(default_factory=dict)
    served: dict[int, dict[str, Served]] = field(default_factory=dict)
    silent_mb: list[float] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    discarded: int = 0
    kept_disturbed: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, figure: str, server: str, sample: Sample) -> None:
        """Append a round."""
        self.samples.setdefault(figure, {}).setdefault(server, []).append(sample)

    def drop(self, figure: str, server: str) -> None:
        """Forget the rounds of a server that did not see the phase through: its neighbours have more."""
        self.samples.get(figure, {}).pop(server, None)

    def faults(self) -> list[str]:
        """Which servers have not done all of the work that a figure is about, and what they failed at."""
        told = []
        for figure, servers in self.samples.items():
            for server, rounds in servers.items():
                counts = {name: sum(getattr(each, name) for each in rounds) for name in FAULTY}
                if figure in SEVERAL_PUBLISHERS:
                    counts["disorder"] = 0
                wrong = ", ".join(
                    f"{count:,} {words}" for name, words in FAULTY.items() if (count := counts[name])
                )
                if wrong:
                    told.append(f"{figure} of {server}: {wrong}")
        return told

    def counted(self, figure: str, server: str) -> list[Sample]:
        """The rounds of a figure that say something: of one whose subscribers were gone, what is told is nothing."""
        rounds = self.samples.get(figure, {}).get(server, [])
        return [each for each in rounds if each.deliveries or figure in ("publish", "connect")]

    def memory(self, server: str) -> Spread | None:
        """Kilobytes for each idle connection."""
        values = self.memory_kb.get(server)
        return spread(values) if values else None

    def sizes(self, family: str) -> list[int]:
        """Of figures named ``FAMILY-NUMBER``, the numbers, ascending."""
        prefix = family + "-"
        return sorted(int(name.removeprefix(prefix)) for name in self.samples if name.startswith(prefix))
