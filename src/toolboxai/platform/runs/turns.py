"""Whose turn it is: so many sessions run at once, and those who wait are served one user after the other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Turns"]


@dataclass(frozen=True, slots=True)
class _Place:
    """A session in line. Lower rounds go first, and within a round whoever came first."""

    session_id: str
    owner_id: str
    round: int


class Turns:
    """Fair queueing: each session is given a round as it comes, and no user has two sessions in one round.

    A newcomer joins the round that is being served, so that one waits for at most one session of everybody else who
    waits, however many these have handed in.

    Args:
        at_once: sessions that run at once.
        at_once_per_user: of these, so many of one user.
    """

    def __init__(self, *, at_once: int, at_once_per_user: int) -> None:
        self._at_once = at_once
        self._per_user = at_once_per_user
        self._waiting: dict[str, _Place] = {}  # in the order of arrival
        self._running: dict[str, _Place] = {}  # in the order of their turns
        self._serving = 1  # the round of the newest turn
        self._served: dict[str, int] = {}  # the round of each owner's newest turn, while it says something

    def enter(self, session_id: str, owner_id: str) -> None:
        """A session comes, and waits; one that is there already keeps its place."""
        if not self.knows(session_id):
            turn = max(self._serving, self._last(owner_id) + 1)
            self._waiting[session_id] = _Place(session_id, owner_id, turn)

    def restore(self, running: Iterable[tuple[str, str]], waiting: Iterable[tuple[str, str]]) -> None:
        """Take over what a former process knew, as pairs of session and owner; those who wait keep this order."""
        for session_id, owner_id in running:
            self._run(_Place(session_id, owner_id, self._last(owner_id) + 1))
        turn = self._serving
        for session_id, owner_id in waiting:
            turn = max(turn, self._last(owner_id) + 1)
            self._waiting[session_id] = _Place(session_id, owner_id, turn)

    def leave(self, session_id: str) -> None:
        """A session is over, or waits no more."""
        self._waiting.pop(session_id, None)
        self._running.pop(session_id, None)
        if not self._waiting and not self._running:
            self._serving = 1
            self._served.clear()

    def take(self) -> list[str]:
        """The sessions whose turn has come; from now on they run."""
        begun: list[str] = []
        while len(self._running) < self._at_once:
            place = next((place for place in self._order() if self._may_run(place.owner_id)), None)
            if place is None:
                break
            del self._waiting[place.session_id]
            self._run(place)
            begun.append(place.session_id)
        return begun

    def positions(self) -> dict[str, int]:
        """The place of each session that waits, from 1, in this order; those whose owners run all they may are last."""
        following: list[str] = []
        held: list[str] = []
        runs: dict[str, int] = {}
        for place in (*self._running.values(), *self._order()):
            runs[place.owner_id] = runs.get(place.owner_id, 0) + 1
            if place.session_id in self._waiting:
                (following if runs[place.owner_id] <= self._per_user else held).append(place.session_id)
        return {session_id: number for number, session_id in enumerate([*following, *held], 1)}

    def waits(self, session_id: str) -> bool:
        """Whether this session is in line."""
        return session_id in self._waiting

    def knows(self, session_id: str) -> bool:
        """Whether this session waits or runs."""
        return session_id in self._waiting or session_id in self._running

    @property
    def running(self) -> Sequence[str]:
        """The sessions that have a turn, oldest turn first."""
        return tuple(self._running)

    @property
    def load(self) -> tuple[int, int]:
        """How many run, and how many wait."""
        return len(self._running), len(self._waiting)

    def _run(self, place: _Place) -> None:
        self._running[place.session_id] = place
        self._served[place.owner_id] = place.round
        if place.round > self._serving:
            self._serving = place.round
            # Whoever was last served in an earlier round joins this one like a newcomer.
            self._served = {owner: turn for owner, turn in self._served.items() if turn >= place.round}

    def _last(self, owner_id: str) -> int:
        """The newest round in which this owner has, or had, a session."""
        there = (*self._waiting.values(), *self._running.values())
        rounds = [place.round for place in there if place.owner_id == owner_id]
        return max([self._served.get(owner_id, 0), *rounds])

    def _order(self) -> list[_Place]:
        return sorted(self._waiting.values(), key=lambda place: place.round)  # stable: then by arrival

    def _may_run(self, owner_id: str) -> bool:
        return sum(place.owner_id == owner_id for place in self._running.values()) < self._per_user
