"""How often one may try: to sign in, to refresh, to use a one-time code, to have channels signed.

Two bounds hold at once for the account and for the address: a number of tries a minute, and a wait that doubles with
each failure. Numbers for an address are wide, since a class may stand behind one; for networks where a whole school
does, the operator has the word. What one account may try stays the same everywhere.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from toolboxai.clock import Clock
from toolboxai.errors import RateLimitExceeded
from toolboxai.platform.identity.delay import GrowingDelay, Patience
from toolboxai.protocol.allow_list import NOBODY_LISTED, AllowList
from toolboxai.protocol.proxies import neighbourhood

__all__ = ["ALLOWANCES", "Allowance", "Allowances", "AttemptLimiter", "Attempts", "TryWindow"]


class Attempts(StrEnum):
    """What is tried."""

    LOGIN = "login"
    REFRESH = "refresh"
    ONE_TIME_CODE = "one-time code"
    JOIN_CODE = "class or link code"
    QUIZ_ANSWERS = "quiz answers"
    GAME_SERVER = "game server"
    PLUGIN = "plugin"
    WELCOME = "welcome link"
    CHANNEL_AUTH = "channel authorisation"
    IDENTITY_PROVIDER = "identity provider"
    NOTIFICATION = "notification"
    EXPORT = "export"
    TASK = "task of an agent"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one account, or one address, may do.

    Args:
        per_minute: tries in any sixty seconds.
        patience: how failed ones are answered.
    """

    per_minute: int
    patience: Patience


@dataclass(frozen=True, slots=True)
class Allowances:
    """Of one kind of try."""

    account: Allowance
    address: Allowance


ALLOWANCES: Final[Mapping[Attempts, Allowances]] = MappingProxyType(
    {
        # A minute at most for an account, so that a stranger who guesses cannot lock its owner out for long.
        Attempts.LOGIN: Allowances(
            account=Allowance(20, Patience(free=4, longest_s=60, forgive_s=180)),
            address=Allowance(300, Patience(free=40, longest_s=300, forgive_s=10)),
        ),
        Attempts.REFRESH: Allowances(
            account=Allowance(60, Patience(free=4, longest_s=60, forgive_s=180)),
            address=Allowance(600, Patience(free=40, longest_s=300, forgive_s=10)),
        ),
        Attempts.ONE_TIME_CODE: Allowances(
            account=Allowance(20, Patience(free=4, longest_s=60, forgive_s=180)),
            address=Allowance(60, Patience(free=4, longest_s=300, forgive_s=180)),
        ),
        # A class joins together, and children mistype; forty bits of a code still take longer to guess than it is open.
        Attempts.JOIN_CODE: Allowances(
            account=Allowance(20, Patience(free=4, longest_s=60, forgive_s=180)),
            address=Allowance(300, Patience(free=40, longest_s=300, forgive_s=10)),
        ),
        # Each is kept, and the teacher hears of it; a pupil takes seconds for a question, a game server sends for many.
        Attempts.QUIZ_ANSWERS: Allowances(
            account=Allowance(120, Patience(free=120, longest_s=60, forgive_s=2)),
            address=Allowance(6000, Patience(free=6000, longest_s=60, forgive_s=0.1)),
        ),
        # A request of a running world carries what many players answered. Roblox has few addresses for many worlds; nobody
        # guesses 256 bits, so failures do not count.
        Attempts.GAME_SERVER: Allowances(
            account=Allowance(60, Patience(free=60, longest_s=60, forgive_s=2)),
            address=Allowance(6000, Patience(free=6000, longest_s=60, forgive_s=0.1)),
        ),
        # What Roblox lets one game server ask in a minute; a plugin in Studio needs less. A school's Studios share an
        # address, and nobody guesses a signature, so failures do not count.
        Attempts.PLUGIN: Allowances(
            account=Allowance(500, Patience(free=500, longest_s=60, forgive_s=0.2)),
            address=Allowance(6000, Patience(free=6000, longest_s=60, forgive_s=0.1)),
        ),
        # A class that opens its links in one lesson comes from one address; a code has 160 bits, so nobody guesses it.
        Attempts.WELCOME: Allowances(
            account=Allowance(20, Patience(free=4, longest_s=60, forgive_s=180)),
            address=Allowance(300, Patience(free=40, longest_s=300, forgive_s=10)),
        ),
        # Nobody is known before they are back, so the address alone counts; each way has three tries: out, back,
        # and the tokens.
        Attempts.IDENTITY_PROVIDER: Allowances(
            account=Allowance(20, Patience(free=4, longest_s=60, forgive_s=180)),
            address=Allowance(600, Patience(free=40, longest_s=300, forgive_s=10)),
        ),
        # A page that reconnects asks for some 40 channels in one go, and a class of 30 does so together.
        Attempts.CHANNEL_AUTH: Allowances(
            account=Allowance(1200, Patience(free=200, longest_s=60, forgive_s=2)),
            address=Allowance(36_000, Patience(free=4000, longest_s=60, forgive_s=0.1)),
        ),
        # Each reaches everybody at once; an operator types them.
        Attempts.NOTIFICATION: Allowances(
            account=Allowance(10, Patience(free=4, longest_s=60, forgive_s=180)),
            address=Allowance(60, Patience(free=4, longest_s=60, forgive_s=180)),
        ),
        # Each is kept, and told; a program may hand in many at once.
        Attempts.TASK: Allowances(
            account=Allowance(3000, Patience(free=3000, longest_s=60, forgive_s=0.1)),
            address=Allowance(18_000, Patience(free=18_000, longest_s=60, forgive_s=0.1)),
        ),
        # All workers of an agent: a hundred of them that claim, tell how far they are, and complete, each every second.
        Attempts.AGENT: Allowances(
            account=Allowance(18_000, Patience(free=18_000, longest_s=60, forgive_s=0.1)),
            address=Allowance(36_000, Patience(free=36_000, longest_s=60, forgive_s=0.1)),
        ),
        # Each reads everything of somebody.
        Attempts.EXPORT: Allowances(
            account=Allowance(4, Patience(free=4, longest_s=60, forgive_s=180)),
            address=Allowance(60, Patience(free=4, longest_s=60, forgive_s=180)),
        ),
    }
)


_ENDLESS: Final = Patience(free=2**31, longest_s=1, forgive_s=1)


class TryWindow(Protocol):
    """Counts tries over the last minute; the other end is ``adapters.try_window``."""

    async def take(self, key: str, *, per_minute: int, tries: int) -> float:
        """Count `tries` of `key`.

        Returns:
            0 when they were within the bound and are counted; else the seconds after which they may be, and nothing
            was counted.
        """
        ...


class AttemptLimiter:
    """Says who has to wait.

    Args:
        window: counts tries.
        clock: for the growing wait.
        allow_list: networks whose addresses have a number of their own, in the place of both bounds.
        allowances: other numbers, for load tests that say so.
    """

    def __init__(
        self,
        window: TryWindow,
        clock: Clock,
        *,
        allow_list: AllowList = NOBODY_LISTED,
        allowances: Mapping[Attempts, Allowances] = ALLOWANCES,
    ) -> None:
        self._window = window
        self._clock = clock
        self._allow_list = allow_list
        self._allowances = allowances
        self._delay = GrowingDelay()

    async def admit(
        self, what: Attempts, *, account: str | None = None, address: str | None = None, tries: int = 1
    ) -> None:
        """Count a try, before it is looked at.

        Args:
            what: is tried.
            account: user id, or the name that was typed; None while it is not known.
            address: where it comes from, as text.
            tries: how many at once, for a batch.

        Raises:
            RateLimitExceeded: not now; it says when.
        """
        bounds = self._bounds(what, account, address)
        now = self._clock.monotonic()
        wait_s = max((self._delay.wait_s(key, bound.patience, now=now) for key, bound in bounds), default=0.0)
        if wait_s > 0:
            raise _too_often(what, wait_s)
        for key, bound in bounds:
            wait_s = await self._window.take(key, per_minute=bound.per_minute, tries=tries)
            if wait_s > 0:
                raise _too_often(what, wait_s)

    def failed(self, what: Attempts, *, account: str | None = None, address: str | None = None) -> None:
        """The try was wrong: the next ones of that account and of that address wait longer."""
        now = self._clock.monotonic()
        for key, bound in self._bounds(what, account, address):
            self._delay.failed(key, bound.patience, now=now)

    def succeeded(self, what: Attempts, *, account: str) -> None:
        """The try was right: the account starts anew; its address does not, or one good account would open many."""
        for key, _bound in self._bounds(what, account, None):
            self._delay.succeeded(key)

    def _bounds(
        self, what: Attempts, account: str | None, address: str | None
    ) -> list[tuple[str, Allowance]]:
        pair = self._allowances[what]
        bounds = []
        if account is not None:
            bounds.append((f"{what}/account/{account[:254]}", pair.account))
        bound = None if address is None else self._of_address(address, pair.address)
        if address is not None and bound is not None:
            bounds.append((f"{what}/address/{neighbourhood(address)}", bound))
        return bounds

    def _of_address(self, address: str, usual: Allowance) -> Allowance | None:
        """What an address may do; None: as much as it likes."""
        listed = self._allow_list.find(address)
        if listed is None:
            return usual
        most = listed.tries_per_minute_per_ip
        return Allowance(most, _ENDLESS) if most else None


def _too_often(what: Attempts, wait_s: float) -> RateLimitExceeded:
    seconds = max(1, math.ceil(wait_s))
    return RateLimitExceeded(
        f"too many tries ({what}); try again in {seconds} s",
        retry_after_s=seconds,
        details={"limit": what.value},
    )
