"""Sentences that tell of one event and its year."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.questions.groups import groups
from toolboxai.platform.content.questions.quantity_places import bounded
from toolboxai.platform.content.questions.spans import blank_out

__all__ = ["Event", "event_groups", "find_events"]


class Event(NamedTuple):
    """A sentence with one year.

    Args:
        sentence: its index.
        body: the sentence with a blank in place of the year.
        year: as the text writes it.
        value: as a number.
    """

    sentence: int
    body: str
    year: str
    value: int


def find_events(passages: Passages, index: int) -> Iterator[Event]:
    """The event that a sentence which stands alone tells of, when it names one year and does not only bound it."""
    years = [one for one in passages.quantities_in(index) if one.kind == "year"]
    tokens = [token for token in passages.parsed[index].tokens if token.number and len(token.text) > 2]
    if len(years) != 1 or len(tokens) != 1 or tokens[0].text != years[0].text:
        return
    token = tokens[0]
    if not bounded(passages, index, token.start):
        body = blank_out(passages.text(index), token.start, token.end)
        yield Event(index, body, token.text, int(years[0].value))


def event_groups(events: Sequence[Event]) -> Iterator[tuple[Event, ...]]:
    """Events that stand near one another and happened in different years."""
    return groups(
        events, lambda one, other: one.value != other.value and one.body.lower() != other.body.lower()
    )
