"""Whether what this node gives the broker comes back to it: a node that is deaf looks well from everywhere else."""

import asyncio
from typing import Final

from toolboxai.apps.app import App
from toolboxai.broker.base import Broker
from toolboxai.clock import Clock
from toolboxai.errors import PublishFailed
from toolboxai.protocol.publication import Publication

__all__ = ["BEAT_S", "DEAF_S", "Pulse"]

BEAT_S: Final = 5.0
DEAF_S: Final = 15.0  # three beats

_APP: Final = App("toolboxai-pulse", ())  # no app of anybody's has such an id
_CHANNEL: Final = "pulse"


class Pulse:
    """A publication of our own every few seconds, the whole way through the broker.

    Args:
        broker: that of the node.
        clock: for how long ago.
    """

    def __init__(self, broker: Broker, clock: Clock) -> None:
        self._broker = broker
        self._clock = clock
        self._follows = False
        self._unanswered_since: float | None = None

    async def beat(self) -> None:
        """Publish one; called every BEAT_S."""
        if self._unanswered_since is None:
            self._unanswered_since = self._clock.monotonic()
        try:
            async with asyncio.timeout(BEAT_S):
                if not self._follows:
                    await self._broker.follow(_APP, _CHANNEL)
                    self._follows = True
                beat = Publication(_CHANNEL, "beat", "", at=self._clock.now(), kept=False)
                await self._broker.publish(_APP, beat)
        except (PublishFailed, TimeoutError):
            pass  # it is not answered, and that is all there is to know

    def heard(self, app_id: str) -> None:
        """Something came for an app that is not served."""
        if app_id == _APP.id:
            self._unanswered_since = None

    def trouble(self) -> str | None:
        """What is wrong, or None; never waits."""
        since = self._unanswered_since
        silent = 0.0 if since is None else self._clock.monotonic() - since
        if silent < DEAF_S:
            return None
        return f"nothing that is published here has come back for {silent:.0f} s"
