"""An engine that has a language model word lesson and quiz, and the offline engine wherever that does not hold.

Analysis stays the offline engine's: numbers are counted, never asked of a model. So do files and changes.
"""

import logging
from collections.abc import Callable
from typing import Final, Literal, TypeVar

import msgspec

from toolboxai.clock import Clock
from toolboxai.errors import ContentFailed
from toolboxai.ids import Dice, new_token
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.lesson import Lesson, LessonSection
from toolboxai.platform.content.model.package import Audience, ContentFile, Package
from toolboxai.platform.content.model.proposal import Proposals
from toolboxai.platform.content.model.quiz import Question, Quiz
from toolboxai.platform.content.model.report import LiveReport, Report
from toolboxai.platform.content.model.request import GenerationRequest
from toolboxai.platform.content.package import with_source
from toolboxai.platform.content.run.stage_work import ContentEngine
from toolboxai.platform.content.sources.text import one_line
from toolboxai.platform.content.writing.budget import Budget, BudgetSpent, Purse, size
from toolboxai.platform.content.writing.drafts import SourceDraft
from toolboxai.platform.content.writing.lesson_check import Faulty, checked_lesson, read_draft
from toolboxai.platform.content.writing.prompts import TASKS, Task, lesson_data, quiz_data, source_data
from toolboxai.platform.content.writing.quiz_check import checked_quiz
from toolboxai.platform.content.writing.writer import Asked, Refused, Unavailable, Writer, Written

__all__ = ["WrittenEngine"]

log = logging.getLogger(__name__)

T = TypeVar("T")
_TOLD_CHARS: Final = 200
_PARAGRAPHS: Final = 8  # about as many as a text of its own has


class _GivenUp(Exception):
    """The model's part of a stage ends without a result; the text says why."""


class WrittenEngine:
    """Satisfies ``stage_work.ContentEngine``.

    Args:
        offline: does what is measured, and takes over.
        writer: the model.
        budget: of one stage.
        clock, dice: for the budget of time, and for the marks around data.
        on_outage: when the provider does not answer: ``fail`` ends the attempt, to be tried again from that stage;
            ``offline`` has the offline engine take over.
    """

    def __init__(
        self,
        offline: ContentEngine,
        writer: Writer,
        budget: Budget,
        clock: Clock,
        dice: Dice,
        *,
        on_outage: Literal["fail", "offline"] = "fail",
    ) -> None:
        self._offline = offline
        self._writer = writer
        self.budget = budget
        self._clock = clock
        self._dice = dice
        self._on_outage = on_outage

    @property
    def generator(self) -> str:
        """See the port."""
        return self._writer.name

    def propose(self, source_text: str, language: str | None, report: Report) -> Proposals:
        """See the port: found in the text, never asked of a model."""
        return self._offline.propose(source_text, language, report)

    def analyse(self, request: GenerationRequest, report: Report) -> Analysis:
        """Stage content_analysis; where there is no text, the model writes one first.

        Raises:
            ContentFailed: there is no text, and none was written.
        """
        if request.source_text.strip():
            return self._offline.analyse(request, report)
        try:
            text = self._written(
                TASKS["source"],
                source_data(request, self._mark()),
                _source,
                "Writing the text",
                _PARAGRAPHS,
                report,
            )
        except _GivenUp as fault:
            raise ContentFailed(
                "GENERATION_FAILED",
                f"There is no source text, and {self._writer.name} wrote none that can be used: {fault}. "
                "Try again, or send the text of the lesson.",
                retryable=True,
            ) from fault
        request = msgspec.structs.replace(request, source_text=text)
        analysis = self._offline.analyse(request, report)
        warning = (
            f"There was no source text: {self._writer.name} wrote one. Its facts are the model's; check them before "
            "you teach them."
        )
        return msgspec.structs.replace(
            analysis,
            warnings=(warning, *analysis.warnings),
            generator=self._writer.name,
            written_source=text,
        )

    def lesson(self, request: GenerationRequest, analysis: Analysis, report: Report) -> Lesson:
        """Stage lesson_generation."""

        def check(text: str) -> Lesson:
            return checked_lesson(text, request, analysis, self._writer.name)

        data = lesson_data(request, analysis, self._mark())
        parts = len(request.learning_objectives) + 4
        try:
            return self._written(TASKS["lesson"], data, check, "Writing the lesson", parts, report)
        except _GivenUp as fault:
            lesson = self._offline.lesson(with_source(request, analysis), analysis, report)
            return msgspec.structs.replace(
                lesson, warnings=(self._took_over("lesson", fault), *lesson.warnings)
            )

    def quiz(self, request: GenerationRequest, analysis: Analysis, lesson: Lesson, report: Report) -> Quiz:
        """Stage quiz_generation."""

        def check(text: str) -> Quiz:
            return checked_quiz(text, request, analysis, lesson.title, self._writer.name)

        data = quiz_data(request, analysis, lesson, self._mark())
        try:
            return self._written(
                TASKS["quiz"], data, check, "Writing questions", request.num_questions, report
            )
        except _GivenUp as fault:
            quiz = self._offline.quiz(with_source(request, analysis), analysis, lesson, report)
            return msgspec.structs.replace(quiz, warnings=(self._took_over("quiz", fault), *quiz.warnings))

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
        return self._offline.package(request, analysis, lesson, quiz, content_id, report)

    def render(self, document: ContentDocument, format: str, audience: Audience) -> ContentFile:
        """See the port."""
        return self._offline.render(document, format, audience)

    def another_section(
        self, document: ContentDocument, section_id: str, seed: int, report: Report
    ) -> LessonSection | None:
        """See the port: out of the text's own sentences."""
        return self._offline.another_section(document, section_id, seed, report)

    def another_question(
        self, document: ContentDocument, question_id: str, seed: int, report: Report
    ) -> Question | None:
        """See the port: out of the text's own sentences."""
        return self._offline.another_question(document, question_id, seed, report)

    # ---- the model --------------------------------------------------------------------------------------------------

    def _written(
        self, task: Task, data: str, check: Callable[[str], T], message: str, parts: int, report: Report
    ) -> T:
        """Have it written, and once more where it does not hold.

        Raises:
            _GivenUp: neither held, or the budget is spent, or it is refused.
            ContentFailed: the provider does not answer.
        """
        purse = Purse(self.budget, self._clock.monotonic())
        asked = Asked(task.system, data, task.schema, task.name, 0, 0.0, 0)
        report(0, 2 * parts, message)
        try:
            written = self._ask(asked, purse, report, message, parts)
            try:
                return check(_whole(written))
            except Faulty as faulty:
                faults = faulty.faults
            log.info("a model's answer did not hold", extra={"task": task.name, "faults": len(faults)})
            again = msgspec.structs.replace(asked, earlier=(written.text, "\n".join(faults)))
            message = f"{message} again: {len(faults)} things were wrong"
            written = self._ask(again, purse, report, message, parts, anew=True)
            return check(_whole(written))
        except Faulty as faulty:
            raise _GivenUp(
                f"what it wrote did not hold after a repair ({_clipped(faulty.faults[0])})"
            ) from faulty
        except BudgetSpent as spent:
            raise _GivenUp(str(spent)) from spent
        except Refused as refused:
            raise _GivenUp(str(refused)) from refused
        except Unavailable as away:
            if self._on_outage == "offline":
                raise _GivenUp(str(away)) from away
            raise ContentFailed(
                "PROVIDER_UNAVAILABLE", f"{self._writer.name}: {away}", retryable=True
            ) from away

    def _ask(
        self,
        asked: Asked,
        purse: Purse,
        report: Report,
        message: str,
        parts: int,
        *,
        anew: bool = False,
    ) -> Written:
        max_tokens, within_s = purse.allow(size(asked), self._clock.monotonic())
        asked = msgspec.structs.replace(
            asked,
            max_tokens=max_tokens,
            within_s=within_s,
            all_tokens=purse.all_tokens(),
            tries=purse.tries(),
        )
        if anew and isinstance(report, LiveReport):
            report.delta("", anew=True)

        def heard(text: str, anew: bool, begun: int) -> None:
            report(min(begun, parts), 2 * parts, message)
            if isinstance(report, LiveReport) and (text or anew):
                report.delta(text, anew=anew)

        written = self._writer.write(asked, heard)
        purse.spend(asked, written)
        return written

    def _mark(self) -> str:
        return new_token(self._dice, "data-", bits=128)

    def _took_over(self, part: str, fault: _GivenUp) -> str:
        return f"The {part} was made by the offline engine, not by {self._writer.name}: {fault}."


def _whole(written: Written) -> str:
    if not written.whole:
        raise Faulty(["the answer was cut off before its end; write less"])
    return written.text


def _source(text: str) -> str:
    draft = read_draft(text, SourceDraft)
    paragraphs = [one_line(paragraph) for paragraph in draft.paragraphs]
    return "\n\n".join([f"# {one_line(draft.title)}", *paragraphs])


def _clipped(text: str) -> str:
    return text if len(text) <= _TOLD_CHARS else text[: _TOLD_CHARS - 1] + "\u2026"
