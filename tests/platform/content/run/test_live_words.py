"""Words that are being written are told while they are, in order, not too often, and kept nowhere."""

import threading
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import Engine, Listener, a_session
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.errors import ContentFailed
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.lesson import Lesson
from toolboxai.platform.content.model.report import LiveReport, Report
from toolboxai.platform.content.model.request import GenerationRequest
from toolboxai.platform.content.records.sessions import Stage
from toolboxai.platform.content.run.events import SessionNames, private_channel, public_channel
from toolboxai.platform.content.run.live_words import INTERVAL_S, PIECE_CHARS, EngineReport, LiveWords, Piece
from toolboxai.platform.content.run.meter import Reading
from toolboxai.platform.content.run.pipeline import Pipeline
from toolboxai.platform.messages.registry import validate
from toolboxai.platform.runs.events import PublicCompat
from toolboxai.platform.runs.ledger import Ledger

PRIVATE, PUBLIC = private_channel("gen_1"), public_channel("gen_1")


class Writing(Engine):
    """The offline engine, which says something while it makes the lesson."""

    def lesson(self, request: GenerationRequest, analysis: Analysis, report: Report) -> Lesson:
        assert isinstance(report, LiveReport)
        report.delta("Rain falls, ")
        report.delta("and ", anew=False)
        report(1, 2, "half of it")
        report.delta("rivers run.")
        report.delta("Snow ", anew=True)
        report.delta("melts. " + "x" * 2 * PIECE_CHARS)
        return super().lesson(request, analysis, report)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
async def pipeline(database: AsyncEngine, listener: Listener) -> AsyncIterator[Pipeline]:
    store = DatabaseContentStore(database)
    await store.create(a_session(), active_limit=5)
    ledger = Ledger(store, listener, SessionNames(PublicCompat.FULL))
    pipeline = Pipeline(store, ledger, Writing(), SystemClock())
    yield pipeline
    await pipeline.close()


async def test_they_are_told_in_their_order_on_the_private_channel_alone(
    pipeline: Pipeline, listener: Listener, database: AsyncEngine
) -> None:
    await pipeline.run_stage(Stage.ANALYSIS, "gen_1")
    await pipeline.run_stage(Stage.LESSON, "gen_1")
    said = [message for message in listener.on(PRIVATE) if message["data"].get("stage") == Stage.LESSON]
    kinds = [message["type"] for message in said]
    halfway = kinds.index("progress_update", kinds.index("content_delta"))
    first = [message["data"] for message in said[:halfway] if message["type"] == "content_delta"]
    assert "".join(data["text"] for data in first) == "Rain falls, and "
    deltas = [message for message in said if message["type"] == "content_delta"]
    assert all(validate(message) == [] and "seq" not in message for message in deltas)
    texts = [""]
    for message in deltas:
        data = message["data"]
        if data["offset"] == 0 and texts[-1]:
            texts.append("")
        assert data["offset"] == len(texts[-1]), "a watcher can tell that nothing is missing"
        assert len(data["text"]) <= PIECE_CHARS
        texts[-1] += data["text"]
    assert texts == ["Rain falls, and rivers run.", "Snow melts. " + "x" * 2 * PIECE_CHARS]
    assert "content_delta" not in {message["type"] for message in listener.on(PUBLIC)}
    kept = await DatabaseContentStore(database).events("gen_1", after=0, limit=1000)
    assert "content_delta" not in {event.type for event in kept}
    assert [message["seq"] for message in listener.on(PRIVATE) if "seq" in message] == [
        event.seq for event in kept
    ]


async def test_what_cannot_be_told_at_once_is_not_told_and_harms_nothing(
    pipeline: Pipeline, listener: Listener
) -> None:
    await pipeline.run_stage(Stage.ANALYSIS, "gen_1")
    listener.failing = True
    await pipeline.run_stage(Stage.LESSON, "gen_1")
    assert "content_delta" not in {message["type"] for message in listener.on(PRIVATE)}


async def test_many_small_pieces_are_joined_to_at_most_twenty_a_second() -> None:
    clock, said = SystemClock(), []

    async def say(text: str, offset: int) -> None:
        said.append((clock.monotonic(), text))

    words = LiveWords(say, clock)
    put: list[Reading | Piece] = []
    report = EngineReport(lambda: None, lambda *_: None, put.append)
    for number in range(3):
        report.delta(f"{number} ")
        report.delta("a ")
        for piece in put:
            assert isinstance(piece, Piece)
            await words.tell(piece)
        put.clear()
    assert [text for _, text in said] == ["0 a ", "1 a ", "2 a "]
    times = [at for at, _ in said]
    assert all(later - earlier >= INTERVAL_S for earlier, later in pairwise(times))


def test_what_is_written_after_a_progress_is_told_after_it() -> None:
    put: list[Reading | Piece] = []
    report = EngineReport(lambda: None, lambda *_: Reading(1, "", None), put.append)
    report.delta("before")
    report(1, 2, "progress")
    report.delta("after")
    assert [each.take() if isinstance(each, Piece) else "progress" for each in put] == [
        "before",
        "progress",
        "after",
    ]


def test_nothing_that_is_added_while_it_is_taken_is_lost() -> None:
    put: list[Reading | Piece] = []
    report = EngineReport(lambda: None, lambda *_: None, put.append)

    def write() -> None:
        for _ in range(5000):
            report.delta("x")

    writer = threading.Thread(target=write)
    writer.start()
    taken = 0
    while writer.is_alive() or put:
        while put:
            piece = put.pop(0)
            assert isinstance(piece, Piece)
            taken += len(piece.take())
    assert taken == 5000


def test_who_writes_for_nobody_is_stopped() -> None:
    def check() -> None:
        raise ContentFailed("GENERATION_TIMEOUT", "too long", retryable=True)

    with pytest.raises(ContentFailed):
        EngineReport(check, lambda *_: None, lambda _: None).delta("x")
