"""What a session tells of itself to someone who comes late."""

import json

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import a_session
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.legacy.endpoints import called
from toolboxai.legacy.questions import Recall, Recalled
from toolboxai.platform.content.records.sessions import Change, SessionError, Stage, Status
from toolboxai.platform.content.run.events import failure, progress_update
from toolboxai.platform.content.run.story import session_story

NOW = 1_780_000_100.0


@pytest.fixture
async def store(database: AsyncEngine) -> DatabaseContentStore:
    store = DatabaseContentStore(database)
    await store.create(a_session(), active_limit=5)
    return store


async def happens(store: DatabaseContentStore, count: int) -> None:
    events = tuple(progress_update("gen_1", Stage.LESSON, 40, "reads", None) for _ in range(count))
    change = Change(attempt=1, at=NOW, status=Status.RUNNING, stage=Stage.LESSON, percent=40, events=events)
    await store.record("gen_1", change)


async def fails(store: DatabaseContentStore) -> None:
    error = SessionError("GENERATION_FAILED", "no luck", Stage.LESSON, retry_possible=True)
    change = Change(attempt=1, at=NOW, status=Status.FAILED, error=error, events=(failure("gen_1", error),))
    await store.record("gen_1", change)


async def told(
    store: DatabaseContentStore, *, after: int | None = None, before: int | None = None, acknowledged: int = 0
) -> Recalled:
    call = called("/ws/content/gen_1")
    assert call is not None
    recalled = await session_story(
        store, Recall(call, "gen_1", None, after, before), acknowledged=acknowledged
    )
    assert recalled is not None
    return recalled


def numbers(recalled: Recalled) -> list[int]:
    assert all(json.loads(text)["seq"] == number for number, text in recalled.events)
    return [number for number, _ in recalled.events]


async def test_before_anything_has_happened_it_waits(store: DatabaseContentStore) -> None:
    recalled = await told(store)
    assert recalled == Recalled(
        {"status": "queued", "stage": None, "progress_percent": 0, "attempt": 1}, [], 0
    )


async def test_in_the_midst_of_it_all_events_and_where_it_stands(store: DatabaseContentStore) -> None:
    await happens(store, 3)
    recalled = await told(store)
    assert recalled.state == {
        "status": "running",
        "stage": "lesson_generation",
        "progress_percent": 40,
        "attempt": 1,
    }
    assert (numbers(recalled), recalled.last_seq) == ([1, 2, 3], 3)
    assert numbers(await told(store, after=1)) == [2, 3]
    assert numbers(await told(store, after=7)) == []
    assert numbers(await told(store, after=0, before=3)) == [1, 2]
    assert numbers(await told(store, acknowledged=2)) == [3]
    assert numbers(await told(store, after=0, acknowledged=2)) == [1, 2, 3]


async def test_how_it_ended_is_told_to_whoever_does_not_say_that_it_is_known(
    store: DatabaseContentStore,
) -> None:
    await happens(store, 2)
    await fails(store)
    recalled = await told(store, acknowledged=3)
    assert numbers(recalled) == [3]
    assert recalled.state["error"] == {"error_code": "GENERATION_FAILED", "message": "no luck"}
    assert numbers(await told(store, after=3)) == []


async def test_a_number_that_no_event_has_had_acknowledges_nothing(store: DatabaseContentStore) -> None:
    await happens(store, 2)
    assert numbers(await told(store, acknowledged=2)) == []
    assert numbers(await told(store, acknowledged=3)) == [1, 2]


async def test_of_very_many_the_newest(store: DatabaseContentStore) -> None:
    await happens(store, 230)
    assert numbers(await told(store)) == list(range(31, 231))
    assert numbers(await told(store, after=0, before=31)) == list(range(1, 31))


async def test_a_session_that_is_gone_has_no_story(store: DatabaseContentStore) -> None:
    call = called("/ws/content/gen_9")
    assert call is not None
    assert await session_story(store, Recall(call, "gen_9", None), acknowledged=0) is None
