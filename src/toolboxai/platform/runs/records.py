"""What is kept of a run, as far as all runs are alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from toolboxai.errors import Conflict
from toolboxai.platform.runs.events import Draft, StoredEvent

__all__ = ["Announced", "RunChange", "RunStore", "Superseded", "TooManyActive"]


class Superseded(Conflict):
    """The run has moved on: it ended, or a newer attempt is under way. Nothing was written."""


class TooManyActive(Conflict):
    """The owner would have more runs queued or under way than the change allows. Nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChange:
    """What one step does to a run, in one transaction.

    Args:
        attempt: of the run as the writer knows it; a writer of an earlier attempt is refused.
        at: Unix seconds; the events get it, or the time of the newest event when that is later.
        events: made by this step, in order.
        announced: events up to this number have gone out.
    """

    attempt: int
    at: float
    events: tuple[Draft, ...] = ()
    announced: int = 0

    @property
    def over(self) -> bool:
        """Whether the attempt ends with it."""
        return False


C = TypeVar("C", bound=RunChange, contravariant=True)


class Announced(Protocol):
    """Where it is written down how far the telling came."""

    async def announced(self, run_id: str, seq: int, /) -> None:
        """Note that events up to this number have gone out."""
        ...


class RunStore(Announced, Protocol[C]):
    """Where changes are written."""

    async def record(self, run_id: str, change: C, /) -> Sequence[StoredEvent]:
        """Make a change, all of it or nothing, and return its events with their numbers.

        Raises:
            Superseded: the run is not in an expected state, or of another attempt.
            LookupError: there is no such run.
        """
        ...
