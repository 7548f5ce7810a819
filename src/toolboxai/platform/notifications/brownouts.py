"""Brown-outs are announced a day, an hour and five minutes ahead, when they begin and when they are over.

Each step is told once, over restarts too. Of steps that were missed the newest is told and the others are not: what was
true yesterday helps nobody today.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Final

from toolboxai.clock import Clock
from toolboxai.errors import PublishFailed
from toolboxai.legacy.brownouts import Brownout
from toolboxai.legacy.deprecation import MIGRATION_GUIDE
from toolboxai.legacy.endpoints import ENDPOINTS
from toolboxai.platform.messages.connection import Level, NoticeKind, Phase
from toolboxai.platform.notifications.notice import Notice
from toolboxai.platform.notifications.service import Notifications
from toolboxai.platform.notifications.store import NoticeStore, NoticesUnavailable

__all__ = ["EVERY_S", "FIRST_S", "BrownoutNotices", "Step", "due"]

log = logging.getLogger(__name__)

FIRST_S: Final = 30.0  # after a start: clients come back first, told is who is there
EVERY_S: Final = 5.0  # between two looks, which ask nobody unless something is due
_LATE_S: Final = 3600  # that a brown-out is over is news for so long
_KEPT_S: Final = 7 * 86400  # what was told of one is known for so long after its end


class Step(IntEnum):
    """An announcement, in their order."""

    DAY = 1
    HOUR = 2
    MINUTES = 3
    BEGUN = 4
    OVER = 5


def due(brownout: Brownout, told: int, now: float) -> Step | None:
    """What is to be announced now; None: nothing, or it has been.

    Args:
        brownout: which.
        told: the last step that was announced; 0: none was.
        now: Unix time in seconds.
    """
    start, end = brownout.start.unix, brownout.end.unix
    times = {
        Step.DAY: start - 86400,
        Step.HOUR: start - 3600,
        Step.MINUTES: start - 300,
        Step.BEGUN: start,
        Step.OVER: end,
    }
    come = [step for step, at in times.items() if at <= now]
    if not come or come[-1] <= told:
        return None
    if come[-1] is Step.OVER and (not told or now >= end + _LATE_S):
        return None  # who never heard that it began need not hear that it is over
    return come[-1]


class BrownoutNotices:
    """Announces them.

    Args:
        brownouts: all of them.
        notifications: the way to everybody.
        store: what has been announced.
        clock: when it is time.
    """

    def __init__(
        self,
        brownouts: Sequence[Brownout],
        notifications: Notifications,
        store: NoticeStore,
        clock: Clock,
    ) -> None:
        self._brownouts = brownouts
        self._notifications = notifications
        self._store = store
        self._clock = clock
        self._told: dict[str, int] | None = None  # as the store has it, once it has been asked
        self._failing = False

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        await asyncio.sleep(FIRST_S)
        while True:
            try:
                await self.look()
            except Exception:  # ours, and the next look is soon
                log.exception("brown-outs could not be looked at")
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Announce what is due and has not been; what fails is tried again by the next look."""
        try:
            told = await self._known()
            for brownout in self._brownouts:
                step = due(brownout, told.get(_name(brownout), 0), self._clock.now())
                if step is not None:
                    await self._announce(brownout, step)
        except (PublishFailed, NoticesUnavailable) as fault:
            if not self._failing:  # one line, however long it lasts
                about = {"kind": NoticeKind.BROWNOUT, "reason": str(fault)}
                log.warning("a notification was not published", extra=about)
            self._failing = True
        else:
            self._failing = False

    async def _known(self) -> Mapping[str, int]:
        if self._told is None:
            self._told = dict(await self._store.told())
        return self._told

    async def _announce(self, brownout: Brownout, step: Step) -> None:
        """Tell, then write down: killed in between, the next start tells it once more, which is better than never."""
        assert self._told is not None  # it has been asked
        now = self._clock.now()
        await self._notifications.tell(_notice(brownout, step, now))
        self._told[_name(brownout)] = step
        await self._store.note(
            _name(brownout), step, ends_at=float(brownout.end.unix), forget_before=now - _KEPT_S
        )


def _name(brownout: Brownout) -> str:
    """A brown-out whose times or endpoints change is another one, and announced anew."""
    return f"{brownout.start.unix}-{brownout.end.unix} {','.join(brownout.endpoints)}"


def _notice(brownout: Brownout, step: Step, now: float) -> Notice:
    paths = tuple(ENDPOINTS[name].path for name in brownout.endpoints)
    start, end = brownout.start, brownout.end
    if step is Step.OVER:
        text, phase, level = (
            f"The old sockets {', '.join(paths)} are served again, for now",
            Phase.OVER,
            Level.INFO,
        )
    elif step is Step.BEGUN:
        text, phase, level = (
            f"The old sockets {', '.join(paths)} take no new connections until {end.rfc3339}",
            Phase.BEGUN,
            Level.CRITICAL,
        )
    else:
        text, phase, level = (
            f"The old sockets {', '.join(paths)} take no new connections from {start.rfc3339} until {end.rfc3339}",
            Phase.PLANNED,
            Level.WARNING,
        )
    return Notice(
        NoticeKind.BROWNOUT,
        f"{text}; move to Channels: {MIGRATION_GUIDE}",
        level=level,
        phase=phase,
        starts_at=start.unix,
        ends_at=end.unix,
        retry_after=max(1, end.unix - int(now)) if step is Step.BEGUN else None,
        endpoints=paths,
    )
