"""How hard a text is to read: three published formulas, on counts made here.

Flesch-Kincaid grade (Kincaid and others 1975), Automated Readability Index (Smith and Senter 1967) and Coleman-Liau
index (1975) all estimate a school year. Syllables are counted by vowel groups, which is right for about nine English
words of ten and within a few per cent over a text. They are made for English; in other languages only the two that
count letters are used, as a rough measure.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from statistics import median
from typing import Final

from toolboxai.platform.content.model import Difficulty, Readability

__all__ = ["difficulty_against", "measure", "syllables"]

_VOWEL_GROUP: Final = re.compile(r"[aeiouy\u00e0-\u00fc]+")
# Two vowels side by side that are spoken apart: cre-ate, ra-di-o, sci-ence, flu-id, nu-cle-i, a-re-a, la-yer.
_HIATUS: Final = re.compile(
    r"(?<![tscgxl])i[ao](?!u)|iou(?=s)(?<![tscgx]iou)|iu|(?<=[cr])ea(?=t(?:e|i|or))|ea(?=$|n$|ns$)(?<=[rnd]ea)"
    r"|eo(?=[lng])|(?<=[tn])u(?=ous)|u[ai](?=[dlt])(?<!qu[ai])|eu(?=m)|ei$|ie(?=n|t)|[aeiou]y(?=[aeiou])"
)
# An e that is not spoken: stone, moved, waves, movement; but not created, reaches, table.
_SILENT_E: Final = re.compile(
    r"(?<=[^aeiouy])e$|[^aeiouydt]ed$|[^aeiouyscxzgh]es$|[^cs]hes$|(?<=[aeiou][vgtsdn])e(?=ment|ful|less|ly$)"
)
_SYLLABIC_LE: Final = re.compile(r"[^aeiouyl]le[sd]?$")

# School years beyond the band's last one.
_HARD: Final = 1.0
_EXPERT: Final = 4.0


@lru_cache(maxsize=20_000)
def syllables(word: str) -> int:
    """Syllables of a lower-case English word, by its spelling; at least 1."""
    count = len(_VOWEL_GROUP.findall(word)) + len(_HIATUS.findall(word))
    if not _SYLLABIC_LE.search(word):
        count -= len(_SILENT_E.findall(word))
    return max(1, count)


def measure(sentences: int, words: Iterable[str], *, english: bool = True) -> Readability:
    """Counts and grades of a text.

    Args:
        sentences: number of sentences, at least 1.
        words: all words in lower case, at least one; a number in digits counts as a word of one syllable.
        english: whether syllables can be counted by English spelling.
    """
    total = letters = spoken = 0
    for word in words:
        total += 1
        letters += sum(map(str.isalnum, word))
        spoken += syllables(word)
    per_sentence = total / sentences
    kincaid = 0.39 * per_sentence + 11.8 * spoken / total - 15.59
    automated = 4.71 * letters / total + 0.5 * per_sentence - 21.43
    coleman = 5.88 * letters / total - 29.6 * sentences / total - 15.8
    grades = [kincaid, automated, coleman] if english else [automated, coleman]
    return Readability(
        sentences=sentences,
        words=total,
        syllables=spoken,
        letters=letters,
        flesch_kincaid_grade=round(kincaid, 2),
        automated_readability_index=round(automated, 2),
        coleman_liau_index=round(coleman, 2),
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
