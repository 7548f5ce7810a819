"""Nobody who listens misses a ring, and of keys that nobody waits for nothing is kept."""

import asyncio

from toolboxai.platform.runs.bell import Bell


async def test_a_ring_between_two_waits_is_heard_once() -> None:
    bell = Bell()
    with bell.listening("a") as listener:
        bell.ring("a")
        bell.ring("a")
        assert await listener.heard(10)
        assert not await listener.heard(0.001)


async def test_all_who_wait_for_a_key_are_woken_and_no_others() -> None:
    bell = Bell()
    waiting = [asyncio.create_task(bell.wait("a", 10)) for _ in range(3)]
    other = asyncio.create_task(bell.wait("b", 10))
    await asyncio.sleep(0)
    bell.ring("a")
    assert await asyncio.gather(*waiting) == [True] * 3
    assert not other.done()
    other.cancel()
    await asyncio.wait([other])
    assert bell._listeners == {}


async def test_who_waits_in_vain_is_told_so() -> None:
    bell = Bell()
    bell.ring("a")  # before anybody listened
    assert not await bell.wait("a", 0.001)
    assert bell._listeners == {}
