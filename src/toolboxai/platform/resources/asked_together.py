"""One question to the database for all who want to know the same at the same time."""

import asyncio
from typing import TypeAlias

from toolboxai.platform.identity.policy import Ownership, Resources

__all__ = ["AskedTogether"]

_Asking: TypeAlias = asyncio.Task[Ownership | None]


class AskedTogether:
    """Satisfies ``identity.policy.Resources``. Nothing is remembered: each answer was read after whoever gets it had asked.

    Who comes while a question is on its way waits for the next one, together with all who come until that leaves. So
    a class that comes back at once costs two questions, and a right that was taken back is gone for who asks then.

    Args:
        rooms: know the answers.
        at_once: so many questions are on their way at the same time. With more than a pool keeps connections for, each
            costs a connection as well.
    """

    def __init__(self, rooms: Resources, *, at_once: int = 4) -> None:
        self._rooms = rooms
        self._turns = asyncio.Semaphore(at_once)
        self._on_its_way: dict[tuple[str, str], _Asking] = {}
        self._next: dict[tuple[str, str], _Asking] = {}

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        """See the port."""
        about = kind, resource_id
        asking = self._next.get(about)
        if asking is None:
            asking = asyncio.create_task(self._ask(about, self._on_its_way.get(about)), name="ownership")
            self._next[about] = asking
        return await asyncio.shield(asking)  # one who goes takes nobody's answer away

    async def _ask(self, about: tuple[str, str], before: _Asking | None) -> Ownership | None:
        try:
            if before is not None:
                await asyncio.wait((before,))
            await self._turns.acquire()
        finally:  # whoever comes from here on needs another
            asking = self._next.pop(about)
        self._on_its_way[about] = asking
        try:
            return await self._rooms.ownership(*about)
        finally:
            self._turns.release()
            del self._on_its_way[about]
