"""What the worker kit raises, and what a handler may raise.

::

    AgentError
    ├── AgentMisconfigured    address, id or token is missing
    ├── AgentRefused          the server does not want this worker; asking again does not help
    ├── QueueUnavailable      no answer, or one that asks to come back
    ├── LeaseLost             the task is no longer this worker's
    ├── ResultRefused         the server does not take this result, and never will
    ├── TaskFailed            raised by a handler: this task fails, and so it is told
    └── TaskCancelled         raised in a handler: nobody waits for this task any more
"""

import re
from typing import Literal

from toolboxai.errors import ToolboxaiError

__all__ = [
    "AgentError",
    "AgentMisconfigured",
    "AgentRefused",
    "LeaseLost",
    "LossReason",
    "QueueUnavailable",
    "ResultRefused",
    "TaskCancelled",
    "TaskFailed",
]

_ERROR_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")

LossReason = Literal["cancelled", "expired", "ended", "deleted"]


class AgentError(ToolboxaiError):
    """The root of the worker kit's errors."""


class AgentMisconfigured(AgentError):
    """The worker cannot begin; the text says what is missing and where to write it."""


class AgentRefused(AgentError):
    """The server refuses this worker for good: its token was revoked, or its agent is gone.

    Args:
        message: the server's own words and what to do.
        status: the HTTP status, 401, 403 or 404 most of the time.
    """

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class QueueUnavailable(AgentError):
    """No answer, or one that asks to come back.

    Args:
        message: what happened.
        retry_after_s: seconds that the server asks for; 0 when it names none.
        answered: whether there was an answer. Without one, what was asked may have been done all the same.
    """

    def __init__(self, message: str, *, retry_after_s: float = 0.0, answered: bool = True) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.answered = answered


class LeaseLost(AgentError):
    """The task is no longer this worker's; whatever it would still tell of it is refused.

    Args:
        reason: its submitter cancelled it, its lease expired and another may have it, it has ended, or it is deleted.
    """

    def __init__(self, reason: LossReason) -> None:
        super().__init__(f"the task is no longer this worker's: {reason}")
        self.reason: LossReason = reason


class ResultRefused(AgentError):
    """A result that cannot be kept: it is no JSON object, or too large.

    Args:
        error_code: what the task fails with.
        message: what was got and what is allowed.
    """

    def __init__(self, error_code: str, message: str) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.message = message


class TaskFailed(AgentError):
    """Raised by a handler: this task cannot be done.

    Args:
        error_code: for programs, in capitals, such as ``SOURCE_UNREADABLE``.
        message: for whoever submitted the task.
        retry: whether another attempt may succeed. Any other exception of a handler counts as one that may.

    Raises:
        ValueError: a code that no server takes.
    """

    def __init__(self, error_code: str, message: str, *, retry: bool = False) -> None:
        if not _ERROR_CODE.fullmatch(error_code):
            raise ValueError(f"error code {error_code!r}: 1 to 64 of A-Z 0-9 _ are allowed, a letter first")
        super().__init__(message)
        self.error_code = error_code
        self.message = message
        self.retry = retry


class TaskCancelled(AgentError):
    """Raised by ``task.progress`` in a thread when the task is no longer ours; let it pass through."""
