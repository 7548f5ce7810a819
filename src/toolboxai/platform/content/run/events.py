"""The events of a generation: the guide's messages, their envelope, and the form that may stand on a public name."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from toolboxai.platform.content.model.package import Summary
from toolboxai.platform.content.model.request import Difficulty
from toolboxai.platform.content.records.sessions import EventType, SessionError, Stage, next_stage
from toolboxai.platform.ports import Event
from toolboxai.platform.runs.events import Draft, PublicCompat, StoredEvent, stamp

__all__ = [
    "CONTENT_DELTA",
    "SessionNames",
    "content_delta",
    "download_url",
    "failure",
    "following_url",
    "generation_complete",
    "private_channel",
    "progress_update",
    "public_channel",
    "safe_form",
    "session_channel",
    "stage_complete",
]

_PUBLIC: Final = "content-generation-"
_PRIVATE: Final = "private-content-generation-"
CONTENT_DELTA: Final = "content_delta"
_MESSAGE_CHARS: Final = 500  # an event stays far below the 10 kB that hosted services take

_SAFE_MESSAGES: Final[Mapping[str, str]] = {
    Stage.ANALYSIS: "Analyzing the source text",
    Stage.LESSON: "Building the lesson",
    Stage.QUIZ: "Writing the quiz",
    Stage.PACKAGING: "Packaging the files",
}
_SAFE_WAITING: Final = "Waiting for a turn"
_SAFE_ERRORS: Final[Mapping[str, str]] = {
    "GENERATION_CANCELLED": "Content generation was cancelled",
    "GENERATION_TIMEOUT": "Content generation took too long",
    "PROVIDER_UNAVAILABLE": "Content generation failed because a service it needs did not answer",
    "SOURCE_TOO_SHORT": "Content generation failed because the source text is too short",
}
_SAFE_ERROR: Final = "Content generation failed"
_SAFE_WORDS: Final = tuple(level.value for level in Difficulty)


def public_channel(session_id: str) -> str:
    """The guide's name; whoever has the app key can listen."""
    return _PUBLIC + session_id


def private_channel(session_id: str) -> str:
    """The canonical name: every subscription is authorised."""
    return _PRIVATE + session_id


def session_channel(channel: str) -> tuple[str, bool] | None:
    """The session id in a channel's name and whether the name is private; None for any other channel."""
    for prefix, private in ((_PRIVATE, True), (_PUBLIC, False)):
        if channel.startswith(prefix) and len(channel) > len(prefix):
            return channel[len(prefix) :], private
    return None


def download_url(content_id: str) -> str:
    """Where the content is; it always needs a bearer token or a signed link."""
    return f"/api/v1/content/download/{content_id}"


def following_url(environment_id: str) -> str:
    """Where the world that follows a lesson is."""
    return f"/api/v1/roblox/environments/{environment_id}"


# ---- the four messages --------------------------------------------------------------------------------------


def progress_update(
    session_id: str,
    stage: Stage,
    percent: int,
    message: str,
    estimated_completion: float | None,
    *,
    queue_position: int | None = None,
) -> Draft:
    """Work goes on, or waits for its turn.

    Args:
        session_id: of the session.
        stage: which runs, or is to run.
        percent: of the whole, 0 to 100.
        message: what is being done, for the owner.
        estimated_completion: Unix seconds, None while it is not known.
        queue_position: of a session that waits, 1 when it is the next; None of one that runs.
    """
    data: dict[str, Any] = {
        "session_id": session_id,
        "stage": stage.value,
        "progress_percent": percent,
        "message": message[:_MESSAGE_CHARS],
        "estimated_completion": None if estimated_completion is None else stamp(estimated_completion),
    }
    if queue_position is not None:
        data["queue_position"] = queue_position
    return Draft(EventType.PROGRESS_UPDATE, data)


def stage_complete(session_id: str, stage: Stage, results: Mapping[str, Any]) -> Draft:
    """A stage has ended; ``next_stage`` is null after the last."""
    following = next_stage(stage)
    return Draft(
        EventType.STAGE_COMPLETE,
        {
            "session_id": session_id,
            "completed_stage": stage.value,
            "next_stage": following.value if following else None,
            "stage_results": dict(results),
        },
    )


def generation_complete(
    session_id: str, content_id: str, summary: Summary, *, environment_id: str | None = None
) -> Draft:
    """All is there: the last event of a session that went well.

    Args:
        session_id: of the session.
        content_id: of what it made.
        summary: how much that is.
        environment_id: of the world that follows; None: none does.
    """
    data: dict[str, Any] = {
        "session_id": session_id,
        "content_id": content_id,
        "download_url": download_url(content_id),
        "summary": msgspec.to_builtins(summary),
    }
    if environment_id is not None:
        data |= {"environment_id": environment_id, "environment_url": following_url(environment_id)}
    return Draft(EventType.GENERATION_COMPLETE, data)


def failure(session_id: str, error: SessionError) -> Draft:
    """The last event of an attempt that did not go well; ``details.terminal`` tells it from a refused request."""
    return Draft(
        EventType.ERROR,
        {
            "session_id": session_id,
            "error_code": error.error_code,
            "message": error.message[:_MESSAGE_CHARS],
            "details": {
                "stage": error.stage.value,
                "retry_possible": error.retry_possible,
                "terminal": True,
            },
        },
    )


def content_delta(session_id: str, stage: Stage, text: str, offset: int, at: float) -> Event:
    """Words while they are being written, for the private channel alone: without a number, and kept nowhere.

    Args:
        session_id: of the session.
        stage: which writes.
        text: the next piece.
        offset: how many characters stood before it; 0 when the writing begins anew.
        at: Unix seconds.
    """
    data = {"session_id": session_id, "stage": stage.value, "text": text, "offset": offset}
    told = {"type": CONTENT_DELTA, "data": data, "timestamp": stamp(at)}
    return Event(CONTENT_DELTA, msgspec.json.encode(told).decode(), kept=False)


# ---- the way out --------------------------------------------------------------------------------------------


class SessionNames:
    """Satisfies ``platform.runs.teller.Names``: the channels of sessions.

    Args:
        public_compat: what the public channel name carries.
    """

    def __init__(self, public_compat: PublicCompat) -> None:
        self._compat = public_compat

    def private(self, run_id: str) -> str:
        """See the port."""
        return private_channel(run_id)

    def public(self, run_id: str) -> str | None:
        """See the port."""
        return None if self._compat is PublicCompat.OFF else public_channel(run_id)

    def form(self, event: StoredEvent) -> StoredEvent:
        """See the port."""
        return event if self._compat is PublicCompat.FULL else safe_form(event)


def safe_form(event: StoredEvent) -> StoredEvent:
    """The same event without anything that the teacher wrote or that names a person.

    Type, number and time stay; so do ids of the session and the content, stages, counts and percentages. Free text
    becomes a fixed sentence for the stage or the error.
    """
    data = dict(event.data)
    match event.type:
        case EventType.PROGRESS_UPDATE:
            data["message"] = _SAFE_WAITING if "queue_position" in data else _SAFE_MESSAGES[data["stage"]]
        case EventType.STAGE_COMPLETE:
            data["stage_results"] = _counts(data["stage_results"])
        case EventType.ERROR:
            data["message"] = _SAFE_ERRORS.get(data["error_code"], _SAFE_ERROR)
        case EventType.GENERATION_COMPLETE:
            for name in ("environment_id", "environment_url"):
                data.pop(name, None)
    return StoredEvent(event.seq, event.type, data, event.timestamp)


def _counts(results: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in results.items():
        if isinstance(value, Mapping):
            kept[name] = _counts(value)
        elif isinstance(value, bool | int | float) or value is None or value in _SAFE_WORDS:
            kept[name] = value
    return kept
