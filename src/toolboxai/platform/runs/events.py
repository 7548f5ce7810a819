"""What runs tell: events with numbers, and their one form on every channel, socket and list."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec

from toolboxai.platform.ports import Event

__all__ = ["Draft", "PublicCompat", "StoredEvent", "envelope", "stamp", "wire"]


class PublicCompat(StrEnum):
    """What goes out on the public channel names of the guide."""

    SAFE = "safe"
    FULL = "full"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it has its number and its time.

    Args:
        type: as of a `StoredEvent`.
        data: likewise.
        also: likewise.
    """

    type: str
    data: Mapping[str, Any]
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as every channel, socket and list shows it.

    Args:
        seq: its number within the run, from 1 without gaps.
        type: also the name on the channels.
        data: JSON object with the guide's fields.
        timestamp: RFC 3339, UTC with ``Z``; never before that of the event with the number below.
        also: channels that carry it beside those of the run.
        said_by: socket id of the connection that said it, which is not told again; None: everybody is told.
    """

    seq: int
    type: str
    data: Mapping[str, Any]
    timestamp: str
    also: tuple[str, ...] = ()
    said_by: str | None = None


def stamp(at: float) -> str:
    """Unix seconds as RFC 3339 in UTC, to the millisecond: ``2025-01-21T10:01:00.000Z``."""
    part, whole = math.modf(at)
    microseconds = round(part * 1e6)  # rounded as `datetime` does, and cut to milliseconds as it does
    if not 0 <= microseconds < 1_000_000:
        whole, microseconds = whole + microseconds // 1_000_000, microseconds % 1_000_000
    return f"{_second(int(whole))}.{microseconds // 1000:03d}Z"


@lru_cache(maxsize=8)  # everything that is stamped within a second has all of it but three digits in common
def _second(whole: int) -> str:
    return datetime.fromtimestamp(whole, UTC).isoformat()[:19]


def envelope(event: StoredEvent) -> dict[str, Any]:
    """``{type, data, timestamp, seq}``, the same on every channel, socket and list."""
    return {
        "type": str(event.type),
        "data": dict(event.data),
        "timestamp": event.timestamp,
        "seq": event.seq,
    }


def wire(event: StoredEvent) -> Event:
    """The event as it is published: its name is its type."""
    return Event(str(event.type), msgspec.json.encode(envelope(event)).decode())
