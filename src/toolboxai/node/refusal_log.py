"""Log lines about strangers who were refused: so many in a minute, the rest by number, so that no flood fills the disk."""

import logging
from typing import Any, Final

from toolboxai.clock import Clock
from toolboxai.node.feed import Feed
from toolboxai.node.feed_entry import Kind
from toolboxai.protocol.rates import SlidingWindow

__all__ = ["RefusalLog"]

_LINES: Final = 60  # of one event in a minute
_MINUTE_S: Final = 60.0
_TOLD_LIVE: Final = (
    "code",
    "reason",
    "status",
)  # never an address or a path: what strangers write stays in the log


class RefusalLog:
    """Writes them.

    Args:
        clock: for the minute.
        feed: gets each as an error, while somebody reads it.
    """

    def __init__(self, clock: Clock, feed: Feed) -> None:
        self._clock = clock
        self._feed = feed
        self._windows: dict[str, SlidingWindow] = {}
        self._left_out: dict[str, int] = {}

    def tell(self, log: logging.Logger, event: str, **about: Any) -> None:
        """One line on level info, or none; `left_out` of the next line says how many there were in between.

        Args:
            log: of who refuses.
            event: a constant text: each is counted for itself.
            about: its fields; an address, a path, a reason.
        """
        if self._feed.open:
            facts = {name: about[name] for name in _TOLD_LIVE if isinstance(about.get(name), str | int)}
            self._feed.tell(Kind.ERROR, about.get("app_id"), event, facts)
        window = self._windows.get(event)
        if window is None:
            window = self._windows[event] = SlidingWindow(_LINES, _MINUTE_S)
        left_out = self._left_out.get(event, 0)
        if not window.take(self._clock.monotonic()):
            self._left_out[event] = left_out + 1
            return
        if left_out:
            self._left_out[event] = 0
            about["left_out"] = left_out
        log.info(event, extra=about)
