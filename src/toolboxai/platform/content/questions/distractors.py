"""Wrong answers that are of the right answer's class: from the same text first, then from what WordNet has beside it."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.model.analysis import Concept, ConceptKind, Definition, Quantity
from toolboxai.platform.content.questions.word_kinds import said_to_be, siblings, word_kinds

__all__ = [
    "FEWEST",
    "WANTED",
    "alike_meanings",
    "other_meanings",
    "other_quantities",
    "other_terms",
    "same_sort",
]

WANTED: Final = 3
FEWEST: Final = 2  # three options at least, or the question is not asked
_LOOKED_AT: Final = 150  # strongest concepts only; weaker ones are no better distractors
_SAME_PATTERN: Final = (
    0.5  # a sentence that shares so much with the asked one may make its concept right, too
)
_SENTENCES: Final = 12
_UNKNOWN: Final = 0.3  # what the nearness of two terms counts of which one is not known
_TELLING: Final = 2  # times as long, or as short, as all others: then the length tells which one is right
_VOWELS: Final = frozenset("aeiou")
_ENDINGS: Final = (
    "ation",
    "ition",
    "sion",
    "tion",
    "ment",
    "ness",
    "ity",
    "ism",
    "sphere",
    "ology",
    "ist",
    "er",
    "or",
)


def other_terms(
    passages: Passages,
    concept: Concept,
    sentence: int,
    *,
    article: str | None,
    dice: Random,
    fits: bool = True,
    outside: bool = True,
) -> tuple[str, ...]:
    """Up to three terms of the same kind and number that are not right as well; empty when there are under two.

    Left out are forms and parts of the answer or of each other, what means the same, is a kind of the answer or is called
    so by the text, what the asked sentence has already, what explains the answer or is explained by it, and what other
    sentences say much the same of.

    Args:
        passages: the text.
        concept: the right answer.
        sentence: index of the sentence that is asked about.
        article: ``a`` or ``an`` when one stands before the blank.
        dice: parts equals.
        fits: whether they must go into the sentence as the answer does, with or without an article.
        outside: whether words that stand nowhere in the text may help out where its own are too few.
    """
    rest = passages.rest_stems(sentence, concept.term)
    said = {token.text for token in passages.parsed[sentence].tokens if token.text[0].isupper()}
    kinds = word_kinds(passages)
    is_term = concept.kind is ConceptKind.TERM

    def near(one: str, other: str) -> float | None:
        return kinds.near(one, other) if is_term else None

    ranked: list[tuple[float, str]] = []
    for other in passages.analysis.concepts[:_LOOKED_AT]:
        if not _same_class(passages, concept, other, article) or sentence in other.sentences:
            continue
        if fits and (
            other.bare != concept.bare or _articled(passages, other) != _articled(passages, concept)
        ):
            continue
        if fits and not _agree(passages, concept, other):
            continue
        if other.kind is not ConceptKind.TERM and not said.isdisjoint(other.term.split()):
            continue  # "_____ thought of numbers, but Lovelace …" is not asked with Ada Lovelace
        if passages.variants(concept.term, other.term) or _may_be_right(passages, concept, other, rest):
            continue
        nearness = near(concept.term, other.term)
        if nearness == 0 or kinds.kin(concept.term, other.term) or said_to_be(passages, concept, other):
            continue
        likeness = _likeness(passages, concept, other) + (_UNKNOWN if nearness is None else nearness)
        ranked.append((likeness + dice.random() * 0.3, other.term))
    ranked.sort(reverse=True)
    if outside:
        beside = siblings(passages, concept, article)
        dice.shuffle(beside)
        ranked.extend((0.0, sibling) for sibling in beside)
    # What belongs to nothing else among the options stands out, whether it is right or wrong.
    return _unlike(
        ranked,
        lambda one, other: passages.variants(one, other) or near(one, other) == 0,
        length=len(concept.term),
    )


def _same_class(passages: Passages, concept: Concept, other: Concept, article: str | None) -> bool:
    # A name that is known to be neither person nor place may be a prize or a war: their classes are not known.
    if concept.kind is ConceptKind.NAME or concept.kind is not other.kind:
        return False
    if concept.plural != other.plural and concept.kind is ConceptKind.TERM:
        return False
    if other.kind is ConceptKind.TERM and _describes(passages, other.term.lower()):
        return False
    if article is None:
        return True
    return (other.term[0].lower() in _VOWELS) == (article == "an")


def _describes(passages: Passages, word: str) -> bool:
    """Whether a word is a verb or an adjective ("colder") that some sentence uses as a noun."""
    lexicon = passages.lexicon
    compared = lexicon.language == "en" and word.endswith("er") and word[:-2] in lexicon.antonyms
    return compared or word in lexicon.modifiers or word in lexicon.verbs


def _agree(passages: Passages, concept: Concept, other: Concept) -> bool:
    """Whether what stands around one term agrees with another one; a gender that is not known may be any."""
    if concept.kind is not ConceptKind.TERM or not passages.lexicon.grammar.forms.articles:
        return True
    return bool(concept.gender) and concept.gender == other.gender


def _articled(passages: Passages, concept: Concept) -> bool:
    """Whether a name has an article where the text says it first, as "the Amazon" has."""
    if concept.kind is ConceptKind.TERM:
        return False
    text = passages.text(concept.sentences[0]).lower()
    before = text[: max(0, text.find(concept.term.lower()))].split()
    return bool(before) and before[-1] in passages.lexicon.grammar.asking.articles


def _may_be_right(passages: Passages, concept: Concept, other: Concept, rest: frozenset[str]) -> bool:
    explained, explaining = passages.definition_of(concept), passages.definition_of(other)
    if explained and passages.stems(other.term) <= passages.stems(explained.meaning):
        return True
    if explaining and passages.stems(concept.term) <= passages.stems(explaining.meaning):
        return True
    if not rest:
        return False
    return any(
        len(rest & passages.content_stems(index)) >= _SAME_PATTERN * len(rest)
        for index in other.sentences[:_SENTENCES]
    )


def _likeness(passages: Passages, concept: Concept, other: Concept) -> float:
    likeness = 1.0 if concept.bare == other.bare else 0.0
    likeness += 0.8 * ((passages.definition_of(concept) is None) == (passages.definition_of(other) is None))
    likeness += 0.6 * (concept.term.count(" ") == other.term.count(" "))
    likeness += 0.6 * any(concept.term.endswith(end) and other.term.endswith(end) for end in _ENDINGS)
    return likeness + 0.5 * min(concept.score, other.score) / max(concept.score, other.score)


def other_meanings(passages: Passages, definition: Definition, dice: Random) -> tuple[str, ...]:
    """Up to three meanings of other terms, of about the same length; empty when there are under two."""
    ranked: list[tuple[float, str]] = []
    for other in passages.analysis.definitions[:_LOOKED_AT]:
        if other.term == definition.term or alike_meanings(passages, definition, other):
            continue
        lengths = len(definition.meaning), len(other.meaning)
        ranked.append((min(lengths) / max(lengths) + dice.random() * 0.3, other.meaning))
    return _unlike(sorted(ranked, reverse=True), lambda one, other: one.lower() == other.lower())


def alike_meanings(passages: Passages, one: Definition, other: Definition) -> bool:
    """Whether the meaning of one of two terms may fit the other as well, or names it."""
    if passages.variants(one.term, other.term) or word_kinds(passages).kin(one.term, other.term):
        return True
    own, theirs = passages.meaning_stems(one), passages.meaning_stems(other)
    if passages.stems(one.term) & theirs or passages.stems(other.term) & own:
        return True
    return len(own & theirs) >= _SAME_PATTERN * min(len(own), len(theirs))


def other_quantities(passages: Passages, quantity: Quantity, dice: Random) -> tuple[str, ...]:
    """Up to three other numbers of the same kind and unit from the text; empty when there are under two."""
    here = {other.text for other in passages.analysis.quantities if other.sentence == quantity.sentence}
    ranked = [
        (dice.random(), other.text)
        for other in passages.analysis.quantities[:_LOOKED_AT]
        if same_sort(quantity, other) and other.text not in here
    ]
    return _unlike(sorted(ranked, reverse=True), lambda one, other: one == other)


def same_sort(quantity: Quantity, other: Quantity) -> bool:
    """Whether two numbers can stand in each other's place: both years, both percentages, or both of one unit."""
    if quantity.kind != other.kind or quantity.value == other.value:
        return False
    return quantity.kind != "number" or (
        bool(quantity.unit) and quantity.unit.rstrip("s") == other.unit.rstrip("s")
    )


def _unlike(
    ranked: Sequence[tuple[float, str]], same: Callable[[str, str], bool], *, length: int = 0
) -> tuple[str, ...]:
    """The first ones that go with each other; where the answer's length tells it, one of about its length among them."""
    chosen: list[str] = []
    for _, text in ranked:
        if not any(same(text, other) for other in chosen):
            chosen.append(text)
        if len(chosen) == WANTED:
            break
    if length and chosen and not any(_of_length(text, length) for text in chosen):
        kept = chosen[: WANTED - 1]
        fit = (text for _, text in ranked if _of_length(text, length))
        instead = next((text for text in fit if not any(same(text, other) for other in kept)), None)
        chosen = chosen if instead is None else [*kept, instead]
    return tuple(chosen) if len(chosen) >= FEWEST else ()


def _of_length(text: str, length: int) -> bool:
    return len(text) <= _TELLING * length and length <= _TELLING * len(text)
