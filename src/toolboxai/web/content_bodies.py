"""What the content routes take and answer."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator

from toolboxai.errors import ValidationError
from toolboxai.platform.content.downloads import Content
from toolboxai.platform.content.model.request import USUAL_QUESTION_TYPES, GenerationRequest, Objective
from toolboxai.platform.content.pupils import lesson_for_pupils, quiz_for_pupils
from toolboxai.platform.content.records.sessions import Session
from toolboxai.platform.content.run.events import private_channel, public_channel, stamp
from toolboxai.platform.content.sources.files import MAX_SOURCE_FILES
from toolboxai.web.whole_text import whole_text

__all__ = [
    "FILE_NAME_CHARS",
    "AcceptedAnswer",
    "ContentAnswer",
    "ContentItem",
    "ContentsAnswer",
    "EventItem",
    "EventsAnswer",
    "FileItem",
    "GenerateAnswer",
    "GenerateBody",
    "LinkAnswer",
    "ListAnswer",
    "SessionAnswer",
    "SourceFileBody",
    "SourceItem",
    "content_answer",
    "content_item",
    "session_answer",
]

FILE_NAME_CHARS = 255  # as much as file systems take
_LATER = {
    "environment_theme": "worlds are not available in this version; leave it out",
}


class ObjectiveBody(BaseModel):
    """What pupils shall be able to do."""

    model_config = ConfigDict(extra="forbid")

    title: str
    bloom_level: str | None = None


class SourceFileBody(BaseModel):
    """A file that stands in the JSON."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=FILE_NAME_CHARS)
    content_base64: str
    media_type: str | None = Field(default=None, max_length=FILE_NAME_CHARS)


class GenerateBody(BaseModel):
    """What the teacher asks for; the limits of each field are checked together, so that all faults come at once."""

    model_config = ConfigDict(extra="forbid")

    subject: str
    grade_level: str | int
    learning_objectives: list[str | ObjectiveBody] = Field(max_length=100)
    source_text: str = ""
    source_files: list[SourceFileBody] = Field(default_factory=list, max_length=MAX_SOURCE_FILES)
    language: str = "en"
    difficulty: str | None = None
    duration_minutes: int = 45
    num_questions: int = 10
    question_types: Annotated[list[str], Field(max_length=100)] = Field(
        default_factory=lambda: list(USUAL_QUESTION_TYPES)
    )
    seed: int = 0
    title: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _known_fields(cls, value: Any) -> Any:
        if isinstance(value, dict):
            faults = {
                name[:80]: _unknown(name, cls.model_fields) for name in value if name not in cls.model_fields
            }
            # A name of a file is only shown, in its safe form, and its content is read as letters of base64.
            for name in value.keys() - faults.keys() - {"source_files"}:
                try:
                    whole_text(value[name])
                except ValueError as fault:
                    faults[name[:80]] = str(fault)
            if faults:
                told = "; ".join(f"{name}: {text}" for name, text in faults.items())
                raise ValidationError(f"the request does not fit: {told}", details={"fields": faults})
        return value

    def request(self, source_text: str, notes: Sequence[str] = ()) -> GenerationRequest:
        """As the service takes it, with the text that is the source, and notes of how it was read."""
        objectives = [
            Objective(objective) if isinstance(objective, str) else Objective(**objective.model_dump())
            for objective in self.learning_objectives
        ]
        fields = self.model_dump(exclude={"learning_objectives", "source_files", "source_text"})
        return GenerationRequest(
            learning_objectives=objectives, source_text=source_text, source_notes=tuple(notes), **fields
        )


def _unknown(name: str, known: Any) -> str:
    if name in _LATER:
        return _LATER[name]
    near = get_close_matches(name, known, n=1)
    return (
        f"no such field; did you mean {near[0]}?" if near else f"no such field; there are {', '.join(known)}"
    )


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


class SessionAnswer(AcceptedAnswer):
    """All that is known of a session; times are RFC 3339, UTC."""

    subject: str
    title: str | None
    stage: str | None
    progress_percent: int
    attempt: int
    last_seq: int
    error: dict[str, Any] | None
    download_url: str | None
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
    sheet.
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
        coverage=msgspec.to_builtins(edition.coverage),
        warnings=list(edition.warnings),
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
    )
