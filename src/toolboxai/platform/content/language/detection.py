"""Which of the languages with tables a text is in, by its function words."""

from itertools import islice
from typing import Final

from toolboxai.platform.content.language.lexicon import FULL_LANGUAGES, lexicon_for
from toolboxai.platform.content.language.tokens import tokenise

__all__ = ["UNKNOWN", "language_of"]

UNKNOWN: Final = "und"  # the tag for a language that could not be determined
_WORDS: Final = 2000  # tell it as well as all of a book do
_CHARS: Final = 40_000
_SHARE: Final = 0.36  # of the words, where a text of its language has about half, and one of a sister language a third at most
_AHEAD: Final = 1.5  # times the next one's


def language_of(text: str) -> str:
    """``en``, ``es`` or ``de``, or UNKNOWN."""
    words = [token.lower for token in islice(tokenise(text[:_CHARS]), _WORDS) if not token.number]
    if not words:
        return UNKNOWN
    shares = {
        language: sum(word in lexicon_for(language).stopwords for word in words) / len(words)
        for language in FULL_LANGUAGES
    }
    best, second = sorted(shares, key=shares.__getitem__, reverse=True)[:2]
    return best if shares[best] >= max(_SHARE, _AHEAD * shares[second]) else UNKNOWN
