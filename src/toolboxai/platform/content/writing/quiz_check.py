"""A model's questions, held to the text: each answer stands in the sentences that it names, or they are refused."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from toolboxai.platform.content.language.frames import frames_for
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.quiz import BLANK, Question, Quiz
from toolboxai.platform.content.model.request import GenerationRequest, QuestionType
from toolboxai.platform.content.sources.text import one_line
from toolboxai.platform.content.writing.drafts import QuestionDraft, QuizDraft
from toolboxai.platform.content.writing.lesson_check import Faulty, known_to, read_draft
from toolboxai.platform.content.writing.wording import Known, addresses, folded, stands_in, strange

__all__ = ["checked_quiz"]

_PARTED: Final = (QuestionType.ORDERING, QuestionType.MATCHING)
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_ADDED_WORDS: Final = 4
_KEPT_WORDS: Final = 0.5  # of a sentence that was made wrong: else it is another sentence


def checked_quiz(
    text: str, request: GenerationRequest, analysis: Analysis, title: str, generator: str
) -> Quiz:
    """The quiz that an answer is.

    Args:
        text: the answer.
        request: what was asked for.
        analysis: of the text.
        title: of the quiz.
        generator: name of the model.

    Raises:
        Faulty: it does not hold.
    """
    draft = read_draft(text, QuizDraft)
    faults = [*_faults(draft, request, analysis)]
    if faults:
        raise Faulty(faults)
    questions = tuple(
        _question(f"q{number}", each, request, analysis)
        for number, each in enumerate(draft.questions, start=1)
    )
    warnings = [f"The questions were worded by {generator}; their answers stand in the text."]
    if len(questions) < request.num_questions:
        warnings.append(f"{generator} wrote {len(questions)} of {request.num_questions} questions.")
    return Quiz(
        title=title,
        requested=request.num_questions,
        questions=questions,
        warnings=tuple(warnings),
        generator=generator,
    )


def _question(id: str, draft: QuestionDraft, request: GenerationRequest, analysis: Analysis) -> Question:
    frames = frames_for(request.language)
    sentences = tuple(dict.fromkeys(draft.sentences))
    source = " ".join(analysis.sentences[index].text for index in sentences)
    answer: str | tuple[str, ...] = tuple(map(one_line, draft.answer))
    options, question = tuple(map(one_line, draft.options)), one_line(draft.question)
    if draft.type is QuestionType.TRUE_FALSE:
        options = (frames.true, frames.false)
        answer = (options[0] if draft.answer == ("true",) else options[1],)
        question = frames.true_false.format(statement=question)
    if draft.type not in _PARTED:
        answer = answer[0]
    return Question(
        id=id,
        type=draft.type,
        question=question,
        options=options,
        correct_answer=answer,
        rationale=frames.rationale_quote.format(sentence=source),
        source_sentence=source,
        source_index=sentences[0],
        objective=draft.objective,
        difficulty=draft.difficulty,
        prompts=tuple(map(one_line, draft.prompts)),
        unit=one_line(draft.unit),
        sources=sentences if len(sentences) > 1 else (),
    )


def _faults(draft: QuizDraft, request: GenerationRequest, analysis: Analysis) -> Iterator[str]:
    if len(draft.questions) > request.num_questions:
        yield f"{len(draft.questions)} questions; at most {request.num_questions} were asked for"
    known = known_to(request, analysis)
    seen: set[str] = set()
    for at, question in enumerate(draft.questions):
        place = f"questions[{at}]"
        if question.type.value not in request.question_types:
            yield f"{place}: {question.type} was not asked for"
        if question.objective is not None and question.objective >= len(analysis.objectives):
            yield f"{place}: there is no objective {question.objective}"
        if folded(question.question) in seen:
            yield f"{place}: the question is there twice"
        seen.add(folded(question.question))
        gone = [index for index in question.sentences if index >= len(analysis.sentences)]
        if gone:
            yield f"{place}: there is no sentence {gone[0]}"
            continue
        source = " ".join(analysis.sentences[index].text for index in dict.fromkeys(question.sentences))
        yield from (f"{place}: {fault}" for fault in _of_question(question, source, known))


def _of_question(draft: QuestionDraft, source: str, known: Known) -> Iterator[str]:
    kind = draft.type
    for words in (draft.question, *draft.options):
        for address in addresses(words, known):
            yield f"{address[:60]!r} is not of the text"
    if kind is QuestionType.TRUE_FALSE:
        yield from _of_true_false(draft, source)
        return
    for word in strange(draft.question.replace(BLANK, " "), known):
        yield f"the question names {word!r}, which is not of the text"
    if kind not in _PARTED and len(draft.answer) != 1:
        yield f"{kind} has one answer"
    for part in draft.answer:
        if not stands_in(part, source):
            yield f"the answer {part[:60]!r} is not in the named sentences word for word"
    if kind in _PARTED:
        yield from _of_parts(draft, source)
        return
    if draft.prompts:
        yield f"{kind} has no prompts"
    if kind is QuestionType.MULTIPLE_CHOICE:
        yield from _of_choice(draft)
    elif draft.options:
        yield f"{kind} has no options"
    if kind is QuestionType.FILL_BLANK:
        filled = draft.question.replace(BLANK, draft.answer[0])
        if draft.question.count(BLANK) != 1 or not stands_in(filled, source):
            yield "the question is not a named sentence with the answer replaced by _____"
    elif stands_in(draft.answer[0], draft.question):
        yield "the question gives its answer away"
    if kind is QuestionType.NUMERIC and not _NUMBER.fullmatch(draft.answer[0]):
        yield "the answer of a numeric question is a number in digits"
    if draft.unit and (kind is not QuestionType.NUMERIC or not stands_in(draft.unit, source)):
        yield "the unit is not a word of the named sentences"


def _of_choice(draft: QuestionDraft) -> Iterator[str]:
    options = [folded(option) for option in draft.options]
    if not 3 <= len(options) <= 6 or len(set(options)) != len(options):
        yield "a multiple_choice question has 3 to 6 different options"
    if draft.answer[0] not in draft.options:
        yield "the answer is not one of the options"


def _of_parts(draft: QuestionDraft, source: str) -> Iterator[str]:
    answer = [folded(part) for part in draft.answer]
    if not 3 <= len(answer) <= 8 or len(set(answer)) != len(answer):
        yield f"{draft.type} has 3 to 8 different parts"
    if sorted(draft.options) != sorted(draft.answer):
        yield "the options are not the parts of the answer in another order"
    if draft.type is QuestionType.ORDERING:
        if draft.prompts:
            yield "ordering has no prompts"
        return
    prompts = {folded(prompt) for prompt in draft.prompts}
    if len(prompts) != len(draft.answer) or len(draft.prompts) != len(draft.answer):
        yield "matching has one prompt for each part of the answer, all different"
    for prompt in draft.prompts:
        if not stands_in(prompt, source):
            yield f"the prompt {prompt[:60]!r} is not in the named sentences word for word"


def _of_true_false(draft: QuestionDraft, source: str) -> Iterator[str]:
    if draft.options or draft.prompts:
        yield "true_false has no options and no prompts"
    if len(set(draft.sentences)) != 1:
        yield "true_false names one sentence"
    same = folded(draft.question) == folded(source)
    if draft.answer == ("true",):
        if not same:
            yield "a statement that is true is the named sentence word for word"
    elif draft.answer != ("false",):
        yield 'the answer of true_false is ["true"] or ["false"]'
    elif same:
        yield "a statement that is false differs from the named sentence"
    else:
        theirs, ours = Counter(folded(draft.question).split()), Counter(folded(source).split())
        added = (theirs - ours).total()
        if (theirs & ours).total() < _KEPT_WORDS * ours.total() or added > max(
            _ADDED_WORDS, (1 - _KEPT_WORDS) * ours.total()
        ):
            yield "a statement that is false is the named sentence with one thing changed"
