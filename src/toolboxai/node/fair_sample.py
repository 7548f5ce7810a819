"""Which of many entries are shown: so many in a second, each kind its fair share. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["FairSample", "fair_shares"]


class _Share:
    """Of one kind in one second.

    Attributes:
        quota: places that are its own.
        seen: how many there were.
        taken: how many of them were shown.
        opens: seconds before which there is no place.
    """

    __slots__ = ("opens", "quota", "seen", "taken")

    def __init__(self, quota: int) -> None:
        self.quota = quota
        self.seen = 0
        self.taken = 0
        self.opens = 0.0


class FairSample:
    """Takes at most `per_s` entries in one second of the clock.

    A few places of each second belong to each kind, so that a rare one is always seen. The others are parted by what
    each kind brought in the second before: who brings more than its share is spread over the second, and what nobody
    has claimed goes to whoever comes first.

    Args:
        kinds: all that there are.
        per_s: places in a second.
        reserve: of them, each kind's own.
    """

    __slots__ = ("_away", "_begins", "_ends", "_free", "_kinds", "_per_s", "_reserve", "_shares")

    def __init__(self, kinds: Iterable[str], *, per_s: int, reserve: int) -> None:
        self._kinds: Final = tuple(kinds)
        self._per_s = per_s
        self._reserve = reserve
        self._begins = self._ends = 0
        self._free = 0
        self._shares = {kind: _Share(0) for kind in self._kinds}
        self._away: Counter[str] = Counter()

    @property
    def away(self) -> Mapping[str, int]:
        """How many were not taken, by kind; kinds of which all were are left out."""
        now = Counter({kind: share.seen - share.taken for kind, share in self._shares.items()})
        return +(self._away + now)

    def take(self, kind: str, now: float) -> bool:
        """Whether this one is shown.

        Args:
            kind: of the entry.
            now: seconds of a clock. Where it is set back, a second begins anew.
        """
        share = self._shares[kind]
        if self._begins <= now < share.opens:  # of thousands in a second nearly all end here
            share.seen += 1
            return False
        if not self._begins <= now < self._ends:
            self._turn(int(now))
            share = self._shares[kind]
        share.seen += 1
        own = share.quota - self._reserve
        # Its reserve at once, the rest of its quota as the second goes by.
        opens = self._ends - 1 + (share.taken - self._reserve) / own if own else self._ends
        if share.taken < self._reserve or (share.taken < share.quota and now >= opens):
            share.taken += 1
            return True
        if self._free:
            self._free -= 1
            share.taken += 1
            share.quota += 1
            return True
        share.opens = opens if share.taken < share.quota else self._ends
        return False

    def _turn(self, second: int) -> None:
        self._away.update({kind: share.seen - share.taken for kind, share in self._shares.items()})
        before = (
            {kind: share.seen for kind, share in self._shares.items()} if second == self._ends else {}
        )  # after a pause nothing is known
        quotas = fair_shares(before, self._kinds, self._per_s, self._reserve)
        self._shares = {kind: _Share(quota) for kind, quota in quotas.items()}
        self._free = self._per_s - sum(quotas.values())
        self._begins, self._ends = second, second + 1


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
