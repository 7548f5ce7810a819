"""Steps and events to be put in their order."""

from collections.abc import Iterator, Sequence
from functools import partial
from random import Random
from typing import Final

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.model.analysis import Enumeration
from toolboxai.platform.content.model.request import QuestionType
from toolboxai.platform.content.questions.draft import Draft, Finished
from toolboxai.platform.content.questions.events import Event, event_groups
from toolboxai.platform.content.questions.groups import FEWEST, MOST

__all__ = ["ordering_drafts"]

_SHUFFLES: Final = 8


def ordering_drafts(passages: Passages, events: Sequence[Event]) -> Iterator[Draft]:
    """What the text says comes one after another, and groups of events by their years."""
    for steps in passages.analysis.enumerations:
        if steps.ordered and _usable(passages, steps):
            several = tuple((index, "") for index in dict.fromkeys(steps.sentences))
            finish = partial(_order_steps, passages, steps)
            yield Draft(QuestionType.ORDERING, several[0][0], "", 1.4, False, finish, several=several)
    for dated in event_groups(events):
        several = tuple((event.sentence, event.year) for event in dated)
        order = partial(_order_events, passages, dated)
        yield Draft(QuestionType.ORDERING, several[0][0], "", 1.0, False, order, several=several)


def _usable(passages: Passages, steps: Enumeration) -> bool:
    """Whether each step can be read alone and none tells its own place."""
    items = steps.items
    if not FEWEST <= len(items) <= MOST or len({item.lower() for item in items}) < len(items):
        return False
    return not any(any(c.isdigit() for c in item) or passages.dangles(item) for item in items)


def _order_steps(passages: Passages, steps: Enumeration, dice: Random) -> Finished | None:
    sentences = list(dict.fromkeys(steps.sentences))
    section = passages.analysis.sentences[sentences[0]].section
    question = passages.frames.ordering_steps
    if section is not None:
        question = passages.frames.ordering_under.format(heading=passages.analysis.headings[section])
    return _finish(passages, question, sentences, steps.items, (), dice)


def _order_events(passages: Passages, events: tuple[Event, ...], dice: Random) -> Finished | None:
    ordered = sorted(events, key=lambda event: event.value)
    facts = tuple((event.body, event.year) for event in ordered)
    sentences = [event.sentence for event in events]
    return _finish(
        passages,
        passages.frames.ordering_events,
        sentences,
        tuple(event.body for event in ordered),
        facts,
        dice,
    )


def _finish(
    passages: Passages,
    question: str,
    sentences: Sequence[int],
    items: tuple[str, ...],
    facts: tuple[tuple[str, str], ...],
    dice: Random,
) -> Finished | None:
    options = list(items)
    for _ in range(_SHUFFLES):
        dice.shuffle(options)
        if tuple(options) != items:
            break
    else:
        options.reverse()
    return Finished(
        question=question,
        body=" ".join(items),
        options=tuple(options),
        answer=items,
        rationale=passages.frames.rationale_quote.format(sentence=" ".join(map(passages.text, sentences))),
        facts=facts,
    )
