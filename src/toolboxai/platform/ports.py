"""What the application needs from outside. The other ends are in ``adapters``; ``app`` joins them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

__all__ = ["Event", "JobEngine", "JobState", "JobStatus", "KeptEvent", "KeptEvents", "Publisher", "Step"]


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it goes on the wire.

    Args:
        name: the event's name; for the guide's messages it equals the envelope's ``type``.
        data: the JSON text of the whole envelope ``{type, data, timestamp, seq}``.
        kept: False of what is for those who are there alone: no history has it, and no old socket carries it.
    """

    name: str
    data: str
    kept: bool = True


class Publisher(Protocol):
    """The way out to subscribers: the embedded hub, or any Pusher-compatible HTTP API."""

    async def publish(
        self, channels: Sequence[str], event: Event, *, exclude: str | None = None
    ) -> Sequence[str]:
        """Publish one event on 1 to 100 channels.

        Args:
            channels: names, each served once; the event reaches each in the order of acceptance. What goes to an
                encrypted channel is encrypted on the way out.
            event: name and data.
            exclude: the socket id of a connection that is not to get it.

        Returns:
            The ids of the publications, in the order of the channels, where they are this server's; else none.

        Raises:
            PublishFailed: it did not go out; ``retryable`` says whether to try again.
        """
        ...

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        """Put kept history back after a restart, oldest first, without delivering it to anyone.

        Where the far side keeps no history this does nothing.
        """
        ...


class KeptEvent(NamedTuple):
    """An event that a channel has carried.

    Args:
        offset: its number within the channel, from 1.
        event: as it was published.
    """

    offset: int
    event: Event


class KeptEvents(Protocol):
    """What channels keep for those who come late; what is not kept, nobody knows any more."""

    async def kept(self, channel: str) -> Sequence[KeptEvent]:
        """The kept events of a channel, oldest first; none where no rule has them kept."""
        ...


class JobState(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What the engine knows of one job."""

    job_id: str
    state: JobState
    error: str | None = None


Step = Callable[[str], Awaitable[Mapping[str, Any]]]
"""One step of a job: gets the job id, is safe to run twice, returns a small JSON object that the engine keeps.

A ``ToolboxaiError`` ends the job as failed. Anything else is taken for a passing fault (a busy database): the step is
tried again a few times before the job fails.
"""


class JobEngine(Protocol):
    """Durable work in steps: a step that finished is not run again after a crash.

    A step that was cut by a crash, or whose end the engine could not write down any more, runs again.
    """

    def register(self, kind: str, steps: Sequence[tuple[str, Step]]) -> None:
        """Name a kind of job and its steps, in order, before ``launch``."""
        ...

    async def launch(self) -> None:
        """Start, and take up the jobs that an earlier process left unfinished."""
        ...

    async def close(self) -> None:
        """Stop: running steps are cancelled; unfinished jobs stay for the next ``launch``."""
        ...

    async def start(self, kind: str, job_id: str) -> None:
        """Begin a job; a second call with the same id does nothing."""
        ...

    async def retry(self, job_id: str) -> None:
        """Run a failed or cancelled job again from the first step that did not finish.

        A job that still runs is run again if it comes to such an end; on any other job this does nothing.

        Raises:
            LookupError: there is no such job.
        """
        ...

    async def cancel(self, job_id: str) -> None:
        """Let a job end before its next step; on a job that is over, or unknown, this does nothing."""
        ...

    async def forget(self, job_ids: Sequence[str]) -> None:
        """Remove all that is kept of these jobs; unknown ones are forgotten already."""
        ...

    async def status(self, job_id: str) -> JobStatus | None:
        """What is known of a job; None when it was never started."""
        ...
