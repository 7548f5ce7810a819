"""One question to the database for all who want to know the same at the same time."""

import asyncio
from typing import Final, TypeAlias

from toolboxai.errors import ProviderUnavailable
from toolboxai.platform.identity.policy import Ownership, Resources

__all__ = ["AskedTogether"]

_Asking: TypeAlias = asyncio.Task[Ownership | None]
_AGAIN_S: Final = 5


class AskedTogether:
    """Satisfies ``identity.policy.Resources``. Nothing is remembered: each answer was read after whoever gets it had asked.

    Who comes while a question is on its way waits for the next one, together with all who come until that leaves. So
    a class that comes back at once costs two questions, and a right that was taken back is gone for who asks then.

    Args:
        rooms: know the answers.
        at_once: so many questions are on their way at the same time. With more than a pool keeps connections for, each
            costs a connection as well.
        patience_s: so long a question waits for its turn: as long as it would for a connection of the pool. Else those
            who come while the database does not answer would be more and more.
    """

    def __init__(self, rooms: Resources, *, at_once: int = 4, patience_s: float = 30.0) -> None:
        self._rooms = rooms
        self._patience_s = patience_s
        self._turns = asyncio.Semaphore(at_once)
        self._on_its_way: dict[tuple[str, str], _Asking] = {}
        self._next: dict[tuple[str, str], _Asking] = {}

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        """See the port.

        Raises:
            ProviderUnavailable: its turn has not come.
        """
        about = kind, resource_id
        asking = self._next.get(about)
        if asking is None:
            asking = asyncio.create_task(self._ask(about, self._on_its_way.get(about)), name="ownership")
            self._next[about] = asking
        return await asyncio.shield(asking)  # one who goes takes nobody's answer away

    async def _ask(self, about: tuple[str, str], before: _Asking | None) -> Ownership | None:
        try:
            async with asyncio.timeout(self._patience_s):
                if before is not None:
                    await asyncio.wait((before,))
                await self._turns.acquire()
        except TimeoutError as late:
            text = f"the database does not answer at this moment; try again in {_AGAIN_S} s"
            raise ProviderUnavailable(text, retry_after_s=_AGAIN_S) from late
        finally:  # whoever comes from here on needs another
            asking = self._next.pop(about)
        self._on_its_way[about] = asking
        try:
            return await self._rooms.ownership(*about)
        finally:
            self._turns.release()
            del self._on_its_way[about]
