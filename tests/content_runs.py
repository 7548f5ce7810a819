"""A teacher's request and all that the offline engine makes of it."""

import pickle
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import msgspec

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
from toolboxai.platform.content.validation import check_request

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


@lru_cache(maxsize=32)
def _analysed(plain: bytes) -> Analysis:
    return OfflineEngine().analyse(pickle.loads(plain), unheard)


def run(request: GenerationRequest, *, anew: bool = False) -> Run:
    """The stages; the analysis, on which neither seed nor number and kinds of questions tell, is made once for each text.

    Args:
        request: what is asked for.
        anew: whether the analysis, too, has to be made again.
    """
    engine = OfflineEngine()
    if anew:
        analysis = engine.analyse(request, unheard)
    else:
        check_request(request)
        plain = msgspec.structs.replace(request, seed=0, num_questions=10, question_types=["true_false"])
        analysis = _analysed(pickle.dumps(plain))
    lesson = engine.lesson(request, analysis, unheard)
    return Run(request, analysis, lesson, engine.quiz(request, analysis, lesson, unheard))
