"""The words around a lesson's text on the sheets, such as “Question” and “Why”, in each language that has them.

They stand in ``data/words.toml``. None of them says anything about the subject.
"""

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

import msgspec
from msgspec import Struct

__all__ = ["WORDS", "Words", "words_for"]


class Words(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language's words; each is named by its English one."""

    language: str
    for_teacher: str
    for_student: str
    subject: str
    grade: str
    duration: str
    minutes: str
    minutes_short: str
    text_difficulty: str
    reading_grade: str
    made_by: str
    made_offline: str
    made_with: str
    numbers: str
    numbers_meaning: str
    objectives: str
    lesson: str
    listen_for: str
    expected: str
    quiz: str
    no_questions: str
    question: str
    answer: str
    your_answer: str
    match_hint: str
    item: str
    letter: str
    partner: str
    order_hint: str
    number: str
    accepted: str
    tolerance: str
    tolerance_amount: str
    why: str
    source: str
    no_source: str
    difficulty: str
    objective: str
    coverage: str
    coverage_meaning: str
    sections: str
    questions: str
    none: str
    covered: str
    no_section: str
    no_question: str
    neither: str
    notes: str
    page: str
    levels: dict[str, str]
    blooms: dict[str, str]


_ELSEWHERE: Final = "en"


def _words() -> Mapping[str, Words]:
    table = files(__package__ or "").joinpath("data", "words.toml").read_bytes()
    return msgspec.toml.decode(table, type=dict[str, Words])


WORDS: Final = _words()


def words_for(language: str) -> Words:
    """The words for a text in the language of this BCP 47 tag: its own, else English ones."""
    return WORDS.get(language.partition("-")[0].lower(), WORDS[_ELSEWHERE])
