"""Tells everybody."""

import asyncio
import json
import logging
from typing import Any, Final

from toolboxai.clock import Clock
from toolboxai.errors import PublishFailed
from toolboxai.platform.messages.connection import Level, NoticeKind, Phase
from toolboxai.platform.notifications.notice import CHANNEL, EVENT, Notice
from toolboxai.platform.ports import Event, Publisher

__all__ = ["LEAVING_S", "Notifications"]

log = logging.getLogger(__name__)

LEAVING_S: Final = 2.0  # a far service that does not answer holds up nobody's shutdown for longer


class Notifications:
    """The way to everybody: whoever follows ``system-notifications``, and every old socket.

    Args:
        publisher: the way out.
        clock: for the time of each message.
    """

    def __init__(self, publisher: Publisher, clock: Clock) -> None:
        self._publisher = publisher
        self._clock = clock

    async def tell(self, notice: Notice) -> dict[str, Any]:
        """Publish it; the message as it went out.

        Raises:
            PublishFailed: nobody was told.
        """
        told = notice.envelope(self._clock.now())
        await self._publisher.publish([CHANNEL], Event(EVENT, json.dumps(told, ensure_ascii=False)))
        return told

    async def leaving(self) -> None:
        """The server begins to drain: clients are told before the first of them is closed. It never fails."""
        notice = Notice(
            NoticeKind.SHUTDOWN,
            "The server is restarting; clients come back by themselves, nothing need be done",
            level=Level.WARNING,
            phase=Phase.BEGUN,
            starts_at=self._clock.now(),
            retry_after=0,
        )
        try:
            async with asyncio.timeout(LEAVING_S):
                await self.tell(notice)
                await asyncio.sleep(0)  # what was accepted goes out in the loop's next turn, before any close
        except (PublishFailed, TimeoutError) as fault:
            reason = str(fault) or "no answer in time"
            log.warning("a notification was not published", extra={"kind": notice.kind, "reason": reason})
