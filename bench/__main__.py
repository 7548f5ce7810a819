"""``python -m bench``: measure, judge, write results, table and picture."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import machine, plot, report
from bench.build import CannotCompile, compile_program
from bench.generator import GeneratorFailed
from bench.phases import FULL, SHORT, Bench
from bench.servers import MOUNTED, NAIVE, OLD, OURS, DidNotStart, Kind, c_loop
from bench.targets import judge

HERE = Path(__file__).parent


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _programs(missing: dict[str, str]) -> tuple[list[str], list[Kind]]:
    """The generator's command line and the servers that can be had."""
    try:
        load, loop = compile_program("load"), compile_program("sendloop")
    except CannotCompile as reason:
        print(
            f"NO C PROGRAMS: {reason}\nThe ratio to the bare C loop is left out; latencies are coarse.",
            flush=True,
        )
        missing["C, one send() per socket"] = str(reason)
        missing["exact latencies"] = "the generator in Python was the bottleneck; CPU figures hold"
        return [sys.executable, "-m", "bench.pyload"], [OURS, MOUNTED, OLD, NAIVE]
    return [str(load)], [OURS, MOUNTED, c_loop(loop), OLD, NAIVE]


def main() -> int:
    """Run the bench; 0 when it could be measured, whatever the figures say."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="more and longer rounds, every server in every phase"
    )
    parser.add_argument(
        "--out", type=Path, default=HERE, help="where README.md and results/ are (default: bench/)"
    )
    options = parser.parse_args()
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {text}", flush=True)

    machine.raise_file_limit()
    server_core, load_core = machine.pinned_cores()
    if server_core == load_core:
        say("ONE CORE ONLY: server and generator share it; latencies mean little, CPU figures hold")
    missing: dict[str, str] = {}
    load, kinds = _programs(missing)
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        bench = Bench(FULL if options.full else SHORT, kinds, load, Path(scratch), say)
        try:
            bench.run()
        except (DidNotStart, GeneratorFailed) as fault:
            print(f"bench: {fault}", file=sys.stderr)
            return 1
    outcomes = judge(bench.results)
    facts: dict[str, Any] = {
        "commit": _git("rev-parse", "--short", "HEAD") or "unknown",
        "dirty": bool(_git("status", "--porcelain", "--untracked-files=no", "--", "../src")),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "full": options.full,
        "seconds": round(time.monotonic() - started),
        "machine": machine.describe(),
        "missing": missing,
    }
    text = report.section(bench.results, outcomes, kinds, facts)
    _write(options.out, bench, kinds, outcomes, facts, text)
    print(f"\n{text}\n")
    say(f"written: {options.out}/README.md, results/{facts['commit']}.json, results/latest.svg")
    return 0


def _write(
    out: Path, bench: Bench, kinds: list[Kind], outcomes: Any, facts: dict[str, Any], text: str
) -> None:
    results = out / "results"
    results.mkdir(exist_ok=True)
    data = report.as_json(bench.results, outcomes, facts)
    (results / f"{facts['commit']}.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    readme = out / "README.md"
    readme.write_text(report.place(readme.read_text(encoding="utf-8"), text), encoding="utf-8")
    where = facts["machine"]
    caption = f"Less is better. Loopback, {where['cpu']}, one core for the server; commit {facts['commit']}."
    plot.draw(bench.results, kinds, results / "latest.svg", caption)


if __name__ == "__main__":
    sys.exit(main())
