"""Content sessions as a whole: store, job engine and offline engine are the real ones."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import a_request, a_session, a_teacher
from running_service import ANNA, BEN, Running, running
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.errors import (
    Conflict,
    ContentFailed,
    RateLimitExceeded,
    ResourceNotFound,
    SourceRequired,
    ValidationError,
)
from toolboxai.platform.content.records.sessions import STAGES, Change, Stage, Status
from toolboxai.platform.content.run.events import private_channel, public_channel
from toolboxai.platform.content.run.limits import RunLimits
from toolboxai.platform.runs.events import StoredEvent

pytestmark = pytest.mark.timeout(60)

ELSEWHERE = a_teacher("user_1", "org_2")
FOREIGN = [BEN, ELSEWHERE]


class Store(DatabaseContentStore):
    """The real one, which can be made to be away for so many writes of a stage's result."""

    away = 0

    async def record(self, session_id: str, change: Change) -> Sequence[StoredEvent]:
        if change.artefact is not None and self.away:
            self.away -= 1
            raise OperationalError("UPDATE content_sessions", None, Exception("database is locked"))
        return await super().record(session_id, change)


@pytest.fixture
def run(database: AsyncEngine, migrated_url: str) -> Callable[..., Any]:
    return lambda **options: running(Running(Store(database), migrated_url, **options))


@pytest.fixture
async def there(run: Callable[..., Any]) -> AsyncIterator[Running[Store]]:
    async with run() as begun:
        yield begun


async def test_a_text_becomes_a_lesson_and_a_quiz(there: Running[Store]) -> None:
    started = await there.service.generate(ANNA, a_request())
    assert started.id.startswith("gen_")
    assert started.content_id.startswith("content_")
    assert len(started.id) >= 4 + 25  # 128 bits in base 36
    said = await there.listener.until_over(started.id)
    assert said[-1]["type"] == "generation_complete"
    session = await there.service.session(ANNA, started.id)
    assert (session.status, session.percent) == (Status.COMPLETE, 100)
    content = await there.service.downloads.content(ANNA, started.content_id)
    assert said[-1]["data"]["summary"]["quiz_questions"] == content.edition.summary.quiz_questions
    events = await there.service.events(ANNA, started.id, after=2, limit=3)
    assert [event.seq for event in events] == [3, 4, 5]


async def test_what_cannot_be_served_is_refused_before_anything_is_kept(there: Running[Store]) -> None:
    with pytest.raises(SourceRequired):
        await there.generate(source_text="  ")
    with pytest.raises(ValidationError) as fault:
        await there.generate(duration_minutes=1, num_questions=0)
    assert set(fault.value.details["fields"]) == {"duration_minutes", "num_questions"}
    assert await there.service.sessions(ANNA, limit=9) == []


async def test_the_same_key_leads_to_the_same_session_and_another_request_under_it_is_refused(
    there: Running[Store],
) -> None:
    first = await there.service.generate(ANNA, a_request(), idempotency_key="once")
    again = await there.service.generate(ANNA, a_request(), idempotency_key="once")
    assert again.id == first.id
    with pytest.raises(Conflict, match=first.id):
        await there.service.generate(ANNA, a_request(seed=2), idempotency_key="once")
    assert (await there.service.generate(BEN, a_request(), idempotency_key="once")).id != first.id
    await there.listener.until_over(first.id)
    assert there.engine.calls.count(Stage.ANALYSIS) <= 2


async def test_a_user_has_so_many_at_once(run: Callable[..., Any]) -> None:
    async with run(limits=RunLimits(active_per_user=2)) as there:
        there.engine.waits_in = Stage.ANALYSIS
        first, second = await there.generate(), await there.generate()
        with pytest.raises(RateLimitExceeded) as fault:
            await there.generate()
        assert fault.value.retry_after_s > 0
        await there.service.generate(BEN, a_request())
        await there.service.cancel(ANNA, first)
        third = await there.generate()
        with pytest.raises(RateLimitExceeded):
            await there.service.retry(ANNA, first)
        await there.service.cancel(ANNA, third)
        # There is room for one, whichever comes first.
        retried = await asyncio.gather(
            *(there.service.retry(ANNA, one) for one in (first, third)), return_exceptions=True
        )
        [refused] = [one for one in retried if isinstance(one, BaseException)]
        assert isinstance(refused, RateLimitExceeded)
        [goes_on] = [one for one in retried if not isinstance(one, BaseException)]
        there.engine.go.set()
        await there.listener.until_over(second)
        await there.listener.until_over(goes_on.id, times=2)


async def test_others_learn_nothing_of_a_session(there: Running[Store]) -> None:
    session_id = await there.generate()
    await there.listener.until_over(session_id)
    content_id = (await there.service.session(ANNA, session_id)).content_id
    service, downloads = there.service, there.service.downloads
    for who in FOREIGN:
        for ask in (
            service.session(who, session_id),
            service.events(who, session_id, after=0, limit=9),
            service.cancel(who, session_id),
            service.retry(who, session_id),
            downloads.content(who, content_id),
        ):
            with pytest.raises(ResourceNotFound):
                await ask
        assert await service.sessions(who, limit=9) == []
    with pytest.raises(ResourceNotFound):
        await service.session(ANNA, "gen_unknown")


async def test_a_failed_session_is_retried_from_the_stage_that_failed(there: Running[Store]) -> None:
    there.engine.faults[Stage.QUIZ] = ContentFailed("PROVIDER_UNAVAILABLE", "away", retryable=True)
    session_id = await there.generate()
    said = await there.listener.until_over(session_id)
    assert said[-1]["data"]["details"] == {
        "stage": "quiz_generation",
        "retry_possible": True,
        "terminal": True,
    }
    there.engine.faults.clear()
    session = await there.service.retry(ANNA, session_id)
    assert (session.attempt, session.error) == (2, None)
    said = await there.listener.until_over(session_id, times=2)
    assert said[-1]["type"] == "generation_complete"
    assert there.engine.calls == [*STAGES[:3], *STAGES[2:]]
    with pytest.raises(Conflict, match="is complete"):
        await there.service.retry(ANNA, session_id)
    with pytest.raises(Conflict, match="is over"):
        await there.service.cancel(ANNA, session_id)


async def test_a_failure_that_a_retry_cannot_help_is_not_retried(there: Running[Store]) -> None:
    session_id = await there.generate(source_text="Water is wet.")
    said = await there.listener.until_over(session_id)
    assert said[-1]["data"]["error_code"] == "SOURCE_TOO_SHORT"
    with pytest.raises(Conflict, match="cannot help"):
        await there.service.retry(ANNA, session_id)


async def test_a_cancel_before_a_stage_has_said_anything_names_that_stage(there: Running[Store]) -> None:
    there.engine.waits_in, there.engine.speaks = Stage.LESSON, False
    session_id = await there.generate()
    await there.engine.waiting.wait()
    await there.service.cancel(ANNA, session_id)
    last = there.listener.on(private_channel(session_id))[-2:]
    assert [each["type"] for each in last] == ["stage_complete", "error"]
    assert last[0]["data"]["completed_stage"] == Stage.ANALYSIS
    assert last[1]["data"]["details"]["stage"] == Stage.LESSON


async def test_a_cancel_is_told_at_once_and_leaves_no_file(there: Running[Store]) -> None:
    there.engine.waits_in = Stage.PACKAGING
    session_id = await there.generate()
    await there.engine.waiting.wait()
    session = await there.service.cancel(ANNA, session_id)
    assert session.status is Status.CANCELLED
    assert (await there.service.cancel(ANNA, session_id)).status is Status.CANCELLED
    said = there.listener.on(private_channel(session_id))
    assert said[-1]["data"]["error_code"] == "GENERATION_CANCELLED"
    assert said[-1]["data"]["details"]["terminal"] is True
    there.engine.go.set()
    with pytest.raises(ResourceNotFound):
        await there.service.downloads.content(ANNA, session.content_id)
    assert await there.store.files(session.content_id) == []

    await there.service.retry(
        ANNA, session_id
    )  # a second thought: the thread of the first try may still be ending
    said = await there.listener.until_over(session_id, times=2)
    assert [event["type"] for event in said].count("error") == 1
    assert said[-1]["type"] == "generation_complete"
    assert [event["seq"] for event in said] == list(range(1, len(said) + 1))


async def test_the_list_goes_page_by_page_newest_first(there: Running[Store]) -> None:
    made = [await there.generate(seed=seed) for seed in range(3)]
    for session_id in made:
        await there.listener.until_over(session_id)
    first = await there.service.sessions(ANNA, limit=2)
    rest = await there.service.sessions(ANNA, limit=2, before=(first[-1].created_at, first[-1].id))
    assert [session.id for session in (*first, *rest)] == made[::-1]
    assert [session.id for session in await there.service.sessions(ANNA, limit=9, status=Status.FAILED)] == []


async def test_a_channels_history_is_in_the_form_of_that_channel(there: Running[Store]) -> None:
    session_id = await there.generate()
    await there.listener.until_over(session_id)
    for channel in (private_channel(session_id), public_channel(session_id)):
        told = there.listener.on(channel)
        kept = await there.service.channel_history(channel, after=1, limit=100)
        assert [dict(event.data) for event in kept] == [said["data"] for said in told[1:]]
    for channel in ("private-content-generation-gen_unknown", "test-channel"):
        with pytest.raises(ResourceNotFound):
            await there.service.channel_history(channel, after=0, limit=9)


async def test_the_next_process_goes_on_where_this_one_ended(run: Callable[..., Any]) -> None:
    async with run() as first:
        finished = await first.generate()
        await first.listener.until_over(finished)
        first.engine.waits_in = Stage.QUIZ
        session_id = await first.generate(seed=1)
        await first.engine.waiting.wait()
        # the process ends here, in the middle of the quiz
    before = first.listener.on(private_channel(session_id))
    async with run() as second:
        restored = second.listener.restored
        assert restored[private_channel(finished)] == first.listener.on(private_channel(finished))
        after = await second.listener.until_over(session_id)
    assert second.engine.calls == [Stage.QUIZ, Stage.PACKAGING]
    again = restored[private_channel(session_id)]
    assert before[: len(again)] == again  # put back as it was told
    numbers = [event["seq"] for event in (*again, *after)]
    assert numbers == list(range(1, len(numbers) + 1))
    everything = [event["type"] for event in (*again, *after)]
    assert everything.count("stage_complete") == 4
    assert everything[-1] == "generation_complete"


async def test_a_session_whose_job_was_never_begun_is_begun_by_the_next_process(
    run: Callable[..., Any], database: AsyncEngine
) -> None:
    await DatabaseContentStore(database).create(a_session(), active_limit=5)  # and then the process was gone
    async with run() as there:
        said = await there.listener.until_over("gen_1")
    assert said[-1]["type"] == "generation_complete"


async def test_many_at_once_all_come_to_their_end(there: Running[Store]) -> None:
    made = await asyncio.gather(*(there.generate(seed=seed) for seed in range(5)))
    for session_id in made:
        said = await there.listener.until_over(session_id)
        assert said[-1]["type"] == "generation_complete"
        assert [event["seq"] for event in said] == list(range(1, len(said) + 1))


async def test_a_session_whose_results_could_not_be_kept_for_a_while_goes_on(run: Callable[..., Any]) -> None:
    async with run(watch_s=0.05) as there:
        there.store.away = 4  # more often than the job engine tries
        session_id = await there.generate()
        said = await there.listener.until_over(session_id)
        assert said[-1]["type"] == "generation_complete"
        assert [event["seq"] for event in said] == list(range(1, len(said) + 1))


async def test_a_session_whose_results_can_never_be_kept_fails_and_can_be_retried(
    run: Callable[..., Any],
) -> None:
    async with run(watch_s=0.05) as there:
        there.store.away = 1000
        session_id = await there.generate()
        said = await there.listener.until_over(session_id)
        assert (said[-1]["type"], said[-1]["data"]["error_code"]) == ("error", "GENERATION_FAILED")
        assert said[-1]["data"]["details"]["retry_possible"]
        assert (await there.service.session(ANNA, session_id)).status is Status.FAILED
        there.store.away = 0
        await there.service.retry(ANNA, session_id)
        said = await there.listener.until_over(session_id, 2)
        assert said[-1]["type"] == "generation_complete"
