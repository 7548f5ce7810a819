"""What the generator can take: measured against the fastest server there can be, in the same run as the others.

That server is the bare C loop in its joined form: one ``send()`` per socket for all that came in one turn of its loop.
``python -m bench.calibration`` prints what came of it.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from statistics import median
from typing import Final

from bench import machine
from bench.build import CannotCompile, compile_program
from bench.generator import Sample, loading
from bench.servers import Kind, c_joined, running
from bench.stand import IN_FLIGHT

__all__ = ["MARGIN", "Capacity", "bound", "calibrate"]

MARGIN: Final = 1.3  # over the fastest server measured
WIDEST: Final = 64  # publications in flight: as many as the generator can have
SUBSCRIBERS: Final = 1000
ROUND_S: Final = 0.7
ROUNDS: Final = 3


@dataclass(frozen=True)
class Capacity:
    """What the generator took.

    Attributes:
        deliveries_per_s: the median of the rounds.
        own_share: of its core, in these rounds; near 1 means that this is all it can take, less that it can take more.
        server_share: of the server's core.
    """

    deliveries_per_s: float
    own_share: float
    server_share: float

    def margin(self, samples: Iterable[Sample]) -> float:
        """How many times more that is than the fastest of these rounds; infinite when nothing was delivered in them."""
        fastest = max((_rate(sample) for sample in samples), default=0.0)
        return self.deliveries_per_s / fastest if fastest else inf

    def sentence(self, samples: Iterable[Sample]) -> str:
        """For the report."""
        margin = self.margin(samples)
        times = "" if margin == inf else f", {margin:.1f} times the fastest round of this run"
        enough = (
            "" if margin >= MARGIN else f": LESS THAN {MARGIN}, so that rates near it are the generator's"
        )
        return (
            f"The generator took {self.deliveries_per_s:,.0f} deliveries a second with {self.own_share:.0%} of its core "
            f"(the server: {self.server_share:.0%}){times}{enough}."
        )

    def as_dict(self) -> dict[str, float]:
        """For the results file."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def bound(samples: Mapping[str, Mapping[str, Sequence[Sample]]]) -> str | None:
    """Which rounds show the generator more than the server, in a sentence for the report; None: there were none.

    Args:
        samples: rounds by figure and server.
    """
    found = [
        f"{figure} of {server} ({len(limited)} of {len(rounds)})"
        for figure, servers in samples.items()
        for server, rounds in servers.items()
        if (limited := [each for each in rounds if each.generator_bound])
    ]
    if not found:
        return None
    return f"In these rounds the server waited for the generator; only their CPU figures hold: {', '.join(found)}."


def _rate(sample: Sample) -> float:
    return sample.deliveries / max(sample.seconds, 1e-9)


def calibrate(kind: Kind, load: list[str], scratch: Path, *, seconds: float = ROUND_S) -> Capacity:
    """Measure it; takes about five seconds.

    Args:
        kind: the server, :func:`bench.servers.c_joined`.
        load: command line of the generator.
        scratch: for what it says on stderr.
        seconds: of each round.

    Raises:
        DidNotStart, GeneratorFailed: see there.
    """
    server_core, load_core = machine.pinned_cores()
    with running(kind, server_core) as server, loading(server, load, load_core, scratch) as generator:
        generator.ask(f"connect {SUBSCRIBERS} {IN_FLIGHT}")
        rounds = [generator.ask(f"fanout {WIDEST} {seconds} 200") for _ in range(ROUNDS)]
    return Capacity(
        median(_rate(sample) for sample in rounds),
        median(sample.own_cpu_s / sample.seconds for sample in rounds),
        median(sample.server_cpu_s / sample.seconds for sample in rounds),
    )


def main() -> int:
    """Calibrate once."""
    argparse.ArgumentParser(prog="python -m bench.calibration", description=__doc__).parse_args()
    machine.raise_file_limit()
    try:
        load, loop = compile_program("load"), compile_program("sendloop")
    except CannotCompile as reason:
        print(f"bench.calibration: {reason}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        print(calibrate(c_joined(loop), [str(load)], Path(scratch)).sentence([]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
