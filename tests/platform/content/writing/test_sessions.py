"""Whole sessions with a language model on a real port: what is told, what is kept, and who takes over when."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import Listener, a_request, a_session, a_teacher
from provider_server import KEY, ProviderServer, Turn, lesson, provider, quiz
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.provider_connection import Connection
from toolboxai.adapters.provider_process import ProviderProcess
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.errors import ContentFailed
from toolboxai.platform.content.downloads import Downloads
from toolboxai.platform.content.engine import OfflineEngine
from toolboxai.platform.content.exports.json import read_json
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.lesson import Lesson
from toolboxai.platform.content.model.package import Package
from toolboxai.platform.content.model.quiz import Quiz
from toolboxai.platform.content.records.editions import Editions
from toolboxai.platform.content.records.forecast import Forecast
from toolboxai.platform.content.records.sessions import STAGES, Change, Stage, Status
from toolboxai.platform.content.revising.anew import Part
from toolboxai.platform.content.revising.changes import Revising
from toolboxai.platform.content.run.engine_calls import EngineCalls
from toolboxai.platform.content.run.events import SessionNames, private_channel, public_channel
from toolboxai.platform.content.run.pipeline import Pipeline
from toolboxai.platform.content.writing.budget import Budget
from toolboxai.platform.content.writing.engine import WrittenEngine
from toolboxai.platform.runs.events import PublicCompat
from toolboxai.platform.runs.ledger import Ledger

MODEL = "openai:some-model"
PRIVATE = private_channel("gen_1")
OFFLINE = "offline"


@pytest.fixture(scope="module")
def server() -> Iterator[ProviderServer]:
    with provider() as server:
        yield server


@pytest.fixture(scope="module")
def writer(server: ProviderServer) -> Iterator[ProviderProcess]:
    connection = Connection("openai", server.url(), "some-model", KEY, stall_s=2.0)
    writer = ProviderProcess(connection, calls=2)
    yield writer
    writer.close()


@dataclass
class Room:
    """A pipeline with a model in front of the offline engine."""

    store: DatabaseContentStore
    listener: Listener
    ledger: Ledger[Change]
    pipeline: Pipeline
    engine: WrittenEngine

    async def run(self, stages: tuple[Stage, ...] = STAGES) -> None:
        for stage in stages:
            await self.pipeline.run_stage(stage, "gen_1")

    async def made(self, stage: Stage, kind: type[Any]) -> Any:
        return msgspec.json.decode(await self.store.artefact("gen_1", stage) or b"", type=kind)

    def deltas(self, stage: Stage) -> str:
        """What a watcher of this stage has read in the end."""
        text = ""
        for said in self.listener.on(PRIVATE):
            if said["type"] == "content_delta" and said["data"]["stage"] == stage:
                data = said["data"]
                text = data["text"] if data["offset"] == 0 else text + data["text"]
        return text


@pytest.fixture
async def make(
    database: AsyncEngine, server: ProviderServer, writer: ProviderProcess
) -> AsyncIterator[Callable[..., Any]]:
    server.turns.clear()
    server.asked.clear()
    server.go.clear()
    rooms = []

    async def room(request: Any = None, budget: Budget | None = None, **options: Any) -> Room:
        store, listener = DatabaseContentStore(database), Listener()
        await store.create(a_session(request=request or a_request()), active_limit=5)
        ledger = Ledger(store, listener, SessionNames(PublicCompat.FULL))
        engine = WrittenEngine(
            OfflineEngine(), writer, budget or Budget(tries=1), SystemClock(), random.Random(1), **options
        )
        made = Room(store, listener, ledger, Pipeline(store, ledger, engine, SystemClock()), engine)
        rooms.append(made)
        return made

    yield room
    for each in rooms:
        await each.pipeline.close()


def wrong(data: dict[str, Any], task: str) -> str:
    draft = lesson(data) if task == "lesson" else quiz(data)
    (draft["sections"][1]["statements"][1] if task == "lesson" else draft["questions"][0]).update(
        {"text": "Invented."} if task == "lesson" else {"answer": ["Invented"]}
    )
    return json.dumps(draft)


async def test_a_session_is_worded_by_the_model_and_watched_while_it_is(
    make: Callable[..., Any], server: ProviderServer
) -> None:
    room = await make()
    await room.run()
    made_lesson, made_quiz = await room.made(Stage.LESSON, Lesson), await room.made(Stage.QUIZ, Quiz)
    assert (made_lesson.generator, made_quiz.generator) == (MODEL, MODEL)
    analysis = await room.made(Stage.ANALYSIS, Analysis)
    assert analysis.generator == OFFLINE, "what is measured is not asked of a model"
    package = await room.made(Stage.PACKAGING, Package)
    assert package.generator == MODEL
    assert len(server.asked) == 2
    assert made_lesson.sections[0].title in room.deltas(Stage.LESSON)
    assert made_quiz.questions[0].question in room.deltas(Stage.QUIZ)
    said = room.listener.on(PRIVATE)
    last = max(at for at, each in enumerate(said) if each["type"] == "content_delta")
    ends = [at for at, each in enumerate(said) if each["data"].get("completed_stage") == Stage.QUIZ]
    assert last < ends[0], "no words after the end of their stage"
    public = {each["type"] for each in room.listener.on(public_channel("gen_1"))}
    assert "content_delta" not in public
    percents = [each["data"]["progress_percent"] for each in said if each["type"] == "progress_update"]
    assert percents == sorted(percents)
    assert KEY not in json.dumps(said)
    session = await room.store.session("gen_1")
    assert session is not None
    assert session.status is Status.COMPLETE


async def test_what_does_not_hold_is_repaired_once_with_its_faults_told(
    make: Callable[..., Any], server: ProviderServer
) -> None:
    room = await make()
    server.turns.append(Turn(write=wrong))
    await room.run(STAGES[:2])
    assert (await room.made(Stage.LESSON, Lesson)).generator == MODEL
    first, second = server.asked
    assert len(second["messages"]) == len(first["messages"]) + 2
    assert "it is not sentence 0 word for word" in second["messages"][-1]["content"]
    assert "Invented." not in room.deltas(Stage.LESSON), "the writing began anew"


@pytest.mark.parametrize("write", [wrong, lambda data, task: "I would rather not.", lambda data, task: ""])
async def test_when_the_repair_does_not_hold_either_the_offline_engine_takes_that_stage_and_says_so(
    make: Callable[..., Any], server: ProviderServer, write: Any
) -> None:
    room = await make()
    server.turns.extend([Turn(write=write)] * 2)
    await room.run(STAGES[:3])
    made = await room.made(Stage.LESSON, Lesson)
    assert made.generator == OFFLINE
    assert "did not hold after a repair" in made.warnings[0]
    assert MODEL in made.warnings[0]
    assert (await room.made(Stage.QUIZ, Quiz)).generator == MODEL, "the next stage is the model's again"
    assert len(server.asked) == 3


async def test_j2_an_outage_ends_the_attempt_in_its_stage_and_a_retry_completes_it(
    make: Callable[..., Any], server: ProviderServer
) -> None:
    room = await make()
    await room.run(STAGES[:2])
    kept = await room.store.artefact("gen_1", Stage.LESSON)
    server.turns.append(Turn(status=503))
    with pytest.raises(ContentFailed):
        await room.run((Stage.QUIZ,))
    error = room.listener.on(PRIVATE)[-1]
    assert error["type"] == "error"
    assert error["data"]["error_code"] == "PROVIDER_UNAVAILABLE"
    assert error["data"]["details"] == {"stage": "quiz_generation", "retry_possible": True, "terminal": True}
    assert KEY not in json.dumps(error)
    session = await room.store.session("gen_1")
    assert session is not None
    again = Change(
        attempt=session.attempt,
        expected=frozenset({Status.FAILED}),
        at=1_790_000_000.0,
        status=Status.QUEUED,
        clear_error=True,
        retry=True,
    )
    await room.ledger.record("gen_1", again)
    await room.run()
    assert await room.store.artefact("gen_1", Stage.LESSON) == kept
    assert (await room.made(Stage.QUIZ, Quiz)).generator == MODEL
    assert room.listener.on(PRIVATE)[-1]["type"] == "generation_complete"


async def test_tries_are_counted_for_the_stage_and_the_repair_has_what_is_left_of_them(
    make: Callable[..., Any], server: ProviderServer
) -> None:
    room = await make(budget=Budget(tries=2))
    server.turns.extend([Turn(status=503), Turn(write=wrong), Turn(status=503)])
    with pytest.raises(ContentFailed, match="HTTP status 503"):
        await room.run(STAGES[:2])
    assert len(server.asked) == 3


async def test_a_first_answer_that_came_at_once_is_one_of_the_tries_of_the_stage(
    make: Callable[..., Any], server: ProviderServer
) -> None:
    room = await make(budget=Budget(tries=2))
    server.turns.extend([Turn(write=wrong), Turn(status=503)])
    with pytest.raises(ContentFailed, match="HTTP status 503"):
        await room.run(STAGES[:2])
    assert len(server.asked) == 2


async def test_where_it_is_configured_the_offline_engine_takes_over_in_an_outage(
    make: Callable[..., Any], server: ProviderServer
) -> None:
    room = await make(on_outage="offline")
    server.turns.append(Turn(status=503))
    await room.run(STAGES[:2])
    made = await room.made(Stage.LESSON, Lesson)
    assert made.generator == OFFLINE
    assert "HTTP status 503" in made.warnings[0]


@pytest.mark.parametrize(
    ("budget", "words", "asked"),
    [
        (Budget(tokens=1500), "1,500 that a stage may have", 0),
        (Budget(money=0.01, input_price=1.0, output_price=100.0), "cost more than the 0.01", 0),
        (Budget(seconds=1.3), "s that a stage may take", 1),
        (Budget(tokens=3500), "tokens to read leave too few", 1),
    ],
)
async def test_a_budget_that_is_spent_has_the_offline_engine_take_over(
    make: Callable[..., Any], server: ProviderServer, budget: Budget, words: str, asked: int
) -> None:
    room = await make(budget=budget)
    server.turns.append(Turn(write=wrong, stall=budget.seconds < 2))
    await room.run(STAGES[:2])
    made = await room.made(Stage.LESSON, Lesson)
    assert made.generator == OFFLINE
    assert len(server.asked) == asked
    assert words in made.warnings[0]


async def test_without_a_source_the_model_writes_one_and_it_is_marked_as_its_own(
    make: Callable[..., Any], server: ProviderServer
) -> None:
    room = await make(a_request(source_text="  "))
    await room.run()
    analysis = await room.made(Stage.ANALYSIS, Analysis)
    assert analysis.generator == MODEL
    assert "Its facts are the model's" in analysis.warnings[0]
    assert any(sentence.text in analysis.written_source for sentence in analysis.sentences)
    package = await room.made(Stage.PACKAGING, Package)
    assert analysis.warnings[0] in package.warnings


@pytest.mark.parametrize("source", ["", None])
async def test_the_files_tell_of_the_model_and_its_text_and_so_do_those_that_are_written_later(
    make: Callable[..., Any], source: str | None
) -> None:
    room = await make(a_request(source_text="") if source == "" else None)
    await room.run()
    file = await room.store.file("content_1", "json", "teacher")
    content = read_json(file.content)
    assert content.generator == MODEL
    assert content.request.source_text
    session, editions = await room.store.session("gen_1"), Editions(room.store)
    again = await editions.document(session, await editions.edition(session, 1))
    assert again() == content


async def test_a_part_that_is_made_anew_is_the_offline_engines_and_the_content_says_so(
    make: Callable[..., Any], writer: ProviderProcess, server: ProviderServer
) -> None:
    room = await make()
    await room.run()
    editions, calls = Editions(room.store), EngineCalls(room.engine)
    downloads = Downloads(room.store, editions, calls, SystemClock(), lambda: [b"k" * 32])
    revising = Revising(room.store, editions, downloads, calls, SystemClock())
    worded = len(server.asked)
    after = await revising.another(a_teacher(), "content_1", Part.QUESTION, "q1", expected=1)
    after = await revising.another(a_teacher(), "content_1", Part.QUESTION, "q2", expected=after.number)
    await calls.close()
    assert len(server.asked) == worded
    told = [text for text in after.edition.warnings if "made anew by the offline engine" in text]
    assert told == [
        "A question was made anew by the offline engine, out of the text's own sentences: openai:some-model words whole "
        "lessons and quizzes, not parts of them."
    ]


async def test_how_long_the_model_took_is_learnt_apart_from_what_the_offline_engine_takes(
    make: Callable[..., Any], server: ProviderServer
) -> None:
    room = await make()
    await room.run()
    [timing] = await room.store.timings(limit=9)
    assert timing.generator == MODEL
    model, offline = Forecast(room.engine.generator), Forecast(OfflineEngine().generator)
    for forecast in (model, offline):
        forecast.learn([timing])
    assert model.seconds(timing.words) == timing.seconds
    assert offline.seconds(timing.words) is None


async def test_without_a_source_and_without_an_answer_it_is_to_be_tried_again(
    make: Callable[..., Any], server: ProviderServer
) -> None:
    room = await make(a_request(source_text=""))
    server.turns.extend([Turn(write=lambda data, task: "no")] * 2)
    with pytest.raises(ContentFailed, match="send the text of the lesson"):
        await room.run(STAGES[:1])
    details = room.listener.on(PRIVATE)[-1]["data"]["details"]
    assert details == {"stage": "content_analysis", "retry_possible": True, "terminal": True}


async def test_who_cancels_while_the_model_writes_is_obeyed_though_the_provider_says_nothing(
    make: Callable[..., Any], server: ProviderServer
) -> None:
    room = await make()
    server.turns.append(Turn(stall=True, piece=200))
    await room.run(STAGES[:1])
    running = asyncio.create_task(room.run((Stage.LESSON,)))
    await room.listener.until(lambda: bool(room.deltas(Stage.LESSON)))
    room.pipeline.stop("gen_1")
    async with asyncio.timeout(8):
        with pytest.raises(ContentFailed, match="cancelled"):
            await running
    assert "error" not in {said["type"] for said in room.listener.on(PRIVATE)}, "it was no outage"
