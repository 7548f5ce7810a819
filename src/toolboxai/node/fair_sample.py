"""Which of many entries are shown: so many in a second, each kind its fair share. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["FairSample", "fair_shares"]


class _Share:
    __slots__ = ("quota", "seen", "taken")

    def __init__(self, quota: int) -> None:
        self.quota = quota
        self.seen = 0
        self.taken = 0


class FairSample:
    """Takes at most `per_s` entries in one second of the clock.

    A few places of each second belong to each kind, so that a rare one is always seen. The others are parted by what
    each kind brought in the second before: who brings more than its share is spread over the second, and what nobody
    has claimed goes to whoever comes first.

    Args:
        kinds: all that there are.
        per_s: places in a second.
        reserve: of them, each kind's own.

    Attributes:
        away: how many were not taken, by kind.
    """

    __slots__ = ("_free", "_kinds", "_per_s", "_reserve", "_second", "_shares", "away")

    def __init__(self, kinds: Iterable[str], *, per_s: int, reserve: int) -> None:
        self._kinds: Final = tuple(kinds)
        self._per_s = per_s
        self._reserve = reserve
        self._second = -1
        self._free = 0
        self._shares: dict[str, _Share] = {}
        self.away: Counter[str] = Counter()

    def take(self, kind: str, now: float) -> bool:
        """Whether this one is shown.

        Args:
            kind: of the entry.
            now: monotonic seconds.
        """
        second = int(now)
        if second != self._second:
            self._turn(second)
        share = self._shares[kind]
        share.seen += 1
        if share.taken < self._reserve + (share.quota - self._reserve) * (now - second):
            share.taken += 1
            return True
        if self._free:
            self._free -= 1
            return True
        self.away[kind] += 1
        return False

    def _turn(self, second: int) -> None:
        before = {
            kind: share.seen for kind, share in self._shares.items() if second == self._second + 1
        }  # after a pause nothing is known
        quotas = fair_shares(before, self._kinds, self._per_s, self._reserve)
        self._shares = {kind: _Share(quota) for kind, quota in quotas.items()}
        self._free = self._per_s - sum(quotas.values())
        self._second = second


def fair_shares(
    wanted: Mapping[str, int], kinds: Iterable[str], places: int, reserve: int
) -> Mapping[str, int]:
    """Part places: nobody gets more than it wants while another wants more than it has, beyond what each has anyway.

    Args:
        wanted: how many each wants; none where it is not named.
        kinds: all that there are.
        places: how many there are.
        reserve: what each has anyway.
    """
    beyond = {kind: max(wanted.get(kind, 0) - reserve, 0) for kind in kinds}
    left = places - reserve * len(beyond)
    quotas = {}
    for done, (kind, want) in enumerate(sorted(beyond.items(), key=lambda each: each[1])):
        got = min(want, left // (len(beyond) - done))
        left -= got
        quotas[kind] = reserve + got
    return quotas
