"""Webhooks from the moment on when an app has some: a server whose apps have none needs no database."""

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from toolboxai.app.storage import Storage
from toolboxai.apps.app import App
from toolboxai.metrics import Sample
from toolboxai.node.node import Node

if TYPE_CHECKING:
    from toolboxai.node.webhooks.service import Webhooks

__all__ = ["WebhooksWhenNeeded"]


class WebhooksWhenNeeded:
    """An async context manager, entered before the node has connections; what has begun ends with it.

    Args:
        storage: the database.
        node: whose happenings are posted.
    """

    def __init__(self, storage: Storage, node: Node) -> None:
        self._storage = storage
        self._node = node
        self._webhooks: Webhooks | None = None
        self._life: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace
        self._over.set()
        if self._life is not None:
            await self._life

    async def before(self, apps: Iterable[App]) -> None:
        """Begin, before these apps are served, if one of them has webhooks.

        Raises:
            ConfigError: the database cannot be served from.
            StoreUnavailable: it does not answer.
        """
        if any(app.webhooks for app in apps):
            await self.begin(late=True)

    async def begin(self, *, late: bool = False) -> None:
        """Begin now, unless they have begun.

        Args:
            late: whether there may be connections already.

        Raises:
            ConfigError: as `before`.
            StoreUnavailable: as `before`.
        """
        if self._webhooks is None:
            begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._life = asyncio.create_task(self._live(begun, late=late), name="webhooks")
            await begun

    def samples(self) -> Iterable[Sample]:
        """For ``/metrics``."""
        yield Sample("webhooks_waiting", (), 0 if self._webhooks is None else self._webhooks.waiting)

    def hold_on(self) -> None:
        """See ``Webhooks``."""
        if self._webhooks is not None:
            self._webhooks.hold_on()

    async def _live(self, begun: "asyncio.Future[None]", *, late: bool) -> None:
        """A task of its own: whoever asks for the beginning is not there at the end."""
        from toolboxai.app.webhooks import webhooks_of

        try:
            async with webhooks_of(self._storage, self._node, late=late) as self._webhooks:
                if not begun.done():  # else whoever asked was cancelled
                    begun.set_result(None)
                await self._over.wait()
        except (
            Exception
        ) as fault:  # whatever it is: told to who waits for the beginning, or else to the task's owner
            if begun.done():
                raise
            begun.set_exception(fault)
