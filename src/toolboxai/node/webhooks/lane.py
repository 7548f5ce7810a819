"""The order of what is posted to one address, and when a failed one is tried again. Pure: time and dice come in."""

from collections.abc import Iterable
from typing import Final

from toolboxai import limits
from toolboxai.ids import Dice
from toolboxai.node.webhooks.store import Waiting

__all__ = ["IN_FLIGHT", "WINDOW", "Lane", "next_try_at"]

IN_FLIGHT: Final = 8  # posts to one address at the same time
WINDOW: Final = 500  # deliveries of one address that are known in memory; the rest waits in the store
_DOUBLINGS: Final = 5
_JITTER: Final = 0.25


def next_try_at(created_at: float, now: float, attempts: int, dice: Dice) -> float | None:
    """When to try again, unix seconds; None: five minutes are over, it is not tried any more.

    After 1, 2, 4 … 32 s, then a quarter more each time, with jitter that is less than each step, so that gaps always
    grow. The last try is at the very end: a gap after which no longer one would fit is as long as what is left.

    Args:
        created_at: unix seconds.
        now: unix seconds, of the try that has failed.
        attempts: failed tries, at least 1.
        dice: for the jitter.
    """
    left = created_at + limits.WEBHOOK_TRYING_S - now
    if left <= 0:
        return None
    steps = attempts - 1
    base = 2.0**steps if steps <= _DOUBLINGS else 2.0**_DOUBLINGS * 1.25 ** min(steps - _DOUBLINGS, 10)
    gap = base * (1 + _JITTER * dice.getrandbits(16) / 0x10000)
    longest_after_it = base * (2.0 if steps < _DOUBLINGS else 1.25) * (1 + _JITTER)
    return now + (left if gap + longest_after_it > left else gap)


class Lane:
    """What waits for one address, in the order of the queue.

    A delivery waits while an earlier one shares a channel with it, tried or not; deliveries of other channels pass.

    Attributes:
        last: the place of the newest that was ever added.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, Waiting] = {}
        self._flying: set[int] = set()
        self.last = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def room(self) -> int:
        """How many more may be known."""
        return WINDOW - len(self._waiting)

    @property
    def flying(self) -> int:
        """How many are being posted."""
        return len(self._flying)

    def add(self, deliveries: Iterable[Waiting]) -> None:
        """More from the store, in its order."""
        for each in deliveries:
            self._waiting[each.seq] = each
            self.last = max(self.last, each.seq)

    def take(self, now: float) -> list[Waiting]:
        """What to post now; each stays in its place until `done` or `again`.

        Args:
            now: unix seconds.
        """
        taken = []
        for each in self._heads():
            if len(self._flying) >= IN_FLIGHT:
                break
            if each.next_at <= now:
                self._flying.add(each.seq)
                taken.append(each)
        return taken

    def done(self, seq: int) -> None:
        """It has arrived, or was given up."""
        self._flying.discard(seq)
        self._waiting.pop(seq, None)

    def again(self, seq: int, *, attempts: int, next_at: float) -> None:
        """It has failed, and is tried again."""
        self._flying.discard(seq)
        self._waiting[seq] = self._waiting[seq]._replace(attempts=attempts, next_at=next_at)

    @property
    def next_due(self) -> float | None:
        """When `take` may find something, unix seconds; None: not before something changes."""
        if len(self._flying) >= IN_FLIGHT:
            return None
        return min((each.next_at for each in self._heads()), default=None)

    def _heads(self) -> Iterable[Waiting]:
        """Those with nothing before them on any of their channels, and not being posted."""
        blocked: set[str] = set()
        for each in self._waiting.values():
            if each.channels.isdisjoint(blocked) and each.seq not in self._flying:
                yield each
            blocked |= each.channels
