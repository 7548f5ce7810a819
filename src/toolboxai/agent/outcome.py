"""How a task ended, as far as its worker knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Completed", "End", "Failed", "Outcome", "OutcomeKind"]


class OutcomeKind(StrEnum):
    """What became of it here; what became of it in the queue is the queue's to say."""

    COMPLETED = "completed"  # the result is kept
    FAILED = "failed"  # told as failed; it waits for another attempt, or is over
    LOST = "lost"  # nothing was told: cancelled, out of time, or no longer ours
    STOPPED = "stopped"  # given back, because this worker ends


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one attempt.

    Args:
        task_id: of the task.
        task_type: what it was.
        kind: how it ended here.
        reason: for people; an error code, or why it was lost. Empty for what is completed.
    """

    task_id: str
    task_type: str
    kind: OutcomeKind
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Completed:
    """The handler returned this."""

    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """The handler raised, or returned what is no result."""

    error_code: str
    message: str
    retry: bool


End = Completed | Failed
