"""Telling those who teach of answers, on channels that nobody else may follow."""

import logging
from collections.abc import Sequence

import msgspec

from toolboxai.errors import PublishFailed
from toolboxai.platform.attempts.model import Attempt
from toolboxai.platform.messages.classroom import QuizAnswer, QuizAnswerData
from toolboxai.platform.ports import Event, Publisher
from toolboxai.platform.runs.events import stamp

__all__ = ["tell"]

log = logging.getLogger(__name__)


async def tell(publisher: Publisher, user_ids: Sequence[str], attempt: Attempt, name: str) -> bool:
    """Tell people of each answer of an attempt; what could not be told stands in the lists all the same.

    Args:
        publisher: the way out.
        user_ids: whom, on their own channels.
        attempt: what was answered.
        name: of the pupil, as those are to read it.

    Returns:
        Whether all of it went out.
    """
    channels = [f"private-user-{user_id}" for user_id in user_ids]
    try:
        for answer in attempt.answers:
            data = QuizAnswerData(
                content_id=attempt.content_id,
                class_id=attempt.class_id,
                question_id=answer.question_id,
                user_id=attempt.user_id,
                name=name,
                correct=answer.correct,
                score=answer.score,
                answered_at=stamp(answer.answered_at),
            )
            told = QuizAnswer(data=data, timestamp=stamp(attempt.created_at))
            await publisher.publish(channels, Event("quiz_answer", msgspec.json.encode(told).decode()))
    except PublishFailed as fault:
        about = {"attempt_id": attempt.id, "content_id": attempt.content_id, "reason": str(fault)}
        log.warning("a teacher could not be told of an answer", extra=about)
        return False
    return True
