"""Times in bodies and answers."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

__all__ = ["Instant", "timestamp"]


def timestamp(at: float) -> str:
    """RFC 3339, UTC, to the millisecond.

    Args:
        at: unix seconds.
    """
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _instant(value: Any) -> datetime:
    fault = "a date and time with its offset from UTC is needed, such as 2027-03-01T18:00:00Z"
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError(fault)
    try:
        at = datetime.fromisoformat(value.strip())
    except ValueError:
        raise ValueError(fault) from None
    if at.tzinfo is None or not timedelta(hours=-24) < (at.utcoffset() or timedelta()) < timedelta(hours=24):
        raise ValueError(fault)
    if not 1971 <= at.year <= 9998:
        raise ValueError(f"the year {at.year} is not served")
    return at


Instant = Annotated[datetime, BeforeValidator(_instant)]
"""A moment as a stranger writes it: RFC 3339 with its offset."""
