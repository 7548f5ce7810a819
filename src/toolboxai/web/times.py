"""Times in answers."""

from datetime import UTC, datetime

__all__ = ["timestamp"]


def timestamp(at: float) -> str:
    """RFC 3339, UTC, to the millisecond.

    Args:
        at: unix seconds.
    """
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
