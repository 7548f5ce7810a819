"""The hook for agents, on a real server whose agents work."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from clients.conftest import Built
from clients.shared.following import until
from line import Line
from programs import Program, running
from pusher_js import node
from school import Open, calls

pytestmark = [pytest.mark.peers, pytest.mark.timeout(60), pytest.mark.xdist_group("typescript")]

SCRIPT = Path(__file__).with_name("agents.mjs")


async def answered(http: httpx2.AsyncClient, path: str, body: Any, token: str | None = None) -> Any:
    """What the server answers to a request that it takes."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = await http.post(path, json=body, headers=headers)
    assert answer.status_code < 300, answer.text
    return answer.json()


async def registered(http: httpx2.AsyncClient, name: str) -> Any:
    return await answered(http, "/api/v1/agents", {"name": name, "task_types": ["quiz_generation"]})


async def submitted(http: httpx2.AsyncClient, agent: Mapping[str, Any]) -> None:
    task = {"task_type": "quiz_generation", "input": {}}
    await answered(http, f"/api/v1/agents/{agent['agent_id']}/tasks", task)


async def claimed(http: httpx2.AsyncClient, agent: Mapping[str, Any]) -> Any:
    """A task, for a worker of the agent."""
    path = f"/api/v1/agents/{agent['agent_id']}/claim"
    return await answered(http, path, {"worker": "w"}, agent["token"])


async def completed(http: httpx2.AsyncClient, agent: Mapping[str, Any], claim: Mapping[str, Any]) -> None:
    body = {"lease_id": claim["lease_id"], "result": {}}
    await answered(http, f"/api/v1/tasks/{claim['task_id']}/complete", body, agent["token"])


async def shown(program: Program, name: str, *state: Any) -> None:
    """Until an agent is shown so."""
    try:
        await until(program, lambda said: said.get(name) == list(state))
    except TimeoutError as fault:
        fault.add_note(f"{name} should be {state}; shown was {program.said}")
        raise


async def test_ones_agents_are_shown_as_they_work_across_a_cut(opened: Open, built: Built) -> None:
    john = opened.school["john"]
    script = built.place("agents.mjs", SCRIPT.read_text(encoding="utf-8"))
    async with Line(opened.server.port).running() as line, calls(opened.server, john) as http:
        first = await registered(http, "first")
        command = [node(), str(script), f"http://127.0.0.1:{line.port}", john.token]
        async with running(*command) as program:
            await shown(program, "first", "offline", 0, None)
            assert program.said[-1]["built_in"] == 7
            await submitted(http, first)
            await shown(program, "first", "offline", 1, None)
            await submitted(http, first)
            await shown(program, "first", "offline", 2, None)
            claim = await claimed(http, first)
            await shown(program, "first", "active", 1, "quiz_generation")
            await completed(http, first, claim)
            await shown(program, "first", "idle", 1, None)
            line.cut()
            await program.until(state="waiting")
            await line.refused.wait()
            second = await registered(http, "second")
            await submitted(http, second)
            claim = await claimed(http, first)
            line.mend()
            await shown(program, "second", "offline", 1, None)
            assert program.said[-1]["first"] == ["active", 0, "quiz_generation"]
            await completed(http, first, claim)
            await shown(program, "first", "idle", 0, None)
            assert (await http.delete(f"/api/v1/agents/{second['agent_id']}")).status_code == 204
            line.cut()
            await line.refused.wait()
            line.mend()
            await until(program, lambda said: "first" in said and "second" not in said)
            assert [said["error"] for said in program.said if said.get("error")] == []
