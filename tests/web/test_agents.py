"""Agents over HTTP: who may what, and what becomes of tasks."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncEngine

from agent_parts import EVENT_BYTES, AgentRoutes, code_of
from toolboxai.adapters.database.audit import AuditRow
from toolboxai.platform.agents import registry
from toolboxai.platform.agents.ledger import AgentLedger
from toolboxai.platform.agents.model import INPUT_BYTES, RESULT_BYTES, NewTask
from toolboxai.platform.channel_history import ChannelHistory
from toolboxai.platform.messages.nesting import DEEPEST
from toolboxai.platform.messages.registry import validate
from toolboxai.platform.runs.bell import Bell

JSON = {"content-type": "application/json"}
UNKNOWN, FORBIDDEN = (404, "RESOURCE_NOT_FOUND"), (403, "INSUFFICIENT_PERMISSIONS")


def nested(levels: int) -> str:
    """JSON of objects in one another."""
    return '{"in":' * levels + "{}" + "}" * levels


@pytest.fixture
def there(agent_routes_of_schools: AgentRoutes) -> AgentRoutes:
    return agent_routes_of_schools


async def test_an_agents_token_is_told_once_and_opens_nothing_once_it_is_deleted(
    there: AgentRoutes, database: AsyncEngine
) -> None:
    body = {"name": "grader", "task_types": ["grade"]}
    made = await there.ask("anna", "POST", "agents", json=body)
    agent = made.json()
    token = agent.pop("token")
    agent_id = agent["agent_id"]
    assert made.headers["location"] == f"/api/v1/agents/{agent_id}"
    assert made.headers["cache-control"] == "no-store"
    assert agent | {"created_at": ""} == {
        "agent_id": agent_id,
        "name": "grader",
        "task_types": ["grade"],
        "concurrency": 1,
        "built_in": False,
        "status": "offline",
        "current_task": None,
        "queue_length": 0,
        "last_activity": None,
        "channel": f"private-agent-{agent_id}",
        "socket_path": f"/ws/agent/{agent_id}",
        "created_at": "",
    }
    listed = (await there.ask("anna", "GET", "agents")).json()
    assert [each for each in listed["items"] if not each["built_in"]] == [agent]
    assert (len(listed["items"]), listed["next_cursor"]) == (8, None)
    there.tokens[agent_id] = token
    assert await there.claim(agent_id) is None
    who = await there.identity.authenticate(token)
    assert (await there.ask("anna", "DELETE", f"agents/{agent_id}")).status_code == 204
    late = await there.ask(agent_id, "POST", f"agents/{agent_id}/claim", json={"worker": "w"})
    assert code_of(late) == (401, "INVALID_TOKEN")
    assert not there.identity.holds(who)
    assert code_of(await there.ask("anna", "GET", f"agents/{agent_id}")) == UNKNOWN
    async with database.connect() as connection:
        noted = (await connection.execute(select(AuditRow.__table__).order_by(AuditRow.id))).all()
    assert [(each.action, each.resource_id) for each in noted[-2:]] == [
        ("agent_added", agent_id),
        ("agent_deleted", agent_id),
    ]
    assert token not in str(noted)


async def test_what_is_anothers_is_as_unknown_as_what_there_is_not(there: AgentRoutes) -> None:
    agent_id, other = await there.register(), await there.register("ben")
    task_id = await there.submit(agent_id)
    claim = await there.claim(agent_id)
    assert claim is not None
    body = {"task_type": "grade", "input": {}}
    for who in ("ben", "olga", other):
        refused = UNKNOWN if who != other else FORBIDDEN
        assert code_of(await there.ask(who, "GET", f"agents/{agent_id}")) == UNKNOWN
        assert code_of(await there.ask(who, "POST", f"agents/{agent_id}/tasks", json=body)) == refused
        assert code_of(await there.ask(who, "GET", f"agents/{agent_id}/tasks")) == UNKNOWN
        taken = await there.ask(who, "POST", f"agents/{agent_id}/claim", json={"worker": "w"})
        assert code_of(taken) == UNKNOWN
        assert code_of(await there.ask(who, "DELETE", f"agents/{agent_id}")) == refused
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/requeue")):
            assert code_of(await there.ask(who, method, f"tasks/{task_id}{path}")) == UNKNOWN
        assert code_of(await there.says(who, claim, "progress")) == UNKNOWN
        assert code_of(await there.says(who, claim, "complete", result={})) == UNKNOWN
        assert code_of(await there.says(who, claim, "fail", error_code="X", message="")) == UNKNOWN
        assert code_of(await there.says(who, claim, "release")) == UNKNOWN
    for path in (f"agents/{agent_id}", "agents", f"agents/{agent_id}/tasks"):
        assert code_of(await there.ask("sam", "GET", path)) == FORBIDDEN
    assert code_of(await there.ask("sam", "POST", "agents", json=body)) == FORBIDDEN
    assert code_of(await there.ask("anna", "GET", "agents/agent_none")) == UNKNOWN
    assert code_of(await there.ask("anna", "GET", "tasks/task_none")) == UNKNOWN


async def test_whoever_it_is_shared_with_gives_tasks_and_sees_their_own_alone(there: AgentRoutes) -> None:
    agent_id = await there.register()
    hers = await there.submit(agent_id)
    await there.share(agent_id, "ben")
    his = await there.submit(agent_id, "ben")
    listed = await there.ask("ben", "GET", f"agents/{agent_id}/tasks")
    assert [each["task_id"] for each in listed.json()["items"]] == [his]
    both = await there.ask("anna", "GET", f"agents/{agent_id}/tasks", params={"limit": 1})
    assert [each["task_id"] for each in both.json()["items"]] in ([his], [hers])
    rest = await there.ask(
        "anna", "GET", f"agents/{agent_id}/tasks", params={"cursor": both.json()["next_cursor"]}
    )
    assert {each["task_id"] for each in (*both.json()["items"], *rest.json()["items"])} == {hers, his}
    seen = (await there.ask("ben", "GET", "agents")).json()["items"]
    assert [each["agent_id"] for each in seen if not each["built_in"]] == [agent_id]
    assert code_of(await there.ask("ben", "DELETE", f"agents/{agent_id}")) == UNKNOWN
    assert (await there.task(his, "anna"))["submitted_by"] == there.ids["ben"]


async def test_a_task_is_claimed_worked_on_and_completed_and_all_of_it_is_told(there: AgentRoutes) -> None:
    agent_id = await there.register()
    assert await there.claim(agent_id) is None
    task_id = await there.submit(agent_id, task_type="lesson_generation", input={"topic": "water"})
    there.clock.advance(2)
    claim = await there.claim(agent_id)
    assert claim is not None
    assert (claim["task_id"], claim["attempt"], claim["lease_s"]) == (task_id, 1, 30.0)
    assert claim["input"] == {"topic": "water"}
    assert (await there.agent(agent_id))["status"] == "active"
    there.clock.advance(2.5)
    beat = await there.says(agent_id, claim, "progress", progress_percent=40, message="writing")
    assert beat.json()["lease_expires_at"] > claim["lease_expires_at"]
    result = {"lesson_title": "Water", "content_sections": [{"title": "Rain"}]}
    done = (await there.says(agent_id, claim, "complete", result=result)).json()
    assert (done["status"], done["result"], done["execution_time_ms"]) == ("completed", result, 2500)
    # Its answer may have been lost: said again, it is as it was, and nothing more is told.
    again = await there.says(agent_id, claim, "complete", result={})
    assert again.json() == done == await there.task(task_id)
    told = there.told(agent_id)
    for message in told:
        assert validate(message) == [], message
    assert [each["seq"] for each in told] == list(range(1, len(told) + 1))
    assert [
        (each["data"].get("status"), each["data"].get("current_task"), each["data"].get("queue_length"))
        for each in told
        if each["type"] == "agent_status"
    ] == [
        ("idle", None, 0),  # a worker is there
        ("idle", None, 1),
        ("active", "lesson_generation", 0),
        ("idle", None, 0),
    ]
    assert [each["data"]["progress_percent"] for each in there.told(agent_id, "task_progress")] == [40]
    (ended,) = there.told(agent_id, "task_result")
    assert ended["data"]["result"] == result
    assert ended["data"]["execution_time_ms"] == 2500
    assert there.listener.on(f"private-user-{there.ids['anna']}") == [ended]


async def test_the_same_key_leads_to_the_same_task(there: AgentRoutes) -> None:
    agent_id = await there.register()
    key = {"Idempotency-Key": "one"}
    first = await there.submit(agent_id, headers=key)
    assert await there.submit(agent_id, headers=key) == first
    body = {"task_type": "grade", "input": {"n": 2}}
    other = await there.ask("anna", "POST", f"agents/{agent_id}/tasks", json=body, headers=key)
    assert code_of(other) == (409, "CONFLICT")
    assert (await there.agent(agent_id))["queue_length"] == 1


async def test_high_priority_goes_first_and_low_priority_in_time(there: AgentRoutes) -> None:
    agent_id = await there.register(concurrency=9)
    low = await there.submit(agent_id, priority=0)
    there.clock.advance(8 * 30)
    middle = await there.submit(agent_id, priority=5)
    high = await there.submit(agent_id, priority=9)
    there.clock.advance(40)
    newest = await there.submit(agent_id, priority=9)
    claims = [await there.claim(agent_id) for _ in range(4)]
    order = [each["task_id"] for each in claims if each is not None]
    assert order == [high, low, newest, middle]
    assert await there.claim(agent_id) is None


async def test_users_are_served_in_turn_whatever_their_priority(there: AgentRoutes) -> None:
    agent_id = await there.register(concurrency=2)
    await there.share(agent_id, "ben")
    for _ in range(4):
        await there.submit(agent_id, priority=9)
    for _ in range(2):
        await there.submit(agent_id, "ben", priority=0)
    served = []
    for _ in range(3):
        claims = [await there.claim(agent_id), await there.claim(agent_id)]
        for claim in claims:
            assert claim is not None
            served.append((await there.task(claim["task_id"]))["submitted_by"])
            await there.says(agent_id, claim, "complete", result={})
    names = {user_id: name for name, user_id in there.ids.items()}
    assert [names[each] for each in served] == ["anna", "ben", "anna", "ben", "anna", "anna"]


async def test_no_more_run_at_once_than_the_agent_may(there: AgentRoutes) -> None:
    agent_id = await there.register(concurrency=2)
    for _ in range(3):
        await there.submit(agent_id)
    claims = [await there.claim(agent_id, worker) for worker in ("a", "b", "c")]
    assert claims[2] is None
    assert claims[0] is not None
    await there.says(agent_id, claims[0], "complete", result={})
    assert await there.claim(agent_id, "c") is not None


async def test_a_worker_gets_only_what_it_does(there: AgentRoutes) -> None:
    agent_id = await there.register(concurrency=9)
    await there.submit(agent_id, task_type="grade")
    assert await there.claim(agent_id, task_types=["lesson_generation"]) is None
    assert await there.claim(agent_id, task_types=["grade"]) is not None
    foreign = await there.ask(
        agent_id, "POST", f"agents/{agent_id}/claim", json={"worker": "w", "task_types": ["dance"]}
    )
    assert code_of(foreign) == (422, "VALIDATION_ERROR")
    unknown = await there.ask(
        "anna", "POST", f"agents/{agent_id}/tasks", json={"task_type": "dance", "input": {}}
    )
    assert code_of(unknown) == (422, "VALIDATION_ERROR")


async def test_who_is_silent_loses_the_task_to_the_next_and_is_refused_then(there: AgentRoutes) -> None:
    agent_id = await there.register()
    task_id = await there.submit(agent_id, max_attempts=2)
    lost = await there.claim(agent_id, "lost")
    assert lost is not None
    await there.pass_time(29)
    assert (await there.says(agent_id, lost, "progress")).status_code == 200
    await there.pass_time(29)
    assert (await there.task(task_id))["status"] == "running"
    await there.pass_time(1)
    assert (await there.task(task_id))["status"] == "queued"
    assert (await there.agent(agent_id))["queue_length"] == 1
    late = await there.says(agent_id, lost, "complete", result={})
    assert code_of(late) == (409, "CONFLICT")
    assert late.json()["details"]["reason"] == "expired"
    second = await there.claim(agent_id, "second")
    assert second is not None
    assert (second["task_id"], second["attempt"]) == (task_id, 2)
    late = await there.says(agent_id, lost, "progress")
    assert late.json()["details"]["reason"] == "expired"
    await there.pass_time(30)
    ended = await there.task(task_id)
    assert (ended["status"], ended["error"]["error_code"]) == ("failed", "TASK_ATTEMPTS_USED")
    assert (await there.says(agent_id, second, "complete", result={})).json()["details"]["reason"] == "ended"
    assert (await there.agent(agent_id))["status"] == "error"
    dead = await there.ask("anna", "GET", f"agents/{agent_id}/tasks", params={"status": "failed"})
    assert [each["task_id"] for each in dead.json()["items"]] == [task_id]
    again = await there.ask("anna", "POST", f"tasks/{task_id}/requeue")
    assert (again.status_code, again.json()["status"], again.json()["attempt"]) == (202, "queued", 1)
    assert code_of(await there.ask("anna", "POST", f"tasks/{task_id}/requeue")) == (409, "CONFLICT")
    third = await there.claim(agent_id)
    assert third is not None
    assert (await there.says(agent_id, third, "complete", result={})).json()["status"] == "completed"


async def test_an_attempt_that_takes_too_long_is_over_however_often_it_beats(there: AgentRoutes) -> None:
    agent_id = await there.register()
    task_id = await there.submit(agent_id, timeout_s=40, max_attempts=1)
    claim = await there.claim(agent_id)
    assert claim is not None
    await there.pass_time(20)
    assert (await there.says(agent_id, claim, "progress", progress_percent=99)).status_code == 200
    await there.pass_time(20)
    ended = await there.task(task_id)
    assert (ended["status"], ended["error"]["error_code"]) == ("failed", "TASK_TIMEOUT")
    assert ended["execution_time_ms"] == 40_000


async def test_what_failed_comes_again_after_a_pause_unless_it_is_for_good(there: AgentRoutes) -> None:
    agent_id = await there.register()
    task_id = await there.submit(agent_id, max_attempts=5)
    claim = await there.claim(agent_id)
    assert claim is not None
    said = {"error_code": "NO_MODEL", "message": "the model is away"}
    failed = (await there.says(agent_id, claim, "fail", **said)).json()
    assert (failed["status"], failed["attempt"], failed["error"]) == ("queued", 2, said)
    assert (await there.agent(agent_id))["queue_length"] == 1
    assert await there.claim(agent_id) is None
    await there.pass_time(1)
    claim = await there.claim(agent_id)
    assert claim is not None
    ended = (await there.says(agent_id, claim, "fail", **said, retry=False)).json()
    assert (ended["status"], ended["attempt"], ended["error"]) == ("failed", 2, said)
    (told,) = there.told(agent_id, "task_result")
    assert (told["data"]["status"], told["data"]["error"]) == ("failed", said)
    assert (await there.task(task_id))["status"] == "failed"


async def test_a_cancelled_task_is_given_to_nobody_and_its_late_result_refused(there: AgentRoutes) -> None:
    agent_id = await there.register()
    waits, runs = await there.submit(agent_id), await there.submit(agent_id, priority=9)
    claim = await there.claim(agent_id)
    assert claim is not None
    assert claim["task_id"] == runs
    for task_id in (waits, runs, runs):
        answer = await there.ask("anna", "DELETE", f"tasks/{task_id}")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    late = await there.says(agent_id, claim, "complete", result={})
    assert (code_of(late), late.json()["details"]["reason"]) == ((409, "CONFLICT"), "cancelled")
    assert await there.claim(agent_id) is None
    assert [each["data"]["task_id"] for each in there.told(agent_id, "task_result")] == [waits, runs]
    agent = await there.agent(agent_id)
    assert (agent["status"], agent["queue_length"], agent["current_task"]) == ("idle", 0, None)


async def test_deleting_an_agent_cancels_what_it_has_and_keeps_what_it_did(there: AgentRoutes) -> None:
    agent_id = await there.register()
    await there.share(agent_id, "ben")
    done, runs, waits = [await there.submit(agent_id, "ben", priority=at) for at in (9, 8, 7)]
    claim = await there.claim(agent_id)
    assert claim is not None
    await there.says(agent_id, claim, "complete", result={"grade": 1})
    claim = await there.claim(agent_id)
    assert claim is not None
    assert (await there.ask("anna", "DELETE", f"agents/{agent_id}")).status_code == 204
    assert (await there.says(agent_id, claim, "complete", result={})).status_code in (401, 404)
    found = [(await there.task(each, "ben"))["status"] for each in (done, runs, waits)]
    assert found == ["completed", "cancelled", "cancelled"]
    said = there.listener.on(f"private-user-{there.ids['ben']}")
    told = [(each["data"]["task_id"], each["data"]["status"]) for each in said]
    assert told[0] == (done, "completed")
    assert sorted(told[1:]) == sorted([(runs, "cancelled"), (waits, "cancelled")])


async def test_an_agent_that_nobody_works_for_is_told_to_be_offline_once(there: AgentRoutes) -> None:
    agent_id = await there.register()
    await there.claim(agent_id)
    await there.pass_time(59)
    assert (await there.agent(agent_id))["status"] == "idle"
    for _ in range(2):
        await there.pass_time(1)
    assert (await there.agent(agent_id))["status"] == "offline"
    assert [each["data"]["status"] for each in there.told(agent_id)] == ["idle", "offline"]
    await there.claim(agent_id)
    assert [each["data"]["status"] for each in there.told(agent_id)] == ["idle", "offline", "idle"]


async def test_progress_is_told_four_times_a_second_and_each_is_a_beat(there: AgentRoutes) -> None:
    agent_id = await there.register()
    task_id = await there.submit(agent_id)
    claim = await there.claim(agent_id)
    assert claim is not None
    for percent in range(1, 11):
        assert (await there.says(agent_id, claim, "progress", progress_percent=percent)).status_code == 200
        there.clock.advance(0.125)
    told = [each["data"]["progress_percent"] for each in there.told(agent_id, "task_progress")]
    assert told == [1, 3, 5, 7, 9]
    assert (await there.task(task_id))["progress_percent"] == 10


async def test_a_result_too_long_for_an_event_is_told_by_its_address(there: AgentRoutes) -> None:
    agent_id = await there.register()
    task_id = await there.submit(agent_id)
    claim = await there.claim(agent_id)
    assert claim is not None
    result = {"text": "x" * EVENT_BYTES}
    assert (await there.says(agent_id, claim, "complete", result=result)).status_code == 200
    (told,) = there.told(agent_id, "task_result")
    assert validate(told) == []
    assert told["data"]["result"] is None
    url = told["data"]["result_url"].removeprefix("/api/v1/")
    assert (await there.ask("anna", "GET", url)).json()["result"] == result
    assert url == f"tasks/{task_id}"


async def test_what_is_too_much_is_refused(there: AgentRoutes, monkeypatch: pytest.MonkeyPatch) -> None:
    agent_id = await there.register()
    body = {"task_type": "grade", "input": {"text": "x" * INPUT_BYTES}}
    answer = await there.ask("anna", "POST", f"agents/{agent_id}/tasks", json=body)
    assert code_of(answer) == (413, "PAYLOAD_TOO_LARGE")
    await there.submit(agent_id)
    claim = await there.claim(agent_id)
    assert claim is not None
    answer = await there.says(agent_id, claim, "complete", result={"text": "x" * RESULT_BYTES})
    assert code_of(answer) == (413, "PAYLOAD_TOO_LARGE")
    monkeypatch.setattr(there.tasks, "_open_most", 1)
    answer = await there.ask("anna", "POST", f"agents/{agent_id}/tasks", json=body | {"input": {}})
    assert code_of(answer) == (429, "RATE_LIMIT_EXCEEDED")
    assert answer.headers["retry-after"]
    monkeypatch.setattr(registry, "AGENTS_MOST", 1)
    answer = await there.ask("anna", "POST", "agents", json={"name": "more", "task_types": ["a"]})
    assert code_of(answer) == (409, "CONFLICT")


async def test_a_long_poll_ends_with_the_task_that_it_waited_for(there: AgentRoutes) -> None:
    agent_id = await there.register()

    async def waits(worker: str) -> dict[str, Any] | None:
        answer = await there.ask(
            agent_id, "POST", f"agents/{agent_id}/claim", params={"wait": 1}, json={"worker": worker}
        )
        return dict(answer.json()) if answer.status_code == 200 else None

    polls = [asyncio.create_task(waits(worker)) for worker in ("a", "b")]
    while len(there.ledger.bell._listeners.get(agent_id, ())) < 2:  # noqa: ASYNC110 - nobody tells of it
        await asyncio.sleep(0)
    task_id = await there.submit(agent_id)
    done, pending = await asyncio.wait(polls, return_when=asyncio.FIRST_COMPLETED)
    (first,) = done
    claim = first.result()
    assert claim is not None
    assert claim["task_id"] == task_id
    for poll in pending:  # the other one is let go of with the connection
        poll.cancel()
    await asyncio.wait(pending)
    assert there.ledger.bell._listeners == {}


async def test_what_an_agent_told_is_read_page_by_page(there: AgentRoutes) -> None:
    agent_id = await there.register()
    for _ in range(3):
        await there.submit(agent_id)
    nothing_else: Any = None
    history = ChannelHistory(nothing_else, nothing_else, agents=there.store)
    first = await history.page(f"private-agent-{agent_id}", after=0, limit=2)
    rest = await history.page(f"private-agent-{agent_id}", after=first.next_cursor or 0, limit=2)
    assert [*first.items, *rest.items] == there.told(agent_id)
    assert (first.next_cursor, rest.next_cursor) == (2, None)


async def test_the_token_of_an_agent_holds_while_its_owner_is_in_use(there: AgentRoutes) -> None:
    agent_id = await there.register()
    await there.identity.disable("anna")
    answer = await there.ask(agent_id, "POST", f"agents/{agent_id}/claim", json={"worker": "w"})
    assert code_of(answer) == (401, "INVALID_TOKEN")
    await there.identity.enable("anna")
    assert await there.claim(agent_id) is None


async def test_what_nobody_could_write_out_again_is_not_taken(there: AgentRoutes) -> None:
    """Some hundred objects in one another are read, and cannot be written: such a task would be in everybody's way."""
    agent_id = await there.register()

    async def submit(levels: int) -> Any:
        body = f'{{"task_type": "grade", "input": {nested(levels)}}}'
        return await there.ask("anna", "POST", f"agents/{agent_id}/tasks", content=body, headers=JSON)

    for levels in (DEEPEST, 300, 800):
        made = await submit(levels)
        assert (*code_of(made), "input" in made.text) == (422, "VALIDATION_ERROR", True)
    assert (await submit(DEEPEST - 1)).status_code == 202
    claim = await there.claim(agent_id)
    assert claim is not None
    for levels, status in ((300, 422), (DEEPEST - 1, 200)):
        body = f'{{"lease_id": "{claim["lease_id"]}", "result": {nested(levels)}}}'
        path = f"tasks/{claim['task_id']}/complete"
        assert (await there.ask(agent_id, "POST", path, content=body, headers=JSON)).status_code == status
    listed = await there.ask("anna", "GET", f"agents/{agent_id}/tasks")
    assert [each["status"] for each in listed.json()["items"]] == ["completed"]


async def test_what_another_server_writes_into_the_same_database_is_found(there: AgentRoutes) -> None:
    agent_id = await there.register()
    assert await there.claim(agent_id) is None
    other = AgentLedger(there.store, there.listener, there.clock, Bell(), event_bytes=lambda: EVENT_BYTES)
    new = NewTask(
        id="task_1",
        agent_id=agent_id,
        organization_id="org_1",
        submitted_by=there.ids["anna"],
        task_type="grade",
        input="{}",
        at=there.clock.now(),
    )
    assert await other.submit(new, open_most=9) is not None
    there.clock.advance(20)
    claim = await there.claim(agent_id)
    assert claim is not None
    assert claim["task_id"] == "task_1"
    assert {each["seq"] for each in there.told(agent_id)} == {1, 2, 3}
    await other.close()


async def test_an_owner_goes_even_where_a_task_ends_at_the_same_time(
    there: AgentRoutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent_id = await there.register()
    await there.share(agent_id, "ben")
    task_id, left = await there.submit(agent_id, "ben"), await there.submit(agent_id, "ben")
    seen = await there.store.open_of(there.ids["ben"])
    claim = await there.claim(agent_id)
    assert claim is not None
    await there.says(agent_id, claim, "complete", result={})

    async def open_of(_user_id: str) -> Any:
        return seen  # as it was a moment ago

    monkeypatch.setattr(there.store, "open_of", open_of)
    await there.registry.stop_all(await there.identity.user(there.ids["ben"]))
    assert {(await there.task(each))["status"] for each in (task_id, left)} == {"completed", "cancelled"}


async def test_a_list_of_agents_asks_for_what_they_have_to_do_once(
    there: AgentRoutes, database: AsyncEngine
) -> None:
    busy, waiting, *idle = [await there.register(name=f"number {number}") for number in range(4)]
    for agent_id in (busy, busy, busy, waiting):
        await there.submit(agent_id)
        there.clock.advance(1)
    for kind in ("lesson_generation", "grade"):
        await there.submit(busy, task_type=kind, priority=9)
    await there.share(busy, "ben")
    await there.submit(busy, "ben")
    first = await there.claim(busy, task_types=["lesson_generation"])
    assert first is not None
    listed = (await there.ask("anna", "GET", "agents")).json()["items"]
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(database.sync_engine, "before_cursor_execute", note)
    assert (await there.ask("anna", "GET", "agents")).json()["items"] == listed
    assert len([each for each in asked if "agent_lines" in each]) == 1, asked
    assert len(asked) <= 5, asked
    stands = {each["agent_id"]: (each["queue_length"], each["current_task"]) for each in listed}
    assert len(stands) == 11
    assert (stands[busy], stands[waiting]) == ((5, "lesson_generation"), (1, None))
    assert {stands[agent_id] for agent_id in idle} == {(0, None)}
    assert listed == [await there.agent(each["agent_id"]) for each in listed]


async def test_a_step_of_a_worker_asks_the_database_little(there: AgentRoutes, database: AsyncEngine) -> None:
    """A hundred workers and Channels share a process: what is asked twice is time that deliveries wait."""
    agent_id = await there.register()
    await there.claim(agent_id)
    await there.submit(agent_id)
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(database.sync_engine, "before_cursor_execute", note)
    there.clock.advance(10)
    claim = await there.claim(agent_id)
    claiming = len(asked)
    assert claim is not None
    await there.says(agent_id, claim, "complete", result={})
    assert claiming <= 10
    assert len(asked) - claiming <= 11
