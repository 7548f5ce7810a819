"""Terms to be matched with what the text says they are, and events with their years."""

from collections.abc import Iterator, Sequence
from functools import partial
from random import Random
from typing import Final, NamedTuple

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.model.analysis import Concept, Definition
from toolboxai.platform.content.model.request import QuestionType
from toolboxai.platform.content.questions.definition import same_start, shows_its_term
from toolboxai.platform.content.questions.distractors import alike_meanings
from toolboxai.platform.content.questions.draft import Draft, Finished
from toolboxai.platform.content.questions.events import Event, event_groups
from toolboxai.platform.content.questions.groups import FEWEST, groups

__all__ = ["matching_drafts"]

_TELLING: Final = 4  # letters in a row: "evaporation", "vapour"


class _Explained(NamedTuple):
    definition: Definition
    concept: Concept


def matching_drafts(passages: Passages, events: Sequence[Event]) -> Iterator[Draft]:
    """Groups of explained terms that stand near one another, and groups of events.

    In no pair do the two sides share a word, and no meaning fits two terms of its group.
    """
    explained = list(_explained(passages))
    for group in groups(explained, lambda one, other: _apart(passages, one.definition, other.definition)):
        several = tuple((one.definition.sentence, one.concept.term.lower()) for one in group)
        worth = 1.0 + sum(one.concept.score for one in group) / len(group)
        finish = partial(_match_terms, passages, tuple(one.definition for one in group))
        yield Draft(QuestionType.MATCHING, several[0][0], "", worth, False, finish, several=several)
    for dated in event_groups(events):
        several = tuple((event.sentence, event.year) for event in dated)
        match = partial(_match_years, passages, dated)
        yield Draft(QuestionType.MATCHING, several[0][0], "", 0.8, False, match, several=several)


def _explained(passages: Passages) -> Iterator[_Explained]:
    for definition in sorted(passages.analysis.definitions, key=lambda one: one.sentence):
        if _tells_itself(passages, definition) or shows_its_term(definition):
            continue
        term = definition.term.lower()
        found = (one for one in passages.concepts_in(definition.sentence) if term in one.forms)
        if (concept := next(found, None)) is not None:
            yield _Explained(definition, concept)


def _tells_itself(passages: Passages, definition: Definition) -> bool:
    """Whether so many letters of the term stand in its meaning that the two find each other."""
    meaning = definition.meaning.lower()
    return any(
        word[at : at + _TELLING] in meaning
        for word in passages.stems(definition.term)
        for at in range(len(word) - _TELLING + 1)
    )


def _apart(passages: Passages, one: Definition, other: Definition) -> bool:
    return one.sentence != other.sentence and not alike_meanings(passages, one, other)


def _match_terms(passages: Passages, definitions: tuple[Definition, ...], dice: Random) -> Finished | None:
    shown = list(definitions)
    dice.shuffle(shown)
    model = min(definitions, key=lambda one: one.meaning[:1].isupper()).meaning
    meanings = tuple(same_start(passages, model, one.meaning) for one in shown)
    return _finish(
        passages,
        passages.frames.matching_terms,
        [one.sentence for one in definitions],
        prompts=tuple(f"{one.term[0].upper()}{one.term[1:]}" for one in shown),
        partners=meanings,
        facts=tuple((one.meaning, one.term) for one in shown),
        dice=dice,
    )


def _match_years(passages: Passages, events: tuple[Event, ...], dice: Random) -> Finished | None:
    shown = list(events)
    dice.shuffle(shown)
    return _finish(
        passages,
        passages.frames.matching_years,
        [event.sentence for event in events],
        prompts=tuple(event.body for event in shown),
        partners=tuple(event.year for event in shown),
        facts=tuple((event.body, event.year) for event in shown),
        dice=dice,
    )


def _finish(
    passages: Passages,
    question: str,
    sentences: Sequence[int],
    *,
    prompts: tuple[str, ...],
    partners: tuple[str, ...],
    facts: tuple[tuple[str, str], ...],
    dice: Random,
) -> Finished | None:
    options = list(partners)
    dice.shuffle(options)
    if len(prompts) < FEWEST or any(
        len({one.lower() for one in side}) < len(side) for side in (prompts, partners)
    ):
        return None
    return Finished(
        question=question,
        body=" ".join((*prompts, *partners)),
        options=tuple(options),
        answer=partners,
        rationale=passages.frames.rationale_quote.format(sentence=" ".join(map(passages.text, sentences))),
        prompts=prompts,
        facts=facts,
    )
