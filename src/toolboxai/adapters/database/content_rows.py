"""Rows of content: read as sessions, written from changes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, case, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from toolboxai.adapters.database.content_tables import ArtefactRow, ContentFileRow, EventRow, SessionRow
from toolboxai.platform.content.model.generator import GENERATOR
from toolboxai.platform.content.model.package import ContentFile
from toolboxai.platform.content.records.forecast import Timing
from toolboxai.platform.content.records.revisions import FIRST
from toolboxai.platform.content.records.sessions import (
    ACTIVE,
    Change,
    Session,
    SessionError,
    Stage,
    Status,
)
from toolboxai.platform.runs.events import StoredEvent

__all__ = [
    "ACTIVE_VALUES",
    "SESSION_COLUMNS",
    "changed_values",
    "file_values",
    "session_of",
    "timing_of",
    "write_made",
]

SESSION_COLUMNS = (
    SessionRow.id,
    SessionRow.content_id,
    SessionRow.organization_id,
    SessionRow.owner_id,
    SessionRow.subject,
    SessionRow.title,
    SessionRow.status,
    SessionRow.stage,
    SessionRow.percent,
    SessionRow.error,
    SessionRow.attempt,
    SessionRow.last_seq,
    SessionRow.announced_seq,
    SessionRow.created_at,
    SessionRow.updated_at,
    SessionRow.finished_at,
    SessionRow.revision,
    SessionRow.environment_theme,
    SessionRow.environment_id,
    SessionRow.environment_begun,
)
ACTIVE_VALUES = [status.value for status in ACTIVE]


def session_of(row: Row[*tuple[Any, ...]]) -> Session:
    """A session from a row of ``SESSION_COLUMNS``."""
    values = dict(row._mapping)
    values["status"] = Status(row.status)
    values["stage"] = None if row.stage is None else Stage(row.stage)
    values["error"] = None if row.error is None else msgspec.json.decode(row.error, type=SessionError)
    return Session(**values)


class _Made(msgspec.Struct):
    """What is read of a package to know who made it."""

    generator: str = GENERATOR


def timing_of(began: str, ends: Sequence[tuple[str, str]], package: str) -> Timing:
    """How long the stages of a session took.

    Args:
        began: when the first one did, as in the events.
        ends: data and time of each ``stage_complete``, in order.
        package: JSON text of the last stage's result.
    """
    words, seconds, before = 0, {}, datetime.fromisoformat(began)
    for text, timestamp in ends:
        data, at = msgspec.json.decode(text), datetime.fromisoformat(timestamp)
        words = data["stage_results"].get("words", words)
        seconds[Stage(data["completed_stage"])] = (at - before).total_seconds()
        before = at
    return Timing(words, seconds, msgspec.json.decode(package, type=_Made).generator)


def changed_values(change: Change) -> dict[str, Any]:
    """New values of the session's row; in one statement with its condition, so that they are right under its lock."""
    at = case((SessionRow.updated_at > change.at, SessionRow.updated_at), else_=change.at)
    values: dict[str, Any] = {
        "last_seq": SessionRow.last_seq + len(change.events),
        "updated_at": at,  # never goes back, and the events' time is this one
        "announced_seq": case(
            (SessionRow.announced_seq > change.announced, SessionRow.announced_seq), else_=change.announced
        ),
    }
    if change.status is not None:
        values["status"] = change.status.value
        values["finished_at"] = at if change.status.over else None
    if change.stage is not None:
        values["stage"] = change.stage.value
    if change.percent is not None:
        values["percent"] = case(
            (SessionRow.percent > change.percent, SessionRow.percent), else_=change.percent
        )
    if change.error is not None:
        values["error"] = msgspec.json.encode(change.error).decode()
    elif change.clear_error:
        values["error"] = None
    if change.retry:
        values["attempt"] = SessionRow.attempt + 1
    return values


async def write_made(
    connection: AsyncConnection,
    session_id: str,
    content_id: str,
    change: Change,
    events: Sequence[StoredEvent],
) -> None:
    """Write what a change brings beside the session's own row: events, a stage's result, files."""
    if events:
        rows = [
            {
                "session_id": session_id,
                "seq": event.seq,
                "type": str(event.type),
                "data": msgspec.json.encode(event.data).decode(),
                "timestamp": event.timestamp,
            }
            for event in events
        ]
        await connection.execute(insert(EventRow), rows)
    if change.artefact is not None:
        if change.stage is None:
            raise ValueError("a result is kept under its stage; name it")
        row = {"session_id": session_id, "stage": change.stage.value, "data": change.artefact.decode()}
        await connection.execute(insert(ArtefactRow).values(row))
    if change.files:
        files = [file_values(content_id, FIRST, file) for file in change.files]
        await connection.execute(insert(ContentFileRow), files)


def file_values(content_id: str, revision: int, file: ContentFile) -> dict[str, Any]:
    """A file as a row."""
    return {
        "content_id": content_id,
        "revision": revision,
        "format": file.format,
        "audience": file.audience.value,
        "name": file.name,
        "media_type": file.media_type,
        "size": len(file.content),
        "sha256": file.sha256,
        "content": file.content,
        "notes": msgspec.json.encode(file.notes).decode(),
    }
