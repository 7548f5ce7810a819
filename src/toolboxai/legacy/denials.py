"""How a client is told that it may not: an error, and with most of them the end of the connection."""

from typing import Any

import msgspec

from toolboxai.close_codes import OldCloseCode
from toolboxai.legacy.messages import Voice
from toolboxai.legacy.questions import Authenticate, Denial, Denied, Follow

__all__ = ["Told", "may_not_enter", "may_not_follow"]


class Told(msgspec.Struct, frozen=True, gc=False):
    """What to tell.

    Args:
        error: the message.
        code: of the close that follows; None: the connection stays.
        reason: of that close.
        retry_after: whole seconds to wait before another try; None: as the code has it.
    """

    error: bytes
    code: OldCloseCode | None = None
    reason: str = ""
    retry_after: int | None = None


def may_not_enter(voice: Voice, question: Authenticate, denied: Denied) -> Told:
    """A sign-in was refused."""
    call, answers = question.call, question.message_id
    match denied.why:
        case Denial.BAD_TOKEN:
            return Told(voice.auth_error("INVALID_TOKEN", "JWT token is invalid or expired"))
        case Denial.OTHER_USER:
            text = "this connection is signed in as another user; open one of its own for this token"
            return Told(voice.error("CONFLICT", text, answers=answers))
        case Denial.TOO_MANY_TRIES:
            error = _too_many_tries(voice, denied, answers)
            return Told(error, OldCloseCode.RATE_LIMIT, _pause(denied), denied.retry_after)
        case Denial.USER_LIMIT | Denial.SESSION_TAKEN:
            return _crowded(voice, denied, answers)
        case Denial.NO_PERMISSION:
            permissions = list(call.endpoint.permissions)
            text = f"this endpoint needs the permission {' or '.join(permissions)}"
            details = {"endpoint": call.path, "required_permissions": permissions}
            error = voice.error("INSUFFICIENT_PERMISSIONS", text, details, answers=answers)
            return Told(error, OldCloseCode.FORBIDDEN, text)
        case Denial.NO_RESOURCE:
            text = f"there is nothing of yours, and nothing shared with you, at {call.path[:300]}"
            error = voice.error("RESOURCE_NOT_FOUND", text, {"endpoint": call.path}, answers=answers)
            return Told(error, OldCloseCode.UNKNOWN_RESOURCE, "No such resource")


def may_not_follow(voice: Voice, question: Follow, denied: Denied) -> bytes:
    """One more environment was asked for and refused; the connection stays."""
    environment_id, answers = question.resource_id, question.message_id
    details: dict[str, Any] = {"environment_id": environment_id}
    if denied.why is Denial.TOO_MANY_TRIES:
        return _too_many_tries(voice, denied, answers, details)
    if denied.why is Denial.NO_PERMISSION:
        text = f"following environments needs the permission {question.call.endpoint.permissions[0]}"
        return voice.error("INSUFFICIENT_PERMISSIONS", text, details, answers=answers)
    text = f"there is no environment {environment_id!r} of yours, and none shared with you"
    return voice.error("ENVIRONMENT_NOT_FOUND", text, details, answers=answers)


def _too_many_tries(
    voice: Voice, denied: Denied, answers: str | None, details: dict[str, Any] | None = None
) -> bytes:
    facts = {**(details or {}), "retry_after": denied.retry_after}
    return voice.error("RATE_LIMIT_EXCEEDED", _pause(denied), facts, answers=answers)


def _pause(denied: Denied) -> str:
    return f"too many tries of this account; go on in {denied.retry_after} s"


def _crowded(voice: Voice, denied: Denied, answers: str | None) -> Told:
    if denied.why is Denial.USER_LIMIT:
        text = f"you have {denied.current} connections, {denied.maximum} are allowed; close one first"
    else:
        text = "this session has a connection of yours already, and one is allowed"
    details: dict[str, Any] = {
        "current_connections": denied.current,
        "max_connections": denied.maximum,
        "retry_after": denied.retry_after,
    }
    error = voice.error("WEBSOCKET_CONNECTION_LIMIT", text, details, answers=answers)
    return Told(error, OldCloseCode.CONNECTION_LIMIT, text, denied.retry_after)
