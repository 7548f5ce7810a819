"""The quiz as a table: RFC 4180 in UTF-8 with a byte order mark, a row for each question.

Spreadsheets run cells that begin with one of a few characters as formulas. Such a cell gets an apostrophe before it, and
so does one that begins with an apostrophe; who reads the file takes one leading apostrophe away and has the text.
"""

import csv
import io
from typing import Final

from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.question_facts import objective_title, tolerance
from toolboxai.platform.content.exports.written import Written
from toolboxai.platform.content.model.package import Audience
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import QuestionType

__all__ = ["guarded", "write_csv"]

_GUARDED: Final = tuple("=+-@\t\r'\uff1d\uff0b\uff0d\uff20")


def write_csv(document: ContentDocument, _: Audience) -> Written:
    """All of every question; as many columns for options, prompts and answers as the longest question needs."""
    questions = document.quiz.questions
    lists = {
        name: max((len(_list(question, name)) for question in questions), default=0)
        for name in ("option", "prompt", "answer", "accepted")
    }
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(
        [
            *("id", "type", "difficulty", "objective", "question"),
            *(f"{name}_{number}" for name, most in lists.items() for number in range(1, most + 1)),
            *("tolerance", "unit", "rationale", "source_sentence"),
        ]
    )
    for question in questions:
        cells = [
            question.id,
            question.type.value,
            question.difficulty.value,
            objective_title(document, question) or "",
            question.question,
        ]
        for name, most in lists.items():
            have = _list(question, name)
            cells += [*have, *[""] * (most - len(have))]
        off = tolerance(question) if question.type is QuestionType.NUMERIC else ""
        cells += [off, question.unit, question.rationale, question.source_sentence]
        writer.writerow(map(guarded, cells))
    return Written(table.getvalue().encode("utf-8-sig"))


def _list(question: Question, name: str) -> tuple[str, ...]:
    lists = {
        "option": question.options,
        "prompt": question.prompts,
        "answer": question.answers,
        "accepted": question.accepted,
    }
    return lists[name]


def guarded(cell: str) -> str:
    """A cell as it is written, which no spreadsheet runs."""
    return f"'{cell}" if cell.startswith(_GUARDED) else cell
