"""What kind of thing a term is: by the text's own words, and by what WordNet knows of English nouns."""

import re
from itertools import product
from typing import Final
from weakref import WeakKeyDictionary

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.language.grammar import pattern
from toolboxai.platform.content.language.wordlist import words
from toolboxai.platform.content.language.wordnet import load_nouns, nearness, plural_of
from toolboxai.platform.content.model.analysis import Concept, ConceptKind

__all__ = ["WordKinds", "said_to_be", "siblings", "word_kinds"]

_GENUS_ENDS: Final = re.compile(
    r"[,;:(]| (?:who|whom|whose|which|that|where|when|of|in|on|at|by|for|from|to|with|without|between|through|"
    r"inside|around|under|over|made|used|called|and|or)\b"
)
_EMPTY: Final = words(
    "kind sort type form part group set piece name number one any all thing",
    "kinds sorts types forms parts groups sets pieces names things",
)
_LOOKED_AT: Final = 150
_SIBLINGS: Final = 6  # those met about as often as the answer
_VOWELS: Final = frozenset("aeiou")


class WordKinds:
    """The kinds of the terms of one text; of other languages than English nothing is known."""

    def __init__(self, passages: Passages) -> None:
        self._known = passages.lexicon.language == "en"
        self._genera = {
            form: genus
            for concept in passages.analysis.concepts
            if (definition := passages.definition_of(concept)) and (genus := self._genus(definition.meaning))
            for form in (concept.term.lower(), *concept.forms)
        }

    def _genus(self, meaning: str) -> str:
        """The noun that an explanation puts its term under: "scientist" of "a scientist who studies the ocean"."""
        head = _GENUS_ENDS.split(meaning.lower(), maxsplit=1)[0].split()
        return head[-1] if head and head[-1] not in _EMPTY else ""

    def kin(self, one: str, other: str) -> bool:
        """Whether two terms mean the same or one is a kind of the other."""
        return self._known and load_nouns().related(one, other)

    def near(self, one: str, other: str) -> float | None:
        """How near one another two terms are, 0 where one cannot stand for the other; None where it is not known."""
        if not self._known:
            return None
        mine, others = self._sorts(one), self._sorts(other)
        if mine and others and mine.isdisjoint(others):
            return 0.0
        return nearness(self._kinds(one), self._kinds(other))

    def _sorts(self, term: str) -> frozenset[str]:
        """By the text's own explanation, or the whole term, or its last word, which says what it is."""
        nouns = load_nouns()
        named = (self._genera.get(term.lower(), ""), term, term.rpartition(" ")[2])
        return next((found for word in named if word and (found := nouns.sorts(word))), frozenset())

    def _kinds(self, term: str) -> frozenset[int]:
        nouns = load_nouns()
        return nouns.kinds(term) or nouns.kinds(self._genera.get(term.lower(), ""))


_OF_TEXTS: Final = WeakKeyDictionary[Passages, WordKinds]()


def word_kinds(passages: Passages) -> WordKinds:
    """The kinds of a text's terms; kept as long as the text is worked on."""
    found = _OF_TEXTS.get(passages)
    if found is None:
        found = _OF_TEXTS[passages] = WordKinds(passages)
    return found


def said_to_be(passages: Passages, one: Concept, other: Concept) -> bool:
    """Whether the text itself says that one of two terms is the other, or is called so: then both may be right."""
    kin = passages.lexicon.grammar.defining.kin
    if not kin:
        return False
    between = pattern(kin)
    forms = [
        re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, term.forms))})(?!\w)", re.IGNORECASE)
        for term in (one, other)
    ]
    for index in set(one.sentences).intersection(other.sentences):
        text = passages.text(index)
        mine, others = (list(form.finditer(text)) for form in forms)
        for pair in product(mine, others):
            first, second = sorted(pair, key=lambda place: place.start())
            if first.end() < second.start() and between.search(text[first.end() : second.start()]):
                return True
    return False


def siblings(passages: Passages, concept: Concept, article: str | None) -> list[str]:
    """What is of one kind with a term and stands nowhere in the text, for which it could be right."""
    if passages.lexicon.language != "en" or concept.kind not in (ConceptKind.TERM, ConceptKind.PLACE):
        return []
    nouns = load_nouns()
    # Words for people differ in more than what they do, and are no good to guess among.
    if nouns.is_person(concept.term):
        return []
    capital = concept.kind is ConceptKind.PLACE
    found = []
    for sibling in nouns.siblings(concept.term)[:_LOOKED_AT]:
        shown = plural_of(sibling) if concept.plural else sibling
        if sibling[0].isupper() != capital or (
            article and (shown[0].lower() in _VOWELS) != (article == "an")
        ):
            continue
        if not passages.mentions(sibling) and not passages.variants(concept.term, sibling):
            found.append(shown)
    return found[:_SIBLINGS]
