"""Answers to quizzes, on SQLite and on Postgres."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import a_session
from toolboxai.adapters.database.attempts import DatabaseAttemptStore
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.content_tables import SessionRow
from toolboxai.platform.attempts.model import Attempt, KeptAnswer, Place, Source

NOW = 1_780_000_000.0


@pytest.fixture
async def store(database: AsyncEngine) -> DatabaseAttemptStore:
    content = DatabaseContentStore(database)
    for number in (1, 2):
        await content.create(a_session(number), active_limit=9)
    return DatabaseAttemptStore(database)


def answer(question_id: str, given: Any = "rain", score: float = 1.0) -> KeptAnswer:
    return KeptAnswer(question_id, given, score == 1, score, NOW)


def an_attempt(number: int, *answers: KeptAnswer, user_id: str = "user_9", **changes: Any) -> Attempt:
    values: dict[str, Any] = {
        "id": f"attempt_{number}",
        "content_id": "content_1",
        "revision": 1,
        "organization_id": "org_1",
        "user_id": user_id,
        "class_id": None,
        "source": Source.PAGE,
        "created_at": NOW + number,
        "answers": answers or (answer("q1"),),
        **changes,
    }
    return Attempt(**values)


async def test_attempts_are_kept_with_whatever_was_answered_and_found_by_what_they_are_of(
    store: DatabaseAttemptStore,
) -> None:
    one = an_attempt(1, answer("q2", ["a", "ü"], 0.5), answer("q10", {"a": "b"}), answer("q11", 1.5))
    two = an_attempt(2, class_id="class_1", user_id="user_8", source=Source.GAME)
    three = an_attempt(3, content_id="content_2", revision=7)
    for each in (one, two, three):
        assert await store.add(each, most=9) == each

    async def found(**wanted: Any) -> list[str]:
        asked = {"content_id": None, "class_id": None, "user_id": None, "limit": 9, **wanted}
        return [each.id for each in await store.attempts(**asked)]

    assert await store.attempts(content_id="content_1", class_id=None, user_id=None, limit=9) == [two, one]
    assert await found() == ["attempt_3", "attempt_2", "attempt_1"]
    assert await found(user_id="user_9") == ["attempt_3", "attempt_1"]
    assert await found(class_id="class_1", user_id="user_9") == []
    assert await found(before=Place(three.created_at, three.id), limit=1) == ["attempt_2"]


async def test_answers_to_one_question_are_numbered_and_so_many_are_kept(store: DatabaseAttemptStore) -> None:
    first = await store.add(an_attempt(1, answer("q1"), answer("q2")), most=2)
    second = await store.add(an_attempt(2, answer("q1"), answer("q3")), most=2)
    assert first is not None
    assert second is not None
    assert [each.nth for each in (*first.answers, *second.answers)] == [1, 1, 2, 1]
    assert await store.add(an_attempt(3, answer("q1"), answer("q4")), most=2) is None
    assert len(await store.attempts(content_id=None, class_id=None, user_id=None, limit=9)) == 2


async def test_answers_at_the_same_moment_are_numbered_one_after_the_other(
    store: DatabaseAttemptStore,
) -> None:
    made = await asyncio.gather(*(store.add(an_attempt(number), most=9) for number in range(4)))
    assert sorted(each.answers[0].nth for each in made if each is not None) == [1, 2, 3, 4]


async def test_one_key_of_a_pupil_is_one_attempt(store: DatabaseAttemptStore) -> None:
    one = an_attempt(1, idempotency_key="k", request_sha256="a" * 64)
    made = await asyncio.gather(*(store.add(replace(one, id=f"attempt_{n}"), most=9) for n in range(3)))
    assert len({each.id for each in made if each is not None}) == 1
    assert await store.by_key("user_9", "k") == made[0]
    assert await store.by_key("user_8", "k") is None
    other = an_attempt(8, idempotency_key="k", user_id="user_8")
    assert await store.add(other, most=9) == other


async def test_the_first_answers_are_those_of_each_pupil_in_each_class(store: DatabaseAttemptStore) -> None:
    for each in (
        an_attempt(1, answer("q1", "ice", 0), class_id="class_1"),
        an_attempt(2, answer("q1"), answer("q2"), class_id="class_2"),
        an_attempt(3, answer("q1", "fog", 0), class_id="class_2"),
        an_attempt(4, answer("q1"), user_id="user_owner"),
        an_attempt(5, answer("q1"), content_id="content_2"),
    ):
        await store.add(each, most=9)

    async def firsts(class_id: str | None) -> list[tuple[str, Any, float]]:
        found = await store.first_answers("content_1", class_id=class_id, without="user_owner")
        return [(each.question_id, each.answer, each.score) for each in found]

    assert await firsts(None) == [("q1", "ice", 0), ("q2", "rain", 1)]
    assert await firsts("class_1") == [("q1", "ice", 0)]
    assert await firsts("class_2") == [("q1", "rain", 1), ("q2", "rain", 1)]


async def test_answers_leave_with_their_content(database: AsyncEngine, store: DatabaseAttemptStore) -> None:
    await store.add(an_attempt(1), most=9)
    async with database.begin() as connection:
        await connection.execute(delete(SessionRow).where(SessionRow.id == "gen_1"))
    assert await store.attempts(content_id=None, class_id=None, user_id=None, limit=9) == []


async def test_a_batch_is_kept_whole_once_or_not_at_all(store: DatabaseAttemptStore) -> None:
    def one(number: int, key: str, user_id: str = "player_1", **changes: Any) -> Attempt:
        return an_attempt(number, user_id=user_id, idempotency_key=key, request_sha256="x", **changes)

    first = await store.add_all([one(1, "a"), one(2, "b"), one(3, "a", "player_2")], most=3)
    assert [each and (each.id, each.answers[0].nth) for each in first] == [
        ("attempt_1", 1),
        ("attempt_2", 2),
        ("attempt_3", 1),
    ]
    again = await store.add_all([one(4, "b"), one(5, "c")], most=3)
    assert [each and (each.id, each.answers[0].nth) for each in again] == [("attempt_2", 2), ("attempt_5", 3)]
    full = await store.add_all([one(6, "d", "player_3"), one(7, "e"), one(8, "a")], most=3)
    assert [each and each.id for each in full] == ["attempt_6", None, "attempt_1"]
    other = await store.add_all([one(9, "d", "player_3"), replace(one(10, "a"), request_sha256="y")], most=3)
    assert [each and each.id for each in other] == ["attempt_9", "attempt_1"]
    there = await store.attempts(content_id=None, class_id=None, user_id=None, limit=9)
    assert sorted(each.id for each in there) == ["attempt_1", "attempt_2", "attempt_3", "attempt_5"]


async def test_the_same_batch_twice_at_the_same_moment_is_kept_once(store: DatabaseAttemptStore) -> None:
    def batch(first: int) -> list[Attempt]:
        return [
            an_attempt(first + at, user_id="player_1", idempotency_key=f"k{at}", request_sha256="x")
            for at in range(3)
        ]

    kept = await asyncio.gather(*(store.add_all(batch(10 * turn), most=9) for turn in (1, 2, 3)))
    assert len({tuple(each and each.id for each in one) for one in kept}) == 1
    assert len(await store.attempts(content_id=None, class_id=None, user_id=None, limit=99)) == 3
