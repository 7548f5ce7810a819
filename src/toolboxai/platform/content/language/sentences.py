"""Where sentences end.

A full stop, question mark or exclamation mark ends a sentence when white space and something that can start one
follow, unless the stop belongs to an abbreviation, an initial or a numbering. Speech that goes on after its closing
mark ('"Stop!" he said.') is one sentence.
"""

import re
from collections.abc import Iterator
from typing import Final

from toolboxai.platform.content.language.lexicon import Lexicon

__all__ = ["balanced", "split_sentences"]

_END: Final = re.compile(
    "(?P<marks>[.!?\u2026]+)[\"'\u201d\u2019\u00bb)\\]]*(?= |$)|[\u3002\uff01\uff1f]+[\u201d\u300d\u300f\uff09]*"
)
_LAST_WORD: Final = re.compile(r"[^\s(\[\"'\u201c\u2018]*$")
_NEXT_WORD: Final = re.compile("[\"'\u201c\u2018\u00ab(\\[\u00bf\u00a1]*([^\\s.,;:!?]*)")
_INITIALS: Final = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")

# No abbreviation is longer; looking back no further keeps the work linear on text without spaces.
_LOOK_BACK: Final = 24


def split_sentences(text: str, lexicon: Lexicon) -> Iterator[str]:
    """The sentences of one paragraph on one line, stripped; joined by spaces they give the paragraph again."""
    start = 0
    for end in _END.finditer(text):
        if end["marks"] and not _is_boundary(text, start, end, lexicon):
            continue
        sentence = text[start : end.end()].strip()
        if sentence:
            yield sentence
        start = end.end()
    rest = text[start:].strip()
    if rest:
        yield rest


def _is_boundary(text: str, start: int, end: re.Match[str], lexicon: Lexicon) -> bool:
    following = _NEXT_WORD.match(text[end.end() : end.end() + 40].lstrip())
    next_word = following[1] if following else ""
    if next_word[:1].islower():
        return False
    if end["marks"] != "." or not next_word:
        return True
    before = text[max(start, end.start() - _LOOK_BACK) : end.start()]
    found = _LAST_WORD.search(before)
    return not _keeps_going(found[0] if found else "", before, next_word, lexicon)


def _keeps_going(word: str, before: str, next_word: str, lexicon: Lexicon) -> bool:
    """Whether the stop after ``word`` is part of it: a title, an initial, an abbreviation, a numbering."""
    lower = word.lower()
    starts_sentence = next_word.lower() in lexicon.stopwords
    if lower in lexicon.grammar.stops.titles:
        return True
    if lower in lexicon.grammar.stops.numbered:
        return next_word[0].isdigit()
    if word.isdigit():
        if lexicon.grammar.stops.ordinals and len(word) <= 2:
            return not starts_sentence  # "am 3. Oktober", "im 19. Jahrhundert"
        return before == word  # "1. Water rises": a numbering in front of its sentence
    if lower in lexicon.grammar.stops.units:
        return not re.search(r"[0-9] ?$", before[: -len(word)]) and not starts_sentence
    if len(word) == 1 and word in lexicon.abbreviations:
        return not starts_sentence  # "z. B."
    if _INITIALS.fullmatch(word):  # "J. K. Rowling", "the U.S. Navy"
        return not starts_sentence and word != word.lower()
    return lower in lexicon.abbreviations and not starts_sentence


def balanced(sentence: str) -> bool:
    """Whether every quotation mark and bracket that opens in a sentence also closes in it."""
    if sentence.count('"') % 2:
        return False
    pairs = (("(", ")"), ("[", "]"), ("{", "}"), ("\u201c", "\u201d"), ("\u00ab", "\u00bb"))
    return all(sentence.count(one) == sentence.count(other) for one, other in pairs)
