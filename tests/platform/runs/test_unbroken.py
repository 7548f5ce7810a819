"""Work that is not left half-way."""

import asyncio

import pytest

from toolboxai.platform.runs.unbroken import unbroken


async def test_whoever_is_cancelled_is_so_once_the_work_is_done() -> None:
    began, may_end, done = asyncio.Event(), asyncio.Event(), []

    async def work() -> str:
        began.set()
        await may_end.wait()
        done.append("work")
        return "done"

    waiting = asyncio.ensure_future(unbroken(work()))
    await began.wait()
    waiting.cancel()
    await asyncio.sleep(0)
    assert not waiting.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert done == ["work"]
    assert await unbroken(work()) == "done"


async def test_a_fault_is_told_to_whoever_is_still_there() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise LookupError("no such thing")

    with pytest.raises(LookupError):
        await unbroken(fails())
    waiting = asyncio.ensure_future(unbroken(fails()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
