"""What the framework would do while everybody waits is done before, or elsewhere."""

import asyncio
import sys
import threading
from typing import Annotated, Any

import httpx2
from fastapi import APIRouter, Query

from toolboxai.web.application import create_api
from toolboxai.web.first_use import OPENAPI_URL, WrittenOnce, join_routes


class Looked(str):
    """A type that counts how often the framework looks how it is read."""

    times = 0

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, handler: Any) -> Any:
        cls.times += 1
        return handler(str)


def routes() -> APIRouter:
    router = APIRouter()

    @router.get("/named")
    async def named(name: Annotated[Looked, Query()]) -> str:
        return name

    return router


def client(api: Any) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://here")


async def test_routes_that_were_joined_are_not_put_together_for_the_first_who_asks() -> None:
    left, joined = create_api([routes()]), create_api([routes()])
    join_routes(joined)
    for api, more in ((joined, False), (left, True)):  # the second shows that there is something to do
        before = Looked.times
        async with client(api) as http:
            assert (await http.get("/named?name=sam")).json() == "sam"
        assert (Looked.times > before) is more


async def test_a_document_is_written_once_and_the_loop_goes_on_meanwhile() -> None:
    times: list[int] = []
    begun, looped = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def write() -> bytes:
        times.append(threading.get_ident())
        loop.call_soon_threadsafe(begun.set)
        assert looped.wait(10)  # only the loop can end this
        return b"written"

    document = WrittenOnce(write)
    asked = [asyncio.create_task(document.get()) for _ in range(3)]
    await begun.wait()
    looped.set()
    assert await asyncio.gather(*asked) == [b"written"] * 3
    assert await document.get() == b"written"
    assert len(times) == 1
    assert times != [threading.get_ident()]


async def test_threads_have_shorter_turns_while_documents_are_written_and_only_then() -> None:
    usual, turns, both = sys.getswitchinterval(), list[float](), threading.Event()

    def write() -> bytes:
        turns.append(sys.getswitchinterval())
        both.wait(0.01)  # so that another, were it let in, would begin in the middle of this one
        return b"written"

    def fail() -> bytes:
        turns.append(sys.getswitchinterval())
        raise RuntimeError("not written")

    await asyncio.gather(*(WrittenOnce(each).get() for each in (write, fail, write)), return_exceptions=True)
    assert len(turns) == 3
    assert max(turns) < usual
    assert sys.getswitchinterval() == usual


async def test_a_document_that_could_not_be_written_is_tried_again() -> None:
    faults = [RuntimeError("not yet")]

    def write() -> bytes:
        if faults:
            raise faults.pop()
        return b"written"

    document = WrittenOnce(write)
    (failed,) = await asyncio.gather(document.get(), return_exceptions=True)
    assert isinstance(failed, RuntimeError)
    assert await document.get() == b"written"


async def test_the_routes_are_described_as_the_framework_does() -> None:
    api = create_api([routes()])
    async with client(api) as http:
        answer = await http.get(OPENAPI_URL)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == api.openapi()
    assert "/named" in answer.json()["paths"]
    assert OPENAPI_URL not in answer.json()["paths"]
