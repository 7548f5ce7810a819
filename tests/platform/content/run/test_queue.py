"""Those who wait: told their place, served fairly, and in line again after a restart."""

import asyncio
import random
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from running_service import ANNA, BEN, Running, running
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.errors import Conflict
from toolboxai.platform.content.records.sessions import STAGES, Stage, Status
from toolboxai.platform.content.run import queue
from toolboxai.platform.content.run.events import private_channel, public_channel
from toolboxai.platform.content.run.limits import RunLimits
from toolboxai.platform.runs.watch import WATCH_S

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_TELL_S", 0.01)


class School(Running[DatabaseContentStore]):
    """A service in which one session runs at once, and whoever has a turn waits in its first stage."""

    def __init__(
        self, store: DatabaseContentStore, url: str, watch_s: float = WATCH_S, go: bool = False, **limits: Any
    ) -> None:
        super().__init__(store, url, limits=RunLimits(**{"at_once": 1, **limits}), watch_s=watch_s)
        self.engine.waits_in = Stage.ANALYSIS
        if go:
            self.engine.go.set()

    def places(self, session_id: str) -> list[int]:
        said = [each["data"] for each in self.listener.on(private_channel(session_id))]
        return [data["queue_position"] for data in said if "queue_position" in data]

    async def at(self, **places: int) -> None:
        await self.listener.until(
            lambda: all((self.places(session) or [0])[-1] == place for session, place in places.items())
        )

    def order_of_ends(self) -> list[str]:
        return [
            said["data"]["session_id"]
            for channel, said in self.listener.heard
            if said["type"] == "generation_complete" and channel.startswith("private-")
        ]


@pytest.fixture
def run(database: AsyncEngine, migrated_url: str) -> Callable[..., Any]:
    return lambda **limits: running(School(DatabaseContentStore(database), migrated_url, **limits))


async def test_one_users_five_sessions_do_not_delay_anothers_one_and_all_know_their_place(
    run: Callable[..., Any],
) -> None:
    async with run() as there:
        annas = [await there.generate() for _ in range(5)]
        await there.engine.waiting.wait()
        await there.at(**{annas[1]: 1, annas[4]: 4})
        bens = await there.generate(BEN)
        await there.at(**{bens: 1, annas[1]: 2, annas[4]: 5})
        assert there.service.load == (1, 5)
        first = there.listener.on(private_channel(bens))[0]
        assert first["data"] == {
            "session_id": bens,
            "stage": "content_analysis",
            "progress_percent": 0,
            "message": "Waiting for a turn: next in line",
            "estimated_completion": None,
            "queue_position": 1,
        }
        public = there.listener.on(public_channel(bens))[0]["data"]
        assert (public["message"], public["queue_position"]) == ("Waiting for a turn", 1)
        assert (await there.service.session(BEN, bens)).status is Status.QUEUED
        there.engine.go.set()
        await there.listener.until_over(annas[4])
        assert there.order_of_ends() == [annas[0], bens, *annas[1:]]
        for each in [*annas[1:], bens]:
            places = there.places(each)
            assert all(before != after for before, after in pairwise(places)), "told on change only"
            said = there.listener.on(private_channel(each))
            begun = [event for event in said if "queue_position" not in event["data"]]
            assert said.index(begun[0]) == len(places), "none after it began"
            assert [event["seq"] for event in said] == list(range(1, len(said) + 1))


async def test_who_waits_after_others_of_its_size_is_told_when_it_will_be_done(
    run: Callable[..., Any],
) -> None:
    async with run() as there:
        there.engine.go.set()
        await there.listener.until_over(await there.generate())
        there.engine.go.clear()
        await there.generate()
        waiting = [await there.generate() for _ in range(2)]
        await there.at(**{waiting[0]: 1, waiting[1]: 2})
        ends = [
            there.listener.on(private_channel(each))[0]["data"]["estimated_completion"] for each in waiting
        ]
        assert None not in ends
        there.engine.go.set()
        await there.listener.until_over(waiting[1])


async def test_the_line_is_the_same_after_a_restart(run: Callable[..., Any]) -> None:
    async with run() as first:
        annas = [await first.generate() for _ in range(3)]
        bens = [await first.generate(BEN) for _ in range(2)]
        await first.at(**{bens[0]: 1, annas[1]: 2, bens[1]: 3, annas[2]: 4})
        line = [annas[0], bens[0], annas[1], bens[1], annas[2]]
    first.listener.heard.clear()
    async with run() as second:
        second.engine.go.set()
        await second.listener.until_over(line[-1])
        assert second.order_of_ends() == line


async def test_who_is_cancelled_in_line_leaves_it_and_a_retry_stands_behind(run: Callable[..., Any]) -> None:
    async with run() as there:
        annas = [await there.generate() for _ in range(4)]
        await there.at(**{annas[3]: 3})
        cancelled = await there.service.cancel(ANNA, annas[1])
        assert cancelled.error is not None
        assert cancelled.error.stage is Stage.ANALYSIS
        await there.at(**{annas[2]: 1, annas[3]: 2})
        assert await there.jobs.status(annas[1]) is None
        await there.service.retry(ANNA, annas[1])
        await there.at(**{annas[1]: 3})
        there.engine.go.set()
        await there.listener.until_over(annas[1], times=2)
        assert there.order_of_ends() == [annas[0], annas[2], annas[3], annas[1]]


async def test_the_turn_of_who_is_cancelled_at_work_goes_to_the_next(run: Callable[..., Any]) -> None:
    async with run(at_once=2, at_once_per_user=1) as there:
        annas = [await there.generate() for _ in range(2)]
        await there.at(**{annas[1]: 1})
        assert there.service.load == (1, 1), "the other turn is for others"
        await there.service.cancel(ANNA, annas[0])
        there.engine.go.set()
        said = await there.listener.until_over(annas[1])
        assert said[-1]["type"] == "generation_complete"


async def test_who_is_looked_after_as_it_ends_takes_no_turn(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run(watch_s=0.01) as there:
        first = await there.generate()
        known = await there.store.unfinished()
        there.engine.go.set()
        await there.listener.until_over(first)
        looked = asyncio.Event()

        async def as_it_was() -> Any:
            if looked.is_set():
                await asyncio.sleep(60)
            looked.set()
            return known

        monkeypatch.setattr(there.store, "unfinished", as_it_was)
        await looked.wait()
        await asyncio.sleep(0.1)
        assert there.service.load == (0, 0)


async def test_a_start_goes_well_while_what_ran_before_ends(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run() as first:
        sessions = [await first.generate() for _ in range(2)]
        await first.at(**{sessions[1]: 1})
        # Who has a turn and no job yet would wait, after the start, for itself to be over.
        said = partial(first.listener.on, private_channel(sessions[0]))
        await first.listener.until(lambda: any("queue_position" not in event["data"] for event in said()))
    events = DatabaseContentStore.events

    async def when_the_other_is_over(store: DatabaseContentStore, *given: Any, **named: Any) -> Any:
        other = await first.service.session(ANNA, sessions[0])
        while "after" in named and not other.status.over:
            await asyncio.sleep(0.01)
            other = await first.service.session(ANNA, sessions[0])
        return await events(store, *given, **named)

    monkeypatch.setattr(DatabaseContentStore, "events", when_the_other_is_over)
    async with run(go=True) as second:
        await second.listener.until_over(sessions[1])
        assert second.service.load == (0, 0)


async def test_however_cancels_and_ends_meet_each_attempt_has_one_last_event(run: Callable[..., Any]) -> None:
    dice = random.Random(5)
    async with run(at_once=3, at_once_per_user=3, active_per_user=30) as there:
        there.engine.go.set()
        # One is cancelled as soon as it is heard of, one when it is over, the others anywhere between.
        moments = [1, 1000, *(dice.randrange(1, 16) for _ in range(5))]
        sessions = [await there.generate() for _ in moments]

        async def meddle(session_id: str, after: int) -> int:
            """Cancel it when some number of its events were told, and try again when that came in time."""
            attempts, channel = 1, private_channel(session_id)
            await there.listener.until(
                lambda: (
                    len(said := there.listener.on(channel)) >= after
                    or (said[-1:] != [] and said[-1]["type"] == "generation_complete")
                )
            )
            try:
                await asyncio.gather(*(there.service.cancel(ANNA, session_id) for _ in range(2)))
                await there.service.retry(ANNA, session_id)
                attempts += 1
            except Conflict:
                pass  # it was over
            await there.listener.until_over(session_id, times=attempts)
            return attempts

        attempts = await asyncio.gather(*map(meddle, sessions, moments))
        assert set(attempts) == {1, 2}, "the race was won and lost"
        for session_id, number in zip(sessions, attempts, strict=True):
            said = there.listener.on(private_channel(session_id))
            last = [event["type"] for event in said if event["type"] in ("generation_complete", "error")]
            assert last == [*["error"] * (number - 1), "generation_complete"]
            assert said[-1]["type"] == "generation_complete"
            assert [event["seq"] for event in said] == list(range(1, len(said) + 1))
            percents = [
                event["data"]["progress_percent"] for event in said if event["type"] == "progress_update"
            ]
            assert percents == sorted(percents)
            ended = [event["data"]["completed_stage"] for event in said if event["type"] == "stage_complete"]
            assert ended == [stage.value for stage in STAGES]
        assert there.service.load == (0, 0)
