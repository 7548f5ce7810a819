"""How long to wait before the next attempt to come back."""

from toolboxai.close_codes import Retry
from toolboxai.ids import Dice

__all__ = ["Backoff"]

_BITS = 32


class Backoff:
    """1, 2, 4, 8, … seconds up to a cap, each spread by half to both sides so that clients do not come in step.

    Args:
        dice: for the spread.
        attempts: so many attempts in a row; after them the answer is to give up.
        first_s: the wait before the first attempt, in the middle of its spread.
        cap_s: no wait is longer in the middle of its spread.
    """

    # A server that closes with "come back now" right after each welcome would otherwise be hit without a pause.
    SHORT_LIFE_S = 1.0

    def __init__(self, dice: Dice, *, attempts: int, first_s: float = 1.0, cap_s: float = 30.0) -> None:
        self._dice = dice
        self._attempts = attempts
        self._first_s = first_s
        self._cap_s = cap_s
        self.failed = 0

    def succeeded(self) -> None:
        """A connection is established: the next loss begins again with the shortest wait."""
        self.failed = 0

    def next_wait(self, retry: Retry, *, lived_s: float) -> float | None:
        """Seconds until the next attempt, or None: stop trying.

        Args:
            retry: what the close code says.
            lived_s: how long the lost connection was established; 0 when it never was.
        """
        if retry is Retry.NEVER or self.failed >= self._attempts:
            return None
        self.failed += 1
        if retry is Retry.NOW and self.failed == 1 and lived_s >= self.SHORT_LIFE_S:
            return 0.0
        middle = min(self._first_s * 2.0 ** (self.failed - 1), self._cap_s)
        return middle * (0.5 + self._dice.getrandbits(_BITS) / (1 << _BITS))
