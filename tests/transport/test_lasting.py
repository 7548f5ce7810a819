"""An answer that goes on, over a server that is a list."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from callers import until
from toolboxai.transport.lasting import ABORT, Lasting

Message = MutableMapping[str, Any]


class Below:
    """The server and the client behind it."""

    def __init__(self) -> None:
        self.told: list[Message] = []
        self.cut: list[bool] = []
        self.gone = asyncio.Event()
        self.stuck = False
        self.fault: Exception | None = None

    def answer(self, *, can_cut: bool = True) -> Lasting:
        extensions = {ABORT: lambda: self.cut.append(True)} if can_cut else {}
        return Lasting({"type": "http", "extensions": extensions}, self.receive, self.send)

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self.stuck:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault
        self.told.append(message)


async def test_it_is_written_piece_by_piece() -> None:
    below, woken = Below(), asyncio.Event()
    answer = below.answer()
    async with answer.watched(woken.set):
        assert await answer.begin(200, [(b"a", b"b")])
        assert await answer.write(b"1")
        await answer.end()
    assert [message.get("body") for message in below.told] == [None, b"1", b""]
    assert [message.get("more_body", False) for message in below.told] == [False, True, False]
    assert (answer.gone, below.cut, woken.is_set()) == (False, [], False)


async def test_a_client_that_goes_is_noticed_and_written_to_no_more() -> None:
    below, woken = Below(), asyncio.Event()
    answer = below.answer()
    async with answer.watched(woken.set):
        below.gone.set()
        await woken.wait()
        assert not await answer.write(b"1")
    assert (answer.gone, below.told) == (True, [])


async def test_a_server_that_raises_says_the_same() -> None:
    below = Below()
    below.fault = OSError("closed")
    answer = below.answer()
    assert not await answer.begin(200, [])
    assert answer.gone


@pytest.mark.parametrize("can_cut", [True, False], ids=["own-port", "another-server"])
async def test_a_client_that_takes_nothing_is_given_up(can_cut: bool) -> None:
    below = Below()
    below.stuck = True
    answer = below.answer(can_cut=can_cut)
    ended = []

    async def write() -> None:
        async with answer.watched(lambda: None):
            await answer.write(b"1")
            ended.append("written")
        ended.append("left")

    task = asyncio.ensure_future(write())
    await until(lambda: answer._patience is not None)
    answer.give_up()
    answer.give_up()
    await task
    assert (ended, below.cut) == (["left"], [True] if can_cut else [])


async def test_a_time_limit_of_somebody_else_passes_through() -> None:
    answer = Below().answer()
    with pytest.raises(TimeoutError):
        async with answer.watched(lambda: None):
            raise TimeoutError
    answer.give_up()  # nothing is left to end
    assert not answer.given_up


async def test_the_end_of_an_answer_that_is_told_while_it_is_taken_is_no_client_that_has_gone() -> None:
    below, woken = Below(), asyncio.Event()
    send = below.send

    async def slow(message: Message) -> None:
        """As servers and middleware do that tell of the end of a request as soon as they have its answer."""
        await send(message)
        if message["type"] == "http.response.body":
            below.gone.set()
            await woken.wait()

    below.send = slow  # type: ignore[method-assign]
    answer = below.answer()
    async with answer.watched(woken.set):
        assert await answer.whole(200, (), b"abc")


async def test_a_whole_answer_says_its_length() -> None:
    below = Below()
    assert await below.answer().whole(200, (), b"abc")
    assert await below.answer().whole(204, ())
    assert [message.get("headers") for message in below.told] == [[(b"content-length", b"3")], None, [], None]
