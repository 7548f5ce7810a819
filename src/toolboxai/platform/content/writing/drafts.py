"""The form in which a language model answers: what it may say, and no more."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from toolboxai.platform.content.model.lesson import SectionKind
from toolboxai.platform.content.model.request import Difficulty, QuestionType

__all__ = ["LessonDraft", "QuestionDraft", "QuizDraft", "SourceDraft", "schema_of"]

_Line = Annotated[str, Meta(min_length=1, max_length=200)]
_Text = Annotated[str, Meta(min_length=1, max_length=2000)]
_Index = Annotated[int, Meta(ge=0)]


class StatementDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """One line; ``sentence`` is the index of the sentence that it repeats, or null."""

    text: _Text
    sentence: _Index | None
    for_teacher: bool


class SectionDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A timed part."""

    kind: SectionKind
    title: _Line
    minutes: Annotated[int, Meta(ge=1, le=120)]
    objectives: Annotated[tuple[_Index, ...], Meta(max_length=10)]
    statements: Annotated[tuple[StatementDraft, ...], Meta(min_length=1, max_length=40)]


class VocabularyDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A word, its meaning as the sentence words it or null, and the sentence."""

    term: _Line
    meaning: _Text | None
    sentence: _Index


class LessonDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A lesson."""

    sections: Annotated[tuple[SectionDraft, ...], Meta(min_length=2, max_length=20)]
    vocabulary: Annotated[tuple[VocabularyDraft, ...], Meta(max_length=15)]


class QuestionDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A question; ``answer`` has one part but for ordering and matching."""

    type: QuestionType
    question: _Text
    options: Annotated[tuple[_Line, ...], Meta(max_length=12)]
    prompts: Annotated[tuple[_Line, ...], Meta(max_length=12)]
    answer: Annotated[tuple[_Line, ...], Meta(min_length=1, max_length=12)]
    unit: Annotated[str, Meta(max_length=40)]
    sentences: Annotated[tuple[_Index, ...], Meta(min_length=1, max_length=12)]
    objective: _Index | None
    difficulty: Difficulty


class QuizDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A quiz."""

    questions: Annotated[tuple[QuestionDraft, ...], Meta(min_length=1, max_length=50)]


class SourceDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A text to learn from."""

    title: _Line
    paragraphs: Annotated[
        tuple[Annotated[str, Meta(min_length=40, max_length=3000)], ...], Meta(min_length=3, max_length=30)
    ]


def schema_of(kind: type[Struct]) -> dict[str, Any]:
    """JSON Schema of a draft, in the subset that providers hold a model to: every field there, and no other."""
    (_,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    schema = {**components.pop(kind.__name__), "$defs": components}
    _narrow(schema)
    return schema


# Providers refuse a schema with limits that they cannot hold a model to; ours are checked when the answer is there.
_UNHELD = (
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "default",
    "description",
    "title",
)


def _narrow(node: Any) -> None:
    if isinstance(node, dict):
        if node.get("type") == "object" and "properties" in node:
            for each in node["properties"].values():
                _narrow(each)
            node["additionalProperties"] = False
            node.pop("title", None)
            node.pop("description", None)
            return
        for name in _UNHELD:
            if not isinstance(node.get(name), dict):
                node.pop(name, None)
        for each in node.values():
            _narrow(each)
    elif isinstance(node, list):
        for each in node:
            _narrow(each)
