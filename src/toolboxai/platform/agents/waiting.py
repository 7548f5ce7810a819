"""How many claims wait for the tasks of one agent."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from toolboxai.errors import RateLimitExceeded

__all__ = ["WAITING_MOST", "WaitingClaims"]

WAITING_MOST: Final = 200  # an agent does 100 tasks at once, at most; each task wakes all that wait
_RETRY_S: Final = 5


class WaitingClaims:
    """Counts them, in this process."""

    def __init__(self) -> None:
        self._there: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._there.total()

    @contextmanager
    def place(self, agent_id: str) -> Iterator[None]:
        """Wait until the block ends.

        Raises:
            RateLimitExceeded: as many wait as may.
        """
        if self._there[agent_id] >= WAITING_MOST:
            raise RateLimitExceeded(
                f"{WAITING_MOST} claims wait for tasks of this agent already; come back in {_RETRY_S} s, or claim with "
                "wait=0",
                retry_after_s=_RETRY_S,
                details={"limit": WAITING_MOST},
            )
        self._there[agent_id] += 1
        try:
            yield
        finally:
            self._there[agent_id] -= 1
            if not self._there[agent_id]:
                del self._there[agent_id]
