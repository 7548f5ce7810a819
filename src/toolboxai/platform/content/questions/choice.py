"""Which of the possible questions make the quiz: the best of each kind in turn that go with those chosen before."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from random import Random
from typing import Final

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.request import Difficulty, GenerationRequest, QuestionType
from toolboxai.platform.content.progress import Progress
from toolboxai.platform.content.questions.draft import Draft
from toolboxai.platform.content.questions.selection import Chosen, chosen, clash

__all__ = ["Choice", "Lost", "difficulty_of", "objective_of"]

_JITTER: Final = 0.25  # what the seed may change in the order of drafts of nearly equal worth
_OBJECTIVE_BONUS: Final = 0.4
_NEW_OBJECTIVE_BONUS: Final = 0.4
_WISH_BONUS: Final = 0.6
_CROWDED: Final = 0.35  # for each question already taken from the same stretch of the text
_VARIANT: Final = 0.5  # for each true (false) statement beyond the false (true) ones
_LOOKED_AT: Final = (
    200  # best drafts of a type among which one choice is made; more cost time and change nothing
)
_LONG_WORDS: Final = 20
_LEVELS: Final = (
    Difficulty.EASY,
    Difficulty.MEDIUM,
    Difficulty.HARD,
)  # those that can be told apart of a question
_GROUPS: Final = frozenset({QuestionType.MATCHING, QuestionType.ORDERING})
_MANY: Final = 5  # pairs or steps from which on a question is hard


class Lost(StrEnum):
    """Why a possible question is not in the quiz, as a warning says it."""

    ASKED = "their sentence or word is asked about already"
    CLASH = "they ask what another question asks, or one gives the other away"
    OPTIONS = "good wrong answers are too few"


class Choice:
    """Takes the best draft of each kind in turn, until there are enough or none fits any more.

    Matching and ordering need several sentences that nothing else asks about, so their first ones are chosen before
    all others; in later rounds they come last, or they would leave nothing to the rest.
    """

    def __init__(
        self,
        request: GenerationRequest,
        passages: Passages,
        drafts: Sequence[Draft],
        wanted: Sequence[QuestionType],
        dice: Random,
    ) -> None:
        self._request = request
        self._passages = passages
        self._dice = dice
        self._objectives = objective_of(passages.analysis)
        self._wish = _wished(request.difficulty)
        self._stretch = max(1, len(passages.parsed) // request.num_questions)
        self._picked: list[Chosen] = []
        self._sentences: set[int] = set()
        self._topics: set[str] = set()
        self._seen: Counter[int | None] = Counter()
        self._crowd: Counter[int] = Counter()
        self._variants: Counter[str] = Counter()
        self._ranked: dict[QuestionType, list[tuple[float, Draft]]] = {}
        self.lost: dict[QuestionType, Counter[Lost]] = {kind: Counter() for kind in wanted}
        for kind in wanted:
            worth = [
                (self._worth(draft) + dice.random() * _JITTER, draft)
                for draft in drafts
                if draft.type is kind
            ]
            self._ranked[kind] = sorted(worth, key=lambda pair: -pair[0])

    def pick(self, progress: Progress, *, units: int) -> list[Chosen]:
        """The questions, in the order in which they were chosen; each is an equal share of the units."""
        going = sorted(self._ranked, key=lambda kind: kind not in _GROUPS)
        share = units // self._request.num_questions
        while going and len(self._picked) < self._request.num_questions:
            for kind in list(going):
                if len(self._picked) == self._request.num_questions:
                    break
                if not self._take(kind):
                    going.remove(kind)
                    continue
                progress.advance(share)
            going.sort(key=lambda kind: kind in _GROUPS)
        return self._picked

    def _worth(self, draft: Draft) -> float:
        """What a draft is worth whatever else is chosen."""
        worth = draft.quality
        if draft.sentence in self._objectives:
            worth += _OBJECTIVE_BONUS
        if self._wish is not None:
            away = abs(_LEVELS.index(difficulty_of(draft, self._passages)) - _LEVELS.index(self._wish))
            worth += _WISH_BONUS * (1 - away / 2)
        return worth

    def _now(self, pair: tuple[float, Draft]) -> float:
        """What a draft is worth beside what is chosen already."""
        worth, draft = pair
        objective = self._objectives.get(draft.sentence)
        if objective is not None and not self._seen[objective]:
            worth += _NEW_OBJECTIVE_BONUS
        if draft.variant:
            worth -= _VARIANT * (2 * self._variants[draft.variant] - self._variants.total())
        return worth - _CROWDED * self._crowd[draft.sentence // self._stretch]

    def _take(self, kind: QuestionType) -> bool:
        """Add the best question of a kind that fits, if there is one."""
        while head := self._head(kind):
            head.sort(key=self._now, reverse=True)  # stable: equals stay in the order of their worth
            for at, (_, draft) in enumerate(head):
                fault = self._add(draft)
                if fault is None:
                    self._ranked[kind][:0] = sorted(head[at + 1 :], key=lambda pair: -pair[0])
                    return True
                self.lost[kind][fault] += 1
        return False

    def _head(self, kind: QuestionType) -> list[tuple[float, Draft]]:
        """Take the best ones out that may still be asked; what may not is lost for good."""
        ranked, head = self._ranked[kind], list[tuple[float, Draft]]()
        seen = 0
        for pair in ranked:
            if len(head) == _LOOKED_AT:
                break
            seen += 1
            if self._asked(pair[1]):
                self.lost[kind][Lost.ASKED] += 1
            else:
                head.append(pair)
        del ranked[:seen]
        return head

    def _asked(self, draft: Draft) -> bool:
        return not self._sentences.isdisjoint(draft.sentences) or not self._topics.isdisjoint(draft.topics)

    def _add(self, draft: Draft) -> Lost | None:
        """Put a question into the quiz, or tell why not."""
        finished = draft.finish(self._dice)
        if finished is None:
            return Lost.OPTIONS
        candidate = chosen(self._passages, draft, finished)
        if any(clash(candidate, one) for one in self._picked):
            return Lost.CLASH
        self._picked.append(candidate)
        self._sentences.update(draft.sentences)
        self._topics.update(draft.topics)
        self._seen.update({self._objectives.get(index) for index in draft.sentences})
        self._crowd.update({index // self._stretch for index in draft.sentences})
        self._variants[draft.variant] += bool(draft.variant)
        return None


def objective_of(analysis: Analysis) -> dict[int, int]:
    """For each sentence the objective among whose best passages it stands highest."""
    best: dict[int, tuple[int, int]] = {}
    for number, match in enumerate(analysis.objectives):
        for rank, index in enumerate(match.sentences):
            if index not in best or (rank, number) < best[index]:
                best[index] = (rank, number)
    return {index: number for index, (_, number) in best.items()}


def _wished(difficulty: str | None) -> Difficulty | None:
    """The offline engine tells three levels apart; expert asks for its hardest."""
    if difficulty is None:
        return None
    return Difficulty.HARD if difficulty == Difficulty.EXPERT else Difficulty(difficulty)


def difficulty_of(draft: Draft, passages: Passages) -> Difficulty:
    """By what the pupil must do: find a word unseen, read a long sentence, know a term said once, keep many things apart."""
    if draft.several:
        return Difficulty.HARD if len(draft.several) >= _MANY else Difficulty.MEDIUM
    points = int(draft.recall) + (len(passages.parsed[draft.sentence].tokens) >= _LONG_WORDS)
    points += any(
        draft.topic in one.forms and len(one.sentences) == 1 for one in passages.concepts_in(draft.sentence)
    )
    if draft.type is QuestionType.TRUE_FALSE:
        points -= 1
    return _LEVELS[max(0, min(2, points))]
