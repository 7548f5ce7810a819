"""Which channels are followed at the broker, and when one is let go."""

import asyncio
from itertools import pairwise

import pytest

from toolboxai.apps.app import App, AppKey
from toolboxai.errors import PublishFailed
from toolboxai.node.interest import LINGER_S, Interest
from toolboxai.testing.clock import ManualClock
from waiting_broker import WaitingBroker

APP = App(id="3", keys=(AppKey("k", "s"),))


class Watched:
    """An interest, its broker, and who is said to be there."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.broker = WaitingBroker(clock)
        self.there: set[str] = set()
        self.interest = Interest(APP, self.broker, clock, wanted=self.there.__contains__)

    async def comes(self) -> None:
        await self.interest.follow("a")
        self.there.add("a")

    def leaves(self) -> None:
        self.there.discard("a")
        self.interest.left("a")

    async def passes(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.interest.let_go()


@pytest.fixture
def watched(clock: ManualClock) -> Watched:
    return Watched(clock)


async def test_a_page_reload_does_not_reach_the_broker(watched: Watched) -> None:
    await watched.comes()
    watched.leaves()
    await watched.passes(LINGER_S - 0.1)
    await watched.comes()
    await watched.passes(LINGER_S)
    assert watched.broker.asked == ["follow a"]
    assert watched.interest.holds("a")


async def test_a_channel_that_stays_empty_is_let_go_once(watched: Watched) -> None:
    await watched.comes()
    watched.leaves()
    await watched.passes(LINGER_S)
    await watched.passes(LINGER_S)
    assert watched.broker.asked == ["follow a", "unfollow a"]
    assert not watched.interest.holds("a")


async def test_a_channel_that_someone_is_still_in_is_kept(watched: Watched) -> None:
    await watched.comes()
    watched.interest.left("a")  # one newcomer turned away; another is there
    await watched.passes(LINGER_S)
    assert watched.broker.asked == ["follow a"]


async def test_who_comes_while_the_broker_is_told_to_stop_follows_anew_behind_it(watched: Watched) -> None:
    await watched.comes()
    watched.leaves()
    watched.broker.unfollowing.shut()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watched.passes(LINGER_S))
        await watched.broker.unfollowing.arrived.wait()
        tasks.create_task(watched.comes())
        await asyncio.sleep(0)
        assert watched.broker.asked == ["follow a", "unfollow a"]
        watched.broker.unfollowing.open()
    assert watched.broker.asked == ["follow a", "unfollow a", "follow a"]
    assert watched.interest.holds("a")


async def test_when_the_first_question_fails_the_next_one_asks_again(watched: Watched) -> None:
    watched.broker.following.shut()
    watched.broker.following.failures = 1
    first = asyncio.ensure_future(watched.interest.follow("a"))
    await watched.broker.following.arrived.wait()
    second = asyncio.ensure_future(watched.interest.follow("a"))
    watched.broker.following.open()
    with pytest.raises(PublishFailed):
        await first
    await second
    assert watched.interest.holds("a")
    assert len(watched.interest._locks) == 0


async def test_thousands_of_empty_channels_hold_up_nobody(watched: Watched) -> None:
    for number in range(3000):
        await watched.interest.follow(str(number))
        watched.interest.left(str(number))
    watched.clock.advance(LINGER_S)
    held: list[int] = []

    def look() -> None:
        held.append(sum(watched.interest.holds(str(number)) for number in range(3000)))
        if held[-1]:
            asyncio.get_running_loop().call_soon(look)

    look()
    await watched.interest.let_go()
    await asyncio.sleep(0)
    assert held[-1] == 0
    assert max(before - after for before, after in pairwise(held)) <= 256


async def test_who_comes_back_while_others_are_let_go_is_kept_and_lingers_anew(watched: Watched) -> None:
    for name in ("a", *map(str, range(600)), "z"):
        await watched.interest.follow(name)
        watched.interest.left(name)
    watched.clock.advance(LINGER_S)
    asyncio.get_running_loop().call_soon(watched.interest.left, "z")
    await watched.interest.let_go()
    assert not watched.interest.holds("a")
    assert watched.interest.holds("z")
    await watched.passes(LINGER_S)
    assert not watched.interest.holds("z")
