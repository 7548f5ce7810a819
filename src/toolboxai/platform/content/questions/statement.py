"""True or false: a sentence of the text as it is, or with one thing in it changed so that the text contradicts it.

What is changed: a number for another of its kind, a word for its opposite, an explained term for another explained
term, a name for another of its kind. Nothing is changed where the changed sentence might be true as well.
"""

import re
from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Final

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.language.grammar import pattern
from toolboxai.platform.content.language.tokens import Token
from toolboxai.platform.content.model.analysis import Concept, ConceptKind, Definition
from toolboxai.platform.content.model.request import QuestionType
from toolboxai.platform.content.questions.distractors import other_quantities, other_terms
from toolboxai.platform.content.questions.draft import Draft, Finished, in_case_of
from toolboxai.platform.content.questions.quantity_places import bounded, quantity_place
from toolboxai.platform.content.questions.spans import article_before, concept_spans

__all__ = ["statement_drafts"]

_TRUE, _FALSE = "true", "false"  # variants of a draft, not words that anyone reads
_MEASURED: Final = re.compile(r"\d[^\W\d_]* [^\W\d_]+ $|\d[^\W\d_]* $")


def statement_drafts(passages: Passages, index: int) -> Iterator[Draft]:
    """The true and the false statements of one sentence that stands alone."""

    def draft(worth: float, finish: partial[Finished | None], variant: str) -> Draft:
        return Draft(QuestionType.TRUE_FALSE, index, "", worth, False, finish, variant)

    weight = passages.weight(index)
    if len(passages.concepts_in(index)) >= 2:
        yield draft(0.8 + weight, partial(_true, passages, index), _TRUE)
    place = quantity_place(passages, index)
    if place and not bounded(passages, index, place[1]):
        yield draft(1.2 + weight, partial(_swap_quantity, passages, index), _FALSE)
    opposites = [token for token in passages.parsed[index].tokens if token.lower in passages.lexicon.antonyms]
    if len(opposites) == 1 and _has_opposite(passages, index, opposites[0]):
        yield draft(1.0 + weight, partial(_swap_opposite, passages, index, opposites[0]), _FALSE)
    definition = passages.definition_at(index)
    if definition is not None:
        yield draft(1.1 + weight, partial(_swap_defined, passages, index, definition), _FALSE)
    names = [
        span.concept for span in concept_spans(passages, index) if span.concept.kind is not ConceptKind.TERM
    ]
    if len(names) == 1:
        yield draft(1.1 + weight, partial(_swap_concept, passages, index, names[0]), _FALSE)


def _has_opposite(passages: Passages, index: int, token: Token) -> bool:
    """Whether a word is the adjective or verb that has the opposite, and no noun ("das Reich") or measure ("60 m high")."""
    if passages.lexicon.grammar.forms.capitals and token.text[0].isupper():
        return False
    return not _MEASURED.search(passages.text(index)[: token.start])


def _true(passages: Passages, index: int, dice: Random) -> Finished | None:
    text = passages.text(index)
    return Finished(
        question=passages.frames.true_false.format(statement=text),
        body=text,
        options=(passages.frames.true, passages.frames.false),
        answer=passages.frames.true,
        rationale=passages.frames.rationale_quote.format(sentence=text),
    )


def _false(passages: Passages, index: int, start: int, end: int, wrong: str) -> Finished:
    text = passages.text(index)
    right = text[start:end]
    body = f"{text[:start]}{wrong}{text[end:]}"
    return Finished(
        question=passages.frames.true_false.format(statement=body),
        body=body,
        options=(passages.frames.true, passages.frames.false),
        answer=passages.frames.false,
        rationale=passages.frames.rationale_false.format(right=right, wrong=wrong, sentence=text),
    )


def _swap_quantity(passages: Passages, index: int, dice: Random) -> Finished | None:
    place = quantity_place(passages, index)
    if place is None:
        return None
    quantity, start, end = place
    others = other_quantities(passages, quantity, dice)
    return _false(passages, index, start, end, others[0]) if others else None


def _swap_opposite(passages: Passages, index: int, token: Token, dice: Random) -> Finished | None:
    opposite = passages.lexicon.antonyms[token.lower]
    article = article_before(passages.text(index), token.start)
    if article is not None and (opposite[0] in "aeiou") != (article == "an"):
        return None
    return _false(passages, index, token.start, token.end, in_case_of(token.text, opposite))


def _swap_defined(passages: Passages, index: int, definition: Definition, dice: Random) -> Finished | None:
    """An explained term for another explained one that its explanation does not fit."""
    for span in concept_spans(passages, index):
        if (
            span.concept.term.lower() in definition.term.lower()
            and passages.definition_of(span.concept) is not None
        ):
            return _swap_concept(passages, index, span.concept, dice, explained=True)
    return None


def _swap_concept(
    passages: Passages, index: int, concept: Concept, dice: Random, *, explained: bool = False
) -> Finished | None:
    text = passages.text(index)
    span = next((span for span in concept_spans(passages, index) if span.concept is concept), None)
    if span is None:
        return None
    of_a_sort = passages.lexicon.grammar.defining.of_a_sort
    if not explained and of_a_sort and pattern(of_a_sort).search(text[span.end :]):
        return None  # "Ada Lovelace was a mathematician": so may another one have been
    article = article_before(text, span.start)
    others = other_terms(passages, concept, index, article=article, dice=dice, outside=False)
    if explained:
        others = tuple(other for other in others if passages.is_explained(other))
    if not others:
        return None
    wrong = in_case_of(text[span.start : span.end], others[0])
    return _false(passages, index, span.start, span.end, wrong)
