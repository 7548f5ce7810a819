"""``python -m bench.agents``: what Channels' delivery is like while many workers do many tasks of agents.

One server, `toolboxai serve` with its application. Round by round the same publications go out by the clock, with and
without the load of workers beside them, in changing order; within a round the two are compared. The workers are
programs of their own that speak HTTP, at the lowest priority of the generator's core, so that they take time from the
server and not from whoever measures.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx2

from bench import machine
from bench.build import generator_program
from bench.driver import driven
from bench.generator import Sample
from bench.installed import installed_in, started
from bench.stand import IN_FLIGHT

SUBSCRIBERS: Final = 200
HZ: Final = 20.0
ROUND_S: Final = 4.0
EVENT_BYTES: Final = 200
WARM_S: Final = 1.0  # until the workers are under way


class Plan(NamedTuple):
    """How much is measured.

    Attributes:
        workers: at once.
        tasks: in all rounds together, at most.
        rounds: each with and without load.
        round_s: seconds of a measurement.
    """

    workers: int = 100
    tasks: int = 5000
    rounds: int = 3
    round_s: float = ROUND_S


class Round(NamedTuple):
    """Delivery without and with the load, and tasks that were completed beside it in its seconds."""

    quiet: Sample
    loaded: Sample
    tasks: int


def measured(plan: Plan, load: list[str], scratch: Path, cores: tuple[int, int]) -> list[Round]:
    """All rounds; arguments as of ``bench.installed.started``."""
    rounds = []
    with ExitStack() as stack:
        side = started(stack, installed_in(scratch / "installed"), scratch / "server", load, cores)
        side.generator.ask(f"connect {SUBSCRIBERS} {IN_FLIGHT}")
        command = f"rate {HZ} {plan.round_s} {EVENT_BYTES}"
        side.generator.ask(command)
        for number in range(plan.rounds):
            samples: dict[bool, Sample] = {}
            done = 0
            for loaded in (True, False) if number % 2 else (False, True):
                if loaded:
                    url = f"http://127.0.0.1:{side.generator.server.port}"
                    words = ["--drive", url, str(plan.workers), str(plan.tasks // plan.rounds)]
                    with driven(["-m", "bench.agents", *words], side.token) as driver:
                        time.sleep(WARM_S)
                        samples[True] = side.generator.ask(command)
                        done = driver.stop()
                else:
                    samples[False] = side.generator.ask(command)
            rounds.append(Round(samples[False], samples[True], done))
        side.generator.close()
    return rounds


async def drive(url: str, workers: int, tasks: int) -> None:
    """Hand in tasks, say so, and work on them until standard input ends; then say how many were done."""
    os.nice(19)
    limits = httpx2.Limits(max_connections=workers + 8)
    async with (
        httpx2.AsyncClient(base_url=url, timeout=60, trust_env=False, limits=limits) as http,
        asyncio.TaskGroup() as group,
    ):
        mine = {"Authorization": f"Bearer {os.environ['BENCH_TOKEN']}"}
        wish = {"name": "bench", "task_types": ["count"], "concurrency": min(workers, 100)}
        agent = (await http.post("/api/v1/agents", json=wish, headers=mine)).json()
        path, task = f"/api/v1/agents/{agent['agent_id']}", {"task_type": "count", "input": {}}
        for _ in range(tasks):
            (await http.post(f"{path}/tasks", json=task, headers=mine)).raise_for_status()
        done: list[str] = []
        theirs = {"Authorization": f"Bearer {agent['token']}"}

        async def work(name: str) -> None:
            while True:
                claim = await http.post(f"{path}/claim?wait=20", json={"worker": name}, headers=theirs)
                if claim.status_code == 200:
                    held = claim.json()
                    said = {"lease_id": held["lease_id"], "result": {}}
                    at = f"/api/v1/tasks/{held['task_id']}/complete"
                    (await http.post(at, json=said, headers=theirs)).raise_for_status()
                    done.append(held["task_id"])

        _say({"waiting": tasks})
        working = [group.create_task(work(f"w{number}")) for number in range(workers)]
        await asyncio.to_thread(sys.stdin.read)
        _say({"done": len(done)})
        for each in working:
            each.cancel()
        await http.delete(path, headers=mine)  # what is left over is nobody's load in the next round


def _say(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def lines(rounds: Sequence[Round], round_s: float) -> list[str]:
    """What is printed."""
    head = "round  p50 quiet  p99 quiet  p50 loaded  p99 loaded  ratio of p99  difference   tasks a second"
    told = [head]
    for number, each in enumerate(rounds, 1):
        quiet, loaded = each.quiet, each.loaded
        told.append(
            f"{number:5}  {quiet.p50_ms:6.2f} ms  {quiet.p99_ms:6.2f} ms  {loaded.p50_ms:7.2f} ms  {loaded.p99_ms:7.2f} ms"
            f"  {loaded.p99_ms / max(quiet.p99_ms, 1e-9):11.2f}x  {loaded.p99_ms - quiet.p99_ms:+7.2f} ms"
            f"  {each.tasks / (round_s + WARM_S):13.0f}"
        )
    quiet_ms = statistics.median(each.quiet.p99_ms for each in rounds)
    loaded_ms = statistics.median(each.loaded.p99_ms for each in rounds)
    lost = sum(each.quiet.lost + each.loaded.lost for each in rounds)
    told.append(
        f"p99 of a delivery, median of the rounds: {quiet_ms:.2f} ms without and {loaded_ms:.2f} ms with the load, "
        f"{loaded_ms / max(quiet_ms, 1e-9):.2f}x, {loaded_ms - quiet_ms:+.2f} ms; lost: {lost}"
    )
    return told


def main() -> int:
    """Measure and print."""
    if sys.argv[1:2] == ["--drive"]:
        asyncio.run(drive(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
        return 0
    parser = argparse.ArgumentParser(prog="python -m bench.agents", description=__doc__)
    parser.add_argument("--workers", type=int, default=Plan().workers, help="at once (default: %(default)s)")
    parser.add_argument("--tasks", type=int, default=Plan().tasks, help="in all (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=Plan().rounds, help="(default: %(default)s)")
    options = parser.parse_args()
    plan = Plan(workers=options.workers, tasks=options.tasks, rounds=options.rounds)
    machine.raise_file_limit()
    load = generator_program("load")
    cores = machine.pinned_cores()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch, machine.on_core(cores[1]):
        rounds = measured(plan, load, Path(scratch), cores)
    print("\n".join(lines(rounds, plan.round_s)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
