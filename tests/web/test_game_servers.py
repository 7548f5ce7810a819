"""Tokens for running worlds, and the answers that those post: graded here, kept, told to the teacher, counted."""

import logging
import random
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from classroom_parts import CONTENT, SESSION, SchoolRoutes, code_of
from toolboxai.adapters.database.attempt_tables import AttemptRow
from toolboxai.adapters.database.audit import AuditRow
from toolboxai.adapters.database.game_servers import GameServerRow
from toolboxai.platform.attempts import players
from toolboxai.platform.attempts.model import ANSWERS_MOST
from toolboxai.platform.games import service
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.messages.registry import validate
from toolboxai.platform.roblox.model.spec import WorldLesson, WorldSpec
from toolboxai.platform.roblox.records.environments import NewEnvironment, Wish
from world_parts import a_wish

OTTER, HERON = (str(UUID(int=random.Random(seed).getrandbits(128), version=4)) for seed in (1, 2))


def name(player: str) -> str:
    return f"Player {player[:6].upper()}"


async def a_world(
    school: SchoolRoutes, who: str = "anna", number: int = 1, content_id: str | None = CONTENT
) -> str:
    """A world of the lesson, or without one, as it is kept when it was asked for."""
    wish: Wish = a_wish(content_id=content_id)
    owner = await school.identity.user(school.ids[who])
    lesson = WorldLesson(content_id=CONTENT, revision=1, title="", language="en", boards=(), questions=())
    about = {
        each: getattr(wish, each) for each in ("name", "theme", "size", "features", "seed", "max_players")
    }
    environment_id = f"env_{number}"
    new = NewEnvironment(
        id=environment_id,
        organization_id=owner.organization_id,
        owner_id=owner.id,
        wish=wish,
        spec=WorldSpec(environment_id=environment_id, lesson=lesson if content_id else None, **about),
        idempotency_key=None,
        at=school.clock.now(),
    )
    assert await school.worlds.create(new, active_limit=9) is not None
    return environment_id


async def a_server(school: SchoolRoutes, who: str = "anna", environment_id: str = "env_1") -> dict[str, Any]:
    made = await school.ask(who, "POST", "game-servers", json={"environment_id": environment_id})
    assert made.status_code == 201, made.text
    return dict(made.json())


async def posts(school: SchoolRoutes, server: dict[str, Any], *answers: Any) -> httpx2.Response:
    """A batch, each answer as id, player, question and what was answered."""
    keys = ("id", "player", "question_id", "answer")
    batch = [each if isinstance(each, dict) else dict(zip(keys, each, strict=True)) for each in answers]
    bearer = {"Authorization": f"Bearer {server['token']}"}
    return await school.http.post(server["scores_url"], json={"answers": batch}, headers=bearer)


async def kept(school: SchoolRoutes, who: str = "anna", **about: Any) -> list[Any]:
    asked = {"content_id": CONTENT, **about}
    return list((await school.ask(who, "GET", "attempts", params=asked)).json()["items"])


async def test_a_token_is_shown_once_and_kept_as_a_hash_alone(
    school_routes: SchoolRoutes, database: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "toolboxai")
    school = school_routes
    await a_world(school)
    about = {"environment_id": "env_1", "name": "7b"}
    made = await school.ask("anna", "POST", "game-servers", json=about)
    server = made.json()
    token = server.pop("token")
    assert len(token) > 50
    assert made.headers["location"] == f"/api/v1/game-servers/{server['game_server_id']}"
    assert made.headers["cache-control"] == "no-store"
    assert server["scores_url"] == f"{made.headers['location']}/answers"
    listed = await school.ask("anna", "GET", "game-servers", params={"environment_id": "env_1"})
    assert listed.json() == {"items": [server]}
    await posts(school, {**server, "token": token}, ("a", OTTER, "q1", "rain"))
    gone = await school.ask("anna", "DELETE", f"game-servers/{server['game_server_id']}")
    assert gone.status_code == 204
    async with database.connect() as connection:
        noted = (await connection.execute(select(AuditRow.__table__).order_by(AuditRow.id))).all()
    assert [(each.action, each.kind, each.resource_id) for each in noted[-2:]] == [
        ("game_server_added", "game_server", server["game_server_id"]),
        ("game_server_revoked", "game_server", server["game_server_id"]),
    ]
    assert token not in str(noted)
    assert token not in caplog.text
    assert OTTER.replace("-", "") not in caplog.text


async def test_game_servers_are_for_the_owner_of_a_world_with_a_lesson(
    school_routes: SchoolRoutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = school_routes
    await a_world(school)
    server = await a_server(school)
    own = f"game-servers/{server['game_server_id']}"
    for who, refusal in (
        ("ben", (404, "RESOURCE_NOT_FOUND")),
        ("olga", (404, "RESOURCE_NOT_FOUND")),
        ("sam", (403, "INSUFFICIENT_PERMISSIONS")),
        (None, (401, "AUTHENTICATION_REQUIRED")),
    ):
        about = {"environment_id": "env_1"}
        assert code_of(await school.ask(who, "POST", "game-servers", json=about)) == refusal
        assert code_of(await school.ask(who, "GET", "game-servers", params=about)) == refusal
        assert code_of(await school.ask(who, "DELETE", own)) == refusal
    await a_world(school, number=2)
    monkeypatch.setattr(service, "SERVERS_MOST", 1)
    again = await school.ask("anna", "POST", "game-servers", json={"environment_id": "env_1"})
    assert code_of(again) == (409, "CONFLICT")
    await a_server(school, environment_id="env_2")
    await a_world(school, number=9, content_id=None)
    nothing = await school.ask("anna", "POST", "game-servers", json={"environment_id": "env_9"})
    assert code_of(nothing) == (409, "CONFLICT")
    assert "without a lesson" in nothing.json()["message"]
    assert code_of(await school.ask("anna", "DELETE", "game-servers/%00")) == (404, "RESOURCE_NOT_FOUND")


async def test_a_batch_is_graded_here_kept_and_told_to_the_teacher_alone(school_routes: SchoolRoutes) -> None:
    school = school_routes
    await a_world(school)
    server = await a_server(school)
    at = "2026-05-28T20:20:00Z"
    made = await posts(
        school,
        server,
        {"id": "a", "player": OTTER, "question_id": "q1", "answer": " RAIN.", "answered_at": at},
        ("b", OTTER.upper(), "q1", "fog"),
        ("a", HERON, "q6", ["rain", "sea", "river"]),
    )
    assert made.status_code == 200
    assert made.json()["items"] == [
        {"id": "a", "correct": True, "score": 1.0, "fresh": True},
        {"id": "b", "correct": False, "score": 0.0, "fresh": True},
        {"id": "a", "correct": False, "score": pytest.approx(1 / 3), "fresh": True},
    ]
    channel = f"private-user-{school.ids['anna']}"
    assert {heard for heard, _ in school.listener.heard} == {channel}
    told = school.listener.on(channel)
    assert [each["data"]["name"] for each in told] == [name(OTTER), name(OTTER), name(HERON)]
    assert told[0]["data"]["user_id"] == f"player_{OTTER.replace('-', '')}"
    assert [validate(each) for each in told] == [[]] * 3
    for who in ("ben", "sam", "ada"):
        assert not await school.follows(who, channel)
    # Results: each player's first answer, in the world alone, and as a table.
    assert {each["environment_id"] for each in await kept(school)} == {"env_1"}
    assert {each["source"] for each in await kept(school, environment_id="env_1")} == {"world"}
    assert await kept(school, environment_id="env_2") == []
    about = {"content_id": CONTENT, "environment_id": "env_1"}
    results = (await school.ask("anna", "GET", "attempts/results", params=about)).json()
    assert results["environment_id"] == "env_1"
    assert [(each["name"], each["answered"], each["right"]) for each in results["pupils"]] == sorted(
        [(name(OTTER), 1, 1), (name(HERON), 1, 0)]
    )
    assert (results["questions"][0]["answered"], results["questions"][0]["right"]) == (1, 1)
    table = await school.ask("anna", "GET", "attempts/results", params={**about, "format": "csv"})
    assert name(HERON) in table.text
    elsewhere = {"content_id": CONTENT, "environment_id": "env_2"}
    assert (await school.ask("anna", "GET", "attempts/results", params=elsewhere)).json()["pupils"] == []


async def test_a_batch_that_comes_again_has_one_effect(school_routes: SchoolRoutes) -> None:
    school = school_routes
    await a_world(school)
    server = await a_server(school)
    first = [("a", OTTER, "q1", "rain"), ("b", HERON, "q1", "fog")]
    await posts(school, server, *first)
    again = await posts(school, server, *first, ("c", OTTER, "q2", True))
    assert [each["fresh"] for each in again.json()["items"]] == [False, False, True]
    assert len(await kept(school)) == 3
    assert len(school.listener.heard) == 3
    # The ids are the world's own: those of another world are others.
    await a_world(school, number=2)
    other = await a_server(school, environment_id="env_2")
    assert (await posts(school, other, first[0])).json()["items"][0]["fresh"] is True


async def test_what_cannot_be_taken_is_named_one_by_one_and_nothing_is_kept(
    school_routes: SchoolRoutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = school_routes
    await a_world(school)
    server = await a_server(school)
    ahead = {
        "id": "e",
        "player": OTTER,
        "question_id": "q1",
        "answer": "x",
        "answered_at": "2036-01-01T00:00:00Z",
    }
    good = ("a", OTTER, "q1", "rain")
    refused = await posts(school, server, good, ("b", OTTER, "q77", "x"), ("c", HERON, "q6", 7), good, ahead)
    assert code_of(refused) == (422, "VALIDATION_ERROR")
    assert sorted(refused.json()["details"]["fields"]) == [
        "answers[1].question_id",
        "answers[2].answer",
        "answers[3].id",
        "answers[4].answered_at",
    ]
    # Neither a name nor the number of an account is a player.
    for player in ("Otter", "90210777", OTTER + "x", None):
        bare = await posts(school, server, {**ahead, "answered_at": None, "player": player})
        assert list(bare.json()["details"]["fields"]) == ["answers.0.player"]
    assert await kept(school) == []
    assert (await posts(school, server, good)).status_code == 200
    changed = await posts(school, server, ("d", HERON, "q1", "ice"), ("a", OTTER, "q1", "ice"))
    assert list(changed.json()["details"]["fields"]) == ["answers[1].id"]
    monkeypatch.setattr(players, "NTH_MOST", 2)
    full = await posts(school, server, *((f"f{at}", OTTER, "q1", "fog") for at in range(2)))
    assert list(full.json()["details"]["fields"]) == ["answers[1].question_id"]
    assert len(await kept(school)) == 1
    assert len(school.listener.heard) == 1


async def test_a_batch_has_bounds(school_routes: SchoolRoutes) -> None:
    school = school_routes
    await a_world(school)
    server = await a_server(school)
    most = [(f"a{at}", OTTER, f"q{1 + at % 2}", "x") for at in range(ANSWERS_MOST)]
    assert (await posts(school, server, *most)).status_code == 200
    assert (await posts(school, server, *most, ("b", OTTER, "q1", "x"))).status_code == 422
    assert (await posts(school, server)).status_code == 422
    long = await posts(school, server, *((f"c{at}", OTTER, "q1", "x" * 1000) for at in range(130)))
    assert code_of(long) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_game_server_has_sixty_requests_a_minute_and_hears_when_to_come_back(
    school_routes: SchoolRoutes, limiter: AttemptLimiter
) -> None:
    school = school_routes
    await a_world(school)
    server, other = await a_server(school), await a_server(school)
    # Whoever has no token of it cannot use them up.
    stranger = {**server, "token": other["token"]}
    for _ in range(3):
        assert (await posts(school, stranger, ("a", OTTER, "q1", "x"))).status_code == 401
    await limiter.admit(Attempts.GAME_SERVER, account=server["game_server_id"], tries=59)
    assert (await posts(school, server, ("a", OTTER, "q1", "x"))).status_code == 200
    late = await posts(school, server, ("b", OTTER, "q1", "x"))
    assert code_of(late) == (429, "RATE_LIMIT_EXCEEDED")
    assert 1 <= int(late.headers["retry-after"]) <= 60
    assert (await posts(school, other, ("b", OTTER, "q1", "x"))).status_code == 200


async def test_a_token_opens_one_door_for_as_long_as_its_owner_may_open_it(
    school_routes: SchoolRoutes,
) -> None:
    school = school_routes
    await a_world(school)
    await a_world(school, number=2)
    server, revoked = await a_server(school), await a_server(school)
    answer = ("a", OTTER, "q1", "rain")
    await school.ask("anna", "DELETE", f"game-servers/{revoked['game_server_id']}")
    refused = (401, "INVALID_TOKEN")
    assert code_of(await posts(school, revoked, answer)) == refused
    assert code_of(await posts(school, {**server, "token": school.tokens["anna"]}, answer)) == refused
    for strange in ("game_none", "game_%00", "%ed%a0%80", "x" * 300):
        nowhere = {**server, "scores_url": f"/api/v1/game-servers/{strange}/answers"}
        known = refused if strange == "game_none" else (404, "RESOURCE_NOT_FOUND")
        assert code_of(await posts(school, nowhere, answer)) == known
    in_url = await school.http.post(f"{server['scores_url']}?token={server['token']}", json={})
    assert code_of(in_url) == (401, "AUTHENTICATION_REQUIRED")
    bearer = {"Authorization": f"Bearer {server['token']}"}
    for path in ("attempts", "classes", "game-servers?environment_id=env_1"):
        assert code_of(await school.http.get(f"/api/v1/{path}", headers=bearer)) == refused
    await school.identity.disable("anna")
    assert code_of(await posts(school, server, answer)) == refused
    await school.identity.enable("anna")
    assert (await posts(school, server, answer)).status_code == 200


async def test_with_its_world_go_tokens_and_answers(
    school_routes: SchoolRoutes, database: AsyncEngine
) -> None:
    school = school_routes
    await a_world(school)
    server = await a_server(school)
    await posts(school, server, ("a", OTTER, "q1", "rain"))
    await school.worlds.remove("env_1")
    assert code_of(await posts(school, server, ("b", OTTER, "q1", "rain"))) == (401, "INVALID_TOKEN")
    async with database.connect() as connection:
        for table in (GameServerRow, AttemptRow):
            assert (await connection.execute(select(table.id))).all() == []


async def test_players_are_graded_by_the_quiz_that_their_world_asks(school_routes: SchoolRoutes) -> None:
    school = school_routes
    await a_world(school)
    server = await a_server(school)
    anna = await school.identity.authenticate(school.tokens["anna"])
    edited = [{"id": "q1", "correct_answer": "fog"}]
    await school.revising.edit(anna, CONTENT, {"quiz": {"questions": edited}}, expected=1)
    made = await posts(school, server, ("a", OTTER, "q1", "rain"), ("b", HERON, "q7", ["sky", "land"]))
    assert [each["correct"] for each in made.json()["items"]] == [True, True]
    assert {each["revision"] for each in await kept(school)} == {1}


async def test_a_teacher_with_a_world_of_anothers_lesson_hears_and_sees_what_is_answered_in_it(
    school_routes: SchoolRoutes,
) -> None:
    school = school_routes
    shared = await school.ask("anna", "POST", "shares", json={**SESSION, "user_id": school.ids["ben"]})
    await a_world(school, "ben")
    await a_world(school, "anna", 2)
    server, annas = await a_server(school, "ben"), await a_server(school, "anna", "env_2")
    await posts(school, server, ("a", OTTER, "q1", "rain"))
    await posts(school, annas, ("a", HERON, "q1", "rain"))
    told = [len(school.listener.on(f"private-user-{school.ids[who]}")) for who in ("anna", "ben")]
    assert told == [2, 1]
    assert [each["name"] for each in await kept(school, "ben", environment_id="env_1")] == [name(OTTER)]
    assert await kept(school, "ben", environment_id="env_2") == []
    about = {"content_id": CONTENT, "environment_id": "env_1"}
    results = await school.ask("ben", "GET", "attempts/results", params=about)
    assert [each["name"] for each in results.json()["pupils"]] == [name(OTTER)]
    about["environment_id"] = "env_2"
    foreign = await school.ask("ben", "GET", "attempts/results", params=about)
    assert code_of(foreign) == (403, "INSUFFICIENT_PERMISSIONS")
    await school.ask("anna", "DELETE", f"shares/{shared.json()['share_id']}")
    gone = await posts(school, server, ("b", OTTER, "q1", "rain"))
    assert code_of(gone) == (404, "RESOURCE_NOT_FOUND")


async def test_who_owns_a_world_alone_does_not_learn_who_is_in_a_class_of_the_lessons_owner(
    school_routes: SchoolRoutes,
) -> None:
    school = school_routes
    await school.ask("anna", "POST", "shares", json={**SESSION, "user_id": school.ids["ben"]})
    room = await school.a_class("anna")
    await school.joins(room["code"], "Fox")
    await school.ask("anna", "POST", "shares", json={**SESSION, "class_id": room["class_id"]})
    await a_world(school, "ben")
    about = {"content_id": CONTENT, "class_id": room["class_id"], "environment_id": "env_1"}
    asked = {who: await school.ask(who, "GET", "attempts/results", params=about) for who in ("anna", "ben")}
    names = {who: [each["name"] for each in answer.json()["pupils"]] for who, answer in asked.items()}
    assert names == {"anna": ["Fox"], "ben": []}


async def test_answers_are_kept_when_nobody_could_be_told(school_routes: SchoolRoutes) -> None:
    school = school_routes
    await a_world(school)
    server = await a_server(school)
    school.listener.failing = True
    made = await posts(school, server, ("a", OTTER, "q1", "rain"), ("b", OTTER, "q2", True))
    assert made.status_code == 200
    assert len(await kept(school)) == 2
