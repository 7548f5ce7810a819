"""What the node keeps in memory, over a restart."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from toolboxai.config import Settings
from toolboxai.errors import ConfigError
from toolboxai.node.kept_state import KeptChunk, KeptStore, Whence, load, saved
from toolboxai.node.node import Node
from toolboxai.node.webhooks.store import StoreUnavailable

__all__ = ["Kept"]

T = TypeVar("T")

log = logging.getLogger(__name__)
LOAD_S: Final = 15.0  # a database that does not answer is not waited for any longer, on the way in
SAVE_S: Final = 15.0  # and on the way out
_EXPECTED: Final = (ConfigError, StoreUnavailable, TimeoutError, ImportError)  # told without their trace


class Kept:
    """Saved at the end of the block, in the database, for the next process to begin with.

    Unless an app resumes, no database is made before there is something to save; one that is there is looked into.

    Args:
        settings: of the process.
        node: whose state it is.
    """

    def __init__(self, settings: Settings, node: Node) -> None:
        self._url = settings.database.url
        self._node = node
        self._loaded = False
        self._answered = False  # the database did, once
        self._touched = False  # there is a database: what else it holds must not be taken later

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace  # however the server ends: what was taken goes back
        if self._loaded:
            await self._save_on_the_way_out()

    async def load(self) -> None:
        """Begin with what the process before has saved; called once all apps are served, and nobody is connected.

        A database that does not take it is told in the log, and the server begins with nothing.
        """
        self._loaded = True
        if not self.has_database() and not any(app.resume for app in self._node.apps):
            return
        self._touched = True
        try:
            async with asyncio.timeout(LOAD_S):
                whence, chunks = await self._ask(lambda store: store.take())
            load(self._node, whence, chunks)
        except Exception as fault:  # whatever it is: it is a help, and no start fails for want of it
            log.warning(
                "what was kept cannot be loaded, and will hardly be saved on the way out",
                extra={"reason": str(fault) or f"no answer within {LOAD_S:.0f} s"},
                exc_info=not isinstance(fault, _EXPECTED),
            )

    async def checkpoint(self) -> int:
        """Write down what is kept while the server runs on, for a copy of the database to have it.

        A next process does not begin with it, unless it was marked as restored; see ``Whence``.

        Returns:
            The bytes written.

        Raises:
            ConfigError: the database cannot be used as it is.
            StoreUnavailable: it does not take it now.
        """
        chunks = await saved(self._node)
        await self._ask(lambda store: store.save(chunks, Whence.RUNNING))
        return _bytes(chunks)

    async def _save_on_the_way_out(self) -> None:
        chunks: list[KeptChunk] | None = None
        try:
            chunks = made = await saved(self._node)
            if not made and not self._touched:
                return
            async with asyncio.timeout(SAVE_S):
                await self._ask(lambda store: store.save(made, Whence.LEFT))
        except Exception as fault:  # whatever it is: the rest of the way out goes on
            if chunks is None or chunks:
                log.error(  # noqa: TRY400 - mostly the database's fault, not ours
                    "kept events and the places of readers are not saved: who comes back is told of a gap, or begins "
                    "anew",
                    extra={
                        "reason": str(fault) or f"no answer within {SAVE_S:.0f} s",
                        "bytes": _bytes(chunks or ()),
                    },
                    exc_info=not isinstance(fault, _EXPECTED),
                )
        else:
            log.info("kept state saved", extra={"bytes": _bytes(chunks)})

    def has_database(self) -> bool:
        """Whether there may be one: a file can be looked for without what it takes to open it."""
        kind, _, path = self._url.partition(":///")
        return not kind.startswith("sqlite") or Path(path.partition("?")[0]).exists()

    async def _ask(self, question: Callable[[KeptStore], Awaitable[T]]) -> T:
        """Ask the database as it is, which is quick; only when it cannot answer the schema is made, or looked at.

        Raises:
            ConfigError: the schema is not the one that this version needs.
            StoreUnavailable: it does not answer.
        """
        from toolboxai.adapters.database.engine import open_engine
        from toolboxai.adapters.database.kept_state import DatabaseKeptStore

        if self.has_database():
            try:
                async with open_engine(self._url) as engine:
                    answer = await question(DatabaseKeptStore(engine))
                self._answered = True
                return answer
            except StoreUnavailable:
                if self._answered:  # it has the schema
                    raise
        from toolboxai.adapters.database.migrate import prepare

        await asyncio.to_thread(prepare, self._url)
        async with open_engine(self._url) as engine:
            return await question(DatabaseKeptStore(engine))


def _bytes(chunks: Sequence[KeptChunk]) -> int:
    return sum(len(chunk.body) for chunk in chunks)
