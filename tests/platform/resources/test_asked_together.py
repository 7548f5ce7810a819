"""Many who ask the same at once cost one question, and nobody is told what was so before they asked."""

import asyncio

import pytest

from callers import until
from toolboxai.errors import ProviderUnavailable
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.resources.asked_together import AskedTogether

OURS, THEIRS = Ownership("org_1", "user_1"), Ownership("org_1", "user_2")


class SlowRooms:
    """Answers what is so when it is asked, once it is let."""

    def __init__(self) -> None:
        self.owner: Ownership | None = OURS
        self.asked: list[tuple[str, str]] = []
        self.fault: Exception | None = None
        self._let = asyncio.Semaphore(0)

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        self.asked.append((kind, resource_id))
        owner, fault = self.owner, self.fault
        await self._let.acquire()
        if fault is not None:
            raise fault
        return owner

    def answer(self) -> None:
        self._let.release()


async def test_a_class_that_comes_at_once_asks_once() -> None:
    rooms = SlowRooms()
    together = AskedTogether(rooms)
    rooms.answer()
    answers = await asyncio.gather(*(together.ownership("class", "class_1") for _ in range(30)))
    assert answers == [OURS] * 30
    assert rooms.asked == [("class", "class_1")]


async def test_who_comes_later_is_told_what_is_so_then() -> None:
    rooms = SlowRooms()
    together = AskedTogether(rooms)
    first = asyncio.create_task(together.ownership("class", "class_1"))
    await until(lambda: len(rooms.asked) == 1)
    rooms.owner = THEIRS  # after the first question, before the second
    later = [asyncio.create_task(together.ownership("class", "class_1")) for _ in range(2)]
    await asyncio.sleep(0)
    rooms.answer()
    assert await first == OURS
    await until(lambda: len(rooms.asked) == 2)
    rooms.answer()
    assert await asyncio.gather(*later) == [THEIRS, THEIRS]
    rooms.answer()
    assert await together.ownership("class", "class_1") == THEIRS  # and nothing is remembered
    assert len(rooms.asked) == 3


async def test_what_is_not_the_same_is_asked_at_the_same_time() -> None:
    rooms = SlowRooms()
    together = AskedTogether(rooms)
    asking = [
        asyncio.create_task(together.ownership(kind, name)) for kind in ("class", "plugin") for name in "ab"
    ]
    await until(lambda: len(rooms.asked) == 4)
    for _ in asking:
        rooms.answer()
    await asyncio.gather(*asking)


async def test_who_goes_takes_nobodys_answer_away() -> None:
    rooms = SlowRooms()
    together = AskedTogether(rooms)
    gone, stays = (asyncio.create_task(together.ownership("class", "class_1")) for _ in range(2))
    await until(lambda: len(rooms.asked) == 1)
    gone.cancel()
    rooms.answer()
    assert await stays == OURS
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_a_fault_is_everybodys_and_not_the_next_ones() -> None:
    rooms = SlowRooms()
    rooms.fault = ConnectionError("away")
    together = AskedTogether(rooms)
    rooms.answer()
    answers = await asyncio.gather(
        *(together.ownership("class", "class_1") for _ in range(2)), return_exceptions=True
    )
    assert [str(answer) for answer in answers] == ["away", "away"]
    rooms.fault = None
    rooms.answer()
    assert await together.ownership("class", "class_1") == OURS


async def test_so_many_questions_are_on_their_way_and_the_next_one_gathers_who_comes() -> None:
    rooms = SlowRooms()
    together = AskedTogether(rooms, at_once=1)
    first = asyncio.create_task(together.ownership("class", "class_1"))
    await until(lambda: len(rooms.asked) == 1)
    others = [asyncio.create_task(together.ownership("class", "class_2")) for _ in range(30)]
    await asyncio.sleep(0)
    rooms.owner = THEIRS
    rooms.answer()
    rooms.answer()
    assert await first == OURS
    assert await asyncio.gather(*others) == [THEIRS] * 30
    assert rooms.asked == [("class", "class_1"), ("class", "class_2")]


@pytest.mark.parametrize("about", ["class_1", "class_2"])
async def test_who_waits_for_a_database_that_does_not_answer_is_sent_away(about: str) -> None:
    rooms = SlowRooms()
    together = AskedTogether(rooms, at_once=1, patience_s=0)
    rooms.answer()
    assert await together.ownership("class", "class_1") == OURS  # whose turn comes at once does not wait
    stuck = asyncio.create_task(together.ownership("class", "class_1"))
    await until(lambda: len(rooms.asked) == 2)
    answers = await asyncio.gather(
        *(together.ownership("class", about) for _ in range(2)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [ProviderUnavailable] * 2
    rooms.answer()
    assert await stuck == OURS
    rooms.answer()
    assert await together.ownership("class", about) == OURS
    assert len(rooms.asked) == 3
