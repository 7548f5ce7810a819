"""What is said of runs is written in its order, whatever the database does meanwhile."""

import asyncio

from toolboxai.errors import StorageUnavailable
from toolboxai.platform.agents.sayings import Sayings


async def test_what_the_database_does_not_take_is_tried_again_before_the_next() -> None:
    sayings, written, tries = Sayings(again_s=0.001), [], 0

    async def first() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise StorageUnavailable("it is away", reason="gone")
        written.append("first")

    async def second() -> None:
        written.append("second")

    sayings.say("gen_1", first)
    await sayings.say("gen_1", second)
    assert (written, tries) == (["first", "second"], 3)


async def test_one_run_does_not_keep_another_waiting_and_a_fault_of_ours_keeps_none() -> None:
    sayings, go, written = Sayings(), asyncio.Event(), []

    async def held() -> None:
        await go.wait()
        raise ValueError

    async def write() -> None:
        written.append("written")

    sayings.say("gen_1", held)
    behind = sayings.say("gen_1", write)
    await sayings.say("gen_2", write)
    assert written == ["written"]
    go.set()
    await behind
    await sayings.close()
    assert written == ["written", "written"]


async def test_whoever_waits_for_a_saying_may_go() -> None:
    sayings, go, written = Sayings(), asyncio.Event(), []

    async def held() -> None:
        await go.wait()
        written.append("written")

    sayings.say("gen_1", held).cancel()
    go.set()
    await sayings.close()
    assert written == ["written"]


async def test_what_is_said_of_many_runs_is_written_once_after_all_that_was_said_of_each() -> None:
    sayings, go, written = Sayings(), asyncio.Event(), []

    async def held() -> None:
        await go.wait()
        written.append("an end")

    async def both() -> None:
        written.append("both")

    async def turned() -> None:
        written.append("turned")

    sayings.say("gen_2", held)
    said = [
        sayings.say_of_all(["gen_1", "gen_2", "gen_3"], both),
        sayings.say_of_all(["gen_2", "gen_1"], turned),
    ]
    await sayings.say("gen_3", both)  # nobody waits for what it is not about
    assert written == ["both"]
    go.set()
    async with asyncio.timeout(5):
        await asyncio.wait(said)
    assert written == ["both", "an end", "both", "turned"]
