"""The worked activity of a lesson: cards with the text's terms, laid side by side where a sentence links them."""

from collections.abc import Sequence
from typing import Final

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.model.analysis import Concept
from toolboxai.platform.content.model.lesson import Statement

__all__ = ["activity"]

_CARDS: Final = 8
_POOL: Final = 20  # of which those become cards that the text links
_PAIRS: Final = 3  # for the pupils' turn, after the one that is shown


def activity(passages: Passages) -> list[Statement]:
    """The task, an example that is done with a sentence of the text, the pupils' turn with what to expect of them."""
    pool = passages.key_concepts(_POOL)
    if not pool:
        return [Statement(passages.frames.explanation_tell)]
    links = passages.links(pool)[: _PAIRS + 1]
    linked = {term for link in links for term in (link.one, link.other)}
    concepts = sorted(pool, key=lambda concept: concept.term not in linked)[:_CARDS]
    task = Statement(
        passages.frames.activity_cards.format(terms=", ".join(concept.term for concept in concepts))
    )
    if not links:
        return [task, *_example_of_a_card(passages, concepts[0]), *_cards(passages, concepts[1:])]
    first, *others = links
    example = [
        Statement(passages.frames.activity_example.format(one=first.one, other=first.other)),
        passages.quote(first.sentence),
        Statement(passages.frames.activity_line.format(link=first.words)),
    ]
    if not others:
        left = [concept for concept in concepts if concept.term not in (first.one, first.other)]
        return [task, *example, *_cards(passages, left)]
    turn = [Statement(passages.frames.activity_turn)]
    for link in others:
        turn.append(Statement(passages.frames.activity_pair.format(one=link.one, other=link.other)))
        turn.append(passages.expected(link.sentence))
    return [task, *example, *turn]


def _example_of_a_card(passages: Passages, concept: Concept) -> list[Statement]:
    shown = passages.best_sentence(concept)
    return [Statement(passages.frames.activity_example_find.format(term=concept.term)), passages.quote(shown)]


def _cards(passages: Passages, concepts: Sequence[Concept]) -> list[Statement]:
    """The pupils' turn where the text links no further terms: the best sentence for each card."""
    turn = [Statement(passages.frames.activity_find)] if concepts else []
    for concept in concepts[:_PAIRS]:
        turn.append(Statement(passages.frames.activity_card.format(term=concept.term)))
        turn.append(passages.expected(passages.best_sentence(concept)))
    return turn
