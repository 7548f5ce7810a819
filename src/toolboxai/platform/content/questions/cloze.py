"""Sentences with a key term or a number left out, to choose or to fill in."""

import re
from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Final

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.language.tokens import is_plural
from toolboxai.platform.content.model.analysis import ConceptKind, Quantity
from toolboxai.platform.content.model.request import QuestionType
from toolboxai.platform.content.questions.distractors import other_quantities, other_terms
from toolboxai.platform.content.questions.draft import Draft, Finished, in_case_of
from toolboxai.platform.content.questions.numeric import other_spellings
from toolboxai.platform.content.questions.quantity_places import bounded, quantity_place
from toolboxai.platform.content.questions.spans import Span, article_before, blank_out, concept_spans

__all__ = ["cloze_drafts"]

_BLANKS: Final = 2  # best ones of a sentence
# A term in more sentences than that fits nearly everywhere, so its blank asks nothing.
_EVERYWHERE: Final = 0.2
_EVERYWHERE_AT_LEAST: Final = 6
_LIST_BEFORE: Final = re.compile(r"(?:,| and| or) (?:an? |the )?$")
_LIST_AFTER: Final = re.compile(r"(?:,| and | or )")


def cloze_drafts(passages: Passages, index: int) -> Iterator[Draft]:
    """The blanks of one sentence that stands alone, each both to fill in and to choose."""
    ranked = sorted(
        ((_worth(passages, span, index), span) for span in concept_spans(passages, index)),
        key=lambda pair: (-pair[0], pair[1].start),
    )
    most = max(_EVERYWHERE_AT_LEAST, _EVERYWHERE * len(passages.parsed))
    fit = [
        pair
        for pair in ranked
        if len(pair[1].concept.sentences) <= most and not _listed(passages, index, pair[1])
    ]
    for worth, span in fit[:_BLANKS]:
        topic = span.concept.term.lower()
        fill = partial(_fill, passages, index, span.start, span.end)
        yield Draft(QuestionType.FILL_BLANK, index, topic, worth, True, fill)
        if passages.lexicon.complete:
            choose = partial(_choose_term, passages, index, span)
            yield Draft(QuestionType.MULTIPLE_CHOICE, index, topic, worth, False, choose)
    yield from _number_drafts(passages, index)


def _number_drafts(passages: Passages, index: int) -> Iterator[Draft]:
    place = quantity_place(passages, index)
    if place is None:
        return
    quantity, start, end = place
    worth = 0.9 + passages.weight(index)
    fill = partial(_fill, passages, index, start, end)
    yield Draft(QuestionType.FILL_BLANK, index, quantity.text, worth, True, fill)
    # "less than 3 percent": every larger number would be right as well
    if passages.lexicon.complete and not bounded(passages, index, start):
        choose = partial(_choose_quantity, passages, quantity, start, end)
        yield Draft(QuestionType.MULTIPLE_CHOICE, index, quantity.text, worth, False, choose)


def _listed(passages: Passages, index: int, span: Span) -> bool:
    """Whether the term is one of several side by side: any other of their kind would fit there as well."""
    text = passages.text(index)
    if _LIST_BEFORE.search(text[: span.start]) and _LIST_AFTER.match(text[span.end :]):
        return True
    return any(text[span.start : span.end] in listed.items for listed in passages.enumerations_in(index))


def _worth(passages: Passages, span: Span, index: int) -> float:
    """Explained terms in their own explanation first, then names, then terms that are special to few sentences."""
    concept = span.concept
    worth = 0.5 * concept.score + 1.0 / (1 + len(concept.sentences)) + passages.weight(index)
    definition = passages.definition_of(concept)
    if definition is not None:
        worth += 0.8 if definition.sentence == index else 0.3
    if concept.kind is not ConceptKind.TERM:
        worth += 0.2
    return worth


def _fill(passages: Passages, index: int, start: int, end: int, dice: Random) -> Finished:
    text = passages.text(index)
    body = blank_out(text, start, end)
    return Finished(
        question=passages.frames.cloze_fill.format(sentence=body),
        body=body,
        options=(),
        answer=text[start:end],
        rationale=passages.frames.rationale_quote.format(sentence=text),
        accepted=other_spellings(passages, text[start:end]),
    )


def _choose_term(passages: Passages, index: int, span: Span, dice: Random) -> Finished | None:
    text = passages.text(index)
    answer = text[span.start : span.end]
    article = article_before(text, span.start)
    if is_plural(answer.split()[-1].lower(), passages.lexicon.language) != span.concept.plural:
        return None  # the others have the number in which the text mostly writes the term
    others = other_terms(passages, span.concept, index, article=article, dice=dice)
    return _choice(
        passages, index, span.start, span.end, tuple(in_case_of(answer, other) for other in others), dice
    )


def _choose_quantity(
    passages: Passages, quantity: Quantity, start: int, end: int, dice: Random
) -> Finished | None:
    others = other_quantities(passages, quantity, dice)
    return _choice(passages, quantity.sentence, start, end, others, dice)


def _choice(
    passages: Passages, index: int, start: int, end: int, others: tuple[str, ...], dice: Random
) -> Finished | None:
    text = passages.text(index)
    answer = text[start:end]
    options = [answer, *others]
    if not others or len({option.lower() for option in options}) < len(options):
        return None
    dice.shuffle(options)
    body = blank_out(text, start, end)
    return Finished(
        question=passages.frames.cloze_choice.format(sentence=body),
        body=body,
        options=tuple(options),
        answer=answer,
        rationale=passages.frames.rationale_quote.format(sentence=text),
    )
