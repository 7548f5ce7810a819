"""Stage quiz_generation: drafts from every sentence that can be asked about, then the best ones that go together."""

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from toolboxai.platform.content.analysis.passages import Passages
from toolboxai.platform.content.language.lexicon import lexicon_for
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.lesson import Lesson
from toolboxai.platform.content.model.quiz import Question, Quiz
from toolboxai.platform.content.model.report import Report
from toolboxai.platform.content.model.request import GenerationRequest, QuestionType
from toolboxai.platform.content.progress import Progress
from toolboxai.platform.content.questions.choice import Choice, difficulty_of, objective_of
from toolboxai.platform.content.questions.cloze import cloze_drafts
from toolboxai.platform.content.questions.definition import definition_drafts
from toolboxai.platform.content.questions.draft import Draft
from toolboxai.platform.content.questions.events import Event, find_events
from toolboxai.platform.content.questions.matching import matching_drafts
from toolboxai.platform.content.questions.numeric import numeric_drafts
from toolboxai.platform.content.questions.ordering import ordering_drafts
from toolboxai.platform.content.questions.selection import Chosen
from toolboxai.platform.content.questions.short_answer import explained_term_drafts, short_answer_drafts
from toolboxai.platform.content.questions.statement import statement_drafts

__all__ = ["make_quiz"]

_NEEDS: Final = {
    QuestionType.MULTIPLE_CHOICE: "sentence that stands alone and has a term or number with others of its kind",
    QuestionType.TRUE_FALSE: "sentence that stands alone with two terms, or with a number or name to be changed",
    QuestionType.FILL_BLANK: "sentence that stands alone and has a key term or a number",
    QuestionType.MATCHING: "three explained terms, or three events with different years",
    QuestionType.ORDERING: "three steps in an order, or three events with different years",
    QuestionType.SHORT_ANSWER: "explained term, nor a sentence that can be turned into a question",
    QuestionType.NUMERIC: "sentence that stands alone with one exact number",
}
_CHOOSING: Final = 3  # measured: choosing takes about as long as three passes over the sentences


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
    choice = Choice(request, passages, drafts, wanted, dice)
    picked = choice.pick(progress, units=_CHOOSING * count)
    picked.sort(key=lambda one: one.draft.sentence)
    objectives = objective_of(analysis)
    questions = tuple(
        _question(number, one, passages, objectives) for number, one in enumerate(picked, start=1)
    )
    progress.finish(f"Wrote {len(questions)} questions")
    possible = Counter(draft.type for draft in drafts)
    return Quiz(
        title=lesson.title,
        requested=request.num_questions,
        questions=questions,
        warnings=_shortfall(request.num_questions, questions, possible, choice),
    )


def _drafts(passages: Passages, wanted: frozenset[QuestionType], progress: Progress) -> list[Draft]:
    made: list[Draft] = []
    events: list[Event] = []
    texts: set[str] = set()
    for parsed in passages.parsed:
        progress.advance()
        text = parsed.text.lower()
        if text in texts:
            continue  # said twice in the source, asked once
        texts.add(text)
        made.extend(draft for draft in _of_sentence(passages, parsed.index) if draft.type in wanted)
        if passages.lexicon.complete and passages.alone(parsed.index):
            events.extend(find_events(passages, parsed.index))
    if QuestionType.MATCHING in wanted:
        made.extend(matching_drafts(passages, events))
    if QuestionType.ORDERING in wanted:
        made.extend(ordering_drafts(passages, events))
    return made


def _of_sentence(passages: Passages, index: int) -> Iterator[Draft]:
    definition = passages.definition_at(index)
    if definition is not None:
        term = definition.term.lower()
        concept = next((one for one in passages.concepts_in(index) if term in one.forms), None)
        if concept is not None:
            yield from definition_drafts(passages, definition, concept)
            yield from explained_term_drafts(passages, definition, concept)
    if passages.alone(index):
        yield from cloze_drafts(passages, index)
        if passages.lexicon.complete:
            yield from numeric_drafts(passages, index)
            yield from statement_drafts(passages, index)
            yield from short_answer_drafts(passages, index)


def _question(number: int, one: Chosen, passages: Passages, objectives: dict[int, int]) -> Question:
    draft, finished = one.draft, one.finished
    served = [objectives[index] for index in draft.sentences if index in objectives]
    return Question(
        id=f"q{number}",
        type=draft.type,
        question=finished.question,
        options=finished.options,
        correct_answer=finished.answer,
        rationale=finished.rationale,
        source_sentence=" ".join(passages.text(index) for index in draft.sentences),
        source_index=draft.sentences[0],
        objective=served[0] if served else None,
        difficulty=difficulty_of(draft, passages),
        prompts=finished.prompts,
        accepted=finished.accepted,
        tolerance=finished.tolerance,
        unit=finished.unit,
        sources=draft.sentences if len(draft.sentences) > 1 else (),
    )


def _shortfall(
    requested: int, questions: Sequence[Question], possible: Counter[QuestionType], choice: Choice
) -> tuple[str, ...]:
    """A warning when there are fewer questions than asked for, or none of a kind: how many of each, and why."""
    made = Counter(question.type for question in questions)
    kinds = list(choice.lost)
    if len(questions) < requested:
        told = "; ".join(f"{kind} {made[kind]} ({_why(kind, possible[kind], choice)})" for kind in kinds)
        return (
            f"{requested} questions were asked for and {len(questions)} were made: {told}. "
            "A longer text, or more kinds of question, gives more.",
        )
    if none := [kind for kind in kinds if not made[kind]][:requested]:
        told = "; ".join(f"{kind} ({_why(kind, possible[kind], choice)})" for kind in none)
        return (f"Of these kinds no question was made: {told}. Others took their place.",)
    return ()


def _why(kind: QuestionType, possible: int, choice: Choice) -> str:
    if not possible:
        return f"the text has no {_NEEDS[kind]}"
    lost = [f"{count} because {reason}" for reason, count in sorted(choice.lost[kind].items())]
    found = f"{possible} possible"
    return f"{found}; left out: {', '.join(lost)}" if lost else found
