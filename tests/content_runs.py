"""A teacher's request and all that the offline engine makes of it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from toolboxai.platform.content.engine import OfflineEngine
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.formats import render
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.lesson import Lesson
from toolboxai.platform.content.model.package import Audience, Package
from toolboxai.platform.content.model.quiz import Quiz
from toolboxai.platform.content.model.request import SUPPORTED_QUESTION_TYPES, GenerationRequest, Objective
from toolboxai.platform.content.package import whole
from toolboxai.platform.content.samples import sample_text

TEXTS = Path(__file__).parent / "platform" / "content" / "texts"


def source(name: str) -> str:
    """The bundled sample, or one of the test texts."""
    return sample_text() if name == "water_cycle" else (TEXTS / name).read_text(encoding="utf-8")


def water_request(**changes: Any) -> GenerationRequest:
    fields: dict[str, Any] = {
        "subject": "Science",
        "grade_level": "6-8",
        "learning_objectives": [
            Objective("Explain how clouds form"),
            Objective("Describe evaporation and condensation"),
            Objective("Explain where groundwater comes from"),
        ],
        "source_text": sample_text(),
        "question_types": list(SUPPORTED_QUESTION_TYPES),
    }
    return GenerationRequest(**{**fields, **changes})


def unheard(done: int, total: int, message: str) -> None:
    """A report to nobody."""


@dataclass(frozen=True)
class Run:
    request: GenerationRequest
    analysis: Analysis
    lesson: Lesson
    quiz: Quiz

    @cached_property
    def package(self) -> Package:
        """The files; not made for those who look at lesson and quiz alone."""
        return OfflineEngine().package(
            self.request, self.analysis, self.lesson, self.quiz, "content_456", unheard
        )

    @cached_property
    def document(self) -> ContentDocument:
        return whole(self.request, self.analysis, self.lesson, self.quiz, "content_456")

    def text(self, format: str, audience: Audience = Audience.TEACHER) -> str:
        """One file alone."""
        return render(self.document, format, audience).content.decode()


def run(request: GenerationRequest) -> Run:
    engine = OfflineEngine()
    analysis = engine.analyse(request, unheard)
    lesson = engine.lesson(request, analysis, unheard)
    return Run(request, analysis, lesson, engine.quiz(request, analysis, lesson, unheard))
