"""Answers to quizzes in the database."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Select, and_, func, insert, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from toolboxai.adapters.database.attempt_tables import AnswerRow, AttemptRow
from toolboxai.adapters.database.identity import UserRow
from toolboxai.platform.attempts.model import Attempt, FirstAnswer, KeptAnswer, Place, Source

__all__ = ["DatabaseAttemptStore"]

_TRIES = 5  # of one pupil at the same moment; each that loses counts anew

_ATTEMPT = select(AttemptRow.__table__, func.coalesce(UserRow.display_name, "").label("display_name")).join(
    UserRow, UserRow.id == AttemptRow.user_id, isouter=True
)


class DatabaseAttemptStore:
    """Satisfies ``platform.attempts.store.AttemptStore`` on SQLite and Postgres; each method is one transaction.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, attempt: Attempt, *, most: int) -> Attempt | None:
        """See the port."""
        for tries in range(1, _TRIES + 1):
            try:
                async with self._engine.begin() as connection:
                    await connection.execute(insert(AttemptRow).values(_values(attempt)))
                    counted = await self._counted(connection, attempt)
                    if any(answer.nth > most for answer in counted.answers):
                        await connection.rollback()
                        return None
                    await connection.execute(insert(AnswerRow), [*_answers(counted)])
                return counted
            except IntegrityError:  # the same key, or another answer to the same question, at the same time
                known = None
                if attempt.idempotency_key is not None:
                    known = await self.by_key(attempt.user_id, attempt.idempotency_key)
                if known is not None:
                    return known
                if tries == _TRIES:
                    raise
        return None

    async def _counted(self, connection: AsyncConnection, attempt: Attempt) -> Attempt:
        query = (
            select(AnswerRow.question_id, func.max(AnswerRow.nth).label("nth"))
            .where(
                AnswerRow.content_id == attempt.content_id,
                AnswerRow.user_id == attempt.user_id,
                AnswerRow.question_id.in_([answer.question_id for answer in attempt.answers]),
            )
            .group_by(AnswerRow.question_id)
        )
        there = {row.question_id: row.nth for row in await connection.execute(query)}
        answers = (replace(each, nth=there.get(each.question_id, 0) + 1) for each in attempt.answers)
        name = await connection.scalar(select(UserRow.display_name).where(UserRow.id == attempt.user_id))
        return replace(attempt, answers=tuple(answers), display_name=name or "")

    async def add_all(self, attempts: Sequence[Attempt], *, most: int) -> Sequence[Attempt | None]:
        """See the port."""
        for tries in range(1, _TRIES + 1):
            known = await self._known(attempts)
            fresh = [each for each in attempts if _key(each) not in known]
            if not fresh or any(_is_other(known.get(_key(each)), each) for each in attempts):
                break
            try:
                async with self._engine.begin() as connection:
                    numbered = await _numbered(connection, fresh)
                    if all(answer.nth <= most for each in numbered for answer in each.answers):
                        await connection.execute(insert(AttemptRow), [_values(each) for each in numbered])
                        answers = [answer for each in numbered for answer in _answers(each)]
                        await connection.execute(insert(AnswerRow), answers)
                for each in numbered:
                    full = any(answer.nth > most for answer in each.answers)
                    known[_key(each)] = None if full else each
                break
            except IntegrityError:  # the same keys, or other answers of these pupils, at the same time
                if tries == _TRIES:
                    raise
        return [known.get(_key(each), each) for each in attempts]

    async def _known(self, attempts: Sequence[Attempt]) -> dict[tuple[str, str | None], Attempt | None]:
        found = await self._attempts(
            _ATTEMPT.where(
                AttemptRow.user_id.in_(list(dict.fromkeys(each.user_id for each in attempts))),
                AttemptRow.idempotency_key.in_([each.idempotency_key for each in attempts]),
            )
        )
        return {_key(each): each for each in found}

    async def by_key(self, user_id: str, idempotency_key: str) -> Attempt | None:
        """See the port."""
        found = await self._attempts(
            _ATTEMPT.where(AttemptRow.user_id == user_id, AttemptRow.idempotency_key == idempotency_key)
        )
        return found[0] if found else None

    async def attempts(
        self,
        *,
        content_id: str | None,
        class_id: str | None,
        user_id: str | None,
        environment_id: str | None = None,
        before: Place | None = None,
        limit: int,
    ) -> Sequence[Attempt]:
        """See the port."""
        place = (AttemptRow.created_at, AttemptRow.id)
        given = (
            (AttemptRow.content_id, content_id),
            (AttemptRow.class_id, class_id),
            (AttemptRow.user_id, user_id),
            (AttemptRow.environment_id, environment_id),
        )
        wanted: list[ColumnElement[bool]] = [column == value for column, value in given if value is not None]
        if before is not None:
            wanted.append(tuple_(*place) < tuple_(before.created_at, before.id))
        order = (AttemptRow.created_at.desc(), AttemptRow.id.desc())
        return await self._attempts(_ATTEMPT.where(*wanted).order_by(*order).limit(limit))

    async def _attempts(self, query: Select[*tuple[Any, ...]]) -> Sequence[Attempt]:
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
            answers: dict[str, list[KeptAnswer]] = {row.id: [] for row in rows}
            # No order of their own is kept: they came in together, and stand as the quiz has its questions.
            kept = await connection.execute(
                select(AnswerRow.__table__)
                .where(AnswerRow.attempt_id.in_(answers))
                .order_by(func.length(AnswerRow.question_id), AnswerRow.question_id)
            )
            for row in kept:
                answers[row.attempt_id].append(_answer(row))
        return [_attempt(row, answers[row.id]) for row in rows]

    async def first_answers(
        self, content_id: str, *, class_id: str | None, without: str, environment_id: str | None = None
    ) -> Sequence[FirstAnswer]:
        """See the port."""
        wanted = [AnswerRow.content_id == content_id, AnswerRow.user_id != without]
        if class_id is not None:
            wanted.append(AttemptRow.class_id == class_id)
        if environment_id is not None:
            wanted.append(AttemptRow.environment_id == environment_id)
        first = (
            select(AnswerRow.user_id, AnswerRow.question_id, func.min(AnswerRow.nth).label("nth"))
            .join(AttemptRow, AttemptRow.id == AnswerRow.attempt_id)
            .where(*wanted)
            .group_by(AnswerRow.user_id, AnswerRow.question_id)
            .subquery()
        )
        query = (
            select(
                AnswerRow.user_id,
                AnswerRow.question_id,
                AnswerRow.answer,
                AnswerRow.correct,
                AnswerRow.score,
                AttemptRow.class_id,
                func.coalesce(UserRow.display_name, "").label("display_name"),
            )
            .join(
                first,
                and_(
                    first.c.user_id == AnswerRow.user_id,
                    first.c.question_id == AnswerRow.question_id,
                    first.c.nth == AnswerRow.nth,
                ),
            )
            .join(AttemptRow, AttemptRow.id == AnswerRow.attempt_id)
            .join(UserRow, UserRow.id == AnswerRow.user_id, isouter=True)
            .where(AnswerRow.content_id == content_id)
            .order_by(AnswerRow.answered_at, AnswerRow.user_id, AnswerRow.question_id)
        )
        async with self._engine.connect() as connection:
            return [
                FirstAnswer(**{**row._mapping, "answer": msgspec.json.decode(row.answer)})
                for row in await connection.execute(query)
            ]


def _is_other(known: Attempt | None, attempt: Attempt) -> bool:
    return known is not None and known.request_sha256 != attempt.request_sha256


def _key(attempt: Attempt) -> tuple[str, str | None]:
    return attempt.user_id, attempt.idempotency_key


async def _numbered(connection: AsyncConnection, attempts: Sequence[Attempt]) -> Sequence[Attempt]:
    """Attempts at one content, each answer with its ``nth``."""
    query = (
        select(AnswerRow.user_id, AnswerRow.question_id, func.max(AnswerRow.nth).label("nth"))
        .where(
            AnswerRow.content_id == attempts[0].content_id,
            AnswerRow.user_id.in_(list(dict.fromkeys(each.user_id for each in attempts))),
        )
        .group_by(AnswerRow.user_id, AnswerRow.question_id)
    )
    counts = Counter({(row.user_id, row.question_id): row.nth for row in await connection.execute(query)})
    numbered = []
    for each in attempts:
        counts.update((each.user_id, answer.question_id) for answer in each.answers)
        answers = (replace(one, nth=counts[each.user_id, one.question_id]) for one in each.answers)
        numbered.append(replace(each, answers=tuple(answers)))
    return numbered


def _values(attempt: Attempt) -> dict[str, Any]:
    return {
        "id": attempt.id,
        "content_id": attempt.content_id,
        "revision": attempt.revision,
        "organization_id": attempt.organization_id,
        "user_id": attempt.user_id,
        "class_id": attempt.class_id,
        "source": attempt.source.value,
        "created_at": attempt.created_at,
        "idempotency_key": attempt.idempotency_key,
        "request_sha256": attempt.request_sha256,
        "environment_id": attempt.environment_id,
    }


def _answers(attempt: Attempt) -> Sequence[dict[str, Any]]:
    return [
        {
            "attempt_id": attempt.id,
            "question_id": answer.question_id,
            "content_id": attempt.content_id,
            "user_id": attempt.user_id,
            "nth": answer.nth,
            "answer": msgspec.json.encode(answer.answer).decode(),
            "correct": answer.correct,
            "score": answer.score,
            "answered_at": answer.answered_at,
        }
        for answer in attempt.answers
    ]


def _attempt(row: Row[*tuple[Any, ...]], answers: Sequence[KeptAnswer]) -> Attempt:
    return Attempt(**{**row._mapping, "source": Source(row.source)}, answers=tuple(answers))


def _answer(row: Row[*tuple[Any, ...]]) -> KeptAnswer:
    return KeptAnswer(
        row.question_id,
        msgspec.json.decode(row.answer),
        row.correct,
        row.score,
        row.answered_at,
        row.nth,
    )
