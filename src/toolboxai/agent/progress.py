"""The newest word on how far a task is, from whichever thread."""

import asyncio
import threading
from contextlib import suppress

__all__ = ["Newest"]


class Newest:
    """Holds what is to be told next; a later word takes the place of an earlier one that was not told yet."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._percent: int | None = None
        self._message: str | None = None
        self.news = asyncio.Event()

    def note(self, percent: int | None, message: str | None) -> None:
        """From any thread. What is None keeps the word that waits, if one does."""
        with self._lock:
            self._percent = self._percent if percent is None else percent
            self._message = self._message if message is None else message
        with suppress(
            RuntimeError
        ):  # the worker is gone, and its loop closed: a thread that was left behind outlives it
            self._loop.call_soon_threadsafe(self.news.set)

    def take(self) -> tuple[int | None, str | None]:
        """What waits; both None when nothing does."""
        with self._lock:
            taken = self._percent, self._message
            self._percent = self._message = None
        self.news.clear()
        return taken

    def put_back(self, percent: int | None, message: str | None) -> None:
        """It could not be told: it waits again, unless there is something newer."""
        with self._lock:
            self._percent = percent if self._percent is None else self._percent
            self._message = message if self._message is None else self._message
