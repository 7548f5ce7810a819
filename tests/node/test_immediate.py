"""Running what never waits."""

import asyncio

import pytest

from toolboxai.node.immediate import run_immediate


def test_the_result_comes_back_at_once() -> None:
    async def work() -> int:
        return 7

    assert run_immediate(work()) == 7


def test_its_error_comes_through() -> None:
    async def work() -> None:
        raise KeyError("a")

    with pytest.raises(KeyError):
        run_immediate(work())


def test_a_broken_promise_is_told_and_the_work_ended() -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            ended.append(True)

    with pytest.raises(RuntimeError, match="made its caller wait"):
        run_immediate(work())
    assert ended == [True]
