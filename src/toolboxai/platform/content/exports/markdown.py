"""The Markdown form (CommonMark with tables), for reading, editing and pasting elsewhere.

Words of the source and of the request are escaped so that they read as they were written, whatever marks are in them.
"""

import re
from collections.abc import Iterator
from typing import Final

from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.item import Form, Item, KeyRow
from toolboxai.platform.content.exports.sheet import QUOTE, Line, Part, Sheet, Word, make_sheet
from toolboxai.platform.content.model.package import Audience

__all__ = ["escape", "render_markdown"]

_INLINE: Final = re.compile(r"[\\`*_\[\]<>~|]|&(?=#?[A-Za-z0-9]+;)")
_BLOCK_START: Final = re.compile(r"[#+\-=:]|[0-9]{1,9}(?=[.)])")
_BLANK: Final = r"\_\_\_\_\_"
_TO_WRITE: Final = "_____"  # inside a line, low lines mean nothing to Markdown
_LINE: Final = " ".join([_TO_WRITE] * 6)


def escape(text: str) -> str:
    """One line of text as Markdown that shows exactly this text.

    A lone run of five low lines, a blank to fill in, means nothing to Markdown and stays readable.
    """
    escaped = _INLINE.sub(lambda mark: f"\\{mark[0]}", text)
    has_words = any(map(str.isalnum, text))  # without any it would be a rule across the page
    if has_words and text.count("_") == 5 and f" {_BLANK} " in f" {escaped} ".translate(_OPENERS):
        escaped = escaped.replace(_BLANK, "_____")
    if start := _BLOCK_START.match(escaped):
        number = start[0] if start[0].isdigit() else ""
        escaped = f"{number}\\{escaped[len(number) :]}"
    return escaped


# What may stand right before or after a blank in a sentence, seen as a space.
_OPENERS: Final = str.maketrans(dict.fromkeys("“”\"'.,;:()", " "))


def render_markdown(document: ContentDocument, audience: Audience) -> str:
    """The document for the teacher (plan, quiz, answers, coverage) or for the student (no answers)."""
    sheet = make_sheet(document, audience)
    parts = [*_head(sheet), *_lesson(sheet), *_quiz(sheet)]
    if sheet.teacher:
        parts += [*_coverage(sheet), *_notes(sheet)]
    return "\n\n".join(parts) + "\n"


def _head(sheet: Sheet) -> Iterator[str]:
    yield f"# {escape(sheet.title)}"
    yield "\n".join(f"- {fact.label}: {escape(fact.text)}" for fact in sheet.facts)
    yield f"## {sheet.words.objectives}"
    yield "\n".join(
        f"{number}. {escape(objective)}" for number, objective in enumerate(sheet.objectives, start=1)
    )


def _lesson(sheet: Sheet) -> Iterator[str]:
    yield f"## {sheet.words.lesson}"
    for part in sheet.parts:
        yield f"### {part.number}. {escape(part.title)} ({part.time})"
        yield from _part(part)


def _part(part: Part) -> Iterator[str]:
    quoted: list[str] = []
    for line in part.lines:
        if line.kind == QUOTE:
            quoted.append(f"> {_sourced(line)}")
            continue
        if quoted:
            yield "\n>\n".join(quoted)
            quoted = []
        yield f"*{line.label}:* {_sourced(line)}" if line.label else escape(line.text)
    if quoted:
        yield "\n>\n".join(quoted)
    if part.words:
        yield "\n".join(_word(word) for word in part.words)


def _sourced(line: Line) -> str:
    return escape(line.text) + _number(line.source)


def _number(source: int | None) -> str:
    return "" if source is None else rf" \[{source}\]"


def _word(word: Word) -> str:
    meaning = f": {escape(word.meaning)}" if word.meaning else ""
    quoted = f"\n\n  > {escape(word.sentence)}{_number(word.source)}\n" if word.sentence else ""
    return f"- **{escape(word.term)}**{meaning}{quoted}"


def _quiz(sheet: Sheet) -> Iterator[str]:
    yield f"## {sheet.words.quiz}"
    if not sheet.items:
        yield sheet.words.no_questions
    for item in sheet.items:
        yield f"### {item.heading}"
        yield escape(item.text)
        if item.hint:
            yield item.hint
        yield from _place_to_answer(item, sheet)
        if item.key:
            yield "\n".join(_key(row) for row in item.key)


def _place_to_answer(item: Item, sheet: Sheet) -> Iterator[str]:
    match item.form:
        case Form.CHOICE:
            yield "\n".join(f"- {choice.letter}) {escape(choice.text)}" for choice in item.choices)
        case Form.MATCHING:
            words = sheet.words
            rows = [f"| {words.item} | {words.letter} | {words.partner} |", "| --- | --- | --- |"]
            for pair in item.pairs:
                blank = _TO_WRITE if pair.item else ""
                rows.append(f"| {escape(pair.item)} | {blank} | {escape(pair.partner)} |")
            yield "\n".join(rows)
        case Form.ORDERING:
            yield "\n".join(f"- {_TO_WRITE} {escape(step)}" for step in item.steps)
        case Form.WRITING:
            unit = f" {escape(item.unit)}" if item.unit else ""
            yield f"{sheet.words.your_answer}: {_LINE}" + f"\\\n\\{_LINE}" * (item.lines - 1) + unit


def _key(row: KeyRow) -> str:
    if len(row.texts) == 1:
        return f"- **{row.label}:** {escape(row.texts[0])}"
    return "\n".join([f"- **{row.label}:**", *(f"  - {escape(text)}" for text in row.texts)])


def _coverage(sheet: Sheet) -> Iterator[str]:
    words = sheet.words
    yield f"## {words.coverage}"
    rows = [f"| {words.objective} | {words.sections} | {words.questions} |", "| --- | --- | --- |"]
    rows += [f"| {escape(row.objective)} | {row.sections} | {row.questions} |" for row in sheet.rows]
    yield "\n".join(rows)
    yield "\n".join(f"- {escape(gap)}" for gap in sheet.gaps)


def _notes(sheet: Sheet) -> Iterator[str]:
    if sheet.notes:
        yield f"## {sheet.words.notes}"
        yield "\n".join(f"- {escape(note)}" for note in sheet.notes)
