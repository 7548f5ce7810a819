"""Sections, words and questions as an edit brings them: new ones, and changed ones beside what they were."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from toolboxai.platform.content.model.lesson import LessonSection, SectionKind, Statement, VocabularyEntry
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import Difficulty, QuestionType
from toolboxai.platform.content.questions.rules import question_faults, source_has_answer
from toolboxai.platform.content.revising.fields import Check, choice, line, lines, number, or_none, whole
from toolboxai.platform.content.revising.reading import EditReader, plain

__all__ = ["read_question", "read_section", "read_word"]

_STATEMENTS: Final = 100

_text: Final = line(2_000)
_short: Final = line(500)


def _lacking(edit: EditReader, name: str, found: Mapping[str, Any], needed: Sequence[str]) -> bool:
    """Whether a new part has no value of what it needs; faults of values that it has are told already."""
    for key in needed:
        if key not in found and f"{name}.{key}" not in edit.faults:
            edit.fault(f"{name}.{key}", "a new one needs it")
    return any(key not in found for key in needed)


def read_section(
    edit: EditReader, name: str, given: Mapping[str, Any], was: LessonSection | None, part_id: str
) -> LessonSection | None:
    """A section with its changes, or a new one; None where a new one lacks something."""
    present = was.statements if was else ()
    found = edit.changes(
        given,
        name,
        plain(was) if was else {"edited": False},
        {
            "kind": choice(SectionKind),
            "title": line(300),
            "duration_minutes": whole(1, 240),
            "objectives": lines(10, whole(0, edit.objectives - 1)),
            "statements": lambda value: _statements(edit, f"{name}.statements", value, present),
        },
    )
    if was is not None:
        return msgspec.structs.replace(was, **found, edited=True) if found else was
    if _lacking(edit, name, found, ("title", "duration_minutes", "statements")):
        return None
    return LessonSection(**{"kind": SectionKind.EXPLANATION, **found}, id=part_id, edited=True)


def _statements(
    edit: EditReader, name: str, value: Any, present: Sequence[Statement]
) -> tuple[Statement, ...]:
    """A text that stood there stays what it was; another is the source's only when it is one of its sentences."""
    known = {statement.text: statement for statement in present}
    made = []
    for place, one in enumerate(edit.items(value, name, _STATEMENTS)):
        here = f"{name}[{place}]"
        text, teacher = one.get("text"), one.get("for_teacher", False)
        for unknown in one.keys() - set(Statement.__struct_fields__):
            edit.fault(
                f"{here}.{unknown}", f"no such field; there are {', '.join(Statement.__struct_fields__)}"
            )
        if not isinstance(teacher, bool):
            edit.fault(f"{here}.for_teacher", "true or false is needed")
        elif isinstance(text, str) and text in known:
            teacher = one.get("for_teacher", known[text].for_teacher)
            made.append(msgspec.structs.replace(known[text], for_teacher=teacher))
        elif isinstance(text, str) and text in edit.places:
            made.append(Statement(text, edit.places[text], teacher))
        else:
            try:
                made.append(Statement(_text(text), None, teacher, edited=True))
            except ValueError as fault:
                edit.fault(f"{here}.text", str(fault))
    return tuple(made)


def read_word(
    edit: EditReader, name: str, given: Mapping[str, Any], was: VocabularyEntry | None, part_id: str
) -> VocabularyEntry | None:
    """A word with its changes, or a new one; a sentence that does not have it is no longer its own."""
    found = edit.changes(
        given,
        name,
        plain(was) if was else {"edited": False},
        {"term": line(100), "meaning": or_none(_text), "source_sentence": _sentence_of(edit)},
    )
    if was is None:
        if _lacking(edit, name, found, ("term",)):
            return None
        was = VocabularyEntry("", None, "", None, part_id)
    elif not found:
        return was
    made = msgspec.structs.replace(was, **found, edited=True)
    if "source_sentence" in found:
        index = edit.places.get(made.source_sentence)
        return msgspec.structs.replace(made, source_index=index)
    if made.term.casefold() not in made.source_sentence.casefold():
        return msgspec.structs.replace(made, source_sentence="", source_index=None)
    return made


def _sentence_of(edit: EditReader) -> Check:
    def check(value: Any) -> str:
        if isinstance(value, str) and (not value or value in edit.places):
            return value
        raise ValueError("exactly one sentence of the source, or empty for none")

    return check


_EACH: Final[Mapping[str, Check]] = {
    "type": choice(QuestionType),
    "question": _text,
    "options": lines(12, _short),
    "prompts": lines(12, _short),
    "accepted": lines(20, _short),
    "rationale": line(4_000, empty=True),
    "difficulty": choice(Difficulty),
    "tolerance": number(0, 1e12),
    "unit": line(50, empty=True),
}


def _answer(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, list | tuple):
        if not 1 <= len(value) <= 12:
            raise ValueError("a list has 1 to 12 parts")
        return tuple(_short(part) for part in value)
    checked: str = _short(value)
    return checked


def read_question(
    edit: EditReader, name: str, given: Mapping[str, Any], was: Question | None, part_id: str
) -> Question | None:
    """A question with its changes, or a new one; a sentence that does not have its answer is no longer its own."""
    checks = {
        **_EACH,
        "correct_answer": _answer,
        "objective": or_none(whole(0, edit.objectives - 1)),
        "source_sentence": _sentence_of(edit),
    }
    found = edit.changes(given, name, plain(was) if was else _NO_SOURCE, checks)
    if was is None:
        if _lacking(edit, name, found, ("type", "question", "correct_answer")):
            return None
        made = Question(**{**_PLAIN_QUESTION, **found}, id=part_id, source_index=None, edited=True)
    elif not found:
        return was
    else:
        made = msgspec.structs.replace(was, **found, edited=True)
    for key, fault in question_faults(made):
        edit.fault(f"{name}.{key}", fault)
    if "source_sentence" in found:
        return msgspec.structs.replace(made, source_index=edit.places.get(made.source_sentence), sources=())
    if {"correct_answer", "type"} & found.keys() and not source_has_answer(made):
        return msgspec.structs.replace(made, source_sentence="", source_index=None, sources=())
    return made


_NO_SOURCE: Final[Mapping[str, Any]] = {"source_index": None, "sources": [], "edited": False}
_PLAIN_QUESTION: Final[Mapping[str, Any]] = {
    "options": (),
    "rationale": "",
    "source_sentence": "",
    "objective": None,
    "difficulty": Difficulty.MEDIUM,
}
