"""What a restart must not forget, so that nobody is told twice."""

from collections.abc import Mapping
from typing import Protocol

__all__ = ["NoticeStore", "NoticesUnavailable"]


class NoticesUnavailable(Exception):
    """The database does not take it now; the same may succeed later."""


class NoticeStore(Protocol):
    """How far each brown-out has been announced; the other end is ``adapters.database.notices``."""

    async def told(self) -> Mapping[str, int]:
        """The last step that was announced, by the brown-out's name.

        Raises:
            NoticesUnavailable: the database does not answer.
        """
        ...

    async def note(self, brownout: str, step: int, *, ends_at: float, forget_before: float) -> None:
        """A step has been announced.

        Args:
            brownout: its name.
            step: of the announcement.
            ends_at: of the brown-out, Unix time in seconds.
            forget_before: brown-outs that ended before are forgotten.

        Raises:
            NoticesUnavailable: the database does not answer.
        """
        ...
