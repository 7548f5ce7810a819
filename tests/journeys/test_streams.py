"""A generation followed over plain HTTP: private channels for those who may, and for nobody else."""

import json
from typing import Any

import httpx2

from generation import assert_whole
from school import Open, Person, calls, generate


def told(block: list[str]) -> dict[str, str]:
    """The fields of one event."""
    return dict(line.split(": ", 1) for line in block if ": " in line)


async def follow(http: httpx2.AsyncClient, target: str) -> list[dict[str, Any]]:
    """The events of a generation, to the last."""
    events: list[dict[str, Any]] = []
    async with http.stream("GET", target) as answer:
        assert answer.status_code == 200, await answer.aread()
        block: list[str] = []
        async for line in answer.aiter_lines():
            if line:
                block.append(line)
                continue
            fields = told(block)
            block = []
            if "data" in fields:
                events.append(json.loads(fields["data"]))
                if fields["event"] == "generation_complete":
                    break
    return events


def address(opened: Open, channel: str, form: str = "sse") -> str:
    env = opened.school.env
    return f"/apps/{env['PUSHER_APP_ID']}/channels/{channel}/{form}?key={env['PUSHER_KEY']}"


async def status(opened: Open, who: Person | None, channel: str, form: str) -> int:
    headers = {} if who is None else who.bearer
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{opened.server.port}", trust_env=False) as http:
        return (await http.get(address(opened, channel, form), headers=headers)).status_code


async def test_the_owner_follows_a_generation_over_plain_http(opened: Open) -> None:
    async with calls(opened.server, opened.school["jane"]) as http:
        accepted = await generate(http)
        events = await follow(http, address(opened, accepted["private_channel"]))
        assert_whole(events, accepted["session_id"])
        polled = (await http.get(address(opened, accepted["private_channel"], "poll"))).json()
        assert [json.loads(item["data"]) for item in polled["items"]] == events


async def test_nobody_else_does(opened: Open) -> None:
    async with calls(opened.server, opened.school["jane"]) as http:
        private = (await generate(http))["private_channel"]
    for form in ("sse", "poll"):
        assert await status(opened, None, private, form) == 401
        for name in ("john", "sam", "olga"):
            assert await status(opened, opened.school[name], private, form) == 403
        assert await status(opened, opened.school["jane"], "presence-classroom-1", form) == 403
        assert await status(opened, opened.school["jane"], "private-user-1", form) == 403
