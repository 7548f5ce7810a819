"""Looking in the background whether something answers."""

import asyncio

from toolboxai.testing import ManualClock
from toolboxai.transport.background_check import BackgroundCheck


class Database:
    def __init__(self) -> None:
        self.fault: Exception | None = None

    async def ask(self) -> None:
        if self.fault is not None:
            raise self.fault


async def test_two_failures_in_a_row_are_trouble_and_one_answer_ends_it() -> None:
    clock, database = ManualClock(), Database()
    check = BackgroundCheck(database.ask, clock)
    database.fault = OSError("postgresql://teacher:hunter2@db refused us")
    clock.advance(5)
    await check.look()
    assert check.trouble() is None
    clock.advance(5)
    await check.look()
    assert check.trouble() == "no answer for 10 s (OSError)"
    database.fault = None
    await check.look()
    assert check.trouble() is None


async def test_what_never_answers_is_waited_for_no_longer_than_the_bound() -> None:
    check = BackgroundCheck(asyncio.Event().wait, ManualClock(), bound_s=0.01)
    await check.look()
    await check.look()
    assert check.trouble() == "no answer for 0 s (TimeoutError)"
