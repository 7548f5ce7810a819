"""What a running world asks and tells while it runs: snapshot, messages with a cursor, events in batches."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from classroom_parts import SchoolRoutes, code_of
from toolboxai.adapters.database.game_talk import DatabaseGameTalkStore
from toolboxai.platform.games import turns
from toolboxai.platform.games.model import KEPT_S, MESSAGE_BYTES, MESSAGES_KEPT, GameMessage, GameMessageKind
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.messages.registry import validate
from web.test_game_servers import HERON, OTTER, a_server, a_world

HELLO = {"type": "announcement", "data": {"text": "Ten minutes left"}}
CHANNEL = "private-roblox-sync-env_1"


@pytest.fixture
async def server(school_routes: SchoolRoutes) -> dict[str, Any]:
    await a_world(school_routes)
    return await a_server(school_routes)


async def asks(
    school: SchoolRoutes, server: dict[str, Any], method: str, what: str, **options: Any
) -> httpx2.Response:
    """As the world itself."""
    bearer = {"Authorization": f"Bearer {server['token']}"}
    return await school.http.request(method, f"{server['url']}/{what}", headers=bearer, **options)


async def says(
    school: SchoolRoutes, server: dict[str, Any], body: Any, who: str = "anna", **headers: str
) -> httpx2.Response:
    """As an owner."""
    path = f"game-servers/{server['game_server_id']}/messages"
    return await school.ask(who, "POST", path, json=body, headers=headers)


async def reads(school: SchoolRoutes, server: dict[str, Any], /, **query: Any) -> dict[str, Any]:
    answer = await asks(school, server, "GET", "messages", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def event(number: int, kind: str = "player_joined", **data: Any) -> dict[str, Any]:
    return {"id": f"e{number}", "type": kind, "data": data or {"player": OTTER}}


async def posts(school: SchoolRoutes, server: dict[str, Any], *events: Any) -> httpx2.Response:
    return await asks(school, server, "POST", "events", json={"events": list(events)})


async def history(school: SchoolRoutes, server: dict[str, Any], **query: Any) -> dict[str, Any]:
    path = f"game-servers/{server['game_server_id']}/events"
    answer = await school.ask("anna", "GET", path, params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def held(school: SchoolRoutes, polls: int) -> None:
    """Until so many requests wait for messages."""
    while len(school.messages._turns) != polls:  # noqa: ASYNC110 - each turn of the loop brings them nearer
        await asyncio.sleep(0)


def told(school: SchoolRoutes) -> list[dict[str, Any]]:
    """All events that whoever follows the world has heard of."""
    return [each for said in school.listener.on(CHANNEL) for each in said["data"]["events"]]


# ---- snapshot -----------------------------------------------------------------------------------------------


async def test_a_snapshot_tells_where_things_stand_and_no_answer(
    school_routes: SchoolRoutes, server: dict[str, Any]
) -> None:
    school = school_routes
    for body in (HELLO, {"type": "quiz_close"}):
        await says(school, server, body)
    answer = await asks(school, server, "GET", "snapshot")
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    quiz = found.pop("quiz")
    assert found == {
        "game_server_id": server["game_server_id"],
        "environment_id": "env_1",
        "world": {
            "name": "Water world",
            "status": "queued",
            "progress": 0,
            "components": {"terrain": "pending", "buildings": "pending", "scripts": "pending"},
        },
        "revision": 1,
        "quiz_open": False,
        "cursor": 2,
        "budget": {"requests_per_minute": 60, "poll_wait_s": 25},
    }
    assert [each["id"] for each in quiz["questions"]] == [f"q{number}" for number in range(1, 8)]
    assert {name for each in quiz["questions"] for name in each} == {
        "id",
        "type",
        "question",
        "options",
        "prompts",
        "unit",
    }
    # What is told from here on follows its cursor.
    await says(school, server, {"type": "quiz_open"})
    page = await reads(school, server, cursor=found["cursor"])
    assert [each["type"] for each in page["items"]] == ["quiz_open"]
    assert (await asks(school, server, "GET", "snapshot")).json()["quiz_open"] is True


async def test_a_world_whose_lesson_is_gone_still_stands(
    school_routes: SchoolRoutes, server: dict[str, Any]
) -> None:
    share = {"kind": "content_session", "id": "gen_1", "role": "viewer", "username": "ben"}
    assert (await school_routes.ask("anna", "POST", "shares", json=share)).status_code == 201
    await a_world(school_routes, "ben", number=2)
    other = await a_server(school_routes, "ben", "env_2")
    assert (await asks(school_routes, other, "GET", "snapshot")).json()["revision"] == 1
    shares = (
        await school_routes.ask("anna", "GET", "shares", params={"kind": "content_session", "id": "gen_1"})
    ).json()
    await school_routes.ask("anna", "DELETE", f"shares/{shares['items'][0]['share_id']}")
    found = (await asks(school_routes, other, "GET", "snapshot")).json()
    assert (found["revision"], found["quiz"], found["world"]["name"]) == (None, None, "Water world")


# ---- messages -----------------------------------------------------------------------------------------------


async def test_messages_are_read_with_a_cursor_in_order_and_none_twice(
    school_routes: SchoolRoutes, server: dict[str, Any]
) -> None:
    school = school_routes
    assert await reads(school, server) == {"items": [], "next_cursor": 0, "complete": True}
    custom = {"type": "custom", "data": {"door": "east", "open": True}}
    sent = [await says(school, server, body) for body in (HELLO, custom)]
    assert [(each.status_code, each.json()) for each in sent] == [(202, {"seq": 1}), (202, {"seq": 2})]
    page = await reads(school, server)
    assert [{"type": each["type"], "data": each["data"]} for each in page["items"]] == [HELLO, custom]
    assert [each["seq"] for each in page["items"]] == [1, 2]
    assert page["items"][0]["timestamp"] == "2026-05-28T20:26:40.000Z"
    assert (page["next_cursor"], page["complete"]) == (2, True)
    assert [each["seq"] for each in (await reads(school, server, cursor=1))["items"]] == [2]
    # Each server that Roblox runs of the place reads all, with a cursor of its own.
    assert len((await reads(school, server, server="other"))["items"]) == 2
    # One that is put back to an earlier state tells so whoever knows more.
    assert await reads(school, server, cursor=9) == {"items": [], "next_cursor": 2, "complete": False}


async def test_a_message_that_is_sent_again_with_its_key_is_one(
    school_routes: SchoolRoutes, server: dict[str, Any]
) -> None:
    school, key = school_routes, {"Idempotency-Key": "bell"}
    sent = [await says(school, server, HELLO, **key) for _ in range(2)]
    assert [each.json() for each in sent] == [{"seq": 1}] * 2
    other = await says(school, server, {"type": "quiz_close"}, **key)
    assert code_of(other) == (409, "CONFLICT")
    assert (await asks(school, server, "GET", "snapshot")).json()["quiz_open"] is True
    assert len((await reads(school, server))["items"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "announcement", "data": {"text": " "}}, "data.text"),
        ({"type": "announcement", "data": {"text": "x" * 201}}, "data.text"),
        ({"type": "announcement", "data": {"text": "x", "colour": "red"}}, "data.colour"),
        ({"type": "quiz_open", "data": {"minutes": 3}}, "data.minutes"),
        ({"type": "custom", "data": {"x": "y" * MESSAGE_BYTES}}, "data"),
        ({"type": "shutdown", "data": {}}, "type"),
        ({"type": "custom", "data": {"x": "\x00"}}, "data"),
    ],
)
async def test_what_is_no_message_is_refused_by_its_field(
    school_routes: SchoolRoutes, server: dict[str, Any], body: Any, field: str
) -> None:
    refused = await says(school_routes, server, body)
    assert code_of(refused) == (422, "VALIDATION_ERROR")
    assert list(refused.json()["details"]["fields"]) == [field]
    assert (await reads(school_routes, server))["items"] == []


async def test_the_owner_alone_speaks_and_the_game_server_alone_reads(
    school_routes: SchoolRoutes, server: dict[str, Any]
) -> None:
    school = school_routes
    own = f"game-servers/{server['game_server_id']}"
    for who, refusal in (("ben", (404, "RESOURCE_NOT_FOUND")), ("sam", (403, "INSUFFICIENT_PERMISSIONS"))):
        assert code_of(await says(school, server, HELLO, who)) == refusal
        assert code_of(await school.ask(who, "GET", f"{own}/events")) == refusal
    refused = (401, "INVALID_TOKEN")
    for what in ("snapshot", "messages"):
        assert code_of(await school.ask("anna", "GET", f"{own}/{what}")) == refused
    other = await a_server(school)
    for method, what in (("GET", "snapshot"), ("GET", "messages"), ("POST", "events")):
        stolen = {**server, "token": other["token"]}
        assert code_of(await asks(school, stolen, method, what, json={})) == refused
    assert code_of(await asks(school, server, "POST", "messages", json=HELLO)) == refused
    assert code_of(await asks(school, server, "GET", "events")) == refused


async def test_the_newest_are_kept_for_a_day_and_whoever_missed_some_is_told(
    school_routes: SchoolRoutes, server: dict[str, Any], database: AsyncEngine
) -> None:
    school, store = school_routes, DatabaseGameTalkStore(database)
    long = GameMessage(GameMessageKind.CUSTOM, {"x": "y" * (MESSAGE_BYTES - 8)})
    for _ in range(MESSAGES_KEPT + 3):
        await store.add_message(server["game_server_id"], long, at=school.clock.now())
    answer = await asks(school, server, "GET", "messages", params={"cursor": 2})
    page = answer.json()
    assert [each["seq"] for each in page["items"]] == list(range(4, MESSAGES_KEPT + 4))
    assert page["complete"] is False
    assert len(answer.content) <= 256 * 1024
    assert (await reads(school, server, cursor=3))["complete"] is True
    school.clock.advance(KEPT_S)
    last = MESSAGES_KEPT + 3
    assert await reads(school, server, cursor=3) == {"items": [], "next_cursor": last, "complete": False}
    assert (await reads(school, server, cursor=last))["complete"] is True


@pytest.mark.timeout(15)
async def test_whoever_waits_is_answered_when_something_is_said(
    school_routes: SchoolRoutes, server: dict[str, Any]
) -> None:
    school = school_routes
    polls = [asyncio.create_task(reads(school, server, wait=25, server=name)) for name in ("a", "b")]
    await held(school, 2)
    await says(school, server, HELLO)
    assert [[each["seq"] for each in (await poll)["items"]] for poll in polls] == [[1], [1]]


@pytest.mark.timeout(15)
async def test_of_one_reader_the_newest_poll_waits_and_the_older_one_is_answered(
    school_routes: SchoolRoutes, server: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    school = school_routes
    monkeypatch.setattr(turns, "READERS_MOST", 2)
    empty = {"items": [], "next_cursor": 0, "complete": True}
    first = asyncio.create_task(reads(school, server, wait=25, server="a"))
    await held(school, 1)
    second = asyncio.create_task(reads(school, server, wait=25, server="a"))
    assert await first == empty
    # And of all readers so many; then the one that waits longest goes.
    others = [asyncio.create_task(reads(school, server, wait=25, server=name)) for name in ("b", "c")]
    assert await second == empty
    await held(school, 2)
    await says(school, server, HELLO)
    assert [len((await each)["items"]) for each in others] == [1, 1]


@pytest.mark.timeout(15)
async def test_whoever_waits_with_a_token_that_is_revoked_hears_so_at_once(
    school_routes: SchoolRoutes, server: dict[str, Any]
) -> None:
    school = school_routes
    poll = asyncio.create_task(asks(school, server, "GET", "messages", params={"wait": 25}))
    await held(school, 1)
    await school.ask("anna", "DELETE", f"game-servers/{server['game_server_id']}")
    assert code_of(await poll) == (401, "INVALID_TOKEN")


@pytest.mark.timeout(15)
async def test_nobody_waits_for_a_server_that_leaves(
    school_routes: SchoolRoutes, server: dict[str, Any]
) -> None:
    school = school_routes
    polls = [asyncio.create_task(reads(school, server, wait=25, server=name)) for name in ("a", "b")]
    await held(school, 2)
    school.bell.close()
    assert [(await poll)["items"] for poll in polls] == [[], []]
    assert (await reads(school, server, wait=25))["items"] == []


async def test_a_poll_without_news_ends_when_its_time_is_over_and_bounds_are_kept(
    school_routes: SchoolRoutes, server: dict[str, Any]
) -> None:
    school = school_routes
    assert (await reads(school, server, wait=0.02))["items"] == []
    for odd in (
        {"wait": 26},
        {"wait": -1},
        {"wait": "nan"},
        {"cursor": -1},
        {"cursor": 2**31},
        {"server": "ä"},
    ):
        assert (await asks(school, server, "GET", "messages", params=odd)).status_code == 422


async def test_every_request_of_a_game_server_counts_and_the_owners_do_not(
    school_routes: SchoolRoutes, server: dict[str, Any], limiter: AttemptLimiter
) -> None:
    school = school_routes
    await limiter.admit(Attempts.GAME_SERVER, account=server["game_server_id"], tries=57)
    for method, what, body in (
        ("GET", "snapshot", None),
        ("GET", "messages", None),
        ("POST", "events", {"events": [event(1)]}),
    ):
        assert (await asks(school, server, method, what, json=body)).status_code == 200
    for method, what in (("GET", "snapshot"), ("GET", "messages"), ("POST", "events"), ("POST", "answers")):
        late = await asks(school, server, method, what, json={})
        assert code_of(late) == (429, "RATE_LIMIT_EXCEEDED")
        assert 1 <= int(late.headers["retry-after"]) <= 60
    assert (await says(school, server, HELLO)).status_code == 202
    school.clock.advance(int(late.headers["retry-after"]))


# ---- events -------------------------------------------------------------------------------------------------


async def test_a_batch_of_events_is_one_message_to_whoever_follows_the_world(
    school_routes: SchoolRoutes, server: dict[str, Any]
) -> None:
    school = school_routes
    at = "2026-05-28T20:20:00Z"
    batch = [
        {"id": "s", "type": "server_started"},
        {**event(1), "at": at},
        event(2, "checkpoint_reached", player=HERON, name="station_3"),
        event(3, "custom", name="door", value=True),
        event(4, "custom", name="height", player=OTTER, value=2.5),
    ]
    answer = await posts(school, server, *batch)
    assert answer.json()["items"] == [
        {"id": each["id"], "seq": seq, "fresh": True} for seq, each in enumerate(batch, 1)
    ]
    (said,) = school.listener.on(CHANNEL)
    assert validate(said) == []
    assert (said["type"], said["data"]["game_server_id"]) == ("game_events", server["game_server_id"])
    otter = f"player_{OTTER.replace('-', '')}"
    assert said["data"]["events"][1:4] == [
        {"id": "e1", "type": "player_joined", "seq": 2, "at": "2026-05-28T20:20:00.000Z", "player": otter},
        {
            "id": "e2",
            "type": "checkpoint_reached",
            "seq": 3,
            "at": "2026-05-28T20:26:40.000Z",
            "player": f"player_{HERON.replace('-', '')}",
            "name": "station_3",
        },
        {
            "id": "e3",
            "type": "custom",
            "seq": 4,
            "at": "2026-05-28T20:26:40.000Z",
            "name": "door",
            "value": True,
        },
    ]
    page = await history(school, server, limit=2)
    assert [each["seq"] for each in page["items"]] == [1, 2]
    assert (page["next_cursor"], page["more"], page["complete"]) == (2, True, True)
    rest = await history(school, server, cursor=2)
    assert [each["value"] for each in rest["items"]] == [None, True, 2.5]
    assert (rest["next_cursor"], rest["more"]) == (5, False)
    for who, may in (("anna", True), ("ben", False), ("sam", False), ("olga", False)):
        assert await school.follows(who, CHANNEL) is may


async def test_an_event_that_comes_again_counts_once_and_is_told_once(
    school_routes: SchoolRoutes, server: dict[str, Any]
) -> None:
    school = school_routes
    await posts(school, server, event(1), event(2, player=HERON))
    again = await posts(school, server, event(2, player=HERON.upper()), event(3), event(1))
    assert again.json()["items"] == [
        {"id": "e2", "seq": 2, "fresh": False},
        {"id": "e3", "seq": 3, "fresh": True},
        {"id": "e1", "seq": 1, "fresh": False},
    ]
    assert [each["id"] for each in told(school)] == ["e1", "e2", "e3"]
    # The ids are those of one game server.
    other = await a_server(school)
    assert (await posts(school, other, event(1))).json()["items"][0]["fresh"] is True


async def test_batches_at_once_are_told_once_each_and_in_order(
    school_routes: SchoolRoutes, server: dict[str, Any]
) -> None:
    school = school_routes
    await asyncio.gather(*(posts(school, server, event(n), event(n + 1)) for n in range(1, 9)))
    assert [each["seq"] for each in told(school)] == list(range(1, 10))
    assert {each["id"] for each in told(school)} == {f"e{n}" for n in range(1, 10)}


async def test_what_could_not_be_told_is_told_with_what_is_sent_again(
    school_routes: SchoolRoutes, server: dict[str, Any]
) -> None:
    school = school_routes
    school.listener.failing = True
    assert (await posts(school, server, event(1))).json()["items"][0]["fresh"] is True
    school.listener.failing = False
    assert (await posts(school, server, event(1))).json()["items"][0]["fresh"] is False
    assert [each["id"] for each in told(school)] == ["e1"]


async def test_a_large_batch_is_told_in_messages_that_every_service_takes(
    school_routes: SchoolRoutes, server: dict[str, Any]
) -> None:
    school = school_routes
    batch = [
        {**event(n, "custom", player=OTTER, name="n" * 40, value=0.1 + n), "id": f"{n:064}"}
        for n in range(100)
    ]
    assert (await posts(school, server, *batch)).status_code == 200
    said = school.listener.on(CHANNEL)
    assert 1 < len(said) < 5
    assert all(len(json.dumps(each, separators=(",", ":"))) < 10_240 for each in said)
    assert [each["seq"] for each in told(school)] == list(range(1, 101))
    assert (await posts(school, server, *batch, event(1))).status_code == 422


async def test_events_that_cannot_be_taken_are_named_and_nothing_is_kept(
    school_routes: SchoolRoutes, server: dict[str, Any]
) -> None:
    school = school_routes
    await posts(school, server, event(9))
    refused = await posts(
        school,
        server,
        event(1),
        {"id": "e2", "type": "player_left"},
        event(3, "server_started", player=OTTER),
        event(4, "custom", value=1),
        event(1),
        {**event(5), "at": "2036-01-01T00:00:00Z"},
    )
    assert code_of(refused) == (422, "VALIDATION_ERROR")
    assert sorted(refused.json()["details"]["fields"]) == [
        "events[1].data.player",
        "events[2].data.player",
        "events[3].data.name",
        "events[4].id",
        "events[5].at",
    ]
    changed = await posts(school, server, event(6), event(9, player=HERON))
    assert list(changed.json()["details"]["fields"]) == ["events[1].id"]
    # Nothing that somebody writes, no name and no number of an account is taken.
    for data in (
        {"player": "Otter"},
        {"player": "90210777"},
        {"player": OTTER, "text": "hi"},
        {"name": "Otter W"},
    ):
        assert (await posts(school, server, {"id": "e7", "type": "custom", "data": data})).status_code == 422
    for value in ("text", [1], 2**60):
        assert (await posts(school, server, event(7, "custom", name="x", value=value))).status_code == 422
    assert [each["id"] for each in told(school)] == ["e9"]
    assert [each["id"] for each in (await history(school, server))["items"]] == ["e9"]


async def test_events_are_listed_for_a_day(school_routes: SchoolRoutes, server: dict[str, Any]) -> None:
    school = school_routes
    await posts(school, server, event(1))
    school.clock.advance(KEPT_S)
    await posts(school, server, event(2))
    school.tokens["anna"] = await school.identity.issue_access_token("anna")
    page = await history(school, server)
    assert [each["id"] for each in page["items"]] == ["e2"]
    assert page["complete"] is False
