"""Whether two questions may stand in one quiz."""

from dataclasses import dataclass
from typing import Final

from toolboxai.platform.content.model import QuestionType
from toolboxai.platform.content.passages import Passages
from toolboxai.platform.content.questions.draft import Draft, Finished

__all__ = ["Chosen", "chosen", "clash"]

_TELLS: Final = 0.5  # so much of one question's words, with its answer, in another one gives it away
_SAME: Final = 0.75  # so much alike, they are one question


@dataclass(frozen=True, slots=True)
class Chosen:
    """A finished question and the words by which it is compared.

    Args:
        asks: stems of what it asks, without the answer.
        shows: stems of all that the pupil sees of the subject.
        stem_words: stems of the stem alone.
        answer: stems of the answer; empty for true or false.
    """

    draft: Draft
    finished: Finished
    asks: frozenset[str]
    shows: frozenset[str]
    stem_words: frozenset[str]
    answer: frozenset[str]


def chosen(passages: Passages, draft: Draft, finished: Finished) -> Chosen:
    """A finished question, ready to be compared."""
    statement = draft.type is QuestionType.TRUE_FALSE
    answer = frozenset[str]() if statement else passages.stems(finished.answer)
    body = passages.content(finished.body)
    options = frozenset[str]() if statement else passages.content(" ".join(finished.options))
    meaning_asked = not statement and len(answer) > 4
    asks = passages.content(finished.answer) if meaning_asked else body - answer
    return Chosen(draft, finished, asks, body | options, passages.stems(finished.body), answer)


def clash(one: Chosen, other: Chosen) -> bool:
    """Whether they ask the same, rest on the same sentence, or one gives the other away."""
    if one.draft.sentence == other.draft.sentence or (
        one.draft.topic and one.draft.topic == other.draft.topic
    ):
        return True
    if one.finished.question == other.finished.question or _overlap(one.asks, other.asks) >= _SAME:
        return True
    return _tells(one, other) or _tells(other, one)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0


def _tells(one: Chosen, other: Chosen) -> bool:
    """Whether reading ``one`` tells the answer of ``other``."""
    if not other.answer:
        return False
    if other.draft.type is QuestionType.FILL_BLANK and other.answer <= one.stem_words:
        return True  # what must be written may not stand in another question at all
    if not other.answer <= one.shows or not other.asks:
        return False
    return len(other.asks & one.shows) >= _TELLS * len(other.asks)
