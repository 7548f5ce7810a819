"""``python -m bench``: measure, judge, write results, table and pictures."""

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from bench import claims, machine, plot, report
from bench.build import CannotCompile, compile_program
from bench.calibration import Capacity, bound, calibrate
from bench.curves import draw_curves
from bench.field import rivals
from bench.plans import FULL, SHORT, TINY
from bench.results import write
from bench.run import PHASES, run
from bench.servers import MOUNTED, NAIVE, OLD, OURS, Kind, c_joined, c_loop
from bench.stand import FAULTS, Stand
from bench.targets import Outcome, judge

HERE = Path(__file__).parent
SPEED = HERE.parent / "docs" / "speed.md"
KEPT_RESULTS = 2
NAME_OF_A_RUN = "[0-9a-f]{7,40}|unknown"  # its commit's


class Options(NamedTuple):
    """What was asked for; see ``--help``."""

    full: bool
    tiny: bool
    only: list[str]
    out: Path
    page: bool


def _options(words: list[str]) -> Options:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help="every phase, every server, longer rounds")
    size.add_argument(
        "--tiny", action="store_true", help="every phase for a moment: shows that it works, measures nothing"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=PHASES,
        metavar="PHASE",
        help=f"of {', '.join(PHASES)}; again for more",
    )
    parser.add_argument(
        "--out", type=Path, default=HERE, help="where README.md and results/ are (default: bench/)"
    )
    parser.add_argument(
        "--page",
        action=argparse.BooleanOptionalAction,
        help="write the README's section and the pictures too (default: with --full, and of all phases)",
    )
    given = parser.parse_args(words)
    page = given.full and not given.only if given.page is None else given.page
    return Options(given.full, given.tiny, given.only or list(PHASES), given.out, page)


def _programs(options: Options, missing: dict[str, str]) -> tuple[list[str], list[Kind]]:
    """The generator's command line and the servers that can be had."""
    published = [] if options.tiny else rivals(missing, machine.pinned_cores()[0], all_of_them=options.full)
    try:
        load, loop = compile_program("load"), compile_program("sendloop")
    except CannotCompile as reason:
        print(
            f"NO C PROGRAMS: {reason}\nThe ratio to the bare C loop is left out; latencies are coarse.",
            flush=True,
        )
        missing["C, one send() per socket"] = str(reason)
        missing["exact latencies"] = "the generator in Python was the bottleneck; CPU figures hold"
        return [sys.executable, "-m", "bench.pyload"], [OURS, MOUNTED, *published, OLD, NAIVE]
    loops = [c_loop(loop), c_joined(loop)] if options.full else [c_loop(loop)]
    return [str(load)], [OURS, MOUNTED, *loops, *published, OLD, NAIVE]


def _capacity(load: list[str], scratch: Path, say: Callable[[str], None]) -> Capacity | None:
    """What the generator can take; None for the one in Python, which is the limit anyway."""
    if len(load) > 1:
        return None
    try:
        found = calibrate(c_joined(compile_program("sendloop")), load, scratch)
    except FAULTS as fault:
        say(f"NO CALIBRATION of the generator: {fault}")
        return None
    say(found.sentence([]))
    return found


def _about_generator(capacity: Capacity | None, stand: Stand) -> list[str]:
    samples = stand.results.samples
    every = [each for servers in samples.values() for rounds in servers.values() for each in rounds]
    said = [] if capacity is None else [capacity.sentence(every)]
    limited = bound(samples)
    return [*said, limited] if limited else said


def main(words: list[str] | None = None) -> int:
    """Run the bench; 0 when it could be measured, whatever the figures say."""
    options = _options(sys.argv[1:] if words is None else words)
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {text}", flush=True)

    machine.raise_file_limit()
    server_core, load_core = machine.pinned_cores()
    if server_core == load_core:
        say("ONE CORE ONLY: server and generator share it; latencies mean little, CPU figures hold")
    missing: dict[str, str] = {}
    load, kinds = _programs(options, missing)
    plan = FULL if options.full else TINY if options.tiny else SHORT
    budgets = {name: seconds for name, seconds in plan.budgets.items() if name in options.only}
    say(
        f"{len(kinds)} servers; at most about {sum(budgets.values()) / 60:.0f} minutes: "
        + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in budgets.items())
    )
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        capacity = None if options.tiny else _capacity(load, Path(scratch), say)
        stand = Stand(plan, kinds, load, Path(scratch), say)
        run(stand, options.only)
    if not stand.results.samples and not stand.results.memory_kb:
        print("bench: nothing could be measured", file=sys.stderr)
        return 1
    outcomes = judge(stand.results)
    facts: dict[str, Any] = {
        **machine.origin(),
        "full": options.full,
        "seconds": round(time.monotonic() - started),
        "rivals": {kind.title: kind.version for kind in kinds if kind.version},
        "generator": None if capacity is None else capacity.as_dict(),
        "about_generator": _about_generator(capacity, stand),
        "missing": missing,
    }
    text = report.section(stand.results, outcomes, kinds, facts)
    print(f"\n{text}\n")
    say("written: " + ", ".join(str(path) for path in _write(options, stand, outcomes, facts, text)))
    return 0


def _write(
    options: Options, stand: Stand, outcomes: list[Outcome], facts: dict[str, Any], text: str
) -> list[Path]:
    """Everything at once, at the end: a run that was broken off leaves what was there."""
    folder = options.out / "results"
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / f"{facts['commit']}.json"]
    write(written[0], report.as_json(stand.results, outcomes, facts))
    if not options.page:
        return written
    forget_old(folder, written[0])
    caption = report.caption(facts)
    bars = folder / "latest.svg"
    plot.draw(stand.results, stand.kinds, bars, caption)
    drawn = draw_curves(stand.results, stand.kinds, folder, caption)
    readme = options.out / "README.md"
    page = report.place(readme.read_text(encoding="utf-8"), text + report.pictures(drawn))
    readme.write_text(page, encoding="utf-8")
    speed = SPEED if options.out == HERE else options.out / SPEED.name
    if speed.exists():
        claimed = claims.section(stand.results, facts["commit"])
        speed.write_text(
            report.place(speed.read_text(encoding="utf-8"), claimed, claims.MARKS), encoding="utf-8"
        )
        written.append(speed)
    return [*written, bars, *drawn, readme]


def forget_old(folder: Path, newest: Path) -> None:
    """Of earlier runs keep the last; git has the others. What other measurements have left there is not theirs."""
    runs = (path for path in folder.glob("*.json") if re.fullmatch(NAME_OF_A_RUN, path.stem))
    earlier = sorted((path for path in runs if path != newest), key=_when, reverse=True)
    for path in earlier[KEPT_RESULTS - 1 :]:
        path.unlink()


def _when(path: Path) -> tuple[str, float]:
    return str(json.loads(path.read_text(encoding="utf-8")).get("date", "")), path.stat().st_mtime


if __name__ == "__main__":
    sys.exit(main())
