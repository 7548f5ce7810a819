"""English nouns and how they belong together: which mean the same, which is a kind of which, which are of one kind.

``data/wordnet/nouns.txt.z`` is a selection of WordNet 3.0, compressed with zlib, in two parts with an empty line
between them. First a line for each meaning, counted from 0: the numbers of the meanings that it is a kind of, then
its words, each with how often it was met in the texts that WordNet counted. They stand level by level from the top, so
that the meanings of one (first) parent stand together. Then a line for each word, in the order of its bytes: the
word and the numbers of its meanings, the most frequent first. Two words are joined by a low line.
``scripts/write_wordnet.py`` makes the file and says what was left out.
"""

import zlib
from bisect import bisect_left
from functools import lru_cache
from importlib.resources import files
from math import log
from typing import Final

from toolboxai.platform.content.language.tokens import singular

__all__ = ["Nouns", "load_nouns", "nearness", "plural_of"]

_LANGUAGE: Final = "en"
_PERSON: Final = "person"
_LIVING: Final = "organism"
_VOWELS: Final = frozenset("aeiou")
_REMEMBERED: Final = 5_000  # nouns whose places are kept; a long text has fewer terms
_CLEARLY: Final = 4  # times as often
_SIBLINGS: Final = 400  # of a larger family the nearest ones are enough


@lru_cache(maxsize=1)
def load_nouns() -> "Nouns":
    """The nouns; read when they are first asked for, which takes about 10 ms and 4 MB."""
    packed = (
        files("toolboxai.platform.content.language").joinpath("data", "wordnet", "nouns.txt.z").read_bytes()
    )
    return Nouns(zlib.decompress(packed))


def plural_of(noun: str) -> str:
    """The regular plural of an English noun."""
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "z", "ch", "sh")) else f"{noun}s"


def nearness(one: frozenset[int], other: frozenset[int]) -> float | None:
    """How much of two nouns' kinds is of both, as ``Nouns.nearness`` says it."""
    if not one or not other:
        return None
    shared = len(one & other) - 1
    return shared / (len(one | other) - 1) if shared > 0 else 0.0


class Nouns:
    """The two parts of the file as lists of lines; nothing of them is taken apart before it is asked for."""

    def __init__(self, text: bytes) -> None:
        meanings, words = text.split(b"\n\n")
        self._meanings = meanings.split(b"\n")
        self._words = words.split(b"\n")
        self._kinds: dict[str, frozenset[int]] = {}
        self._sorts: dict[str, frozenset[str]] = {}
        self._above: dict[str, tuple[frozenset[int], frozenset[int]]] = {}

    def meanings(self, noun: str) -> tuple[int, ...]:
        """The numbers of a noun's meanings, the most frequent first; of its singular, when it is not known itself."""
        for form in dict.fromkeys((noun, noun.lower(), singular(noun.lower(), _LANGUAGE))):
            key = form.replace(" ", "_").encode("utf-8") + b" "
            at = bisect_left(self._words, key)
            if at < len(self._words) and self._words[at].startswith(key):
                return tuple(map(int, self._words[at][len(key) :].split(b",")))
        return ()

    def knows(self, noun: str) -> bool:
        """Whether this very form is a noun."""
        key = noun.replace(" ", "_").encode("utf-8") + b" "
        at = bisect_left(self._words, key)
        return at < len(self._words) and self._words[at].startswith(key)

    def related(self, one: str, other: str) -> bool:
        """Whether two nouns mean the same, or one is a kind of the other, in any of their meanings."""
        mine, above_mine = self._up(one)
        others, above_others = self._up(other)
        return not mine.isdisjoint(above_others) or not others.isdisjoint(above_mine)

    def is_person(self, noun: str) -> bool:
        """Whether the first meaning of a noun is a kind of person."""
        return self.meanings(_PERSON)[0] in self.above(self.meanings(noun)[:1])

    def nearness(self, one: str, other: str) -> float | None:
        """How much of what is above either noun's meaning is above both, from 0 to 1; None if one is unknown.

        0 when they have nothing in common but that they are something.
        """
        return nearness(self.kinds(one), self.kinds(other))

    def sorts(self, noun: str) -> frozenset[str]:
        """Which of three sorts a noun's usual meanings are of: persons, other living things, all else; none if unknown."""
        if noun not in self._sorts:
            if len(self._sorts) > _REMEMBERED:
                self._sorts.clear()
            own = self.meanings(noun)
            counts = [self._count(meaning, noun) for meaning in own]
            self._sorts[noun] = frozenset(
                self._sort(meaning)
                for meaning, count in zip(own, counts, strict=True)
                if _CLEARLY * count >= max(counts)
            )
        return self._sorts[noun]

    def _sort(self, meaning: int) -> str:
        above = self.above((meaning,))
        return next((name for name in (_PERSON, _LIVING) if self.meanings(name)[0] in above), "")

    def kinds(self, noun: str) -> frozenset[int]:
        """A noun's meaning and all that it is a kind of; none of an unknown one, or one whose meaning is not clear."""
        if noun not in self._kinds:
            if len(self._kinds) > _REMEMBERED:
                self._kinds.clear()
            own = self.meanings(noun)
            self._kinds[noun] = self.above(own[:1]) if own and self._clear(noun, own) else frozenset()
        return self._kinds[noun]

    def siblings(self, noun: str) -> tuple[str, ...]:
        """What is of one kind with a noun's first meaning, those that are met about as often first.

        Singular, as WordNet writes them; none that means the same or is a kind of the other, and none that was never
        met where the noun was. None at all of a noun of which nobody knows which of its meanings is meant.
        """
        own = self.meanings(noun)
        if not own or not self._clear(noun, own):
            return ()
        here, count = own[0], self._count(own[0], noun)
        found: dict[str, float] = {}
        for at in self._family(here):
            for word, met in self._entries(at)[:1]:
                if count and not met:
                    continue
                if self.meanings(word)[:1] == (at,) and not self.related(noun, word):
                    found.setdefault(word.replace("_", " "), abs(log(1 + met) - log(1 + count)))
        return tuple(sorted(found, key=lambda word: (found[word], word)))

    def synonyms(self, noun: str) -> tuple[str, ...]:
        """The other words for what a noun means; none of a noun of which nobody knows which meaning is meant."""
        own = self.meanings(noun)
        if not own or not self._clear(noun, own):
            return ()
        forms = {noun.lower(), singular(noun.lower(), _LANGUAGE)}
        words = (word.replace("_", " ").lower() for word, _ in self._entries(own[0]))
        return tuple(word for word in words if word not in forms)

    def _parents(self, meaning: int) -> tuple[int, ...]:
        numbers = self._meanings[meaning].partition(b" ")[0]
        return tuple(map(int, numbers.split(b","))) if numbers else ()

    def _entries(self, meaning: int) -> list[tuple[str, int]]:
        words = self._meanings[meaning].partition(b" ")[2].decode("ascii")
        parted = (entry.partition(":") for entry in words.split(",") if entry)
        return sorted(
            ((word, int(met or 0)) for word, _, met in parted), key=lambda pair: (-pair[1], pair[0])
        )

    def _count(self, meaning: int, noun: str) -> int:
        forms = {noun, noun.lower(), singular(noun.lower(), _LANGUAGE)}
        return next((met for word, met in self._entries(meaning) if word.replace("_", " ") in forms), 0)

    def _clear(self, noun: str, meanings: tuple[int, ...]) -> bool:
        """Whether a noun means one thing, or one thing so much more often than any other."""
        counts = [self._count(meaning, noun) for meaning in meanings]
        return len(counts) == 1 or counts[0] >= _CLEARLY * counts[1] > 0

    def _family(self, meaning: int) -> list[int]:
        """The meanings around one that have its first parent."""
        parents = self._parents(meaning)
        if not parents:
            return []
        first = last = meaning
        while first > 0 and meaning - first < _SIBLINGS and self._parents(first - 1)[:1] == parents[:1]:
            first -= 1
        while (
            last + 1 < len(self._meanings)
            and last - meaning < _SIBLINGS
            and self._parents(last + 1)[:1] == parents[:1]
        ):
            last += 1
        return [at for at in range(first, last + 1) if at != meaning]

    def above(self, meanings: tuple[int, ...]) -> frozenset[int]:
        """Meanings and all that they are kinds of."""
        seen = set(meanings)
        left = list(meanings)
        while left:
            for parent in self._parents(left.pop()):
                if parent not in seen:
                    seen.add(parent)
                    left.append(parent)
        return frozenset(seen)

    def _up(self, noun: str) -> tuple[frozenset[int], frozenset[int]]:
        """A noun's meanings, and those with all above them."""
        if noun not in self._above:
            if len(self._above) > _REMEMBERED:
                self._above.clear()
            own = self.meanings(noun)
            self._above[noun] = frozenset(own), self.above(own)
        return self._above[noun]
