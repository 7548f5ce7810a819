"""Answers to quizzes over HTTP, and what came of them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from toolboxai.platform.attempts.model import ANSWERS_MOST, GivenAnswer, Place, Source
from toolboxai.platform.attempts.results import Results, csv_by_pupil, csv_by_question
from toolboxai.platform.attempts.service import Named, QuizAttempts, Submitted
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.identity.model import Principal
from toolboxai.web.cursors import CURSOR_CHARS, cursor_of, place_in
from toolboxai.web.security import Authenticator
from toolboxai.web.times import Instant, timestamp
from toolboxai.web.whole_text import whole_text

__all__ = ["attempt_routes"]

_PATH = "/api/v1/attempts"
_Id = Annotated[str, Field(min_length=1, max_length=64)]
_QueryId = Annotated[str | None, Query(min_length=1, max_length=64, pattern="^[A-Za-z0-9_]+$")]


class AnswerBody(BaseModel):
    """One answer; what it is depends on the kind of question."""

    model_config = ConfigDict(extra="forbid")

    question_id: _Id
    answer: Any
    answered_at: Instant | None = None

    @field_validator("question_id", "answer", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        return whole_text(value)


class AttemptBody(BaseModel):
    """Answers to different questions of one quiz."""

    model_config = ConfigDict(extra="forbid")

    content_id: _Id
    class_id: _Id | None = None
    source: Source = Source.PAGE
    answers: Annotated[list[AnswerBody], Field(min_length=1, max_length=ANSWERS_MOST)]

    @field_validator("content_id", "class_id", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        return whole_text(value)


class GradedItem(BaseModel):
    """What an answer is worth, and what would have been right; null for a question that has left the quiz since."""

    question_id: str
    correct: bool
    score: float
    correct_answer: str | list[str] | None
    rationale: str | None


class SubmittedAnswer(BaseModel):
    """A graded attempt, answers in the order in which they came."""

    attempt_id: str
    items: list[GradedItem]


class KeptItem(BaseModel):
    """One answer as it is kept; ``first`` is the one that counts for results.

    ``correct_answer`` and ``rationale`` are those of the quiz as it is now, and null for a question that has left it, or
    where attempts at several contents are listed.
    """

    question_id: str
    answer: Any
    correct: bool
    score: float
    first: bool
    answered_at: str
    correct_answer: str | list[str] | None
    rationale: str | None


class AttemptItem(BaseModel):
    """An attempt; ``name`` is what the pupil is called where they answered, ``environment_id`` the world that posted it."""

    attempt_id: str
    content_id: str
    revision: int
    class_id: str | None
    environment_id: str | None
    user_id: str
    name: str
    source: str
    created_at: str
    answers: list[KeptItem]


class AttemptsAnswer(BaseModel):
    """A page, newest first; ``next_cursor`` is null at the end."""

    items: list[AttemptItem]
    next_cursor: str | None


class WrongItem(BaseModel):
    """The wrong answer that was given most often."""

    answer: Any
    times: int


class QuestionItem(BaseModel):
    """A question counted; ``type`` and ``question`` are null when it has left the quiz since."""

    question_id: str
    type: str | None
    question: str | None
    answered: int
    right: int
    score: float | None
    commonest_wrong: WrongItem | None


class PupilItem(BaseModel):
    """A pupil counted; ``scores`` has those of the questions that they have answered."""

    user_id: str
    name: str
    answered: int
    right: int
    score: float | None
    scores: dict[str, float]


class ResultsAnswer(BaseModel):
    """First answers, counted; questions in the order of the quiz, pupils in that of their names."""

    content_id: str
    class_id: str | None
    environment_id: str | None
    questions: list[QuestionItem]
    pupils: list[PupilItem]


def attempt_routes(attempts: QuizAttempts, authenticator: Authenticator) -> APIRouter:
    """The routes under ``/api/v1/attempts``.

    Args:
        attempts: grades, keeps and counts.
        authenticator: who asks.
    """
    router = APIRouter(prefix=_PATH, tags=["attempts"])
    reader = Annotated[Principal, Depends(authenticator.require("content:read"))]

    @router.post("", status_code=201)
    async def answer(
        body: AttemptBody,
        request: Request,
        response: Response,
        who: reader,
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
    ) -> SubmittedAnswer:
        """Answer questions of a quiz that one may read: graded at once, kept, and told to its owner; all or nothing."""
        made = await attempts.submit(
            who,
            body.content_id,
            [_given(each) for each in body.answers],
            authenticator.address(request),
            class_id=body.class_id,
            source=body.source,
            idempotency_key=idempotency_key,
        )
        response.headers["Location"] = f"{_PATH}?content_id={body.content_id}"
        return _submitted(made, body)

    @router.get("")
    async def list_them(
        who: reader,
        content_id: _QueryId = None,
        class_id: _QueryId = None,
        user_id: _QueryId = None,
        environment_id: _QueryId = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: Annotated[str | None, Query(max_length=CURSOR_CHARS)] = None,
    ) -> AttemptsAnswer:
        """Attempts at a content of one's own, or that one edits, or in a world of one's own; else one's own alone."""
        before = None if cursor is None else Place(*place_in(cursor, float, str))
        found = await attempts.attempts(
            who,
            content_id=content_id,
            class_id=class_id,
            user_id=user_id,
            environment_id=environment_id,
            before=before,
            limit=limit + 1,
        )
        last = found[limit - 1].attempt if len(found) > limit else None
        return AttemptsAnswer(
            items=[_item(each) for each in found[:limit]],
            next_cursor=None if last is None else cursor_of((last.created_at, last.id)),
        )

    @router.get(
        "/results",
        response_model=ResultsAnswer,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    )
    async def results(
        who: reader,
        content_id: Annotated[str, Query(min_length=1, max_length=64, pattern="^[A-Za-z0-9_]+$")],
        class_id: _QueryId = None,
        environment_id: _QueryId = None,
        format: Literal["json", "csv"] = "json",
        by: Literal["pupil", "question"] = "pupil",
    ) -> ResultsAnswer | Response:
        """What was answered first, by question and by pupil; as CSV one table, ``by`` says which."""
        found = await attempts.results(who, content_id, class_id=class_id, environment_id=environment_id)
        if format == "json":
            return _results((content_id, class_id, environment_id), found)
        table = csv_by_pupil(found) if by == "pupil" else csv_by_question(found)
        name = f"results-by-{by}-{content_id}.csv"
        return Response(
            table,
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    return router


def _given(body: AnswerBody) -> GivenAnswer:
    at = None if body.answered_at is None else body.answered_at.timestamp()
    return GivenAnswer(body.question_id, body.answer, at)


def _submitted(made: Submitted, body: AttemptBody) -> SubmittedAnswer:
    kept = {each.question_id: each for each in made.attempt.answers}
    items = []
    for asked in body.answers:
        answer = kept[asked.question_id]
        items.append(
            GradedItem(
                question_id=answer.question_id,
                correct=answer.correct,
                score=answer.score,
                **_reason(made.questions.get(asked.question_id)),
            )
        )
    return SubmittedAnswer(attempt_id=made.attempt.id, items=items)


def _reason(question: Question | None) -> dict[str, Any]:
    """What would have been right, and why."""
    if question is None:
        return {"correct_answer": None, "rationale": None}
    right = question.correct_answer
    shown = list(right) if isinstance(right, tuple) else right
    return {"correct_answer": shown, "rationale": question.rationale}


def _item(named: Named) -> AttemptItem:
    attempt = named.attempt
    return AttemptItem(
        attempt_id=attempt.id,
        content_id=attempt.content_id,
        revision=attempt.revision,
        class_id=attempt.class_id,
        environment_id=attempt.environment_id,
        user_id=attempt.user_id,
        name=named.name,
        source=attempt.source.value,
        created_at=timestamp(attempt.created_at),
        answers=[
            KeptItem(
                question_id=each.question_id,
                answer=each.answer,
                correct=each.correct,
                score=each.score,
                first=each.nth == 1,
                answered_at=timestamp(each.answered_at),
                **_reason(named.questions.get(each.question_id)),
            )
            for each in attempt.answers
        ],
    )


def _results(asked: tuple[str, str | None, str | None], found: Results) -> ResultsAnswer:
    content_id, class_id, environment_id = asked
    return ResultsAnswer(
        content_id=content_id,
        class_id=class_id,
        environment_id=environment_id,
        questions=[
            QuestionItem(
                question_id=each.question_id,
                type=None if each.question is None else each.question.type.value,
                question=None if each.question is None else each.question.question,
                answered=each.answered,
                right=each.right,
                score=each.score,
                commonest_wrong=None
                if each.commonest_wrong is None
                else WrongItem(answer=each.commonest_wrong.answer, times=each.commonest_wrong.times),
            )
            for each in found.questions
        ],
        pupils=[
            PupilItem(
                user_id=each.user_id,
                name=each.name,
                answered=each.answered,
                right=each.right,
                score=each.score,
                scores=dict(each.scores),
            )
            for each in found.pupils
        ],
    )
