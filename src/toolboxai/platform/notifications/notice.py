"""One notice for everybody, and its form on the wire."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import UNSET

from toolboxai.platform.messages.connection import Level, NoticeKind, Phase, SystemNotificationData
from toolboxai.platform.runs.events import stamp

__all__ = ["CHANNEL", "EVENT", "MESSAGE_CHARS", "Notice"]

CHANNEL: Final = "system-notifications"
EVENT: Final = "system_notification"
MESSAGE_CHARS: Final = 500  # a banner's worth


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told to everybody, strangers included: nothing personal stands in it.

    Args:
        kind: what it is about.
        message: for people, at most `MESSAGE_CHARS`.
        level: how urgent it is.
        phase: of what it is about; None where it is about nothing that begins and ends.
        starts_at: Unix time in seconds; None: it has no beginning, or that is not known.
        ends_at: Unix time in seconds; None as above.
        retry_after: whole seconds after which a client may come back; None: it need not leave.
        endpoints: paths of old sockets that it is about.
    """

    kind: NoticeKind
    message: str
    level: Level = Level.INFO
    phase: Phase | None = None
    starts_at: float | None = None
    ends_at: float | None = None
    retry_after: int | None = None
    endpoints: tuple[str, ...] = ()

    def envelope(self, now: float) -> dict[str, Any]:
        """The message of the registry.

        Args:
            now: Unix time in seconds.
        """
        data = SystemNotificationData(
            level=self.level,
            message=self.message,
            kind=self.kind,
            phase=self.phase or UNSET,
            starts_at=UNSET if self.starts_at is None else stamp(self.starts_at),
            ends_at=UNSET if self.ends_at is None else stamp(self.ends_at),
            retry_after=UNSET if self.retry_after is None else self.retry_after,
            endpoints=list(self.endpoints) or UNSET,
        )
        return {"type": EVENT, "data": msgspec.to_builtins(data), "timestamp": stamp(now)}
