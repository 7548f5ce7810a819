"""A plugin's log as an event stream, as ``EventSource`` and Roblox Studio read it."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import msgspec

from toolboxai import limits
from toolboxai.clock import Clock
from toolboxai.errors import RequestError, StorageUnavailable
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.plugins.model import LogPage
from toolboxai.platform.plugins.reading import LogReading
from toolboxai.platform.runs.events import envelope, stamp

__all__ = ["cursor_in", "plugin_stream"]

_COMMENT: Final = b":\n\n"
_RETRY: Final = b"retry: %d\n\n" % limits.STREAM_RETRY_MS


def cursor_in(last_event_id: str | None, cursor: int) -> int:
    """Where a reader goes on: behind the last event that it has, else where it asked for."""
    known = (last_event_id or "").strip()
    return int(known) if known.isascii() and known.isdecimal() and len(known) < 17 else cursor


async def plugin_stream(
    reading: LogReading, who: Principal, plugin_id: str, after: int, clock: Clock
) -> AsyncGenerator[bytes, None]:
    """The stream in pieces. Where the reader may not go on, the last event is an ``error`` that says why.

    Args:
        reading: the log.
        who: reads.
        plugin_id: whose log.
        after: from behind this number on.
        clock: for the times of what is no entry.
    """
    yield _RETRY
    try:
        async for page in reading.stream(who, plugin_id, after=after):
            yield _page(page, plugin_id, after, clock)
            after = page.next_cursor
    except StorageUnavailable:
        return  # the reader comes back, and is told by a status then
    except RequestError as fault:
        error = {"error_code": fault.error_code, "message": fault.message, "details": dict(fault.details)}
        yield _event("error", {"type": "error", "data": error, "timestamp": stamp(clock.now())})


def _page(page: LogPage, plugin_id: str, after: int, clock: Clock) -> bytes:
    said = b""
    if not page.complete:
        data = {"plugin_id": plugin_id, "last_seq": after, "replayed": len(page.entries), "complete": False}
        said = _event("resumed", {"type": "resumed", "data": data, "timestamp": stamp(clock.now())})
    entries = [_event(each.type, envelope(each), each.seq) for each in page.entries]
    return said + (b"".join(entries) or _COMMENT)


def _event(name: str, value: Any, seq: int | None = None) -> bytes:
    number = b"" if seq is None else b"id: %d\n" % seq
    return b"%sevent: %s\ndata: %s\n\n" % (number, name.encode(), msgspec.json.encode(value))
