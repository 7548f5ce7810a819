"""How fast one old connection may talk; the clock is handed in."""

import math
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

from toolboxai.close_codes import OldCloseCode
from toolboxai.protocol.rates import SlidingWindow

__all__ = ["Close", "Fault", "Fine", "Pace", "Refused", "Verdict"]

_MINUTE_S: Final = 60.0
_FAULTS: Final = 2  # of one kind within a minute are answered; the third closes
_BEATS_PER_S: Final = 10  # pings and pongs, beyond which they are passed over
_FLOOD_BEATS: Final = 1_000  # within _FLOOD_S: 500 pongs at once are still no reason to close
_FLOOD_S: Final = 10.0


class Fault(IntEnum):
    """What a client does wrong, and the code with which the third within a minute closes."""

    BAD_JSON = OldCloseCode.PROTOCOL_ERROR
    UNKNOWN_TYPE = OldCloseCode.UNSUPPORTED_DATA
    TOO_FAST = OldCloseCode.RATE_LIMIT


class Fine(Enum):
    """Nothing is wrong."""

    PASSED = "passed"
    IGNORED = "ignored"
    """The message is neither answered nor counted."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The message is answered by an error, and does nothing else.

    Args:
        limit: how many a minute are allowed.
        retry_after: whole seconds after which the next passes, at least 1.
    """

    limit: int
    retry_after: int


@dataclass(frozen=True, slots=True)
class Close:
    """The connection ends.

    Args:
        code: of the close frame.
        retry_after: whole seconds to tell the client; 0: nothing to wait for.
    """

    code: Fault
    retry_after: int = 0


Verdict = Fine | Refused | Close


class Pace:
    """The limits of one connection, each over a sliding stretch of time. `now` is in monotonic seconds everywhere.

    Args:
        messages_per_minute: what a client sends beside beats and sign-ins; 0: as many as it likes.
        auth_attempts_per_minute: sign-ins, good ones too; 0: as many as it likes.
    """

    __slots__ = (
        "_attempts",
        "_beats",
        "_faults",
        "_flood",
        "_messages",
        "auth_attempts_per_minute",
        "messages_per_minute",
    )

    def __init__(self, *, messages_per_minute: int = 100, auth_attempts_per_minute: int = 5) -> None:
        self.messages_per_minute = messages_per_minute
        self.auth_attempts_per_minute = auth_attempts_per_minute
        self._messages = _PerMinute(messages_per_minute)
        self._attempts = _PerMinute(auth_attempts_per_minute)
        self._beats = SlidingWindow(_BEATS_PER_S)
        self._flood = SlidingWindow(_FLOOD_BEATS, _FLOOD_S)
        self._faults: dict[Fault, SlidingWindow] = {}

    def message(self, now: float) -> Verdict:
        """A message came, no beat and no sign-in. The third refusal within a minute closes, of whichever limit."""
        return self._limited(self._messages, now)

    def attempt(self, now: float) -> Verdict:
        """A sign-in came: asked before its token is looked at."""
        return self._limited(self._attempts, now)

    def beat(self, now: float) -> Verdict:
        """A ping or a pong came, or what is as cheap."""
        if not self._flood.take(now):
            return Close(Fault.TOO_FAST, _whole(self._flood.free_at - now))
        return Fine.PASSED if self._beats.take(now) else Fine.IGNORED

    def bad(self, now: float, kind: Fault) -> Verdict:
        """A message could not be read, or is of no known type: it is told so, and the third of its kind closes."""
        window = self._faults.setdefault(kind, SlidingWindow(_FAULTS, _MINUTE_S))
        return Fine.PASSED if window.take(now) else Close(kind)

    def _limited(self, window: "_PerMinute", now: float) -> Verdict:
        retry_after = window.take(now)
        if not retry_after:
            return Fine.PASSED
        if isinstance(self.bad(now, Fault.TOO_FAST), Close):
            return Close(Fault.TOO_FAST, retry_after)
        return Refused(window.most, retry_after)


class _PerMinute:
    """So many within a minute; 0: any number."""

    __slots__ = ("_window", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self._window = SlidingWindow(most, _MINUTE_S) if most else None

    def take(self, now: float) -> int:
        """Do it once; else whole seconds to wait."""
        if self._window is None or self._window.take(now):
            return 0
        return _whole(self._window.free_at - now)


def _whole(seconds: float) -> int:
    """Rounded up; what is no microsecond over comes from the clock's own rounding."""
    return max(1, math.ceil(round(seconds, 6)))
