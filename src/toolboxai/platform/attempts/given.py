"""Answers as they came in: whether they are any, and what they are worth."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from toolboxai.errors import ValidationError
from toolboxai.platform.attempts.grading import fault_of, grade
from toolboxai.platform.attempts.model import GivenAnswer, KeptAnswer, Source
from toolboxai.platform.content.model.quiz import Question

__all__ = ["check", "digest_of", "faults_of", "graded", "refused"]

_AHEAD_S: Final = 300.0  # clocks of game servers and tablets go wrong


def check(answers: Sequence[GivenAnswer], questions: Mapping[str, Question], now: float) -> None:
    """Whether all of them are answers to different questions of the quiz.

    Raises:
        ValidationError: ``details.fields`` names every one that is not.
    """
    faults: dict[str, str] = {}
    seen: set[str] = set()
    for place, each in enumerate(answers):
        name = f"answers[{place}]"
        faults |= faults_of(name, each, questions, now)
        if each.question_id in seen:
            faults[f"{name}.question_id"] = f"{each.question_id} is answered twice; send one answer"
        seen.add(each.question_id)
    if faults:
        raise refused(faults)


def faults_of(
    name: str, each: GivenAnswer, questions: Mapping[str, Question], now: float
) -> Mapping[str, str]:
    """Why it is no answer to a question of the quiz, by the fields of what stands at `name`; nothing when it is one."""
    faults: dict[str, str] = {}
    question = questions.get(each.question_id)
    if question is None:
        faults[f"{name}.question_id"] = "there is no such question in the quiz as it is now; get it again"
    elif (fault := fault_of(question, each.answer)) is not None:
        faults[f"{name}.answer"] = fault
    if each.answered_at is not None and each.answered_at > now + _AHEAD_S:
        faults[f"{name}.answered_at"] = "it lies ahead; leave it out for now"
    return faults


def refused(faults: Mapping[str, str]) -> ValidationError:
    """The refusal that names what cannot be taken."""
    told = "; ".join(f"{name}: {fault}" for name, fault in faults.items())
    return ValidationError(f"nothing was kept: {told}"[:2000], details={"fields": dict(faults)})


def graded(question: Question, given: GivenAnswer, now: float) -> KeptAnswer:
    """An answer with what it is worth; one that lies ahead was given now."""
    worth = grade(question, given.answer)
    at = now if given.answered_at is None else min(given.answered_at, now)
    return KeptAnswer(question.id, given.answer, worth.correct, worth.score, at)


def digest_of(content_id: str, class_id: str | None, source: Source, answers: Sequence[GivenAnswer]) -> str:
    """Of what was sent, to tell whether a known key comes with the same request."""
    about: list[Any] = [content_id, class_id, source.value]
    about += [[each.question_id, each.answer, each.answered_at] for each in answers]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
