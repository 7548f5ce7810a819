"""Score the questions that a corpus of texts gives, by criteria that a program can check, and show the misses.

    python scripts/score_lessons.py tests/corpus [--questions 20] [--seed 1] [--markdown]

The folder has ``requests.json`` (a list of requests, each with ``file`` in place of the text) and ``texts/``. For each
text one quiz of all kinds is made and every question of it is judged. ``CRITERIA`` says what each criterion asks. A
miss is printed with its question; nothing is left out. The criteria find what can be seen from outside: a question
that meets them all may still be dull, and one that misses one may still be good.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from toolboxai.platform.content.analysis.reading import parse
from toolboxai.platform.content.analysis.suitability import leans_on_before
from toolboxai.platform.content.engine import OfflineEngine
from toolboxai.platform.content.language.lexicon import Lexicon, lexicon_for
from toolboxai.platform.content.language.tokens import is_plural, stems, tokenise
from toolboxai.platform.content.language.wordnet import load_nouns
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.quiz import BLANK, Question
from toolboxai.platform.content.model.report import unheard
from toolboxai.platform.content.model.request import (
    SUPPORTED_QUESTION_TYPES,
    GenerationRequest,
    Objective,
    QuestionType,
)

__all__ = ["CRITERIA", "Judged", "judge", "main", "report"]

_WRITTEN: Final = (QuestionType.FILL_BLANK, QuestionType.SHORT_ANSWER, QuestionType.NUMERIC)
_GROUPS: Final = (QuestionType.MATCHING, QuestionType.ORDERING)
_QUOTED: Final = re.compile("[\u201c\u201e\u00ab](.*)[\u201d\u201c\u00bb]", re.DOTALL)
_ELSEWHERE: Final = {
    "en": re.compile(
        r"\b(?:same|such|former|latter|(?<!\bany )others?|another|there"
        r"|(?:second|third)(?! century\b)|these|those)\b(?! (?:is|are|was|were)\b)"
    ),
    "de": re.compile(
        r"\b(?:gleich\w*|solch\w*|ander(?:e|er|en|es)|dort|(?:zweite|dritte)\w?(?! Jahrhundert)|dies\w*|jene\w*)\b"
    ),
    "es": re.compile(
        r"\b(?:mism[oa]s?|otr[oa]s?|tal(?:es)?|allí|segund[oa]|tercer[oa]?|est[eao]s?|es[eao]s?)\b"
    ),
}
_ENDS: Final = (".", "?", "!", ":", "\u201d", "\u201c", "\u00bb")


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with its text, and what of the text is needed to judge it."""

    file: str
    question: Question
    analysis: Analysis
    lexicon: Lexicon

    @property
    def quoted(self) -> str:
        """What the stem quotes of the text, or empty."""
        found = _QUOTED.search(self.question.question)
        return found[1] if found else ""

    @property
    def wrong(self) -> list[str]:
        """The wrong options of a choice."""
        if self.question.type is not QuestionType.MULTIPLE_CHOICE:
            return []
        return [option for option in self.question.options if option not in self.question.answers]

    def words(self, text: str) -> frozenset[str]:
        """The stems of the content words of a text."""
        known = self.lexicon.stopwords
        language = self.lexicon.language
        return frozenset(
            stem
            for token in tokenise(text)
            if token.lower not in known
            for stem in stems(token.lower, language)
        )


def whole_stem(judged: Judged) -> bool:
    """The stem starts with a capital or a quotation, and ends as a sentence, question or quotation does."""
    stem = judged.question.question
    return (stem[0].isupper() or stem[0] in "\u00bf\u00a1\u201c\u201e\u00ab") and stem.rstrip().endswith(
        _ENDS
    )


def one_question(judged: Judged) -> bool:
    """A short question is one clause: no stop inside, at most one clause after a comma."""
    if judged.question.type is not QuestionType.SHORT_ANSWER or judged.quoted:
        return True
    stem = judged.question.question
    return stem.count("?") == 1 and "." not in stem.rstrip("?") and stem.count(",") <= 2


def article_agrees(judged: Judged) -> bool:
    """After "a" or "an" every option begins with the right sort of letter; it is asked of English alone."""
    found = re.search(rf"\b(an?) {BLANK}", judged.question.question, re.IGNORECASE)
    if not found or judged.lexicon.language != "en" or not judged.question.options:
        return True
    return len({option[0].lower() in "aeiou" for option in judged.question.options}) == 1


def number_agrees(judged: Judged) -> bool:
    """Options to be put into a blank are all singular or all plural."""
    options = judged.question.options
    if judged.question.type is not QuestionType.MULTIPLE_CHOICE or BLANK not in judged.question.question:
        return True
    if any(not option[-1].isalpha() or option[0].isupper() for option in options):
        return True
    return len({is_plural(option.split()[-1].lower(), judged.lexicon.language) for option in options}) == 1


def nothing_dangles(judged: Judged) -> bool:
    """No sentence that is asked about begins with a word that points back."""
    question = judged.question
    if question.source_index is None or question.type in _GROUPS:
        return not any(
            option.split()[0].lower() in judged.lexicon.grammar.pointing.pronouns
            for option in question.options
        )
    return not leans_on_before(parse(judged.analysis.sentences[question.source_index]), judged.lexicon)


def recoverable(judged: Judged) -> bool:
    """The answer can be read from the source sentences alone."""
    question = judged.question
    source = question.source_sentence.lower()
    if question.type is QuestionType.NUMERIC:
        value = float(question.answers[0])
        return any(value == number for number in _numbers(source))
    if question.type is QuestionType.TRUE_FALSE:
        true = question.answers[0] == question.options[0]
        return (judged.quoted.lower() == source) is true
    return all(part.strip().lower() in source for answer in question.answers for part in answer.split(BLANK))


def _numbers(text: str) -> Iterator[float]:
    for found in re.finditer(r"\d+(?:[.,]\d+)*", text):
        for thousands, decimal in ((",", "."), (".", ",")):
            plain = found[0].replace(thousands, "").replace(decimal, ".")
            if plain.count(".") <= 1:
                yield float(plain)


def enough_is_said(judged: Judged) -> bool:
    """Without the answer, the stem has two content words of the source at least."""
    question = judged.question
    shown = " ".join((judged.quoted or question.question, *question.prompts, *question.options))
    answer = judged.words(" ".join(question.answers)) if question.type in _WRITTEN else frozenset[str]()
    return len((judged.words(shown) & judged.words(question.source_sentence)) - answer) >= 2


def not_told(judged: Judged) -> bool:
    """What must be written does not stand in the stem."""
    question = judged.question
    if question.type not in _WRITTEN:
        return True
    return not re.search(rf"(?<!\w){re.escape(question.answers[0])}(?!\w)", question.question, re.IGNORECASE)


def distinct(judged: Judged) -> bool:
    """All options differ, and so do all prompts; a choice has three at least."""
    question = judged.question
    for side in (question.options, question.prompts):
        if len({one.casefold() for one in side}) < len(side):
            return False
    return question.type is not QuestionType.MULTIPLE_CHOICE or len(question.options) >= 3


def same_class(judged: Judged) -> bool:
    """Wrong options are of the answer's class: concepts of its kind, numbers beside numbers, meanings beside meanings."""
    if not judged.wrong:
        return True
    answer = judged.question.answers[0]
    if answer[0].isdigit():
        return all(option[0].isdigit() for option in judged.wrong)
    meanings = {definition.meaning.lower() for definition in judged.analysis.definitions}
    if answer.lower() in meanings:
        return all(option.lower() in meanings for option in judged.wrong)
    kinds = {form: concept.kind for concept in judged.analysis.concepts for form in concept.forms}
    kind = kinds.get(answer.lower())
    return all(kinds.get(option.lower(), kind) is kind for option in judged.wrong)


def none_also_right(judged: Judged) -> bool:
    """No wrong option makes the asked sentence one that the text has elsewhere, nor stands in the asked sentence."""
    said = {sentence.text.casefold() for sentence in judged.analysis.sentences}
    source = judged.question.source_sentence
    for option in judged.wrong:
        if BLANK in judged.quoted and judged.quoted.replace(BLANK, option).casefold() in said:
            return False
        if re.search(rf"(?<!\w){re.escape(option)}(?!\w)", source, re.IGNORECASE):
            return False
    return True


def refers_to_nothing_else(judged: Judged) -> bool:
    """No word of the stem compares with, or counts on from, what another sentence said ("in the same way")."""
    pattern = _ELSEWHERE.get(judged.lexicon.language)
    stem = judged.quoted or judged.question.question
    return judged.question.type in _GROUPS or pattern is None or not pattern.search(stem)


def length_tells_nothing(judged: Judged) -> bool:
    """The right option is not twice as long, or half as long, as every wrong one."""
    if not judged.wrong or judged.question.answers[0][0].isdigit():
        return True
    own = len(judged.question.answers[0])
    return not (
        all(own > 2 * len(one) for one in judged.wrong) or all(2 * own < len(one) for one in judged.wrong)
    )


def near_kind(judged: Judged) -> bool:
    """What WordNet knows of the options has more above it in common than that it is an entity; for English."""
    if judged.lexicon.language != "en" or not judged.wrong:
        return True
    kinds = [known for one in judged.question.options if (known := load_nouns().kinds(one))]
    return len(kinds) < 2 or len(frozenset.intersection(*kinds)) >= 2


CRITERIA: Final[dict[str, Callable[[Judged], bool]]] = {
    "whole stem": whole_stem,
    "one question": one_question,
    "article agrees": article_agrees,
    "number agrees": number_agrees,
    "nothing dangles": nothing_dangles,
    "refers to nothing else": refers_to_nothing_else,
    "answer recoverable": recoverable,
    "enough is said": enough_is_said,
    "answer not told": not_told,
    "options distinct": distinct,
    "same class": same_class,
    "near kind": near_kind,
    "length tells nothing": length_tells_nothing,
    "none also right": none_also_right,
}


def judge(judged: Judged) -> list[str]:
    """The names of the criteria that a question misses."""
    return [name for name, holds in CRITERIA.items() if not holds(judged)]


def questions_of(folder: Path, facts: dict[str, Any], count: int, seed: int) -> list[Judged]:
    """The quiz of one text of the corpus."""
    request = GenerationRequest(
        subject=facts["subject"],
        grade_level=facts["grade_level"],
        learning_objectives=[Objective(title) for title in facts["learning_objectives"]],
        source_text=(folder / "texts" / facts["file"]).read_text(encoding="utf-8"),
        language=facts["language"],
        num_questions=count,
        question_types=list(SUPPORTED_QUESTION_TYPES),
        seed=seed,
    )
    engine = OfflineEngine()
    analysis = engine.analyse(request, unheard)
    lesson = engine.lesson(request, analysis, unheard)
    quiz = engine.quiz(request, analysis, lesson, unheard)
    lexicon = lexicon_for(request.language)
    return [Judged(facts["file"], question, analysis, lexicon) for question in quiz.questions]


def report(judged: list[Judged], *, markdown: bool) -> str:
    """The table of criteria by kind of question, then every miss."""
    missed = [(one, judge(one)) for one in judged]
    kinds = [kind for kind in QuestionType if any(one.question.type is kind for one in judged)]
    asked = Counter(one.question.type for one in judged)
    rows = [
        ["criterion", *kinds, "all"],
        ["questions", *(str(asked[kind]) for kind in kinds), str(len(judged))],
    ]
    for name in CRITERIA:
        lost = Counter(one.question.type for one, misses in missed if name in misses)
        cells = [_share(asked[kind] - lost[kind], asked[kind]) for kind in kinds]
        rows.append([name, *cells, _share(len(judged) - lost.total(), len(judged))])
    clean = Counter(one.question.type for one, misses in missed if not misses)
    rows.append(
        [
            "all of them",
            *(_share(clean[kind], asked[kind]) for kind in kinds),
            _share(clean.total(), len(judged)),
        ]
    )
    lines = _table(rows, markdown=markdown)
    for one, misses in missed:
        if misses:
            lines.append(
                f"- {one.file}, {one.question.type}, misses {', '.join(misses)}: {one.question.question}"
            )
            options = f" Options: {' | '.join(one.question.options)}." if one.question.options else ""
            lines.append(f"  Answer: {' | '.join(one.question.answers)}.{options}")
    return "\n".join(lines)


def _share(held: int, of: int) -> str:
    return f"{held}/{of}"


def _table(rows: list[list[str]], *, markdown: bool) -> list[str]:
    if markdown:
        body = [f"| {' | '.join(row)} |" for row in rows]
        return [body[0], f"|{'---|' * len(rows[0])}", *body[1:], ""]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows] + [
        ""
    ]


def main(arguments: list[str]) -> str:
    """Read the corpus, make the quizzes and return the report."""
    parser = argparse.ArgumentParser(description="Score the questions that a corpus of texts gives.")
    parser.add_argument("folder", type=Path, help="has requests.json and texts/")
    parser.add_argument("--questions", type=int, default=20, help="asked for of each text")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--markdown", action="store_true", help="write the table as Markdown")
    options = parser.parse_args(arguments)
    requests = json.loads((options.folder / "requests.json").read_text(encoding="utf-8"))
    judged = [
        one
        for facts in requests
        for one in questions_of(options.folder, facts, options.questions, options.seed)
    ]
    return report(judged, markdown=options.markdown)


if __name__ == "__main__":
    sys.stdout.write(f"{main(sys.argv[1:])}\n")
