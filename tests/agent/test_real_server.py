"""Workers and our own server: one set of rules, whether a queue is the server's or the simulator's; and processes."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx2
import pytest

from school import SERVE, Open, open_school
from server_process import ROOT, launched, serving
from toolboxai.agent import (
    Agent,
    AgentRefused,
    Assignment,
    HttpQueue,
    LeaseLost,
    Outcome,
    OutcomeKind,
    Registration,
    Result,
    ResultRefused,
    Task,
    TaskFailed,
    TaskQueue,
    register,
)
from toolboxai.agent.results import RESULT_BYTES
from toolboxai.agent.testing import GIVEN_BACK_MOST, LocalQueue
from toolboxai.client import ChannelsClient, connect
from toolboxai.platform.agents import model

LEASE_S = 2  # a killed worker's task is with the next one after so long
TYPES = ("lesson_generation", "quiz_generation")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    home = tmp_path_factory.mktemp("school")
    school = open_school(home, names=("jane",), TOOLBOXAI_AGENT_LEASE_S=str(LEASE_S))
    with serving([*SERVE, "0"], cwd=school.home, env=school.env) as server:
        yield Open(school, server)


def registered(opened: Open, *, concurrency: int = 10) -> Registration:
    token = opened.school["jane"].token
    return register(opened.server.url, token, name="Lessons", task_types=TYPES, concurrency=concurrency)


class Side(Protocol):
    """Both sides of a queue."""

    @property
    def queue(self) -> TaskQueue: ...
    async def submit(self, **task: Any) -> str: ...
    async def cancel(self, task_id: str) -> None: ...
    async def status(self, task_id: str) -> str: ...


class Local:
    def __init__(self) -> None:
        self.queue = LocalQueue(lease_s=LEASE_S)

    async def submit(self, **task: Any) -> str:
        return self.queue.submit("lesson_generation", {"topic": "Tides"}, **task)

    async def cancel(self, task_id: str) -> None:
        self.queue.cancel(task_id)

    async def status(self, task_id: str) -> str:
        return self.queue.task(task_id).status


class Remote:
    def __init__(self, http: httpx2.AsyncClient, queue: HttpQueue, agent_id: str) -> None:
        self.queue = queue
        self.http = http
        self.agent_id = agent_id

    async def submit(self, **task: Any) -> str:
        body = {"task_type": "lesson_generation", "input": {"topic": "Tides"}} | task
        answer = await self.http.post(f"/api/v1/agents/{self.agent_id}/tasks", json=body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["task_id"])

    async def cancel(self, task_id: str) -> None:
        assert (await self.http.delete(f"/api/v1/tasks/{task_id}")).status_code == 200

    async def item(self, task_id: str) -> dict[str, Any]:
        item: dict[str, Any] = (await self.http.get(f"/api/v1/tasks/{task_id}")).json()
        return item

    async def status(self, task_id: str) -> str:
        return str((await self.item(task_id))["status"])


@asynccontextmanager
async def remote(opened: Open, made: Registration | None = None) -> AsyncIterator[Remote]:
    if made is None:
        made = await asyncio.to_thread(registered, opened)
    headers = opened.school["jane"].bearer
    queue = HttpQueue(opened.server.url, made.agent_id, made.token)
    async with httpx2.AsyncClient(base_url=opened.server.url, headers=headers, trust_env=False) as http:
        yield Remote(http, queue, made.agent_id)
    await queue.aclose()


@pytest.fixture(params=["local", "server"])
async def side(request: pytest.FixtureRequest, opened: Open) -> AsyncIterator[Side]:
    if request.param == "local":
        yield Local()
        return
    async with remote(opened) as there:
        yield there


async def held(side: Side) -> Assignment:
    got = await side.queue.claim("w", TYPES, wait_s=0)
    assert got is not None
    return got


# ---- the same rules -------------------------------------------------------------------------------------------


async def test_a_task_is_claimed_told_of_and_completed(side: Side) -> None:
    assert await side.queue.claim("w", TYPES, wait_s=0) is None
    task_id = await side.submit(priority=7, timeout_s=60)
    lease = await held(side)
    assert (lease.task_id, lease.input, lease.attempt, lease.priority) == (task_id, {"topic": "Tides"}, 1, 7)
    assert lease.lease_s == LEASE_S
    assert lease.time_s == pytest.approx(60.0, abs=0.01)
    assert await side.status(task_id) == "running"
    await side.queue.progress(lease, 40, "reading")
    await side.queue.progress(lease, None, None)
    await side.queue.complete(lease, {"lesson_title": "Tides"})
    assert await side.status(task_id) == "completed"


async def test_only_types_that_are_asked_for_are_claimed(side: Side) -> None:
    await side.submit()
    assert await side.queue.claim("w", ("quiz_generation",), wait_s=0) is None


async def test_the_higher_priority_is_first(side: Side) -> None:
    low, high = await side.submit(priority=1), await side.submit(priority=9)
    assert [(await held(side)).task_id, (await held(side)).task_id] == [high, low]


async def test_a_result_that_is_sent_twice_counts_once(side: Side) -> None:
    task_id = await side.submit()
    lease = await held(side)
    await side.queue.complete(lease, {"n": 1})
    await side.queue.complete(lease, {"n": 1})
    assert await side.status(task_id) == "completed"
    with pytest.raises(LeaseLost) as lost:
        await side.queue.progress(lease, 50, None)
    assert lost.value.reason == "ended"


async def test_a_cancelled_task_takes_no_result(side: Side) -> None:
    task_id = await side.submit()
    lease = await held(side)
    await side.cancel(task_id)
    for late in (
        side.queue.progress(lease, 50, None),
        side.queue.complete(lease, {}),
        side.queue.fail(lease, "LATE", "late", retry=True),
    ):
        with pytest.raises(LeaseLost) as lost:
            await late
        assert lost.value.reason == "cancelled"
    assert await side.status(task_id) == "cancelled"


async def test_a_failure_waits_for_another_attempt_or_ends_it(side: Side) -> None:
    again, over = await side.submit(), await side.submit()
    await side.queue.fail(await held(side), "OUT_OF_DISK", "full", retry=True)
    await side.queue.fail(await held(side), "NO_SOURCE", "none", retry=False)
    statuses = {await side.status(again), await side.status(over)}
    assert statuses == {"queued", "failed"}


async def test_what_is_given_back_uses_up_no_attempt_and_not_for_ever(side: Side) -> None:
    task_id = await side.submit(max_attempts=1)
    first = lease = await held(side)
    for _ in range(GIVEN_BACK_MOST):
        assert (lease.task_id, lease.attempt) == (task_id, 1)
        await side.queue.release(lease)
        assert await side.status(task_id) == "queued"
        lease = await held(side)
    for late in (side.queue.release(first), side.queue.complete(first, {})):
        with pytest.raises(LeaseLost) as lost:
            await late
        assert lost.value.reason == "expired"
    await side.queue.release(lease)
    assert await side.status(task_id) == "failed"


async def test_a_claim_waits_for_what_comes(side: Side) -> None:
    claim = asyncio.create_task(side.queue.claim("w", TYPES, wait_s=10))
    task_id = await side.submit()
    async with asyncio.timeout(5):
        lease = await claim
    assert lease is not None
    assert lease.task_id == task_id


# ---- the server alone -----------------------------------------------------------------------------------------


async def test_a_result_that_is_too_large_is_refused_by_both_at_the_same_size(opened: Open) -> None:
    assert model.RESULT_BYTES == RESULT_BYTES
    async with remote(opened) as side:
        await side.submit()
        lease = await held(side)
        with pytest.raises(ResultRefused, match="at most"):
            await side.queue.complete(lease, {"text": "x" * RESULT_BYTES})


async def test_a_worker_of_a_deleted_agent_is_refused(opened: Open) -> None:
    async with remote(opened) as side:
        assert (await side.http.delete(f"/api/v1/agents/{side.agent_id}")).status_code == 204
        with pytest.raises(AgentRefused):
            await side.queue.claim("w", TYPES, wait_s=0)


async def test_a_type_that_the_agent_does_not_do_is_told(opened: Open) -> None:
    async with remote(opened) as side:
        with pytest.raises(AgentRefused, match="has to be registered with every type"):
            await side.queue.claim("w", ("painting",), wait_s=0)


async def test_an_agent_does_what_waits_and_its_texts_are_kept_whatever_they_hold(opened: Open) -> None:
    made = await asyncio.to_thread(registered, opened)
    agent = Agent(opened.server.url, agent_id=made.agent_id, token=made.token)

    @agent.task("lesson_generation")
    async def lesson(task: Task) -> Result:
        await task.progress(33.3, "half of a pair \ud800 and \x00")
        raise TaskFailed("NO_SOURCE", "zero \x00 and \ud800 " + "x" * 5000)

    async with remote(opened, made) as other:
        task_id = await other.submit(max_attempts=1)
        outcome = await agent.serve_once()
        assert outcome is not None
        assert (outcome.kind, outcome.reason) == (OutcomeKind.FAILED, "NO_SOURCE")
        item = await other.item(task_id)
        assert item["status"] == "failed"
        assert item["error"]["message"].startswith("zero ? and ? xxx")


# ---- processes ------------------------------------------------------------------------------------------------

STUCK = """
import sys, threading
from toolboxai.agent import Agent

agent = Agent(worker="stuck", drain_s=0)

@agent.task("lesson_generation")
def lesson(task):
    print("begun", flush=True)
    threading.Event().wait()

agent.run()
"""


@asynccontextmanager
async def worker(
    opened: Open, made: Registration, *command: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        env={
            "PATH": os.defpath,
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "TOOLBOXAI_URL": opened.server.url,
            "TOOLBOXAI_AGENT_ID": made.agent_id,
            "TOOLBOXAI_AGENT_TOKEN": made.token,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def result_of(client: ChannelsClient, made: Registration) -> dict[str, Any]:
    channel = await client.subscribe(f"private-agent-{made.agent_id}", since=0)
    async with asyncio.timeout(30):
        async for event in channel:
            if event.name == "task_result":
                return dict(event.data["data"])
    raise AssertionError("the channel ended")


async def test_a_killed_workers_task_goes_to_the_next_which_leaves_in_order(
    opened: Open, tmp_path: Path
) -> None:
    made = await asyncio.to_thread(registered, opened)
    text = (ROOT / "examples/agent_worker.py").read_text(encoding="utf-8")
    example = tmp_path / "agent_worker.py"
    example.write_text(text.replace("8009", str(opened.server.port)), encoding="utf-8")
    jane = opened.school["jane"]
    async with (
        remote(opened, made) as side,
        connect(opened.server.url, opened.school.key, token=jane.token) as client,
    ):
        async with worker(opened, made, "-c", STUCK) as stopped:
            task_id = await side.submit(input={"text": "Water rises.\n\nIt falls."}, max_attempts=2)
            assert stopped.stdout is not None
            assert await stopped.stdout.readline() == b"begun\n"
            stopped.terminate()
            async with asyncio.timeout(10):
                assert await stopped.wait() == 0
            item = await side.item(task_id)
            assert (item["status"], item["attempt"]) == ("queued", 1)  # given back, and that was no attempt
        async with worker(opened, made, "-c", STUCK) as stuck:
            assert stuck.stdout is not None
            assert await stuck.stdout.readline() == b"begun\n"
            stuck.kill()
        async with worker(opened, made, str(example)) as second:
            told = await result_of(client, made)
            assert (told["task_id"], told["status"]) == (task_id, "completed")
            assert told["result"] == {
                "lesson_title": "Water rises",
                "content_sections": [
                    {"title": "Water rises", "text": "Water rises."},
                    {"title": "It falls", "text": "It falls."},
                ],
            }
            assert (await side.item(task_id))["attempt"] == 2
            second.terminate()
            async with asyncio.timeout(10):
                out, err = await second.communicate()
            assert (second.returncode, out) == (0, b"")
            said = err.decode()
            assert "INFO toolboxai.agent: a worker has begun worker=" in said
            assert " task_types=lesson_generation\n" in said
            assert made.token not in said


async def test_a_server_that_is_killed_finds_its_worker_at_work(tmp_path: Path) -> None:
    school = open_school(tmp_path, names=("jane",))
    begun, go, leave = asyncio.Event(), asyncio.Event(), asyncio.Event()
    ended: asyncio.Queue[Outcome] = asyncio.Queue()

    async def lesson(task: Task) -> Result:
        begun.set()
        await go.wait()
        return {"lesson_title": task.id}

    with launched([*SERVE, "0"], cwd=school.home, env=school.env) as server:
        made = await asyncio.to_thread(registered, Open(school, server))
        agent = Agent(server.url, agent_id=made.agent_id, token=made.token)
        agent.task("lesson_generation")(lesson)
        serving_it = asyncio.create_task(agent.serve(leave, ended=ended.put_nowait))
        async with remote(Open(school, server), made) as side:
            first, second = await side.submit(), await side.submit()
            await asyncio.wait_for(begun.wait(), 5)
        server.process.kill()
        server.process.wait()
    go.set()  # it is done while nobody is there to be told
    with launched([*SERVE, str(server.port)], cwd=school.home, env=school.env) as server:
        async with remote(Open(school, server), made) as side:
            async with asyncio.timeout(30):
                assert [(await ended.get()).task_id for _ in range(2)] == [first, second]
            items = [await side.item(task_id) for task_id in (first, second)]
            assert [(item["status"], item["attempt"]) for item in items] == [("completed", 1)] * 2
            assert [item["result"] for item in items] == [{"lesson_title": first}, {"lesson_title": second}]
        leave.set()
        await asyncio.wait_for(serving_it, 5)


async def test_a_worker_whose_token_is_none_ends_with_a_text(opened: Open) -> None:
    made = Registration("agent_unknown", "no-token", "")
    async with worker(opened, made, "-c", STUCK) as refused:
        _, err = await refused.communicate()
        assert refused.returncode == 1
        assert "\ntoolboxai.agent: the server refused the worker with 401: " in err.decode()
        assert "no-token" not in err.decode()
