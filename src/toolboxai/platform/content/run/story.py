"""A session as an old socket tells it to someone who comes late: where it stands, and what has happened."""

from typing import Any

import msgspec

from toolboxai import limits
from toolboxai.legacy.questions import Recall, Recalled
from toolboxai.platform.content.records.sessions import Session, Status
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.runs.events import envelope

__all__ = ["session_story"]


async def session_story(store: ContentStore, question: Recall, *, acknowledged: int) -> Recalled | None:
    """What the store keeps of a session; the asker may follow it.

    Args:
        store: of sessions.
        question: which events are wanted; of more than ``OLD_RECALLED`` the newest are taken.
        acknowledged: the number of the last event that the user is known to have.

    Returns:
        None when the session has been removed meanwhile.
    """
    session = await store.session(question.resource_id)
    if session is None:
        return None
    if acknowledged > session.last_seq:
        acknowledged = 0  # no event has had that number: it would hide all that the user has not seen
    after = acknowledged if question.after is None else question.after
    if question.after is None and session.status.over and after >= session.last_seq:
        after = session.last_seq - 1  # how it ended is told to everyone who comes
    end = session.last_seq + 1 if question.before is None else min(question.before, session.last_seq + 1)
    after = max(after, end - 1 - limits.OLD_RECALLED)
    stored = await store.events(session.id, after=after, limit=end - 1 - after) if after < end - 1 else ()
    events = [(event.seq, msgspec.json.encode(envelope(event))) for event in stored]
    # More may have been written since: the caller is to know of it as it learns of the events.
    last_seq = max(session.last_seq, events[-1][0]) if events else session.last_seq
    return Recalled(_state(session), events, last_seq)


def _state(session: Session) -> dict[str, Any]:
    state: dict[str, Any] = {
        "status": session.status.value,
        "stage": None if session.stage is None else session.stage.value,
        "progress_percent": session.percent,
        "attempt": session.attempt,
    }
    if session.status is Status.COMPLETE:
        state["content_id"] = session.content_id
    if session.error is not None:
        state["error"] = {"error_code": session.error.error_code, "message": session.error.message}
    return state
