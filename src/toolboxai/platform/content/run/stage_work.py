"""What one stage asks of the engine, and what becomes of its answer."""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import msgspec

from toolboxai.errors import ContentFailed, RequestError
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.lesson import Lesson, LessonSection
from toolboxai.platform.content.model.package import Audience, ContentFile, Package
from toolboxai.platform.content.model.proposal import Proposals
from toolboxai.platform.content.model.quiz import Question, Quiz
from toolboxai.platform.content.model.report import Report
from toolboxai.platform.content.model.request import GenerationRequest
from toolboxai.platform.content.records.sessions import STAGES, SessionError, Stage
from toolboxai.platform.content.records.store import ContentStore

__all__ = [
    "ContentEngine",
    "EngineLost",
    "Result",
    "cause_of",
    "decode_result",
    "encode_result",
    "stage_call",
    "stage_in_work",
    "words_of",
]

log = logging.getLogger(__name__)

Result = Analysis | Lesson | Quiz | Package
T = TypeVar("T")


class EngineLost(RuntimeError):
    """Whatever worked on a call has ended before the call did, as when the system takes its memory back.

    Nothing is wrong with the call as far as is known: made again it may get through.
    """


class ContentEngine(Protocol):
    """Makes lesson and quiz out of a text; ``engine.OfflineEngine`` does so without network or model.

    Any method may raise ``EngineLost``.
    """

    @property
    def generator(self) -> str:
        """Who words lessons, as their ``generator`` tells it when all goes well."""
        ...

    def propose(self, source_text: str, language: str | None, report: Report) -> Proposals:
        """What a checked text offers for a lesson; without a language it is found out.

        Raises:
            SourceTooShort: the text does not carry a lesson.
        """
        ...

    def analyse(self, request: GenerationRequest, report: Report) -> Analysis:
        """Stage content_analysis."""
        ...

    def lesson(self, request: GenerationRequest, analysis: Analysis, report: Report) -> Lesson:
        """Stage lesson_generation."""
        ...

    def quiz(self, request: GenerationRequest, analysis: Analysis, lesson: Lesson, report: Report) -> Quiz:
        """Stage quiz_generation."""
        ...

    def package(
        self,
        request: GenerationRequest,
        analysis: Analysis,
        lesson: Lesson,
        quiz: Quiz,
        content_id: str,
        report: Report,
    ) -> Package:
        """Stage packaging."""
        ...

    def render(self, document: ContentDocument, format: str, audience: Audience) -> ContentFile:
        """One file of a document; the same bytes for the same document.

        Raises:
            ResourceNotFound: there is no such format for these readers.
        """
        ...

    def another_section(
        self, document: ContentDocument, section_id: str, seed: int, report: Report
    ) -> LessonSection | None:
        """Other statements for one section; its id, kind, title, minutes and objectives stay.

        Returns:
            None when the text carries no other.
        """
        ...

    def another_question(
        self, document: ContentDocument, question_id: str, seed: int, report: Report
    ) -> Question | None:
        """A question for the place of one, which repeats none of the others and gives none of them away.

        Returns:
            One with the id of the former; None when the text carries no other good one.
        """
        ...


def stage_call(
    engine: ContentEngine,
    stage: Stage,
    request: GenerationRequest,
    earlier: Sequence[bytes],
    content_id: str,
) -> Callable[[Report], Result]:
    """The engine's work on one stage, to be called in a thread: reading a long text's results takes a while too.

    Args:
        engine: does it.
        stage: which.
        request: of the session.
        earlier: JSON texts of what the stages before it made, in order.
        content_id: for the files.
    """

    def call(report: Report) -> Result:
        match stage:
            case Stage.ANALYSIS:
                return engine.analyse(request, report)
            case Stage.LESSON:
                return engine.lesson(request, _read(earlier[0], Analysis), report)
            case Stage.QUIZ:
                return engine.quiz(request, _read(earlier[0], Analysis), _read(earlier[1], Lesson), report)
            case Stage.PACKAGING:
                analysis, lesson = _read(earlier[0], Analysis), _read(earlier[1], Lesson)
                return engine.package(request, analysis, lesson, _read(earlier[2], Quiz), content_id, report)

    return call


async def stage_in_work(store: ContentStore, session_id: str) -> Stage:
    """The first without a result: the one before it may have ended, and this one said nothing yet."""
    for stage in STAGES:
        if await store.artefact(session_id, stage) is None:
            return stage
    return STAGES[-1]


def words_of(request: GenerationRequest) -> int:
    """How many words the source has, as far as the work depends on them."""
    return len(request.source_text.split())


def _read(artefact: bytes, kind: type[T]) -> T:
    return msgspec.json.decode(artefact, type=kind)


def encode_result(result: Result) -> bytes:
    """JSON of the result; the bytes of the files are kept as files, not a second time in here."""
    if isinstance(result, Package):
        files = tuple(msgspec.structs.replace(file, content=b"") for file in result.files)
        result = msgspec.structs.replace(result, files=files)
    return msgspec.json.encode(result)


def decode_result(stage: Stage, artefact: bytes) -> Result:
    """What a stage has made, as ``encode_result`` kept it."""
    match stage:
        case Stage.ANALYSIS:
            return _read(artefact, Analysis)
        case Stage.LESSON:
            return _read(artefact, Lesson)
        case Stage.QUIZ:
            return _read(artefact, Quiz)
        case Stage.PACKAGING:
            return _read(artefact, Package)


def cause_of(stage: Stage, fault: Exception) -> SessionError:
    """What is put on record of a stage's failure; the inside of an unexpected one goes to the log alone."""
    match fault:
        case ContentFailed():
            return SessionError(fault.error_code, fault.message, stage, fault.retryable)
        case RequestError():
            return SessionError(fault.error_code, fault.message, stage, retry_possible=False)
        case _:
            log.error("a stage failed unexpectedly", exc_info=fault, extra={"stage": stage.value})
            kind = type(fault).__name__
            return SessionError(
                "GENERATION_FAILED",
                f"{stage} failed with an unexpected {kind}; the server's log has the details",
                stage,
                retry_possible=True,
            )
