"""Agents and plugins before strangers: nothing that one sends is kept which nobody can read again, or is another's to pay."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from agent_parts import AgentRoutes, code_of
from plugin_parts import PluginSchool, result
from toolboxai.adapters.database import plugin_log
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.errors import InvalidToken, ValidationError
from toolboxai.platform.agents import waiting, work
from toolboxai.platform.agents.ledger import _DRY_MOST
from toolboxai.platform.agents.model import INPUT_BYTES
from toolboxai.platform.agents.store import Lease
from toolboxai.platform.identity.limiter import ALLOWANCES, Allowance, Allowances, Attempts
from toolboxai.platform.messages.nesting import DEEPEST, too_deep
from toolboxai.platform.plugins.messages import checked
from toolboxai.platform.plugins.model import PluginMessage
from toolboxai.web.plugin_stream import plugin_stream

INVALID = (422, "VALIDATION_ERROR")


@pytest.fixture
def there(agent_routes_of_schools: AgentRoutes) -> AgentRoutes:
    return agent_routes_of_schools


def nested(levels: int) -> dict[str, Any]:
    value: Any = 1
    for level in range(levels):
        value = {"a": value} if level % 2 or level == levels - 1 else [value]
    return dict(value)


def test_what_is_too_deep() -> None:
    assert not too_deep(nested(DEEPEST))
    assert too_deep(nested(DEEPEST + 1))
    assert not any(map(too_deep, (1, "x", None, [], {}, [[1], {"a": []}], {"a": list(range(1000))})))


# ---- agents ----------------------------------------------------------------------------------------------------
async def test_what_an_agent_is_given_and_gives_can_be_read_again(there: AgentRoutes) -> None:
    agent_id = await there.register()
    path = f"agents/{agent_id}/tasks"
    for deep in (nested(DEEPEST + 1), nested(300)):
        body = {"task_type": "grade", "input": deep}
        assert code_of(await there.ask("anna", "POST", path, json=body)) == INVALID
    task_id = await there.submit(agent_id, input=nested(DEEPEST))
    claim = await there.claim(agent_id)
    assert claim is not None
    assert code_of(await there.says(agent_id, claim, "complete", result=nested(300))) == INVALID
    assert (await there.says(agent_id, claim, "complete", result=nested(DEEPEST))).status_code == 200
    kept = await there.task(task_id)
    assert (kept["input"], kept["result"]) == (nested(DEEPEST), nested(DEEPEST))
    assert (await there.ask("anna", "GET", path)).status_code == 200


async def test_a_name_has_more_than_blanks(there: AgentRoutes) -> None:
    body = {"name": "  ", "task_types": ["grade"]}
    assert code_of(await there.ask("anna", "POST", "agents", json=body)) == INVALID
    agent_id = await there.register()
    claimed = await there.ask(agent_id, "POST", f"agents/{agent_id}/claim", json={"worker": " "})
    assert code_of(claimed) == INVALID


async def test_nobody_else_uses_up_what_the_workers_of_an_agent_may_do(there: AgentRoutes) -> None:
    agent_id = await there.register()
    await there.share(agent_id, "ben")
    task_id = await there.submit(agent_id, "ben")
    only_one = Allowances(*(replace(each, per_minute=1) for each in _pair(Attempts.AGENT)))
    there.work._limiter._allowances = {**ALLOWANCES, Attempts.AGENT: only_one}
    for _ in range(3):
        taken = await there.ask("ben", "POST", f"agents/{agent_id}/claim", json={"worker": "w"})
        assert code_of(taken) == (404, "RESOURCE_NOT_FOUND")
        said = await there.ask("ben", "POST", f"tasks/{task_id}/progress", json={"lease_id": "lease_1"})
        assert code_of(said) == (404, "RESOURCE_NOT_FOUND")
    assert await there.claim(agent_id) is not None
    late = await there.ask(agent_id, "POST", f"agents/{agent_id}/claim", json={"worker": "w"})
    assert code_of(late) == (429, "RATE_LIMIT_EXCEEDED")


async def test_whoever_may_give_an_agent_no_tasks_any_more_sets_none_going_anew(there: AgentRoutes) -> None:
    agent_id = await there.register()
    share = {"kind": "agent", "id": agent_id, "user_id": there.ids["ben"]}
    shared = (await there.ask("anna", "POST", "shares", json=share)).json()["share_id"]
    task_id = await there.submit(agent_id, "ben")
    claim = await there.claim(agent_id)
    assert claim is not None
    failure = {"error_code": "BROKEN", "message": "no", "retry": False}
    assert (await there.says(agent_id, claim, "fail", **failure)).json()["status"] == "failed"
    assert (await there.ask("anna", "DELETE", f"shares/{shared}")).status_code == 204
    again = await there.ask("ben", "POST", f"tasks/{task_id}/requeue")
    assert code_of(again) == (404, "RESOURCE_NOT_FOUND")
    assert (await there.task(task_id, "ben"))["status"] == "failed"


async def test_what_failed_goes_not_round_the_bound_of_open_tasks(
    there: AgentRoutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(there.tasks, "_open_most", 2)
    agent_id, other = await there.register(), await there.register()
    await there.share(agent_id, "ben")
    failed = []
    for _ in range(3):
        failed.append(await there.submit(agent_id, "ben"))
        claim = await there.claim(agent_id)
        assert claim is not None
        failure = {"error_code": "BROKEN", "message": "no", "retry": False}
        assert (await there.says(agent_id, claim, "fail", **failure)).json()["status"] == "failed"
    await there.submit(other)  # another's bound is another's
    again = [
        await there.ask(who, "POST", f"tasks/{task_id}/requeue")
        for who, task_id in zip(("ben", "anna", "ben"), failed, strict=True)
    ]
    assert [each.status_code for each in again] == [202, 202, 429]
    assert code_of(again[2]) == (429, "RATE_LIMIT_EXCEEDED")
    assert again[2].json()["message"].startswith("you have 2 tasks")
    assert again[2].headers["retry-after"]
    by_owner = await there.ask("anna", "POST", f"tasks/{failed[2]}/requeue")
    assert code_of(by_owner) == (429, "RATE_LIMIT_EXCEEDED")
    assert by_owner.json()["message"].startswith("whoever submitted this task has 2 tasks")
    assert (await there.task(failed[2], "ben"))["status"] == "failed"
    body = {"task_type": "grade", "input": {}}
    assert code_of(await there.ask("ben", "POST", f"agents/{agent_id}/tasks", json=body))[0] == 429
    assert (await there.ask("ben", "DELETE", f"tasks/{failed[0]}")).status_code == 200
    assert (await there.ask("ben", "POST", f"tasks/{failed[2]}/requeue")).status_code == 202


async def test_more_claims_than_may_wait_are_told_to_come_back(
    there: AgentRoutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAITING_MOST", 2)
    agent_id = await there.register()
    who = await there.identity.authenticate(there.tokens[agent_id])
    two = [asyncio.ensure_future(there.work.claim(who, agent_id, worker="w", wait_s=25)) for _ in range(2)]
    async with asyncio.timeout(5):
        while len(there.work._waiting) < 2:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)
    path = f"agents/{agent_id}/claim"
    third = await there.ask(agent_id, "POST", f"{path}?wait=25", json={"worker": "w"})
    assert code_of(third) == (429, "RATE_LIMIT_EXCEEDED")
    assert third.headers["retry-after"] == "5"
    assert await there.claim(agent_id) is None
    for each in two:
        each.cancel()
    await asyncio.wait(two)
    assert len(there.work._waiting) == 0


async def test_claims_in_vain_for_ever_other_kinds_are_not_all_remembered(there: AgentRoutes) -> None:
    kinds = [f"kind{number}" for number in range(20)]
    agent_id = await there.register(task_types=kinds)
    for number in range(1, 2 * _DRY_MOST):
        wanted = [kind for place, kind in enumerate(kinds) if number >> place & 1]
        assert await there.ledger.claim(agent_id, wanted, Lease("lease_1", "w", 30.0)) is None
    assert len(there.ledger._dry[agent_id]) <= _DRY_MOST


async def test_a_page_of_tasks_has_a_bound_and_leads_on(there: AgentRoutes) -> None:
    agent_id = await there.register()
    long = {"text": "x" * (INPUT_BYTES - 20)}
    ids = [await there.submit(agent_id, input=long) for _ in range(20)]
    found, cursor, pages = list[str](), "", 0
    while cursor is not None:
        asked = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        answer = await there.ask("anna", "GET", f"agents/{agent_id}/tasks", params=asked)
        assert len(answer.content) < 1_100_000
        found += [each["task_id"] for each in answer.json()["items"]]
        cursor, pages = answer.json()["next_cursor"], pages + 1
    assert (sorted(found), len(found), pages) == (sorted(ids), 20, 2)


async def test_a_worker_that_waits_gets_nothing_any_more_once_the_owner_is_out_of_use(
    there: AgentRoutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "HEARD_EVERY_S", 0.01)
    agent_id = await there.register()
    who = await there.identity.authenticate(there.tokens[agent_id])
    waiting = asyncio.ensure_future(there.work.claim(who, agent_id, worker="w", wait_s=1e9))
    await there.identity.disable("anna")
    with pytest.raises(InvalidToken, match="not in use"):
        await waiting


async def test_who_goes_away_leaves_no_question_to_the_database_half_asked(
    there: AgentRoutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent_id = await there.register()
    who = await there.identity.authenticate(there.tokens[agent_id])
    asked = Held(there.store.who)
    monkeypatch.setattr(there.store, "who", asked)
    await asked.outlives(there.work.claim(who, agent_id, worker="w"))


# ---- plugins ---------------------------------------------------------------------------------------------------
async def test_what_a_plugin_is_told_and_says_can_be_read_again(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    deep, well = nested(300), nested(DEEPEST - 10)

    async def sends(method: str, what: str, body: Mapping[str, Any]) -> tuple[int, str]:
        who = plugin_id if what == "messages" else "anna"
        answer = await school.ask(who, method, f"{plugin_id}/{what}", json=body)
        return code_of(answer) if answer.status_code >= 400 else (answer.status_code, "")

    assert await sends("PUT", "config", deep) == INVALID
    assert await sends("POST", "commands", {"action": "x", "payload": deep}) == INVALID
    for message in ({"type": "plugin_event", "data": deep}, result("c1", result=deep)):
        assert await sends("POST", "messages", {"messages": [message]}) == INVALID
    assert await sends("PUT", "config", well) == (204, "")
    assert await sends("POST", "commands", {"action": "x", "payload": well}) == (202, "")
    said = {"messages": [{"type": "plugin_event", "data": well}]}
    assert await sends("POST", "messages", said) == (200, "")
    assert [each["type"] for each in (await school.reads(plugin_id))["items"]] == [
        "config_update",
        "plugin_command",
        "plugin_event",
    ]
    for path in ("", "/commands"):
        assert (await school.ask("anna", "GET", f"{plugin_id}{path}")).status_code == 200


@pytest.mark.parametrize("text", ['{"a":"\\u0000"}', '{"\\ud800":1}', '{"a":NaN}', '{"a":1e999}', "[]"])
async def test_settings_hold_nothing_that_cannot_be_kept(plugin_school: PluginSchool, text: str) -> None:
    plugin_id = await plugin_school.a_plugin()
    headers = {"content-type": "application/json"}
    answer = await plugin_school.ask("anna", "PUT", f"{plugin_id}/config", content=text, headers=headers)
    assert code_of(answer) == INVALID


def test_what_comes_over_a_socket_is_held_to_the_same() -> None:
    """There no body is read as over HTTP."""
    ended: dict[str, Any] = {"command_id": "c1", "status": "error"}
    for data in ({**ended, "error": "a\x00b"}, {**ended, "result": nested(300)}):
        with pytest.raises(ValidationError, match=r"zero|deep"):
            checked([PluginMessage(type="command_result", data=data)], event_bytes=10_240)
    fine = PluginMessage(type="command_result", data={**ended, "error": "no such part"})
    assert checked([fine], event_bytes=10_240) == [fine]


@pytest.mark.parametrize("place", [-1e300, -1.0, 1e300])
async def test_a_cursor_that_somebody_made_up_breaks_nothing(
    plugin_school: PluginSchool, place: float
) -> None:
    plugin_id = await plugin_school.a_plugin()
    cursor = base64.urlsafe_b64encode(json.dumps([place]).encode()).decode().rstrip("=")
    answer = await plugin_school.ask("anna", "GET", f"{plugin_id}/commands", params={"cursor": cursor})
    assert answer.json() == {"items": [], "next_cursor": None}


async def test_a_number_larger_than_a_column_is_asked_for_in_vain(
    there: AgentRoutes, database: AsyncEngine
) -> None:
    """Whoever comes back names the number that they have: any that JSON can carry."""
    agent_id, largest = await there.register(), 2**53
    await there.submit(agent_id)
    assert not await there.store.events(agent_id, after=largest)
    assert not await DatabaseContentStore(database).events("gen_1", after=largest, limit=1)
    assert not await DatabaseEnvironmentStore(database).events("env_1", after=largest, limit=1)


async def test_a_plugin_may_say_that_it_has_more_than_there_is(plugin_school: PluginSchool) -> None:
    plugin_id, largest = await plugin_school.a_plugin(), 2**53
    acknowledged = await plugin_school.says(plugin_id, {"type": "ack", "data": {"seq": largest}})
    assert acknowledged == [{"message_id": None, "seq": largest, "fresh": False}]
    assert not (await plugin_school.reads(plugin_id, largest))["complete"]


async def test_commands_that_have_ended_do_not_pile_up(
    plugin_school: PluginSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin_log, "KEPT_COMMANDS", 3)
    school = plugin_school
    plugin_id = await school.a_plugin()
    waits = await school.command(plugin_id)
    ids = [(await school.command(plugin_id))["command_id"] for _ in range(5)]
    await school.says(plugin_id, *(result(each) for each in ids))
    ids.append((await school.command(plugin_id))["command_id"])
    listed = (await school.ask("anna", "GET", f"{plugin_id}/commands")).json()["items"]
    assert [each["command_id"] for each in listed] == [*reversed(ids[-3:]), waits["command_id"]]


@pytest.mark.parametrize("how", ["logged out", "expired", "disabled"])
async def test_a_stream_ends_with_the_token_that_opened_it(plugin_school: PluginSchool, how: str) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    who = await school.identity.authenticate(school.tokens["anna"])
    pieces = plugin_stream(school.rooms.reading, who, plugin_id, 0, school.clock)
    assert (await anext(pieces)).startswith(b"retry: ")
    assert await anext(pieces) == b":\n\n"
    last = asyncio.ensure_future(anext(pieces))
    await asyncio.sleep(0)
    match how:
        case "logged out":
            await school.identity.logout(school.tokens["anna"])
        case "expired":
            school.clock.advance(3600)
        case "disabled":
            await school.identity.disable("anna")
    await school.rooms.said(plugin_id, [PluginMessage(type="plugin_event", data={})])
    told = await last
    assert told.startswith(b"event: error\n")
    assert {"expired": b"TOKEN_EXPIRED"}.get(how, b"INVALID_TOKEN") in told
    with pytest.raises(StopAsyncIteration):
        await anext(pieces)


async def test_a_reader_that_goes_leaves_no_question_half_asked_either(
    plugin_school: PluginSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    who = await school.identity.authenticate(school.tokens[plugin_id])
    asked = Held(school.rooms.store.page)
    monkeypatch.setattr(school.rooms.store, "page", asked)
    await asked.outlives(school.rooms.reading.poll(who, plugin_id, after=0, wait_s=25))


class Held:
    """A question to the database that takes as long as the test wants."""

    def __init__(self, question: Callable[..., Awaitable[Any]]) -> None:
        self._question = question
        self._asked, self._go = asyncio.Event(), asyncio.Event()
        self.answered = False

    async def __call__(self, *args: Any, **options: Any) -> Any:
        self._asked.set()
        await self._go.wait()
        answer = await self._question(*args, **options)
        self.answered = True
        return answer

    async def outlives(self, work: Coroutine[Any, Any, Any]) -> None:
        """Whoever asked goes away, and the question is asked to its end."""
        working = asyncio.ensure_future(work)
        await self._asked.wait()
        working.cancel()
        await asyncio.sleep(0)
        self._go.set()
        with pytest.raises(asyncio.CancelledError):
            await working
        assert self.answered


def _pair(what: Attempts) -> tuple[Allowance, Allowance]:
    pair = ALLOWANCES[what]
    return pair.account, pair.address
