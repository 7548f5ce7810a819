"""A generation as it is kept: where it stands, and the events it has made."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from toolboxai.platform.content.model.package import ContentFile
from toolboxai.platform.content.model.request import GenerationRequest
from toolboxai.platform.runs.records import RunChange

__all__ = [
    "ACTIVE",
    "STAGES",
    "Change",
    "Creation",
    "EventType",
    "FileFacts",
    "NewSession",
    "Session",
    "SessionError",
    "Stage",
    "Status",
    "is_id",
    "next_stage",
]


_ID: Final = re.compile(r"[A-Za-z0-9_]{1,64}")


def is_id(text: str) -> bool:
    """Whether a stranger's text can be the id of a session or of content; anything else names nothing."""
    return _ID.fullmatch(text) is not None


class Status(StrEnum):
    """Where a session is. The last three are ends; from the last two a retry leads back to queued."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing runs any more."""
        return self not in ACTIVE


ACTIVE: Final = frozenset({Status.QUEUED, Status.RUNNING})


class Stage(StrEnum):
    """The four stages, in order."""

    ANALYSIS = "content_analysis"
    LESSON = "lesson_generation"
    QUIZ = "quiz_generation"
    PACKAGING = "packaging"


STAGES: Final = tuple(Stage)


def next_stage(stage: Stage) -> Stage | None:
    """The stage that follows, None after the last."""
    place = STAGES.index(stage) + 1
    return STAGES[place] if place < len(STAGES) else None


class EventType(StrEnum):
    """The messages of the guide; also the event names on the channels."""

    PROGRESS_UPDATE = "progress_update"
    STAGE_COMPLETE = "stage_complete"
    GENERATION_COMPLETE = "generation_complete"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class SessionError:
    """Why a session failed or was cancelled.

    Args:
        error_code: a run-time code of the REST contract.
        message: the cause, for the owner.
        stage: in which it happened.
        retry_possible: whether the same session may be tried again.
    """

    error_code: str
    message: str
    stage: Stage
    retry_possible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What is known of one generation, without the request itself.

    Args:
        id: ``gen_`` and random digits that nobody guesses: it stands in the name of a public channel.
        content_id: ``content_…``; the content is there when the session is complete.
        percent: 0 to 100, never falls.
        attempt: 1, and one more with each retry.
        last_seq: number of its newest event, 0 before the first.
        announced_seq: up to this number all events are known to have gone out; the truth may be a few ahead.
        created_at, updated_at, finished_at: Unix seconds.
        revision: number of the newest revision of the content.
        environment_theme: of the world that is to be built when it is complete; None: none is.
        environment_id: of that world.
        environment_begun: whether it was begun; that happens once, also where it was deleted since.
    """

    id: str
    content_id: str
    organization_id: str
    owner_id: str
    subject: str
    title: str | None
    status: Status
    stage: Stage | None
    percent: int
    error: SessionError | None
    attempt: int
    last_seq: int
    announced_seq: int
    created_at: float
    updated_at: float
    finished_at: float | None
    revision: int = 1
    environment_theme: str | None = None
    environment_id: str | None = None
    environment_begun: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session to be made, status queued.

    Args:
        idempotency_key: the caller's own; with the same owner and key there is one session only.
        environment_theme: of the world that is to follow.
        environment_id: which that world will have.
    """

    id: str
    content_id: str
    organization_id: str
    owner_id: str
    request: GenerationRequest
    idempotency_key: str | None = None
    environment_theme: str | None = None
    environment_id: str | None = None
    at: float


@dataclass(frozen=True, slots=True)
class Creation:
    """The session that a request led to.

    Args:
        fresh: whether it was made now; else the key was known already.
        same_request: whether it was made by an equal request.
    """

    session: Session
    fresh: bool
    same_request: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(RunChange):
    """What one step does to a session.

    Args:
        expected: statuses from which this change is allowed.
        status, stage, percent: new values; None leaves them. A percent below the kept one changes nothing.
        error: the new error; left when None, unless `clear_error`.
        retry: begin a new attempt.
        active_limit: the change is refused where the owner would have more sessions queued or running after it.
        artefact: JSON text of the stage's result, kept under `stage`.
        files: of the content.
    """

    expected: frozenset[Status] = ACTIVE
    status: Status | None = None
    stage: Stage | None = None
    percent: int | None = None
    error: SessionError | None = None
    clear_error: bool = False
    retry: bool = False
    active_limit: int | None = None
    artefact: bytes | None = field(default=None, repr=False)
    files: tuple[ContentFile, ...] = field(default=(), repr=False)

    @property
    def over(self) -> bool:
        """See the base."""
        return self.status is not None and self.status.over


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file without its bytes; ``size`` counts them, ``notes`` say what its format left out.

    ``size`` and ``sha256`` are None of a file that is written when it is first asked for.
    """

    name: str
    format: str
    audience: str
    media_type: str
    size: int | None
    sha256: str | None
    notes: tuple[str, ...] = ()
