"""From what a handler returned or raised to what is told."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from toolboxai.agent.errors import TaskFailed
from toolboxai.agent.outcome import Completed, End, Failed
from toolboxai.agent.task import Task, whole

__all__ = ["RESULT_BYTES", "ended_with", "failed_with"]

log = logging.getLogger("toolboxai.agent")

RESULT_BYTES = 256 * 1024  # what the server keeps of one task
HANDLER_ERROR = "HANDLER_ERROR"
RESULT_INVALID = "RESULT_INVALID"
RESULT_TOO_LARGE = "RESULT_TOO_LARGE"


def ended_with(returned: Any) -> End:
    """A result that can be kept, or why it cannot: the same function would return the same again, so no retry helps."""
    if returned is None:
        return Completed({})
    if not isinstance(returned, Mapping):
        kind = type(returned).__name__
        return Failed(RESULT_INVALID, f"the handler returned {kind}; a JSON object is needed, or None", False)
    try:
        # As it is sent and counted: without spaces.
        text = json.dumps(dict(returned), allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as fault:
        return Failed(RESULT_INVALID, whole(f"the result is no JSON: {fault}"), False)
    if size > RESULT_BYTES:
        told = f"the result has {size} bytes; {RESULT_BYTES} are allowed: keep what is large elsewhere and return its address"
        return Failed(RESULT_TOO_LARGE, told, False)
    return Completed(returned)


def failed_with(raised: BaseException, task: Task) -> Failed:
    """What a handler's exception is told as; the trace stays in this process's log."""
    if isinstance(raised, TaskFailed):
        return Failed(raised.error_code, whole(raised.message), raised.retry)
    log.warning(
        "a handler failed",
        exc_info=raised,
        extra={"task_id": task.id, "task_type": task.type, "attempt": task.attempt},
    )
    return Failed(HANDLER_ERROR, whole(f"{type(raised).__name__}: {raised}"), True)
