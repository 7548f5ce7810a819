"""Agents whose workers are programs of their own: some are killed in the middle of a task, and so is the server."""

import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect as open_socket

from old_school import OldClient
from school import SERVE, School, calls, open_school
from server_process import Serving, end, launched
from toolboxai.client import Channel, connect
from toolboxai.platform.messages.registry import validate

PROGRAM = Path(__file__).parents[1] / "agent_worker.py"
LEASE_S = 2
pytestmark = pytest.mark.timeout(90)


class Worker:
    """A worker's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[dict[str, Any]] = []

    async def says(self, what: str) -> dict[str, Any]:
        """The next of its lines that has this word."""
        assert self.process.stdout is not None
        async with asyncio.timeout(40):
            while line := await self.process.stdout.readline():
                self.said.append(json.loads(line))
                if what in self.said[-1]:
                    return self.said[-1]
        raise AssertionError(f"it ended before it said {what}")

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def working(server: Serving, agent: dict[str, Any], name: str) -> AsyncIterator[Worker]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(PROGRAM),
        server.url,
        agent["agent_id"],
        name,
        env={"AGENT_TOKEN": agent["token"]},
        stdout=asyncio.subprocess.PIPE,
    )
    worker = Worker(process)
    try:
        yield worker
    finally:
        if process.returncode is None:
            await worker.kill()


async def registered(http: httpx2.AsyncClient, **changes: Any) -> dict[str, Any]:
    body = {"name": "lessons", "task_types": ["lesson_generation"], **changes}
    made = await http.post("/api/v1/agents", json=body)
    assert made.status_code == 201, made.text
    return dict(made.json())


async def submitted(http: httpx2.AsyncClient, agent: dict[str, Any], **given: Any) -> str:
    body = {"task_type": "lesson_generation", "input": given, "max_attempts": 3}
    made = await http.post(f"/api/v1/agents/{agent['agent_id']}/tasks", json=body)
    assert made.status_code == 202, made.text
    return str(made.json()["task_id"])


@asynccontextmanager
async def signed_in(server: Serving, path: str, token: str) -> AsyncIterator[OldClient]:
    headers = {"Authorization": f"Bearer {token}"}
    url = f"ws://127.0.0.1:{server.port}{path}"
    async with open_socket(url, proxy=None, additional_headers=headers) as wire:
        client = OldClient(wire)
        while (await client.hear())["type"] != "auth_response":
            continue
        yield client


async def until_results(channel: Channel, count: int) -> list[dict[str, Any]]:
    """All that is told, up to so many results."""
    said: list[dict[str, Any]] = []
    async for event in channel:
        said.append(event.data)
        if (
            sum(each["type"] == "task_result" for each in said) == count
            and said[-1]["type"] == "agent_status"
        ):
            break
    return said


def assert_counted(said: list[dict[str, Any]], *, most: int) -> None:
    """The queue grows and shrinks by one at a time, from nothing to nothing."""
    lengths = [each["data"]["queue_length"] for each in said if each["type"] == "agent_status"]
    assert max(lengths) == most
    assert lengths[-1] == 0
    assert all(abs(after - before) <= 1 for before, after in zip([0, *lengths], lengths, strict=False))


@pytest.fixture
def school(tmp_path: Path) -> School:
    return open_school(tmp_path, names=("jane",), TOOLBOXAI_AGENT_LEASE_S=str(LEASE_S))


async def test_the_task_of_a_worker_that_is_killed_goes_to_the_next(school: School) -> None:
    jane = school["jane"]
    with launched([*SERVE, "0"], cwd=school.home, env=school.env) as server:
        async with calls(server, jane) as http, connect(server.url, school.key, token=jane.token) as client:
            agent = await registered(http)
            told = asyncio.create_task(until_results(await client.subscribe(agent["channel"], since=0), 3))
            mine = asyncio.create_task(until_results_of(await client.subscribe(f"private-user-{jane.id}"), 3))
            async with signed_in(server, agent["socket_path"], jane.token) as socket:
                held = await submitted(http, agent, hold=True)
                async with working(server, agent, "first") as first:
                    assert (await first.says("claimed"))["claimed"] == held
                    others = [await submitted(http, agent) for _ in range(2)]
                    await first.kill()
                async with working(server, agent, "second") as second:
                    done = [(await second.says("completed"))["completed"] for _ in range(3)]
                    assert sorted(done) == sorted([held, *others])
                async with asyncio.timeout(20):
                    said, results = await told, await mine
                    on_socket = await heard_until(socket, said[-1]["seq"])
            for message in said:
                assert validate(message) == [], message
            assert [each["seq"] for each in said] == list(range(1, len(said) + 1))
            assert [each for each in on_socket if each["seq"] in range(1, len(said) + 1)] == [
                each for each in said if each["seq"] >= on_socket[0]["seq"]
            ]
            assert_counted(said, most=3)
            ended = {each["data"]["task_id"]: each["data"] for each in said if each["type"] == "task_result"}
            assert {each["data"]["task_id"] for each in results} == set(ended) == {held, *others}
            assert all(each["status"] == "completed" for each in ended.values())
            kept = (await http.get(f"/api/v1/tasks/{held}")).json()
            assert (kept["attempt"], kept["result"]["by"]) == (2, "second")
            assert kept["result"] == ended[held]["result"]
        end(server)


async def until_results_of(channel: Channel, count: int) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    async for event in channel:
        said.append(event.data)
        if len(said) == count:
            break
    return said


async def heard_until(socket: OldClient, seq: int) -> list[dict[str, Any]]:
    """The events of a socket, up to a number."""
    said: list[dict[str, Any]] = []
    while not said or said[-1]["seq"] < seq:
        message = await socket.hear()
        if "seq" in message:
            said.append(message)
    return said


async def test_nothing_is_lost_or_done_twice_when_server_and_workers_are_killed(school: School) -> None:
    jane, count = school["jane"], 12
    with launched([*SERVE, "0"], cwd=school.home, env=school.env) as first:
        async with calls(first, jane) as http:
            agent = await registered(http, concurrency=3)
            tasks = [await submitted(http, agent, hold=at == 0) for at in range(count)]
        async with AsyncExitStack() as stack:
            holds = await stack.enter_async_context(working(first, agent, "a"))
            assert (await holds.says("claimed"))["claimed"] == tasks[0]  # the one that is held
            goes_on = await stack.enter_async_context(working(first, agent, "b"))
            await goes_on.says("completed")
            first.process.send_signal(signal.SIGKILL)
            assert await asyncio.to_thread(first.process.wait) == -signal.SIGKILL
            with launched([*SERVE, str(first.port)], cwd=school.home, env=school.env) as second:
                await holds.kill()
                async with (
                    working(second, agent, "c"),
                    calls(second, jane) as http,
                    connect(second.url, school.key, token=jane.token) as client,
                ):
                    channel = await client.subscribe(agent["channel"], since=0)
                    async with asyncio.timeout(40):
                        said = await until_results(channel, count)
                    ends = Counter(each["data"]["task_id"] for each in said if each["type"] == "task_result")
                    assert ends == Counter(tasks)
                    for task_id in tasks:
                        assert (await http.get(f"/api/v1/tasks/{task_id}")).json()["status"] == "completed"
                    assert [each["seq"] for each in said] == list(range(1, len(said) + 1))
                    assert_counted(said, most=count)
                    answer = (await http.get(f"/api/v1/agents/{agent['agent_id']}")).json()
                    assert (answer["queue_length"], answer["current_task"]) == (0, None)
                end(second)


async def test_a_worker_on_the_agents_socket_does_what_it_is_given(school: School) -> None:
    jane = school["jane"]
    with launched([*SERVE, "0"], cwd=school.home, env=school.env) as server:
        async with calls(server, jane) as http:
            agent = await registered(http)
            async with (
                signed_in(server, agent["socket_path"], agent["token"]) as worker,
                signed_in(server, agent["socket_path"], jane.token) as asker,
            ):
                await worker.say("task_claim", data={"worker": "w"}, message_id="c1")
                given = {"task_type": "lesson_generation", "input": {"topic": "rain"}}
                await asker.say("task_submit", data=given, message_id="s1")
                accepted = await of_type(asker, "task_accepted")
                assert accepted["data"]["message_id"] == "s1"
                assigned = await of_type(worker, "task_assigned")
                assert (assigned["data"]["message_id"], assigned["data"]["input"]) == ("c1", given["input"])
                task_id, lease_id = assigned["data"]["task_id"], assigned["data"]["lease_id"]
                assert task_id == accepted["data"]["task_id"]
                held = {"task_id": task_id, "lease_id": lease_id}
                await worker.say("task_progress", data={**held, "progress_percent": 10, "message": "begun"})
                assert (await of_type(worker, "task_accepted"))["data"]["progress_percent"] == 10
                assert (await of_type(asker, "task_progress"))["data"]["message"] == "begun"
                await worker.say("task_complete", data={**held, "result": {"lesson_title": "Rain"}})
                done = await of_type(worker, "task_accepted")
                assert done["data"]["status"] == "completed"
                result = await of_type(asker, "task_result")
                assert result["data"]["result"] == {"lesson_title": "Rain"}
                for message in (accepted, assigned, done, result):
                    assert validate(message) == [], message
                await worker.say(
                    "task_fail", data={**held, "error_code": "NO", "message": ""}, message_id="f"
                )
                refused = await of_type(worker, "error")
                assert refused["data"]["error_code"] == "CONFLICT"
                assert refused["data"]["details"]["reason"] == "ended"
                await asker.say("task_submit", data={"task_type": 7})
                assert (await of_type(asker, "error"))["data"]["error_code"] == "VALIDATION_ERROR"
            # A claim of a connection that went is nobody's: the task goes to who is there.
            async with signed_in(server, agent["socket_path"], agent["token"]) as worker:
                await worker.say("task_claim", data={"worker": "gone"})
                await worker.say("ping")
                await of_type(worker, "pong")
            task_id = await submitted(http, agent)
            answer = await http.post(
                f"/api/v1/agents/{agent['agent_id']}/claim", params={"wait": 5}, json={"worker": "here"}
            )
            assert answer.json()["task_id"] == task_id
            assert answer.json()["attempt"] == 1
        end(server)


async def of_type(client: OldClient, kind: str) -> dict[str, Any]:
    """The next message of a type."""
    while (message := await client.hear())["type"] != kind:
        continue
    return message
