"""How hard a text is to read: published formulas for its language, on counts made here.

===========  =================================================================================================
English      Flesch-Kincaid grade (Kincaid and others 1975), Automated Readability Index (Smith and Senter
             1967), Coleman-Liau index (1975): school years; the grade is their median
Spanish      Crawford (1984): school years, and the grade; Fernández Huerta (1959, as corrected by Law 2011)
             and the perspicuity of Szigriszt-Pazos (1993), which the INFLESZ scale reads: ease, 0 to 100
German       Wiener Sachtextformel (Bamberger and Vanecek 1984), its first and its second form: school
             years; the grade is the first; Amstad (1978): ease, 0 to 100
elsewhere    the two of the English ones that count letters, as a rough measure
===========  =================================================================================================
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final

from toolboxai.platform.content.language.syllables import syllables
from toolboxai.platform.content.model.analysis import Readability
from toolboxai.platform.content.model.request import Difficulty

__all__ = ["Counts", "count", "difficulty_against", "formulas", "measure"]

_LONG_LETTERS: Final = 6  # longer words are long ones to the Vienna formulas
_MANY_SYLLABLES: Final = 3

# Which formulas make the grade.
_GRADES: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("flesch_kincaid_grade", "automated_readability_index", "coleman_liau_index"),
    "es": ("crawford",),
    "de": ("wiener_sachtextformel_1",),
}
_ELSEWHERE: Final = ("automated_readability_index", "coleman_liau_index")

# School years beyond the band's last one.
_HARD: Final = 1.0
_EXPERT: Final = 4.0


@dataclass(frozen=True, slots=True)
class Counts:
    """What the formulas are fed with.

    Args:
        sentences: at least 1.
        words: at least 1; a number in digits is a word.
        letters: letters and digits.
        syllables: of all words.
        many: words of three syllables or more.
        single: words of one syllable.
        long: words of more than six letters.
    """

    sentences: int
    words: int
    letters: int = 0
    syllables: int = 0
    many: int = 0
    single: int = 0
    long: int = 0


def count(sentences: int, words: Iterable[str], language: str) -> Counts:
    """The counts of a text.

    Args:
        sentences: number of sentences, at least 1.
        words: all words in lower case, at least one; a number in digits counts as a word of one syllable.
        language: primary subtag.
    """
    total = letters = spoken = many = single = long = 0
    for word in words:
        size = sum(map(str.isalnum, word))
        parts = syllables(word, language)
        total += 1
        letters += size
        spoken += parts
        many += parts >= _MANY_SYLLABLES
        single += parts == 1
        long += size > _LONG_LETTERS
    return Counts(sentences, total, letters, spoken, many, single, long)


def formulas(counts: Counts, language: str) -> dict[str, float]:
    """What the formulas for a language give, unrounded."""
    sentence = counts.words / counts.sentences
    syllable, letter = counts.syllables / counts.words, counts.letters / counts.words
    match language:
        case "es":
            return {
                "crawford": -20.5 / sentence + 4.9 * syllable - 3.407,
                "fernandez_huerta": 206.84 - 60 * syllable - 1.02 * sentence,
                "szigriszt_pazos": 206.835 - 62.3 * syllable - sentence,
            }
        case "de":
            many, long = 100 * counts.many / counts.words, 100 * counts.long / counts.words
            single = 100 * counts.single / counts.words
            return {
                "wiener_sachtextformel_1": 0.1935 * many
                + 0.1672 * sentence
                + 0.1297 * long
                - 0.0327 * single
                - 0.875,
                "wiener_sachtextformel_2": 0.2007 * many + 0.1682 * sentence + 0.1373 * long - 2.779,
                "amstad": 180 - sentence - 58.5 * syllable,
            }
        case _:
            found = {
                "flesch_kincaid_grade": 0.39 * sentence + 11.8 * syllable - 15.59,
                "automated_readability_index": 4.71 * letter + 0.5 * sentence - 21.43,
                "coleman_liau_index": 5.88 * letter - 29.6 / sentence - 15.8,
            }
            return found if language == "en" else {name: found[name] for name in _ELSEWHERE}


def measure(sentences: int, words: Iterable[str], language: str) -> Readability:
    """Counts and grade of a text; see ``count``."""
    counts = count(sentences, words, language)
    found = formulas(counts, language)
    grades = [found[name] for name in _GRADES.get(language, _ELSEWHERE)]
    return Readability(
        sentences=counts.sentences,
        words=counts.words,
        syllables=counts.syllables,
        letters=counts.letters,
        formulas={name: round(value, 2) for name, value in found.items()},
        grade=round(max(0.0, median(grades)), 1),
    )


def difficulty_against(grade: float, band: tuple[int, int]) -> Difficulty:
    """How hard a text of this grade is for readers of these school years.

    More than a year below the band is easy, up to a year above it medium, up to four years above it hard.
    """
    first, last = band
    if grade < first - 1:
        return Difficulty.EASY
    if grade <= last + _HARD:
        return Difficulty.MEDIUM
    return Difficulty.HARD if grade <= last + _EXPERT else Difficulty.EXPERT
