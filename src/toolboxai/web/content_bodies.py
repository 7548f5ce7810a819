"""What the content routes answer."""

from typing import Any

import msgspec
from pydantic import BaseModel

from toolboxai.platform.content.downloads import Content
from toolboxai.platform.content.pupils import lesson_for_pupils, quiz_for_pupils
from toolboxai.platform.content.records.access import ContentPart
from toolboxai.platform.content.records.sessions import Session
from toolboxai.platform.content.run.events import following_url, private_channel, public_channel
from toolboxai.platform.runs.events import stamp

__all__ = [
    "AcceptedAnswer",
    "ContentAnswer",
    "ContentItem",
    "ContentsAnswer",
    "EventItem",
    "EventsAnswer",
    "FileItem",
    "GenerateAnswer",
    "LinkAnswer",
    "ListAnswer",
    "ObjectiveItem",
    "ProposalsAnswer",
    "SessionAnswer",
    "SourceItem",
    "content_answer",
    "content_item",
    "session_answer",
]


class AcceptedAnswer(BaseModel):
    """Where a generation that has begun can be watched."""

    session_id: str
    content_id: str
    status: str
    channel: str
    private_channel: str
    status_url: str
    events_url: str


class SourceItem(BaseModel):
    """What was read in a file: its kind, pages (0 where a kind has none), characters, and what the teacher should know."""

    name: str
    kind: str
    pages: int
    characters: int
    notes: list[str]


class GenerateAnswer(AcceptedAnswer):
    """Where the generation can be watched, and what was read in the files."""

    source_files: list[SourceItem]


class ObjectiveItem(BaseModel):
    """An objective that is proposed, and the sentences of the text that it was made from."""

    title: str
    bloom_level: str
    sentences: list[str]


class ProposalsAnswer(BaseModel):
    """What the text offers, best first, and what was read in the files; ``grade_level`` is null where it is unknown."""

    title: str
    subject: str
    language: str
    grade_level: str | None
    words: int
    objectives: list[ObjectiveItem]
    source_files: list[SourceItem]


class SessionAnswer(AcceptedAnswer):
    """All that is known of a session; times are RFC 3339, UTC.

    ``environment_id`` is of the world that follows the lesson, null where none was asked for; at ``environment_url`` there
    is nothing before the lesson is complete.
    """

    subject: str
    title: str | None
    stage: str | None
    progress_percent: int
    attempt: int
    last_seq: int
    error: dict[str, Any] | None
    download_url: str | None
    environment_id: str | None
    environment_url: str | None
    created_at: str
    updated_at: str
    finished_at: str | None


class ListAnswer(BaseModel):
    """A page, newest first; ``next_cursor`` is null at the end."""

    items: list[SessionAnswer]
    next_cursor: str | None


class ContentItem(BaseModel):
    """A finished content in a list; the rest of it is at ``url``."""

    content_id: str
    session_id: str
    subject: str
    title: str | None
    revision: int
    created_at: str
    url: str
    download_url: str


class ContentsAnswer(BaseModel):
    """A page, newest first; ``next_cursor`` is null at the end."""

    items: list[ContentItem]
    next_cursor: str | None


class EventItem(BaseModel):
    """One event as the private channel carried it."""

    type: str
    data: dict[str, Any]
    timestamp: str
    seq: int


class EventsAnswer(BaseModel):
    """A page of events, oldest first; ``next_cursor`` is the ``after`` of the next page, null at the end."""

    items: list[EventItem]
    next_cursor: int | None


class FileItem(BaseModel):
    """A file to download: the student's sheet has no answers.

    ``size`` and ``sha256`` are null, and ``notes`` empty, until a file of an edited content is first asked for. ``notes``
    say what the format cannot carry.
    """

    name: str
    format: str
    sheet: str
    media_type: str
    size: int | None
    sha256: str | None
    notes: list[str]
    url: str


class ContentAnswer(BaseModel):
    """A revision of what a finished session made.

    ``lesson`` and ``quiz`` are as in the JSON form for those who teach; for others they have what stands on the pupil's
    sheet, and ``coverage`` and ``warnings``, which are the teacher's, are empty. ``role`` is what the asker is to it:
    ``owner``, ``editor``, who may change it, or ``viewer``.
    """

    content_id: str
    session_id: str
    revision: int
    title: str
    generator: str
    summary: dict[str, int]
    coverage: list[dict[str, Any]]
    warnings: list[str]
    lesson: dict[str, Any]
    quiz: dict[str, Any]
    files: list[FileItem]
    role: ContentPart


class LinkAnswer(BaseModel):
    """A download address that works without a token until ``expires_at`` (RFC 3339)."""

    url: str
    expires_at: str


def session_answer(session: Session, download_url: str | None) -> SessionAnswer:
    """A session as JSON."""
    base = f"/api/v1/content/sessions/{session.id}"
    error = session.error
    return SessionAnswer(
        session_id=session.id,
        content_id=session.content_id,
        status=session.status.value,
        channel=public_channel(session.id),
        private_channel=private_channel(session.id),
        status_url=base,
        events_url=f"{base}/events",
        subject=session.subject,
        title=session.title,
        stage=None if session.stage is None else session.stage.value,
        progress_percent=session.percent,
        attempt=session.attempt,
        last_seq=session.last_seq,
        error=None
        if error is None
        else {
            "error_code": error.error_code,
            "message": error.message,
            "details": {"stage": error.stage.value, "retry_possible": error.retry_possible},
        },
        download_url=download_url,
        environment_id=session.environment_id,
        environment_url=None if session.environment_id is None else following_url(session.environment_id),
        created_at=stamp(session.created_at),
        updated_at=stamp(session.updated_at),
        finished_at=None if session.finished_at is None else stamp(session.finished_at),
    )


def content_item(session: Session, download_url: str) -> ContentItem:
    """A finished session in a list of contents."""
    return ContentItem(
        content_id=session.content_id,
        session_id=session.id,
        subject=session.subject,
        title=session.title,
        revision=session.revision,
        created_at=stamp(session.created_at),
        url=f"/api/v1/content/{session.content_id}",
        download_url=download_url,
    )


def content_answer(content: Content, url: str) -> ContentAnswer:
    """A content as JSON; `url` is its download address without a query."""
    edition, session = content.edition, content.session
    which = "" if content.number == session.revision else f"&revision={content.number}"
    return ContentAnswer(
        content_id=session.content_id,
        session_id=session.id,
        revision=content.number,
        title=edition.title,
        generator=edition.generator,
        summary=msgspec.to_builtins(edition.summary),
        coverage=msgspec.to_builtins(edition.coverage) if content.open else [],
        warnings=list(edition.warnings) if content.open else [],
        lesson=msgspec.to_builtins(edition.lesson) if content.open else lesson_for_pupils(edition.lesson),
        quiz=msgspec.to_builtins(edition.quiz) if content.open else quiz_for_pupils(edition.quiz),
        files=[
            FileItem(
                name=file.name,
                format=file.format,
                sheet=file.audience,
                media_type=file.media_type,
                size=file.size,
                sha256=file.sha256,
                notes=list(file.notes),
                url=f"{url}?format={file.format}&sheet={file.audience}{which}",
            )
            for file in content.files
        ],
        role=content.role,
    )
