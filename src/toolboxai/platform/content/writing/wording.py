"""Whether words stand in a text, and whether words of a model's own keep to instructions."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

__all__ = ["Known", "addresses", "folded", "stands_in", "strange"]

_SPACE: Final = re.compile(r"\s+")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019\-][^\W\d_]+)*")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
# "evil.com", "https://…", "a@b.org"; no "e.g.", no "p.ej.".
_ADDRESS: Final = re.compile(
    r"\w{1,12}://\S*|\bwww\.\S+|[\w.+-]{1,64}@[\w.-]{2,255}|\b[^\W_][\w-]{2,62}(?:\.[\w-]{2,62}){0,4}\.[a-z]{2,24}\b"
)
_TOKEN_CHARS: Final = 300  # between spaces; a text may be one word without end
_BEFORE: Final = 16  # characters of quotes and brackets that may stand between a sentence's end and a word
_OPENING: Final = re.compile(r"(?:^|[.!?:\u2026]|\n)[\s\"'\u201c\u201e\u2018(\u00bf\u00a1\-*]*$")


def folded(text: str) -> str:
    """For comparison: white space is one space, and case does not count."""
    return _SPACE.sub(" ", text).strip().casefold()


def stands_in(words: str, text: str) -> bool:
    """Whether the words stand in the text as whole words, but for case and white space."""
    sought = folded(words)
    return bool(sought) and re.search(rf"(?<!\w){re.escape(sought)}(?!\w)", folded(text)) is not None


class Known:
    """The words, numbers and addresses of a text and of what a teacher wishes.

    Args:
        texts: all of them.
        capitals: whether a capital letter marks a name; not so in German, where every noun has one.
    """

    def __init__(self, texts: Sequence[str], *, capitals: bool) -> None:
        self.words: set[str] = set()
        self.numbers: set[str] = set()
        self.addresses: set[str] = set()
        for text in texts:
            self.words.update(word.casefold() for word in _WORD.findall(text))
            self.numbers.update(_NUMBER.findall(text))
            self.addresses.update(_addresses(text))
        self.capitals = capitals


def addresses(text: str, known: Known) -> Iterator[str]:
    """Addresses that a text does not have: nobody is led away from it."""
    yield from (found for found in _addresses(text) if found not in known.addresses)


def _addresses(text: str) -> Iterator[str]:
    for token in text.split():
        if "." in token or "@" in token or "://" in token:
            for found in _ADDRESS.findall(token[:_TOKEN_CHARS]):
                yield found.casefold().rstrip(".,;:!?)\"'")


def strange(text: str, known: Known) -> Iterator[str]:
    """Addresses, names and numbers that stand neither in the text nor in the wishes: instructions need none."""
    yield from addresses(text, known)
    for number in _NUMBER.findall(text):
        if number not in known.numbers and int(re.sub(r"\D", "", number)) > _COUNTED:
            yield number
    if not known.capitals:
        return
    for found in _WORD.finditer(text):
        word = found[0]
        if (
            len(word) < 2
            or not word[0].isupper()
            or _OPENING.search(text, max(0, found.start() - _BEFORE), found.start())
        ):
            continue
        if word.casefold() not in known.words:
            yield word


_COUNTED: Final = 10  # "find 3 words", "in groups of 4"
