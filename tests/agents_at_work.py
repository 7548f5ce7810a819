"""What is asked of the server about its built-in agents."""

from collections.abc import Mapping
from typing import Any

import httpx2

__all__ = ["seven", "tasks_of", "whole_story"]


async def seven(http: httpx2.AsyncClient) -> dict[str, Any]:
    """The agents that are built in, by what they do first."""
    answer = await http.get("/api/v1/agents?limit=100")
    assert answer.status_code == 200, answer.text
    return {item["task_types"][0]: item for item in answer.json()["items"] if item["built_in"]}


async def tasks_of(http: httpx2.AsyncClient, agent: Mapping[str, Any], run_id: str) -> list[Any]:
    """The tasks of an agent that belong to one lesson or world."""
    answer = await http.get(f"/api/v1/agents/{agent['agent_id']}/tasks?limit=100")
    assert answer.status_code == 200, answer.text
    return [task for task in answer.json()["items"] if task["input"]["run_id"] == run_id]


async def whole_story(http: httpx2.AsyncClient, agent: Mapping[str, Any]) -> list[Any]:
    """All events of an agent that are kept, oldest first."""
    events: list[Any] = []
    while True:
        after = events[-1]["seq"] if events else 0
        answer = await http.get(f"/api/v1/realtime/history?channel={agent['channel']}&after={after}")
        assert answer.status_code == 200, answer.text
        if not (items := answer.json()["items"]):
            return events
        events += items
