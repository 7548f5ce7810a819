"""The analysed text as the later stages ask for it: which sentence shows, defines, links or strikes."""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from toolboxai.platform.content.analysis.reading import Parsed, parse
from toolboxai.platform.content.analysis.suitability import leans_on_before, stands_alone
from toolboxai.platform.content.language.frames import frames_for
from toolboxai.platform.content.language.lexicon import Lexicon
from toolboxai.platform.content.language.tokens import stem, stems, tokenise, variants
from toolboxai.platform.content.model.analysis import (
    Analysis,
    Concept,
    ConceptKind,
    Date,
    Definition,
    Enumeration,
    Quantity,
)
from toolboxai.platform.content.model.lesson import Statement
from toolboxai.platform.content.progress import Progress

__all__ = ["Link", "Passages"]

_DEFINED_BONUS: Final = 0.5
_STRIKING_WORDS: Final = (8, 24)
_LINK_WORDS: Final = 10  # as many as one writes on a line between two cards
_CLAUSE: Final = re.compile(r"[,;:()\u2013\u2014]")


class Link(NamedTuple):
    """A sentence that names two concepts, in the order in which it does, and its words between them."""

    sentence: int
    one: str
    other: str
    words: str


def _first_place(text: str, forms: Sequence[str]) -> tuple[int, int] | None:
    """Where the first of these forms stands in a text as whole words, whatever the case of its letters."""
    wanted = "|".join(map(re.escape, forms))
    found = re.search(rf"(?<!\w)(?:{wanted})(?!\w)", text, re.IGNORECASE)
    return found.span() if found else None


class Passages:
    """Indexes over an analysis. Building it reads every sentence once and advances the progress by one for each."""

    def __init__(self, analysis: Analysis, lexicon: Lexicon, progress: Progress) -> None:
        self.analysis = analysis
        self.lexicon = lexicon
        self.frames = frames_for(lexicon.language)
        self.parsed: list[Parsed] = []
        for sentence in analysis.sentences:
            self.parsed.append(parse(sentence))
            progress.advance()
        self.whole = [one.index for one in self.parsed if one.whole]
        self._concepts: dict[int, list[Concept]] = defaultdict(list)
        for concept in analysis.concepts:
            for index in concept.sentences:
                self._concepts[index].append(concept)
        self._definitions = {definition.term.lower(): definition for definition in analysis.definitions}
        self._definition_at = {definition.sentence: definition for definition in analysis.definitions}
        self._quantities: dict[int, list[Quantity]] = defaultdict(list)
        for quantity in analysis.quantities:
            self._quantities[quantity.sentence].append(quantity)
        self._enumerations: dict[int, list[Enumeration]] = defaultdict(list)
        for enumeration in analysis.enumerations:
            for index in enumeration.sentences:
                self._enumerations[index].append(enumeration)
        self._dates: dict[int, list[Date]] = defaultdict(list)
        for date in analysis.dates:
            self._dates[date.sentence].append(date)
        self._stems: dict[int, frozenset[str]] = {}
        self._words: frozenset[str] | None = None
        self._meanings: dict[str, frozenset[str]] = {}

    def text(self, index: int) -> str:
        """A sentence of the source."""
        return self.analysis.sentences[index].text

    def quote(self, index: int) -> Statement:
        """A sentence of the source as a line of the lesson."""
        return Statement(self.text(index), index)

    def expected(self, index: int) -> Statement:
        """A sentence of the source as what the teacher may expect to hear."""
        return Statement(self.text(index), index, for_teacher=True)

    def is_whole(self, index: int) -> bool:
        """Whether a sentence is of a length to be read in class."""
        return self.parsed[index].whole

    def leans(self, index: int) -> bool:
        """Whether a sentence starts with a word that points back."""
        return leans_on_before(self.parsed[index], self.lexicon)

    def alone(self, index: int) -> bool:
        """Whether a question may be made of a sentence."""
        return stands_alone(self.parsed[index], self.lexicon)

    def concepts_in(self, index: int) -> Sequence[Concept]:
        """The concepts of a sentence, strongest first."""
        return self._concepts.get(index, ())

    def content_stems(self, index: int) -> frozenset[str]:
        """The stems of a sentence's content words."""
        if index not in self._stems:
            self._stems[index] = self.content(self.text(index))
        return self._stems[index]

    def content(self, text: str) -> frozenset[str]:
        """The stems of the content words of any text."""
        known = self.lexicon.stopwords
        return frozenset(
            stem(token.lower, self.lexicon.language) for token in tokenise(text) if token.lower not in known
        )

    def meaning_stems(self, definition: Definition) -> frozenset[str]:
        """The stems of the content words of what a term is said to be."""
        if definition.meaning not in self._meanings:
            self._meanings[definition.meaning] = self.content(definition.meaning)
        return self._meanings[definition.meaning]

    def stems(self, words: str) -> frozenset[str]:
        """The stems of all words in a text."""
        return stems(words, self.lexicon.language)

    def variants(self, one: str, other: str) -> bool:
        """Whether two terms are forms of one word or one is part of the other."""
        return variants(one, other, self.lexicon.language)

    def definition_of(self, concept: Concept) -> Definition | None:
        """What the text says the concept is."""
        for form in concept.forms:
            if form in self._definitions:
                return self._definitions[form]
        return None

    def term_in(self, concept: Concept, index: int) -> str:
        """The concept as this sentence writes it, in lower case where it only begins the sentence."""
        text = self.text(index)
        place = _first_place(text, [concept.term]) or _first_place(text, concept.forms)
        if place is None:
            return concept.term
        start, end = place
        found = text[start:end]
        if found.casefold() == concept.term.casefold():
            return concept.term
        return found[0].lower() + found[1:] if start == 0 and concept.term[0].islower() else found

    def is_explained(self, term: str) -> bool:
        """Whether the text says what a term is."""
        return term.lower() in self._definitions

    def definition_at(self, index: int) -> Definition | None:
        """The definition that a sentence is."""
        return self._definition_at.get(index)

    def quantities_in(self, index: int) -> Sequence[Quantity]:
        """The numbers of a sentence."""
        return self._quantities.get(index, ())

    def enumerations_in(self, index: int) -> Sequence[Enumeration]:
        """What a sentence lists side by side."""
        return self._enumerations.get(index, ())

    def dates_in(self, index: int) -> Sequence[Date]:
        """The times that a sentence names."""
        return self._dates.get(index, ())

    def mentions(self, term: str) -> bool:
        """Whether all words of a term stand somewhere in the text, in any form."""
        if self._words is None:
            self._words = frozenset(
                stem(token.lower, self.lexicon.language) for one in self.parsed for token in one.tokens
            )
        return self.stems(term) <= self._words

    def dangles(self, words: str) -> bool:
        """Whether some words of a sentence have a pronoun or another word in them that points out of them."""
        pointing = self.lexicon.grammar.pointing
        lower = [token.lower for token in tokenise(words)]
        if any(word in pointing.context or word in pointing.pronouns for word in lower):
            return True
        return bool(lower) and (lower[0] in pointing.openers or lower[-1] in pointing.open_end)

    def weight(self, index: int) -> float:
        """How much a sentence says about the text's concepts, for its length."""
        score = sum(concept.score for concept in self.concepts_in(index))
        return score / (8 + len(self.parsed[index].tokens))

    def key_concepts(self, count: int) -> list[Concept]:
        """The concepts most worth learning, none a form or a part of another: explained ones before merely frequent ones."""

        def worth(concept: Concept) -> float:
            explained = _DEFINED_BONUS if self.definition_of(concept) else 0.0
            return concept.score + explained - (0.3 if concept.kind is not ConceptKind.TERM else 0.0)

        chosen: list[Concept] = []
        for concept in sorted(self.analysis.concepts, key=lambda one: (-worth(one), one.term)):
            if not any(self.variants(concept.term, other.term) for other in chosen):
                chosen.append(concept)
            if len(chosen) == count:
                break
        return chosen

    def best_sentence(self, concept: Concept) -> int:
        """The sentence that shows a concept best: one that stands alone, with other concepts in it."""
        return max(
            concept.sentences,
            key=lambda index: (self.alone(index), self.is_whole(index), self.weight(index), -index),
        )

    def most_striking(self) -> int | None:
        """The sentence to open with: it stands alone and has a large or exact number, or else weighs most."""
        numbers: dict[int, float] = defaultdict(float)
        for quantity in self.analysis.quantities:
            if quantity.kind != "year":
                numbers[quantity.sentence] = max(numbers[quantity.sentence], quantity.value)
        fewest, most = _STRIKING_WORDS
        fit = [i for i in self.whole if fewest <= len(self.parsed[i].tokens) <= most and self.alone(i)]
        if not fit:
            return None
        return max(fit, key=lambda index: (min(numbers.get(index, 0.0), 1e6), self.weight(index), -index))

    def pair_in(self, indexes: Iterable[int]) -> tuple[str, str] | None:
        """Two unlike concepts that these sentences speak of."""
        terms: list[str] = []
        seen = {concept.term: concept for index in indexes for concept in self.concepts_in(index)}
        for concept in sorted(
            seen.values(), key=lambda one: (self.definition_of(one) is None, -one.score, one.term)
        ):
            if not any(self.variants(concept.term, other) for other in terms):
                terms.append(concept.term)
            if len(terms) == 2:
                return terms[0], terms[1]
        return None

    def links(self, concepts: Sequence[Concept]) -> list[Link]:
        """Sentences that name two of these concepts with a few words between them, the weightiest first.

        Each sentence and each pair is given once.
        """
        found: list[Link] = []
        for index in self.whole:
            inside = [concept for concept in concepts if index in concept.sentences]
            if len(inside) >= 2 and self.alone(index):
                found += self._links_in(index, inside)
        found.sort(key=lambda link: (-self.weight(link.sentence), link.sentence))
        chosen: dict[frozenset[str], Link] = {}
        for link in found:
            if all(link.sentence != other.sentence for other in chosen.values()):
                chosen.setdefault(frozenset((link.one, link.other)), link)
        return list(chosen.values())

    def _links_in(self, index: int, concepts: Sequence[Concept]) -> Iterator[Link]:
        """Links between neighbours in one sentence."""
        text = self.text(index)
        places = sorted(
            (*place, concept.term) for concept in concepts if (place := _first_place(text, concept.forms))
        )
        for (_, end, one), (start, _, other) in itertools.pairwise(places):
            words = text[end:start].strip()
            joined = (
                set(words.lower().split()) <= self.lexicon.grammar.listing.links
            )  # "… and …" says nothing
            if 1 <= len(words.split()) <= _LINK_WORDS and not _CLAUSE.search(words) and not joined:
                yield Link(index, one, other, words)

    def check_item(self, sentences: Sequence[int], asked: set[str]) -> tuple[int, str] | None:
        """The first of these sentences that stands alone and has a concept not asked for yet, and that concept."""
        for index in sentences:
            if not self.alone(index):
                continue
            concepts = sorted(
                self.concepts_in(index), key=lambda one: (self.definition_of(one) is None, -one.score)
            )
            for concept in concepts:
                if not any(self.variants(concept.term, other) for other in asked):
                    return index, concept.term
        return None

    def rest_stems(self, index: int, taken: str) -> frozenset[str]:
        """The stems of a sentence's content words but for those of ``taken``."""
        return self.content_stems(index) - self.stems(taken)
