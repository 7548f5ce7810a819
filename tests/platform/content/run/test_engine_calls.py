"""Files and parts that somebody waits for: made in turn, fair between owners, and whatever becomes of the engine."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from toolboxai.errors import ContentFailed, ProviderUnavailable, RateLimitExceeded
from toolboxai.platform.content.engine import OfflineEngine
from toolboxai.platform.content.run.engine_calls import EngineCalls
from toolboxai.platform.content.run.stage_work import ContentEngine, EngineLost

Work = Callable[[ContentEngine], str]


@pytest.fixture
async def calls() -> AsyncIterator[EngineCalls]:
    calls = EngineCalls(OfflineEngine(), waiting=12)
    yield calls
    await calls.close()


class Held:
    """Calls that say their name as they begin, and go on when they may."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun: list[str] = []
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()

    def call(self, name: str) -> Work:
        def work(_engine: ContentEngine) -> str:
            self._loop.call_soon_threadsafe(self._begins, name)
            assert self.go.wait(10)
            return name

        return work

    def _begins(self, name: str) -> None:
        self.begun.append(name)
        self._news.set()

    async def until(self, *names: str) -> None:
        async with asyncio.timeout(10):
            while not set(names) <= set(self.begun):
                self._news.clear()
                await self._news.wait()


async def test_one_owner_never_has_all_turns_and_those_who_wait_are_served_in_turn(
    calls: EngineCalls,
) -> None:
    held = Held()
    annas = [asyncio.create_task(calls.run("anna", held.call(f"anna {number}"))) for number in range(3)]
    await held.until("anna 0")
    bens = [asyncio.create_task(calls.run("ben", held.call(f"ben {number}"))) for number in range(2)]
    await held.until("ben 0")
    assert held.begun == ["anna 0", "ben 0"], "though others of anna came earlier"
    held.go.set()
    await asyncio.gather(*annas, *bens)
    assert sorted(held.begun) == ["anna 0", "anna 1", "anna 2", "ben 0", "ben 1"]


async def test_an_owner_is_told_to_wait_and_others_are_not_for_it(calls: EngineCalls) -> None:
    held = Held()
    running = [asyncio.create_task(calls.run("anna", held.call("anna"))) for _ in range(8)]
    await held.until("anna")
    with pytest.raises(RateLimitExceeded, match="8 files or parts") as refused:
        await calls.run("anna", held.call("more"))
    assert refused.value.retry_after_s > 0
    others = [asyncio.create_task(calls.run(f"user_{number}", held.call("other"))) for number in range(4)]
    await held.until("other")
    with pytest.raises(ProviderUnavailable, match="12 files and parts") as full:
        await calls.run("ben", held.call("more"))
    assert full.value.details == {"retry_after": full.value.retry_after_s}
    held.go.set()
    await asyncio.gather(*running, *others)
    assert await calls.run("anna", held.call("anna again")) == "anna again"


async def test_who_goes_away_gives_the_place_free_at_once_and_the_thread_when_it_is_done(
    calls: EngineCalls,
) -> None:
    held = Held()
    first, second = (asyncio.create_task(calls.run("anna", held.call(name))) for name in ("first", "second"))
    await held.until("first")
    for task in (first, second):
        task.cancel()
        await asyncio.wait([task])
    third = asyncio.create_task(calls.run("anna", held.call("third")))
    await asyncio.gather(*(calls.run("ben", lambda _: "done") for _ in range(3)))
    assert held.begun == ["first"]
    held.go.set()
    assert await third == "third"
    assert held.begun == ["first", "third"], "nobody waited for the second any more"


@pytest.mark.parametrize("times", [1, 2])
async def test_a_call_whose_engine_is_lost_is_made_once_more_and_then_refused_for_now(
    calls: EngineCalls, times: int
) -> None:
    tries: list[int] = []

    def work(_: ContentEngine) -> str:
        tries.append(len(tries) + 1)
        if len(tries) <= times:
            raise EngineLost("the engine's process ended with status -9")
        return "made"

    if times == 1:
        assert await calls.run("anna", work) == "made"
    else:
        with pytest.raises(ProviderUnavailable, match="memory is short; try again in 5 s"):
            await calls.run("anna", work)
    assert tries == [1, 2]


async def test_a_call_that_takes_too_long_is_refused_for_now_and_a_fault_of_ours_is_a_fault(
    calls: EngineCalls,
) -> None:
    def late(_: ContentEngine) -> str:
        raise ContentFailed("GENERATION_TIMEOUT", "a stage took longer than 300 s", retryable=True)

    def broken(_: ContentEngine) -> str:
        raise ValueError("ours")

    with pytest.raises(ProviderUnavailable, match="longer than 300 s; try again") as refused:
        await calls.run("anna", late)
    assert refused.value.retry_after_s
    with pytest.raises(ValueError, match="ours"):
        await calls.run("anna", broken)


async def test_after_the_end_it_takes_no_more() -> None:
    calls = EngineCalls(OfflineEngine())
    await calls.close()
    with pytest.raises(ProviderUnavailable, match="ending"):
        await calls.run("anna", lambda _: "never")
