"""Stage quiz_generation: drafts from every sentence that can be asked about, then the best ones that go together."""

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from toolboxai.platform.content.lexicon import lexicon_for
from toolboxai.platform.content.model import (
    Analysis,
    Difficulty,
    GenerationRequest,
    Lesson,
    Question,
    QuestionType,
    Quiz,
    Report,
)
from toolboxai.platform.content.passages import Passages
from toolboxai.platform.content.progress import Progress
from toolboxai.platform.content.questions.cloze import cloze_drafts
from toolboxai.platform.content.questions.definition import definition_drafts
from toolboxai.platform.content.questions.draft import Draft
from toolboxai.platform.content.questions.statement import statement_drafts
from toolboxai.platform.content.selection import Chosen, chosen, clash

__all__ = ["make_quiz"]

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
_CHOOSING: Final = 3  # measured: choosing takes about as long as three passes over the sentences
_LEVELS: Final = (
    Difficulty.EASY,
    Difficulty.MEDIUM,
    Difficulty.HARD,
)  # those that can be told apart of a question


def make_quiz(request: GenerationRequest, analysis: Analysis, lesson: Lesson, report: Report) -> Quiz:
    """Build the quiz: as many questions as asked for, or as many good ones as the text carries."""
    count = len(analysis.sentences)
    progress = Progress(report, (2 + _CHOOSING) * count, "Looking for sentences to ask about")
    passages = Passages(analysis, lexicon_for(request.language), progress)
    # The dice choose among equals; nothing secret hangs on them.
    dice = Random(f"quiz {request.seed}")  # noqa: S311 - as said above
    wanted = list(dict.fromkeys(QuestionType(kind) for kind in request.question_types))
    drafts = _drafts(passages, frozenset(wanted), progress)
    progress.phase(f"Choosing among {len(drafts)} possible questions")
    picked = _Choice(request, passages, drafts, wanted, dice).pick(progress, units=_CHOOSING * count)
    picked.sort(key=lambda one: one.draft.sentence)
    objectives = _objective_of(analysis)
    questions = tuple(
        _question(number, one, passages, objectives) for number, one in enumerate(picked, start=1)
    )
    quiz = Quiz(title=lesson.title, requested=request.num_questions, questions=questions)
    progress.finish(f"Wrote {len(questions)} questions")
    if len(questions) >= request.num_questions:
        return quiz
    return Quiz(
        title=quiz.title,
        requested=quiz.requested,
        questions=questions,
        warnings=(_too_few(quiz, wanted, drafts),),
    )


def _drafts(passages: Passages, wanted: frozenset[QuestionType], progress: Progress) -> list[Draft]:
    made: list[Draft] = []
    texts: set[str] = set()
    for parsed in passages.parsed:
        progress.advance()
        text = parsed.text.lower()
        if text in texts:
            continue  # said twice in the source, asked once
        texts.add(text)
        made.extend(draft for draft in _of_sentence(passages, parsed.index) if draft.type in wanted)
    return made


def _of_sentence(passages: Passages, index: int) -> Iterator[Draft]:
    definition = passages.definition_at(index)
    if definition is not None:
        term = definition.term.lower()
        concept = next((one for one in passages.concepts_in(index) if term in one.forms), None)
        if concept is not None:
            yield from definition_drafts(passages, definition, concept)
    if passages.alone(index):
        yield from cloze_drafts(passages, index)
        if passages.lexicon.complete:
            yield from statement_drafts(passages, index)


class _Choice:
    """Takes the best draft of each type in turn, until there are enough or none fits any more."""

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
        self._objectives = _objective_of(passages.analysis)
        self._wish = _wished(request.difficulty)
        self._stretch = max(1, len(passages.parsed) // request.num_questions)
        self._picked: list[Chosen] = []
        self._seen: Counter[int | None] = Counter()
        self._crowd: Counter[int] = Counter()
        self._variants: Counter[str] = Counter()
        self._ranked: dict[QuestionType, list[tuple[float, Draft]]] = {}
        for kind in wanted:
            worth = [
                (self._worth(draft) + dice.random() * _JITTER, draft)
                for draft in drafts
                if draft.type is kind
            ]
            self._ranked[kind] = sorted(worth, key=lambda pair: -pair[0])

    def pick(self, progress: Progress, *, units: int) -> list[Chosen]:
        """The questions, in the order in which they were chosen; each is an equal share of the units."""
        going = list(self._ranked)
        share = units // self._request.num_questions
        while going and len(self._picked) < self._request.num_questions:
            for kind in list(going):
                if len(self._picked) == self._request.num_questions:
                    break
                if not self._take(kind):
                    going.remove(kind)
                    continue
                progress.advance(share)
        return self._picked

    def _worth(self, draft: Draft) -> float:
        """What a draft is worth whatever else is chosen."""
        worth = draft.quality
        if draft.sentence in self._objectives:
            worth += _OBJECTIVE_BONUS
        if self._wish is not None:
            away = abs(_LEVELS.index(_difficulty(draft, self._passages)) - _LEVELS.index(self._wish))
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
        ranked = self._ranked[kind]
        while ranked:
            at = max(
                range(min(_LOOKED_AT, len(ranked))), key=lambda place: (self._now(ranked[place]), -place)
            )
            _, draft = ranked.pop(at)
            if any(
                one.draft.sentence == draft.sentence or one.draft.topic == draft.topic != ""
                for one in self._picked
            ):
                continue
            finished = draft.finish(self._dice)
            if finished is None:
                continue
            candidate = chosen(self._passages, draft, finished)
            if any(clash(candidate, one) for one in self._picked):
                continue
            self._picked.append(candidate)
            self._seen[self._objectives.get(draft.sentence)] += 1
            self._crowd[draft.sentence // self._stretch] += 1
            self._variants[draft.variant] += bool(draft.variant)
            return True
        return False


def _objective_of(analysis: Analysis) -> dict[int, int]:
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


def _difficulty(draft: Draft, passages: Passages) -> Difficulty:
    """By what the pupil must do: find the word without seeing it, read a long sentence, know a term said only once."""
    points = int(draft.recall) + (len(passages.parsed[draft.sentence].tokens) >= _LONG_WORDS)
    points += any(
        draft.topic in one.forms and len(one.sentences) == 1 for one in passages.concepts_in(draft.sentence)
    )
    if draft.type is QuestionType.TRUE_FALSE:
        points -= 1
    return _LEVELS[max(0, min(2, points))]


def _question(number: int, one: Chosen, passages: Passages, objectives: dict[int, int]) -> Question:
    index = one.draft.sentence
    return Question(
        id=f"q{number}",
        type=one.draft.type,
        question=one.finished.question,
        options=one.finished.options,
        correct_answer=one.finished.answer,
        rationale=one.finished.rationale,
        source_sentence=passages.text(index),
        source_index=index,
        objective=objectives.get(index),
        difficulty=_difficulty(one.draft, passages),
    )


def _too_few(quiz: Quiz, wanted: Sequence[QuestionType], drafts: Sequence[Draft]) -> str:
    kinds = ", ".join(kind.value for kind in wanted)
    sentences = len({draft.sentence for draft in drafts})
    return (
        f"{quiz.requested} questions ({kinds}) were asked for and {len(quiz.questions)} were made: {sentences} sentences of "
        "the text can be asked about, and questions that repeat one another, give another's answer away or lack good "
        "wrong answers were left out. A longer text, or more kinds of question, gives more."
    )
