"""The three grades, against the formulas by hand and against an independent implementation."""

import pytest
import textstat_rs

from content_runs import source
from toolboxai.platform.content.lexicon import lexicon_for
from toolboxai.platform.content.model import Difficulty, Readability
from toolboxai.platform.content.readability import difficulty_against, measure
from toolboxai.platform.content.reading import read
from toolboxai.platform.content.syllables import syllables
from toolboxai.platform.content.tokens import tokenise

# The other implementation looks syllables up in a dictionary, counts punctuation for ARI, and ends sentences elsewhere.
KINCAID_WITHIN, ARI_WITHIN, COLEMAN_WITHIN = 0.6, 0.8, 0.8


def grades(sentences: list[str]) -> Readability:
    return measure(
        len(sentences), (token.lower for sentence in sentences for token in tokenise(sentence)), "en"
    )


def test_the_formulas_on_counts_made_by_hand() -> None:
    # 2 sentences, 8 words, 9 syllables (riv-er), 27 letters
    found = grades(["The cat sat on mats.", "Every river flows."])
    assert (found.sentences, found.words, found.letters) == (2, 8, 30)
    assert found.syllables == 11  # ev-e-ry, riv-er
    assert found.formulas["flesch_kincaid_grade"] == pytest.approx(0.39 * 4 + 11.8 * 11 / 8 - 15.59, abs=0.01)
    assert found.formulas["automated_readability_index"] == pytest.approx(
        4.71 * 30 / 8 + 0.5 * 4 - 21.43, abs=0.01
    )
    assert found.formulas["coleman_liau_index"] == pytest.approx(0.0588 * 375 - 0.296 * 25 - 15.8, abs=0.01)


@pytest.mark.parametrize("name", ["water_cycle", "curie.txt", "cells.md"])
def test_grades_agree_with_an_independent_implementation(name: str) -> None:
    sentences = [parsed.text for parsed in read(source(name), lexicon_for("en")).prose]
    ours, text = grades(sentences), " ".join(sentences)
    assert ours.formulas["flesch_kincaid_grade"] == pytest.approx(
        textstat_rs.flesch_kincaid_grade(text), abs=KINCAID_WITHIN
    )
    assert ours.formulas["automated_readability_index"] == pytest.approx(
        textstat_rs.automated_readability_index(text), abs=ARI_WITHIN
    )
    assert ours.formulas["coleman_liau_index"] == pytest.approx(
        textstat_rs.coleman_liau_index(text), abs=COLEMAN_WITHIN
    )


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("stone", 1),
        ("table", 2),
        ("moved", 1),
        ("created", 3),
        ("reaches", 2),
        ("area", 3),
        ("nation", 2),
        ("movement", 2),
    ],
)
def test_syllables_by_spelling(word: str, count: int) -> None:
    assert syllables(word, "en") == count


@pytest.mark.parametrize(
    ("grade", "band", "difficulty"),
    [
        (4.9, (6, 8), Difficulty.EASY),
        (5.0, (6, 8), Difficulty.MEDIUM),
        (9.0, (6, 8), Difficulty.MEDIUM),
        (9.1, (6, 8), Difficulty.HARD),
        (12.1, (6, 8), Difficulty.EXPERT),
        (12.1, (12, 12), Difficulty.MEDIUM),
    ],
)
def test_difficulty_is_measured_against_the_band(
    grade: float, band: tuple[int, int], difficulty: Difficulty
) -> None:
    assert difficulty_against(grade, band) is difficulty
