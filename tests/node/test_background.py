"""The owner of every task of a node."""

import asyncio

import pytest

from toolboxai.metrics import Metrics
from toolboxai.node.background import Background


async def test_what_fails_is_counted_and_ends_nothing_else() -> None:
    metrics, done = Metrics(), asyncio.Event()

    async def fails() -> None:
        raise KeyError("a")

    async def works() -> None:
        done.set()

    async with Background(metrics) as background:
        background.spawn(fails(), name="fails")
        background.spawn(works(), name="works")
        await done.wait()
        await asyncio.sleep(0)
    assert metrics.faults_total == 1


async def test_what_still_runs_at_the_end_is_cancelled_and_waited_for() -> None:
    begun, ended = asyncio.Event(), []

    async def waits() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    async with Background(Metrics()) as background:
        background.spawn(waits(), name="waits")
        await begun.wait()
    assert ended == [True]


async def test_again_and_again_though_one_time_fails() -> None:
    metrics, times, thrice = Metrics(), [], asyncio.Event()

    async def work() -> None:
        times.append(True)
        if len(times) == 3:
            thrice.set()
        raise KeyError("a")

    async with Background(metrics) as background:
        background.every(0.001, work, name="work")
        await thrice.wait()
    assert metrics.faults_total >= 2


async def test_a_caller_that_is_cancelled_is_cancelled() -> None:
    entered = asyncio.Event()

    async def service() -> None:
        async with Background(Metrics()) as background:
            background.every(1.0, asyncio.Event().wait, name="x")  # type: ignore[arg-type]
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(service())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_is_cancelled_before_it_began_leaves_no_trace() -> None:
    async with Background(Metrics()) as background:
        background.every(1.0, asyncio.Event().wait, name="x")  # type: ignore[arg-type]


async def test_a_fault_of_the_body_goes_on_as_it_is() -> None:
    async def body() -> None:
        async with Background(Metrics()) as background:
            background.every(60.0, _nothing, name="waits")
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await body()


async def _nothing() -> None:
    """Nothing to do."""


async def test_a_period_that_is_a_call_is_asked_for_anew_each_time() -> None:
    periods, thrice = [0.001, 0.002, 0.003, 60.0], asyncio.Event()
    asked = iter(periods)

    async def work() -> None:
        if next(worked) == 3:
            thrice.set()

    worked = iter(range(1, 4))
    async with Background(Metrics()) as background:
        background.every(lambda: next(asked), work, name="work")
        await thrice.wait()
        await asyncio.sleep(0)
    assert list(asked) == []
