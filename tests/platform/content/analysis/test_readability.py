"""Grades: the formulas on published worked examples, the counts against an independent implementation."""

import pytest
import textstat_rs

from content_runs import source
from toolboxai.platform.content.analysis.readability import (
    Counts,
    count,
    difficulty_against,
    formulas,
    measure,
)
from toolboxai.platform.content.analysis.reading import read
from toolboxai.platform.content.language.lexicon import lexicon_for
from toolboxai.platform.content.language.syllables import syllables
from toolboxai.platform.content.language.tokens import tokenise
from toolboxai.platform.content.model.analysis import Readability
from toolboxai.platform.content.model.request import Difficulty

# The other implementation looks syllables up in a dictionary, counts punctuation for ARI, and ends sentences elsewhere.
KINCAID_WITHIN, ARI_WITHIN, COLEMAN_WITHIN = 0.6, 0.8, 0.8


def grades(sentences: list[str], language: str = "en") -> Readability:
    words = (token.lower for sentence in sentences for token in tokenise(sentence))
    return measure(len(sentences), words, language)


def counts(text: str, language: str) -> Counts:
    return count(1, (token.lower for token in tokenise(text)), language)


def test_flesch_kincaid_as_wikipedia_works_it_out() -> None:
    # "Flesch-Kincaid readability tests": 13 words and 24 syllables in one sentence are grade 11.3
    text = "The Australian platypus is seemingly a hybrid of a mammal and reptilian creature."
    found = counts(text, "en")
    assert (found.words, found.syllables) == (13, 24)
    assert formulas(found, "en")["flesch_kincaid_grade"] == pytest.approx(11.3, abs=0.05)


def test_coleman_liau_as_wikipedia_works_it_out() -> None:
    # "Coleman-Liau index": an abstract of 639 letters, 119 words and 5 sentences is grade 14.5
    found = formulas(Counts(sentences=5, words=119, letters=639), "en")
    assert found["coleman_liau_index"] == pytest.approx(14.5, abs=0.05)


def test_the_english_formulas_on_counts_made_by_hand() -> None:
    found = grades(["The cat sat on mats.", "Every river flows."])
    assert (found.sentences, found.words, found.letters) == (2, 8, 30)
    assert found.syllables == 11  # ev-e-ry, riv-er
    assert found.formulas["flesch_kincaid_grade"] == pytest.approx(0.39 * 4 + 11.8 * 11 / 8 - 15.59, abs=0.01)
    assert found.formulas["automated_readability_index"] == pytest.approx(
        4.71 * 30 / 8 + 0.5 * 4 - 21.43, abs=0.01
    )
    assert found.formulas["coleman_liau_index"] == pytest.approx(0.0588 * 375 - 0.296 * 25 - 15.8, abs=0.01)


@pytest.mark.parametrize("name", ["water_cycle", "curie.txt", "cells.md"])
def test_english_grades_agree_with_an_independent_implementation(name: str) -> None:
    sentences = [parsed.text for parsed in read(source(name), lexicon_for("en")).prose]
    ours, text = grades(sentences).formulas, " ".join(sentences)
    assert ours["flesch_kincaid_grade"] == pytest.approx(
        textstat_rs.flesch_kincaid_grade(text), abs=KINCAID_WITHIN
    )
    assert ours["automated_readability_index"] == pytest.approx(
        textstat_rs.automated_readability_index(text), abs=ARI_WITHIN
    )
    assert ours["coleman_liau_index"] == pytest.approx(
        textstat_rs.coleman_liau_index(text), abs=COLEMAN_WITHIN
    )


def test_the_spanish_formulas_give_what_textstat_publishes_for_its_spanish_text() -> None:
    # textstat's tests (0.7): 27 words a sentence, 17 syllables in 9 words
    found = formulas(Counts(sentences=1, words=27, syllables=51), "es")
    assert found["fernandez_huerta"] == pytest.approx(65.967, abs=0.001)
    assert found["szigriszt_pazos"] == pytest.approx(62.162, abs=0.006)  # with 206.84 for 206.835
    assert found["crawford"] == pytest.approx(5.089, abs=0.001)


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        # textstat's tests (0.7), first form of the Vienna formula
        (
            "Alle meine Entchen schwimmen auf dem See, Köpfchen unters Wasser, Schwänzchen in die Höh.",
            3.8,
        ),
        (
            "Alle Parteien widmen dem Thema rein quantitativ betrachtet nennenswerte Aufmerksamkeit, die Grünen wenig "
            "überraschend am meisten.",
            13.9,
        ),
    ],
)
def test_the_vienna_formula_gives_what_textstat_publishes(text: str, grade: float) -> None:
    assert formulas(counts(text, "de"), "de")["wiener_sachtextformel_1"] == pytest.approx(grade, abs=0.05)


def test_the_amstad_formula_on_counts_made_by_hand() -> None:
    found = formulas(Counts(sentences=2, words=20, syllables=34), "de")
    assert found["amstad"] == pytest.approx(180 - 10 - 58.5 * 1.7)


def test_the_grade_comes_from_the_formulas_of_the_language() -> None:
    spanish = grades(["El agua sube con el aire caliente.", "Las nubes crecen en el cielo."], "es")
    german = grades(["Das Wasser steigt mit der warmen Luft auf.", "Die Wolken wachsen am Himmel."], "de")
    other = grades(["A água sobe com o ar quente."], "pt")
    assert spanish.grade == round(max(0.0, spanish.formulas["crawford"]), 1)
    assert german.grade == round(max(0.0, german.formulas["wiener_sachtextformel_1"]), 1)
    assert set(other.formulas) == {"automated_readability_index", "coleman_liau_index"}


@pytest.mark.parametrize(
    ("language", "word", "number"),
    [
        ("en", "stone", 1),
        ("en", "table", 2),
        ("en", "moved", 1),
        ("en", "created", 3),
        ("en", "reaches", 2),
        ("en", "area", 3),
        ("en", "nation", 2),
        ("en", "movement", 2),
        ("es", "agua", 2),
        ("es", "río", 2),
        ("es", "evaporación", 5),
        ("es", "queso", 2),
        ("es", "guerra", 2),
        ("es", "pingüino", 3),
        ("es", "océano", 4),
        ("es", "ciudad", 2),
        ("es", "ley", 1),
        ("es", "uruguay", 3),
        ("es", "construyó", 3),
        ("de", "wasser", 2),
        ("de", "quelle", 2),
        ("de", "europa", 3),
        ("de", "bäume", 2),
        ("de", "liebe", 2),
        ("de", "verdunstung", 3),
        ("de", "theater", 3),
        ("de", "nation", 3),
        ("de", "familie", 4),
    ],
)
def test_syllables_by_spelling(language: str, word: str, number: int) -> None:
    assert syllables(word, language) == number


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
