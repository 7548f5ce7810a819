"""Many workers and many tasks of three users: each is done once, nobody waits for another's flood, low priority is served."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from forms import FULL
from school import SERVE, Open, calls, open_school
from server_process import serving

WORKERS, TASKS = (100, 5000) if FULL else (10, 300)
LOW = 10  # tasks of the lowest priority, handed in before anything else
NAMES = ("jane", "john", "ada")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    school = open_school(tmp_path, names=NAMES)
    with serving([*SERVE, "0"], cwd=school.home, env=school.env) as server:
        yield Open(school, server)


async def hand_in(http: httpx2.AsyncClient, agent_id: str, count: int, who: str) -> None:
    """One user's tasks: some low ones first, and then a flood of high ones."""
    for at in range(count):
        low = at < LOW
        body = {
            "task_type": "grade",
            "input": {"who": who, "low": low},
            "priority": 0 if low else 9,
            "timeout_s": 300,
        }
        made = await http.post(f"/api/v1/agents/{agent_id}/tasks", json=body)
        assert made.status_code == 202, made.text


async def work(
    http: httpx2.AsyncClient, agent_id: str, name: str, order: list[dict[str, Any]], all_done: asyncio.Event
) -> None:
    """Claim and complete until all is done."""
    while not all_done.is_set():
        answer = await http.post(f"/api/v1/agents/{agent_id}/claim?wait=1", json={"worker": name})
        if answer.status_code == 204:
            continue
        assert answer.status_code == 200, answer.text
        claim = answer.json()
        order.append(claim)
        said = {"lease_id": claim["lease_id"], "result": {"by": name}}
        done = await http.post(f"/api/v1/tasks/{claim['task_id']}/complete", json=said)
        assert done.status_code == 200, done.text
        if len(order) == TASKS:
            all_done.set()


@pytest.mark.timeout(600 if FULL else 60)
async def test_many_workers_share_many_tasks_fairly(opened: Open) -> None:
    counts = {"jane": TASKS * 2 // 5, "john": TASKS * 2 // 5, "ada": TASKS // 5}
    order: list[dict[str, Any]] = []
    async with AsyncExitStack() as stack:
        people = {
            name: await stack.enter_async_context(calls(opened.server, opened.school[name])) for name in NAMES
        }
        made = await people["jane"].post(
            "/api/v1/agents",
            json={"name": "grader", "task_types": ["grade"], "concurrency": min(WORKERS, 100)},
        )
        agent = made.json()
        agent_id = agent["agent_id"]
        for name in ("john", "ada"):
            share = {"kind": "agent", "id": agent_id, "user_id": opened.school[name].id}
            assert (await people["jane"].post("/api/v1/shares", json=share)).status_code == 201
        await asyncio.gather(*(hand_in(people[name], agent_id, counts[name], name) for name in NAMES))
        found = (await people["jane"].get(f"/api/v1/agents/{agent_id}")).json()
        assert found["queue_length"] == TASKS
        workers = await stack.enter_async_context(
            httpx2.AsyncClient(
                base_url=opened.server.url,
                headers={"Authorization": f"Bearer {agent['token']}"},
                trust_env=False,
                timeout=60,
                limits=httpx2.Limits(max_connections=WORKERS),
            )
        )
        all_done = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for number in range(WORKERS):
                group.create_task(work(workers, agent_id, f"w{number}", order, all_done))
        assert len({claim["task_id"] for claim in order}) == len(order) == TASKS
        assert {claim["attempt"] for claim in order} == {1}
        found = (await people["jane"].get(f"/api/v1/agents/{agent_id}")).json()
        assert (found["queue_length"], found["current_task"], found["status"]) == (0, None, "idle")
    assert_fair([claim["input"]["who"] for claim in order], counts)
    assert_low_ones_are_served([claim["input"] for claim in order])


def assert_fair(served: list[str], counts: dict[str, int]) -> None:
    """While all three have tasks, each gets a third, whatever the others have handed in."""
    together = served[: 3 * min(counts.values()) - 3 * WORKERS]
    got = Counter(together)
    assert max(got.values()) - min(got.values()) <= 2 * WORKERS, got


def assert_low_ones_are_served(inputs: list[dict[str, Any]]) -> None:
    """Low tasks go after the high ones of the same user, and before nobody else's: none is left over."""
    for who in NAMES:
        mine = [each["low"] for each in inputs if each["who"] == who]
        assert sum(mine) == LOW
    last = max(at for at, each in enumerate(inputs) if each["low"] and each["who"] == "ada")
    assert last < len(inputs) * 3 // 4, "ada's low tasks waited for jane's flood of high ones"
