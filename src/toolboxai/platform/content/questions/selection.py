"""Whether two questions may stand in one quiz."""

from dataclasses import dataclass
from typing import Final

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.model.request import QuestionType
from toolboxai.platform.content.questions.draft import Draft, Finished

__all__ = ["Chosen", "chosen", "clash"]

_TELLS: Final = 0.5  # so much of one question's words, with its answer, in another one gives it away
_WRITTEN: Final = frozenset({QuestionType.FILL_BLANK, QuestionType.SHORT_ANSWER, QuestionType.NUMERIC})
_SAME: Final = 0.75  # so much alike, they are one question
_TERM_WORDS: Final = 4  # a longer answer is a meaning


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that must be known: stems of what is asked, and of the answer to it; none for true or false."""

    asks: frozenset[str]
    answer: frozenset[str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A finished question and the words by which it is compared.

    Args:
        facts: what must be known; several for matching and ordering.
        shows: stems of all that the pupil sees of the subject.
        stem_words: stems of the stem alone; with matching and ordering of all that is shown.
    """

    draft: Draft
    finished: Finished
    facts: tuple[Fact, ...]
    shows: frozenset[str]
    stem_words: frozenset[str]


def chosen(passages: Passages, draft: Draft, finished: Finished) -> Chosen:
    """A finished question, ready to be compared."""
    body = passages.content(finished.body)
    stem_words = passages.stems(finished.body)
    if draft.type is QuestionType.TRUE_FALSE:
        return Chosen(draft, finished, (Fact(body, frozenset()),), body, stem_words)
    if not isinstance(finished.answer, str):
        facts = tuple(_fact(passages, asked, answer) for asked, answer in finished.facts)
        return Chosen(draft, finished, facts or (Fact(body, frozenset()),), body, stem_words)
    fact = _fact(passages, finished.body, finished.answer)
    return Chosen(draft, finished, (fact,), body | passages.content(" ".join(finished.options)), stem_words)


def _fact(passages: Passages, asked: str, answer: str) -> Fact:
    words = passages.stems(answer)
    meaning_asked = len(words) > _TERM_WORDS
    return Fact(passages.content(answer) if meaning_asked else passages.content(asked) - words, words)


def clash(one: Chosen, other: Chosen) -> bool:
    """Whether they ask the same, rest on the same sentence, or one gives the other away."""
    if not set(one.draft.sentences).isdisjoint(other.draft.sentences):
        return True
    if not set(one.draft.topics).isdisjoint(other.draft.topics):
        return True
    if one.finished.question == other.finished.question and not one.finished.facts:
        return True
    if any(_overlap(fact.asks, theirs.asks) >= _SAME for fact in one.facts for theirs in other.facts):
        return True
    return _tells(one, other) or _tells(other, one)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0


def _tells(one: Chosen, other: Chosen) -> bool:
    """Whether reading ``one`` tells the answer, or one of the answers, of ``other``."""
    return any(_tells_fact(one, other, fact) for fact in other.facts if fact.answer)


def _tells_fact(one: Chosen, other: Chosen, fact: Fact) -> bool:
    if other.draft.type in _WRITTEN and fact.answer <= one.stem_words:
        return True  # what must be written may not stand in another question at all
    if not fact.answer <= one.shows or not fact.asks:
        return False
    return len(fact.asks & one.shows) >= _TELLS * len(fact.asks)
