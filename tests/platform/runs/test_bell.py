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


async def test_all_who_listen_for_a_key_are_woken_and_no_others() -> None:
    bell = Bell()
    with bell.listening("a") as first, bell.listening("a") as second, bell.listening("b") as other:
        bell.ring("a")
        assert [await each.heard(0.001) for each in (first, second, other)] == [True, True, False]
    assert bell._listeners == {}


async def test_who_waits_in_vain_is_told_so_and_a_closed_bell_lets_all_go() -> None:
    bell = Bell()
    bell.ring("a")  # before anybody listened
    with bell.listening("a") as listener:
        assert not await listener.heard(0.001)
        waiting = asyncio.ensure_future(listener.heard(10))
        bell.close()
        assert await waiting
    assert bell.closed
