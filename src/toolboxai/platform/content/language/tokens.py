"""Words and numbers of a sentence, and what can be told from the form of a word in a language.

``language`` is a tag's primary subtag. In a language without tables every word is its own stem and no plural.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from toolboxai.platform.content.language.grammar import Forms
from toolboxai.platform.content.language.lexicon import lexicon_for

__all__ = ["Token", "ending_gender", "is_plural", "singular", "stem", "stems", "tokenise", "variants"]

_TOKEN: Final = re.compile(
    r"(?P<number>[0-9]+(?:[.,][0-9]+)*)"
    r"|(?P<word>[^\W\d_][^\W\d_\u0300-\u036f\u200c\u200d]*[\u0300-\u036f]*(?:['\u2019\u2010\u2011-]?[^\W\d_])*[\u0300-\u036f]*)"
)
_POSSESSIVE: Final = re.compile(r"['\u2019]s?$")
# A stem keeps so many letters at least, or unlike words would fall together.
_STEM_LETTERS: Final = 4
_PLURAL_LETTERS: Final = 4
_MARKS: Final = str.maketrans("áéíóúäöüß", "aeiouaous")


class Token(NamedTuple):
    """A word or number and where it stands in its sentence; ``lower`` is without a possessive ending."""

    text: str
    lower: str
    start: int
    end: int
    number: bool


def tokenise(text: str) -> tuple[Token, ...]:
    """Words and numbers in order. Hyphenated words and contractions are one word."""
    found = []
    for match in _TOKEN.finditer(text):
        number = match.lastgroup == "number"
        word = match[0]
        lower = word if number else word.lower()
        if not number and lower.endswith(("'s", "\u2019s", "'", "\u2019")):
            lower = _POSSESSIVE.sub("", lower)
        found.append(Token(word, lower, match.start(), match.end(), number))
    return tuple(found)


def is_plural(word: str, language: str) -> bool:
    """Whether a lower-case noun has the form of a plural."""
    forms = _forms(language)
    return word in forms.irregular or _by_ending(word, forms) is not None


def singular(word: str, language: str) -> str:
    """What the singular and the plural of a lower-case noun have in common, by its form alone.

    It is a key to compare by, not a word to show: accents and what case adds are taken off where the language has
    them.
    """
    return _singular(word, language)


def stem(word: str, language: str) -> str:
    """What the forms of a word have in common, roughly: ``evaporates`` and ``evaporation`` are ``evapor``."""
    return _stem(word, language)


def stems(words: str, language: str) -> frozenset[str]:
    """The stems of all words in a text."""
    return _stems(words, language)


# What is cached stands apart: a cached function loses the types of its arguments. A text has far fewer words than
# tokens.


@lru_cache(maxsize=20_000)
def _singular(word: str, language: str) -> str:
    forms = _forms(language)
    found = _by_ending(word, forms) or word
    if not forms.cases:
        return found
    found = found.translate(_MARKS)
    endings = _longest_first(forms.cases)
    while ending := next((one for one in endings if found.endswith(one)), ""):
        if len(found) - len(ending) < _STEM_LETTERS:
            break
        found = found[: -len(ending)]
    return found


def _by_ending(word: str, forms: Forms) -> str | None:
    """The singular of a plural that is known by its ending; None of any other word."""
    if len(word) < _PLURAL_LETTERS or word in forms.singular:
        return None
    for ending, instead in forms.plurals.items():
        if word.endswith(ending):
            return None if instead == ending else f"{word[: -len(ending)]}{instead}"
    return None


@lru_cache(maxsize=50_000)
def _stem(word: str, language: str) -> str:
    forms = _forms(language)
    if forms.cases:
        word = word.translate(_MARKS)
    for suffix in _longest_first(forms.suffixes):
        if word.endswith(suffix) and len(word) - len(suffix) >= _STEM_LETTERS:
            return word[: -len(suffix)]
    return word


@lru_cache(maxsize=10_000)
def _stems(words: str, language: str) -> frozenset[str]:
    return frozenset(_stem(token.lower, language) for token in tokenise(words))


def variants(one: str, other: str, language: str) -> bool:
    """Whether two terms are forms of one word or one is part of the other, so that both may be meant."""
    mine, others = stems(one, language), stems(other, language)
    return bool(mine) and bool(others) and (mine <= others or others <= mine or _alike(one, other))


def _alike(one: str, other: str) -> bool:
    """Single words that share most of their letters from the front, such as hydrate and hydration."""
    if " " in one or " " in other:
        return False
    shortest = min(len(one), len(other))
    shared = 0
    for mine, others in zip(one.lower(), other.lower(), strict=False):
        if mine != others:
            break
        shared += 1
    return shared >= max(4, 0.7 * shortest)


def ending_gender(word: str, language: str) -> str:
    """The gender that the longest known ending of a lower-case singular tells: ``m``, ``f``, ``n`` or empty."""
    forms = _forms(language)
    tables = (("m", forms.masculine), ("f", forms.feminine), ("n", forms.neuter))
    for gender, table in tables:
        if f"={word}" in table:
            return gender
    # A compound is of the gender of its last part, where nouns are written in one.
    found = [
        (len(ending), gender)
        for gender, table in tables
        for ending in (entry.removeprefix("=") if forms.capitals else entry for entry in table)
        if word.endswith(ending)
    ]
    return max(found)[1] if found else ""


def _forms(language: str) -> Forms:
    return lexicon_for(language).grammar.forms


@lru_cache(maxsize=16)
def _longest_first(endings: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(endings, key=lambda ending: (-len(ending), ending)))
