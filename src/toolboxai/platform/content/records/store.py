"""What content keeps, as a port. The other end is ``adapters.database.content``."""

from collections.abc import Sequence
from typing import Protocol

from toolboxai.platform.content.model.request import GenerationRequest
from toolboxai.platform.content.records.forecast import Timing
from toolboxai.platform.content.records.revisions import RevisionStore
from toolboxai.platform.content.records.sessions import (
    Change,
    Creation,
    NewSession,
    Session,
    Stage,
    Status,
)
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.runs.events import StoredEvent

__all__ = ["ContentStore"]


class ContentStore(RevisionStore, Protocol):
    """Sessions, their events, what the stages made; revisions and files."""

    async def create(self, new: NewSession, *, active_limit: int) -> Creation | None:
        """Keep a new session, or find the one that the same owner made with the same key.

        Returns:
            None when the owner has `active_limit` sessions queued or running already.
        """
        ...

    async def session(self, session_id: str) -> Session | None:
        """The session with this id."""
        ...

    async def session_of_content(self, content_id: str) -> Session | None:
        """The session that makes, or made, this content."""
        ...

    async def request(self, session_id: str) -> GenerationRequest:
        """What was asked for.

        Raises:
            LookupError: there is no such session.
        """
        ...

    async def sessions(
        self,
        *,
        organization_id: str,
        owner_id: str,
        limit: int,
        before: tuple[float, str] | None = None,
        status: Status | None = None,
    ) -> Sequence[Session]:
        """An owner's sessions, newest first.

        Args:
            organization_id: of the owner.
            owner_id: user id.
            limit: at most so many.
            before: ``(created_at, id)`` of the last one that was seen.
            status: only these.
        """
        ...

    async def unfinished(self) -> Sequence[Session]:
        """Sessions queued or running, oldest first."""
        ...

    async def world_begun(self, session_id: str) -> None:
        """The world that follows this session was begun: it is not begun again, whatever becomes of it."""
        ...

    async def finished_since(self, at: float) -> Sequence[Session]:
        """Sessions that ended at this time or later, oldest first."""
        ...

    async def timings(self, *, limit: int) -> Sequence[Timing]:
        """How long the stages of the newest sessions took that went well at once; at most `limit`, oldest first."""
        ...

    async def events(
        self, session_id: str, *, after: int = 0, limit: int | None = None
    ) -> Sequence[StoredEvent]:
        """Events with a number above `after`, in order."""
        ...

    async def artefact(self, session_id: str, stage: Stage) -> bytes | None:
        """JSON text of what a stage made, None when it has not ended."""
        ...

    async def record(self, session_id: str, change: Change, /) -> Sequence[StoredEvent]:
        """Make a change, all of it or nothing, and return its events with their numbers.

        Raises:
            Superseded: the session is not in an expected status, or of another attempt.
            TooManyActive: see ``Change.active_limit``.
            LookupError: there is no such session.
        """
        ...

    async def announced(self, session_id: str, seq: int, /) -> None:
        """Note that events up to this number have gone out."""
        ...

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        """Whose a ``content_session`` is, and with whom it is shared; None for every other kind."""
        ...
