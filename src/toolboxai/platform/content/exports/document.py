"""What every export is made from: the whole content, as the JSON form has it."""

from typing import Final

from msgspec import Struct

from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.generator import GENERATOR
from toolboxai.platform.content.model.lesson import Lesson
from toolboxai.platform.content.model.package import CoverageRow, Summary
from toolboxai.platform.content.model.quiz import Quiz
from toolboxai.platform.content.model.request import GenerationRequest

__all__ = ["SCHEMA", "ContentDocument"]

SCHEMA: Final = "toolboxai.content/1"


class ContentDocument(Struct, frozen=True, kw_only=True):
    """One generated content, from the request to the coverage table.

    Args:
        schema: name and version of this form; a change that breaks readers gets the next number.
        request: with its texts cleaned as the engine read them.
        warnings: of all stages.
    """

    schema: str = SCHEMA
    content_id: str
    title: str
    generator: str = GENERATOR
    summary: Summary
    request: GenerationRequest
    analysis: Analysis
    lesson: Lesson
    quiz: Quiz
    coverage: tuple[CoverageRow, ...]
    warnings: tuple[str, ...]
