"""Words and numbers of a sentence, and what can be told from the form of an English word."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from toolboxai.platform.content.wordlist import words

__all__ = ["Token", "is_plural", "singular", "stem", "stems", "tokenise", "variants"]

_TOKEN: Final = re.compile(
    r"(?P<number>[0-9]+(?:[.,][0-9]+)*)"
    r"|(?P<word>[^\W\d_][^\W\d_\u0300-\u036f\u200c\u200d]*[\u0300-\u036f]*(?:['\u2019\u2010\u2011-]?[^\W\d_])*[\u0300-\u036f]*)"
)
_POSSESSIVE: Final = re.compile(r"['\u2019]s?$")
# A stem keeps so many letters at least, or unlike words would fall together.
_STEM_LETTERS: Final = 4
_SUFFIXES: Final = tuple(
    sorted(
        words(
            "ational ations ation ating ated ates ators ator ate itions ition ions ion ings ing ements ement ments ment ",
            "ities ity ives ive ously ous ally als al ers er ors or ed ies es ly e s y",
        ),
        key=lambda suffix: (-len(suffix), suffix),
    )
)
_IRREGULAR: Final = words(
    "algae antennae axes bacteria children data feet fungi geese larvae media men mitochondria mice nebulae nuclei oxen people",
    "phenomena police radii stimuli stomata strata teeth women",
)


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


def is_plural(word: str) -> bool:
    """Whether a lower-case English noun has the form of a plural."""
    return word in _IRREGULAR or singular(word) != word


def singular(word: str) -> str:
    """The singular of a lower-case English noun, by its form alone."""
    if len(word) < 4 or word.endswith(("ss", "us", "is", "ics")) or not word.endswith("s"):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes", "oes")):
        return word[:-2]
    return word[:-1]


@lru_cache(maxsize=50_000)  # a text has far fewer words than tokens
def stem(word: str) -> str:
    """What the forms of an English word have in common, roughly: ``evaporates`` and ``evaporation`` are ``evapor``."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _STEM_LETTERS:
            return word[: -len(suffix)]
    return word


@lru_cache(maxsize=10_000)
def stems(words: str) -> frozenset[str]:
    """The stems of all words in a text."""
    return frozenset(stem(token.lower) for token in tokenise(words))


def variants(one: str, other: str) -> bool:
    """Whether two terms are forms of one word or one is part of the other, so that both may be meant."""
    mine, others = stems(one), stems(other)
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
