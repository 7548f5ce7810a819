"""Requests with files: whose are read next, and that nobody else waits for them."""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import pytest
from starlette.requests import ClientDisconnect, Request

from callers import until
from made_files import endless_pdf, raw_pdf
from toolboxai.adapters.source_files.processes import SourceFileProcesses
from toolboxai.errors import PayloadTooLarge, RateLimitExceeded, RequestTimeout, ValidationError
from toolboxai.platform.content.sources.files import MAX_SOURCE_FILES_BYTES
from toolboxai.platform.identity.model import Principal, Role
from toolboxai.web.content_sources import Asked, Uploads
from toolboxai.web.source_bodies import GenerateBody
from toolboxai.web.upload_turns import UploadTurns

T = TypeVar("T")

FIELDS = {"subject": "Science", "grade_level": 7, "learning_objectives": ["Explain evaporation"]}
WORDS = b"BT /F1 9 Tf (Heat turns water into vapor.) Tj ET"
FORM = "multipart/form-data; boundary=edge"
PIECE = 64 * 1024  # as a server hands a body on


@pytest.fixture
async def reader() -> AsyncIterator[SourceFileProcesses]:
    processes = SourceFileProcesses()
    yield processes
    await asyncio.to_thread(processes.close)


def who(name: str) -> Principal:
    return Principal(name, "North", Role.TEACHER, frozenset({"content:generate"}), "t", 2e9, "s", "k")


def sent(
    body: bytes, content_type: str = "application/json", *, gone: asyncio.Event | None = None
) -> Request:
    """A request whose body comes piece by piece; then its client waits, or goes."""
    pieces = [body[begin : begin + PIECE] for begin in range(0, len(body), PIECE)] or [b""]

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        if not pieces:
            await (gone or asyncio.Event()).wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def in_json(content: bytes, *, gone: asyncio.Event | None = None) -> Request:
    files = [{"name": "a.pdf", "content_base64": b64encode(content).decode()}]
    return sent(json.dumps({**FIELDS, "source_files": files}).encode(), gone=gone)


def in_form(content: bytes) -> Request:
    fields = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value if isinstance(value, str) else json.dumps(value)}'
        for name, value in FIELDS.items()
    ]
    head = 'Content-Disposition: form-data; name="source_files"; filename="a.pdf"\r\n\r\n'
    parts = [*(field.encode() for field in fields), head.encode() + content]
    body = b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts) + b"--edge--\r\n"
    return sent(body, FORM)


# ---- whose turn it is ---------------------------------------------------------------------------------------


async def test_slow_files_of_one_person_leave_a_process_to_the_others(reader: SourceFileProcesses) -> None:
    uploads = Uploads(reader)
    slow = [
        asyncio.create_task(uploads.asked(in_json(endless_pdf()), who("anna"), GenerateBody)),
        asyncio.create_task(uploads.asked(in_json(endless_pdf()), who("anna"), GenerateBody)),
    ]
    await until(lambda: uploads.load == (1, 1))
    asked = await uploads.asked(in_json(raw_pdf(WORDS)), who("ben"), GenerateBody)
    assert asked.text == "Heat turns water into vapor."
    assert uploads.load == (1, 1)
    with pytest.raises(RateLimitExceeded, match="2 of your requests") as refused:
        await uploads.asked(in_json(raw_pdf(WORDS)), who("anna"), GenerateBody)
    assert refused.value.retry_after_s == 5
    assert not any(task.done() for task in slow)
    for task in slow:
        task.cancel()
    await asyncio.wait(slow)
    assert uploads.load == (0, 0)


async def test_whoever_comes_goes_before_the_second_of_another() -> None:
    turns, order, gate = UploadTurns(at_once=1), list[str](), asyncio.Event()

    async def read(user: str, label: str) -> None:
        async with turns.turn(user):
            order.append(label)
            await gate.wait()

    reading = [asyncio.create_task(read(user, label)) for user, label in PLACES]
    await until(lambda: turns.load == (1, 3))
    gate.set()
    await asyncio.gather(*reading)
    assert order == ["anna 1", "ben 1", "anna 2", "ben 2"]
    assert turns.load == (0, 0)


PLACES = (("anna", "anna 1"), ("anna", "anna 2"), ("ben", "ben 1"), ("ben", "ben 2"))


async def test_nobody_waits_for_ever() -> None:
    turns = UploadTurns(at_once=1, wait_s=0.01)
    async with turns.turn("anna"):
        with pytest.raises(RateLimitExceeded, match=r"waited 0\.01 s") as late:
            async with turns.turn("ben"):
                raise AssertionError("it is not his turn")
        assert late.value.retry_after_s == 10
        assert turns.load == (1, 0)


async def test_who_does_not_send_what_was_announced_keeps_no_place(reader: SourceFileProcesses) -> None:
    uploads = Uploads(reader, patience_s=0.01)

    async def nothing() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    for _ in range(3):  # two places, one after the other
        with pytest.raises(RequestTimeout):
            await uploads.asked(Request(sent(b"--edge--", FORM).scope, nothing), who("anna"), GenerateBody)


async def test_who_goes_away_leaves_line_and_process(reader: SourceFileProcesses) -> None:
    uploads, gone = Uploads(reader), [asyncio.Event(), asyncio.Event()]
    reading, waiting = [
        asyncio.create_task(uploads.asked(in_json(endless_pdf(), gone=each), who("anna"), GenerateBody))
        for each in gone
    ]
    await until(lambda: uploads.load == (1, 1) and reader.running)
    gone[1].set()
    with pytest.raises(ClientDisconnect):
        await waiting
    assert uploads.load == (1, 0)
    gone[0].set()
    with pytest.raises(ClientDisconnect):
        await reading
    assert uploads.load == (0, 0)
    await until(lambda: not reader.running)


# ---- the loop goes on ---------------------------------------------------------------------------------------


async def longest_hold(work: Coroutine[Any, Any, T]) -> tuple[T | BaseException, float]:
    """What comes of it, and the longest time that it kept the loop's thread at work without a pause."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            begun = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - begun)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    try:
        made: T | BaseException = await work
    except (ValidationError, PayloadTooLarge) as refused:
        made = refused
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    return made, longest


@pytest.mark.parametrize("form", [in_json, in_form])
async def test_ten_megabytes_hold_up_nobody(
    reader: SourceFileProcesses, form: Callable[[bytes], Request]
) -> None:
    whole = raw_pdf(WORDS, padding=b"x" * (MAX_SOURCE_FILES_BYTES - 2_000))
    request = form(whole)
    made, longest = await longest_hold(Uploads(reader).asked(request, who("anna"), GenerateBody))
    assert isinstance(made, Asked)
    assert made.text == "Heat turns water into vapor."
    assert longest < 0.015, f"{longest * 1000:.1f} ms"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"title": [' + b"[]," * 300_000 + b"[]]}", id="many lists"),
        pytest.param(b"{" + b",".join(b'"a%d":1' % each for each in range(100_000)) + b"}", id="many fields"),
        pytest.param(b'{"source_text": "' + b"\\u0416" * 600_000 + b'"}', id="too long a text"),
        pytest.param(b"[" * 1_000_000, id="nested"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_nor_does_a_body_that_is_made_to(reader: SourceFileProcesses, body: bytes) -> None:
    made, longest = await longest_hold(Uploads(reader).asked(sent(body), who("anna"), GenerateBody))
    assert isinstance(made, ValidationError)
    assert made.details["fields"]
    assert longest < 0.015, f"{longest * 1000:.1f} ms"
