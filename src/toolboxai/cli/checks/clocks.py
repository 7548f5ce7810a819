"""Two clocks that have to agree."""

from email.utils import parsedate_to_datetime
from typing import Final

from toolboxai.cli.checks.finding import Finding, fault, ok, warning
from toolboxai.limits import AUTH_TIMESTAMP_WINDOW_S

__all__ = ["by_date", "clock"]

_SKEW_S: Final = 30.0  # tokens allow for so much


def clock(whose: str, ahead_s: float, *, check: str = "clock") -> Finding:
    """How far another clock is from this machine's.

    Args:
        whose: a noun for the sentence, such as ``the server``.
        ahead_s: seconds by which it is ahead.
        check: name of the finding.
    """
    if abs(ahead_s) <= _SKEW_S:
        return ok(check, f"that of {whose} agrees with this machine's")
    text = (
        f"that of {whose} is {ahead_s:+.0f} s from this machine's; signatures hold for {AUTH_TIMESTAMP_WINDOW_S} s and "
        "tokens for less: set both by NTP"
    )
    return (fault if abs(ahead_s) >= AUTH_TIMESTAMP_WINDOW_S / 2 else warning)(check, text)


def by_date(whose: str, date: str | None, now: float, *, check: str = "clock") -> list[Finding]:
    """The same by the ``Date`` of an answer; nothing where there is none that can be read."""
    if date is None:
        return []
    try:
        there = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return []
    return [clock(whose, there - now, check=check)]
