"""A process that is killed with -9 while sessions are in each of the four stages, and the one that comes after it.

One process runs four sessions, each held in another stage, so that one kill meets them all. On Postgres, and in the full form
on SQLite too.
"""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from databases import backends
from generation import assert_whole
from toolboxai.platform.content.records.sessions import STAGES

pytestmark = pytest.mark.timeout(90)

PROCESS = """
    import asyncio, json, random, sys, threading

    from content_parts import a_request, a_teacher
    from toolboxai.adapters.database.content import DatabaseContentStore
    from toolboxai.adapters.database.engine import open_engine
    from toolboxai.adapters.jobs_dbos import DbosJobs
    from toolboxai.adapters.system_clock import SystemClock
    from toolboxai.platform.content.engine import OfflineEngine
    from toolboxai.platform.content.run.limits import RunLimits
    from toolboxai.platform.content.service import ContentService
    from toolboxai.platform.content.records.sessions import STAGES, Status

    url, dies = sys.argv[1], sys.argv[2] == "dies"

    one_at_a_time = threading.Lock()

    def say(**what):
        with one_at_a_time:
            print(json.dumps(what), flush=True)

    class Said:
        async def publish(self, channels, event, *, exclude=None):
            if channels[0].startswith("private-"):
                say(told=json.loads(event.data))
            return ()

        async def restore(self, channel, events):
            if channel.startswith("private-"):
                say(restored=[json.loads(event.data) for event in events], channel=channel)

    class Held(OfflineEngine):
        # The seed of a request is the number of the stage in which it is held.
        def at(self, number, request, report):
            say(stage=STAGES[number], seed=request.seed)
            if dies and request.seed == number:
                report(0, 2, "in the midst of it")
                say(held=number)
                threading.Event().wait()  # until it is killed

        def analyse(self, request, report):
            self.at(0, request, report)
            return super().analyse(request, report)

        def lesson(self, request, analysis, report):
            self.at(1, request, report)
            return super().lesson(request, analysis, report)

        def quiz(self, request, analysis, lesson, report):
            self.at(2, request, report)
            return super().quiz(request, analysis, lesson, report)

        def package(self, request, analysis, lesson, quiz, content_id, report):
            self.at(3, request, report)
            return super().package(request, analysis, lesson, quiz, content_id, report)

    async def main():
        async with open_engine(url) as database:
            store, jobs = DatabaseContentStore(database), DbosJobs(url)
            service = ContentService(
                store=store, jobs=jobs, publisher=Said(), engine=Held(), clock=SystemClock(),
                dice=random.SystemRandom(), link_keys=lambda: [b"k" * 32],
                limits=RunLimits(at_once=4, at_once_per_user=4),
            )
            await service.recover()
            await jobs.launch()
            async with service.watching():
                if dies:
                    for seed in range(4):
                        session = await service.generate(a_teacher(), a_request(seed=seed))
                        say(session=session.id, seed=seed)
                while await store.unfinished():
                    await asyncio.sleep(0.05)
            for session in await store.sessions(organization_id="org_1", owner_id="user_1", limit=9):
                say(session=session.id, status=session.status, attempt=session.attempt,
                    kept=[
                        {"type": e.type, "data": dict(e.data), "timestamp": e.timestamp, "seq": e.seq}
                        for e in await store.events(session.id)
                    ])
            await jobs.close()
            await service.close()

    asyncio.run(main())
"""

Lines = Sequence[Mapping[str, Any]]


@pytest.fixture(params=backends("postgres"))
def database_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def process(script: Path, url: str, mode: str) -> "subprocess.Popen[str]":
    path = os.pathsep.join([*sys.path])
    return subprocess.Popen(
        [sys.executable, script, url, mode],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def until_all_are_held(first: "subprocess.Popen[str]") -> list[dict[str, Any]]:
    assert first.stdout is not None
    lines: list[dict[str, Any]] = []
    while sum("held" in line for line in lines) < len(STAGES):
        lines.append(json.loads(first.stdout.readline()))
    return lines


def told(lines: Lines, session_id: str) -> list[Any]:
    return [
        line["told"] for line in lines if "told" in line and line["told"]["data"]["session_id"] == session_id
    ]


def test_killed_in_each_stage_it_is_finished_by_the_next_process_and_nothing_is_done_or_told_anew(
    migrated_url: str, tmp_path: Path
) -> None:
    script = tmp_path / "process.py"
    script.write_text(textwrap.dedent(PROCESS))
    with process(script, migrated_url, "dies") as first:
        before = until_all_are_held(first)
        first.send_signal(signal.SIGKILL)
        assert first.wait() == -signal.SIGKILL
        assert first.stdout is not None
        before += [json.loads(line) for line in first.stdout if line.endswith("\n")]
    with process(script, migrated_url, "lives") as second:
        assert second.stdout is not None
        after = [json.loads(line) for line in second.stdout]
        assert second.wait() == 0

    for session in (line for line in before if "session" in line):
        session_id, seed = session["session"], session["seed"]
        begun = [line["stage"] for line in before if line.get("stage") and line["seed"] == seed]
        again = [line["stage"] for line in after if line.get("stage") and line["seed"] == seed]
        assert (begun, again) == (list(STAGES[: seed + 1]), list(STAGES[seed:])), "no finished stage again"

        [end] = [line for line in after if line.get("session") == session_id]
        assert (end["status"], end["attempt"]) == ("complete", 1)
        assert_whole(end["kept"], session_id)
        [put_back] = [line["restored"] for line in after if line.get("channel", "").endswith(session_id)]
        channel = [*put_back, *told(after, session_id)]
        assert channel == end["kept"], "the channel goes on with the next number"
        heard = told(before, session_id)
        assert heard == end["kept"][: len(heard)]
        assert len(put_back) <= len(heard), "what may have been heard already comes with the same number"
