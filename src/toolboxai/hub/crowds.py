"""Who is connected to which app from which address, for the limits on it. Nothing here waits; the time is handed in."""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from toolboxai.apps.app import App
from toolboxai.protocol.allow_list import NOBODY_LISTED, AllowList
from toolboxai.protocol.proxies import neighbourhood

__all__ = ["Crowds", "Place", "TooFast", "TooMany"]

_PACES: Final = 100_000  # addresses whose pace is known: some 20 MB; beyond, who was longest away starts anew
_SWEPT: Final = 5_000  # of them in one go


class Place(NamedTuple):
    """What one connection takes up; from `Crowds.arrive`, given back once to `Crowds.leave`.

    Args:
        app_id: that it came to.
        neighbourhood: that it came from.
    """

    app_id: str
    neighbourhood: str


@dataclass(frozen=True, slots=True)
class TooMany:
    """Refused: as many connections of the address are there as may be."""

    maximum: int


@dataclass(frozen=True, slots=True)
class TooFast:
    """Refused: the address connects faster than it may.

    Args:
        retry_after_s: after which one more is let in.
    """

    retry_after_s: float


class Crowds:
    """Counts connections by app and address, whether they are limited or not, so that a limit that is new finds its count.

    Args:
        allow_list: networks whose addresses have limits of their own.
    """

    def __init__(self, allow_list: AllowList = NOBODY_LISTED) -> None:
        self._allow_list = allow_list
        self._here: dict[Place, int] = {}
        # By place, until when its connects so far take up its pace: one more moves that on by one part of a second. A
        # time that has come says nothing any more.
        self._paces: OrderedDict[Place, float] = OrderedDict()

    def __len__(self) -> int:
        """How many counts and paces are kept; 0 some time after all have left."""
        return len(self._here) + len(self._paces)

    def of_address(self, app: App, address: str) -> int:
        """How many connections of this address the app has; of IPv6, of its /64."""
        return self._here.get(Place(app.id, neighbourhood(address)), 0)

    def arrive(self, app: App, address: str, now: float, *, paced: bool = True) -> Place | TooMany | TooFast:
        """A connection wants to come in; nothing is counted of one that is refused.

        Args:
            app: as it is now.
            address: the client's, behind trusted proxies the one that they tell.
            now: monotonic seconds.
            paced: whether it counts for how fast the address connects.
        """
        place = Place(app.id, neighbourhood(address))
        here = self._here.get(place, 0)
        most, per_s = self._limits(app, address)
        if 0 < most <= here:
            return TooMany(most)
        if per_s and paced:
            wait_s = self._take(place, per_s, now)
            if wait_s > 0:
                return TooFast(wait_s)
        self._here[place] = here + 1
        return place

    def leave(self, place: Place) -> None:
        """The connection is gone."""
        left = self._here[place] - 1
        if left:
            self._here[place] = left
        else:
            del self._here[place]

    def sweep(self, now: float) -> None:
        """Forget paces that say nothing any more; called every second or so.

        Args:
            now: monotonic seconds.
        """
        for place in tuple(islice(self._paces, _SWEPT)):
            if self._paces[place] <= now:
                del self._paces[place]
            else:
                self._paces.move_to_end(place)

    def _limits(self, app: App, address: str) -> tuple[int, float]:
        listed = self._allow_list.find(address)
        if listed is None:
            return app.max_connections_per_ip, app.connects_per_s_per_ip
        return listed.max_connections_per_ip, listed.connects_per_s_per_ip

    def _take(self, place: Place, per_s: float, now: float) -> float:
        """Connect once; else the seconds to wait: at once come as many as a second allows, then one in its part of it."""
        taken_until = max(self._paces.get(place, now), now)
        wait_s = taken_until - now - (max(per_s, 1.0) - 1.0) / per_s
        if wait_s > 1e-9:  # what is left of a sum of parts
            return wait_s
        self._paces[place] = taken_until + 1.0 / per_s
        self._paces.move_to_end(place)
        if len(self._paces) > _PACES:
            self._paces.popitem(last=False)
        return 0.0
