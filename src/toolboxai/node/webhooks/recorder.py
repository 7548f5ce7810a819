"""Writing down what tries have come to: those that end at about the same time, in one transaction."""

import asyncio
from typing import Final

from toolboxai.node.webhooks.persist import persist
from toolboxai.node.webhooks.store import Outcome, WebhookStore

__all__ = ["Recorder"]

AT_ONCE: Final = 200


class Recorder:
    """One for all senders.

    Args:
        store: the queue.
    """

    def __init__(self, store: WebhookStore) -> None:
        self._store = store
        self._waiting: list[tuple[Outcome, asyncio.Future[None]]] = []
        self._news = asyncio.Event()

    async def record(self, outcome: Outcome) -> None:
        """Returns once it is written down."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((outcome, written))
        self._news.set()
        await written

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self._news.wait()
            some, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            if not self._waiting:
                self._news.clear()
            try:
                await self._write([outcome for outcome, _ in some])
            except Exception as fault:  # ours: told to those who wait, who log it
                for _, written in some:
                    if not written.done():
                        written.set_exception(fault)
            for _, written in some:
                if not written.done():
                    written.set_result(None)

    async def _write(self, outcomes: list[Outcome]) -> None:
        await persist(lambda: self._store.record(outcomes), doing="record")
