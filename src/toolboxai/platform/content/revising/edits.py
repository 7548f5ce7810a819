"""An edit of a content: checked whole, with every fault at once, then made, or nothing.

Lists are merged by ``id``: what is listed is changed, what is not stays as it is. A part without ``id`` is new, one with
``removed`` goes. What was read from the server may be sent back: a field that is as it was is no change.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec

from toolboxai.errors import ValidationError
from toolboxai.platform.content.model.lesson import LessonSection, VocabularyEntry
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.records.revisions import Edition, Numbers, edition_of
from toolboxai.platform.content.revising.fields import line
from toolboxai.platform.content.revising.parts import read_question, read_section, read_word
from toolboxai.platform.content.revising.reading import EditReader, plain

__all__ = ["MAX_MINUTES", "changes_between", "edited"]

MAX_MINUTES: Final = 480  # of all sections together: a school day
_SECTIONS: Final = 40
_WORDS: Final = 60
_QUESTIONS: Final = 100

_title: Final = line(200)


def _later(value: Any) -> Any:
    """It is looked at by itself."""
    return value


P = TypeVar("P", LessonSection, VocabularyEntry, Question)


def edited(edition: Edition, given: Mapping[str, Any], source: Sequence[str]) -> Edition:
    """The edition with an edit made; the same one when nothing of it is new.

    Args:
        edition: the newest.
        given: ``title``, ``lesson`` with ``title``, ``sections``, ``vocabulary`` and ``order``, ``quiz`` with ``title``,
            ``questions`` and ``order``, all optional.
        source: the sentences of the text, in order.

    Raises:
        ValidationError: ``details.fields`` names what is wrong; nothing was made.
    """
    lesson, quiz = edition.lesson, edition.quiz
    edit = EditReader(source, len(lesson.objectives))
    top = edit.changes(
        given, "", {"title": edition.title}, {"title": _title, "lesson": _later, "quiz": _later}
    )
    of_lesson = edit.members(given.get("lesson", {}), "lesson")
    of_quiz = edit.members(given.get("quiz", {}), "quiz")
    listed = {"sections", "vocabulary", "order", "questions"}
    lesson_fields = edit.changes(
        {key: value for key, value in of_lesson.items() if key not in listed - {"questions"}},
        "lesson",
        plain(lesson),
        {"title": _title},
    )
    quiz_fields = edit.changes(
        {key: value for key, value in of_quiz.items() if key not in ("questions", "order")},
        "quiz",
        plain(quiz),
        {"title": _title},
    )
    title = top.get("title", edition.title)
    # As they were made all three are one; who renames the content means them all.
    for fields, part in ((lesson_fields, lesson), (quiz_fields, quiz)):
        if "title" not in fields and part.title == edition.title:
            fields["title"] = title

    sections = _List(
        edit, "lesson.sections", lesson.sections, "s", edition.numbers.section, _SECTIONS, read_section
    )
    words = _List(edit, "lesson.vocabulary", lesson.vocabulary, "v", edition.numbers.word, _WORDS, read_word)
    questions = _List(
        edit, "quiz.questions", quiz.questions, "q", edition.numbers.question, _QUESTIONS, read_question
    )
    new_sections = sections.merged(of_lesson.get("sections", ()), of_lesson.get("order"), "lesson.order")
    new_words = words.merged(of_lesson.get("vocabulary", ()), None, "")
    new_questions = questions.merged(of_quiz.get("questions", ()), of_quiz.get("order"), "quiz.order")
    minutes = sum(section.duration_minutes for section in new_sections)
    if not new_sections:
        edit.fault("lesson.sections", "a lesson has at least one section")
    elif minutes > MAX_MINUTES:
        edit.fault(
            "lesson.sections", f"they take {minutes} minutes together; at most {MAX_MINUTES} are allowed"
        )
    if edit.faults:
        told = "; ".join(f"{name}: {fault}" for name, fault in edit.faults.items())
        raise ValidationError(f"the edit does not fit: {told}", details={"fields": edit.faults})
    new_lesson = msgspec.structs.replace(lesson, sections=new_sections, vocabulary=new_words, **lesson_fields)
    new_quiz = msgspec.structs.replace(quiz, questions=new_questions, **quiz_fields)
    if (title, new_lesson, new_quiz) == (edition.title, lesson, quiz):
        return edition
    return edition_of(
        edition,
        title=title,
        lesson=new_lesson,
        quiz=new_quiz,
        numbers=Numbers(sections.highest, questions.highest, words.highest),
    )


# ---- lists --------------------------------------------------------------------------------------------------


class _List(Generic[P]):
    """One list of the content, and how an edit of it is read.

    Args:
        highest: the highest number that an id of this kind has had.
        most: parts it may have.
        read: makes a part of what is given, beside what it was, or None for a new one; None when it cannot.
    """

    def __init__(
        self,
        edit: EditReader,
        name: str,
        parts: Sequence[P],
        letter: str,
        highest: int,
        most: int,
        read: Callable[[EditReader, str, Mapping[str, Any], P | None, str], P | None],
    ) -> None:
        self._edit = edit
        self._name = name
        self._parts: dict[str, P] = {part.id: part for part in parts}
        self._letter = letter
        self.highest = highest
        self._most = most
        self._read: Callable[[EditReader, str, Mapping[str, Any], P | None, str], P | None] = read

    def merged(self, given: Any, order: Any, order_name: str) -> tuple[P, ...]:
        """The new list."""
        placed: list[str] = []  # ids as they were listed, the new ones among them
        parts = dict(self._parts)
        fresh: set[str] = set()
        for place, one in enumerate(self._edit.items(given, self._name, 2 * self._most)):
            name = f"{self._name}[{place}]"
            part_id, gone = one.get("id"), one.get("removed", False)
            fields = {key: value for key, value in one.items() if key not in ("id", "removed")}
            if not isinstance(gone, bool):
                self._edit.fault(f"{name}.removed", "true or false is needed")
            elif part_id is None and not gone:
                new_id = f"{self._letter}{self.highest + 1}"
                made = self._read(self._edit, name, fields, None, new_id)
                if made is not None:
                    self.highest += 1
                    parts[new_id] = made
                    fresh.add(new_id)
                    placed.append(new_id)
            elif not isinstance(part_id, str) or part_id not in self._parts:
                known = ", ".join(self._parts) or "none"
                self._edit.fault(
                    f"{name}.id", f"there is no such part; there are {known}. Leave it out for a new one"
                )
            elif part_id in placed or part_id not in parts:
                self._edit.fault(f"{name}.id", f"{part_id} is listed twice")
            elif gone:
                del parts[part_id]
            else:
                placed.append(part_id)
                made = self._read(self._edit, name, fields, self._parts[part_id], part_id)
                parts[part_id] = made or parts[part_id]
        if len(parts) > self._most:
            self._edit.fault(self._name, f"{len(parts)} are too many; at most {self._most} are allowed")
        stay = [part_id for part_id in self._parts if part_id in parts]
        ids = _in_place(stay, placed, fresh)
        if order is not None:
            ids = self._ordered(stay, [part_id for part_id in ids if part_id in fresh], order, order_name)
        return tuple(parts[part_id] for part_id in ids)

    def _ordered(self, stay: Sequence[str], fresh: Sequence[str], order: Any, name: str) -> list[str]:
        fits = isinstance(order, list | tuple) and all(isinstance(one, str) for one in order)
        if not fits or sorted(order) != sorted(stay):
            self._edit.fault(name, f"each of {', '.join(stay)} once, in the order that you want")
            return [*stay, *fresh]
        return [*order, *fresh]


def _in_place(stay: Sequence[str], placed: Sequence[str], fresh: set[str]) -> list[str]:
    """Where each part stands: as listed when all are listed, else new ones behind the one they were listed after."""
    if set(stay) <= set(placed):
        return list(placed)
    ids = list(stay)
    for at, part_id in enumerate(placed):
        if part_id not in fresh:
            continue
        before = placed[at - 1] if at else None
        after = next((one for one in placed[at:] if one not in fresh), None)
        if before is not None:
            ids.insert(ids.index(before) + 1, part_id)
        elif after is not None:
            ids.insert(ids.index(after), part_id)
        else:
            ids.append(part_id)
    return ids


# ---- what is told of it -------------------------------------------------------------------------------------


def changes_between(before: Edition, after: Edition) -> str:
    """What is other, in a few words for the teacher: ``q3 and title changed; q11 added; s2 removed``."""
    changed = [
        name
        for name, old, new in (
            ("title", before.title, after.title),
            ("lesson title", before.lesson.title, after.lesson.title),
            ("quiz title", before.quiz.title, after.quiz.title),
        )
        if old != new and (name == "title" or new != after.title)
    ]
    added: list[str] = []
    removed: list[str] = []
    moved: list[str] = []
    for name, old, new in _lists(before, after):
        changed += [part_id for part_id in new if part_id in old and old[part_id] != new[part_id]]
        added += [part_id for part_id in new if part_id not in old]
        removed += [part_id for part_id in old if part_id not in new]
        if [one for one in old if one in new] != [one for one in new if one in old]:
            moved.append(name)
    told = [
        f"{', '.join(ids)} {what}"
        for ids, what in (
            (changed, "changed"),
            (added, "added"),
            (removed, "removed"),
            (moved, "put in another order"),
        )
        if ids
    ]
    return "; ".join(told)


def _lists(before: Edition, after: Edition) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name, old, new in (
        ("sections", before.lesson.sections, after.lesson.sections),
        ("words", before.lesson.vocabulary, after.lesson.vocabulary),
        ("questions", before.quiz.questions, after.quiz.questions),
    ):
        yield name, {one.id: one for one in old}, {one.id: one for one in new}
