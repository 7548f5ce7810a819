"""What a handler has of its task."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from toolboxai.agent.errors import TaskCancelled
from toolboxai.agent.queue import Assignment

__all__ = ["MESSAGE_CHARS", "Task", "whole"]

MESSAGE_CHARS = 500  # of a progress or error message; what is longer is cut


def whole(message: str) -> str:
    """A text for people that every server takes: cut, and without what UTF-8 or a database cannot carry."""
    return message[:MESSAGE_CHARS].encode("utf-8", "replace").decode().replace("\x00", "?")


class Task:
    """One task, as its handler sees it.

    Attributes:
        id: ``task_…``.
        type: the name under which the handler was registered.
        input: what the submitter gave; a JSON object.
        attempt: 1 at the first.
        priority: 0 to 9.
    """

    def __init__(self, held: Assignment, noted: Callable[[int | None, str | None], None]) -> None:
        self.id = held.task_id
        self.type = held.task_type
        self.input: dict[str, Any] = held.input
        self.attempt = held.attempt
        self.priority = held.priority
        self._noted = noted
        self._cancelled = threading.Event()
        self._loop_thread = threading.get_ident()

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the result any more; a function in a thread looks here, or calls `progress`."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Say so; the kit does it when the task was cancelled, its time is over, or its lease is lost."""
        self._cancelled.set()

    def progress(self, percent: float | None = None, message: str | None = None) -> Awaitable[None]:
        """Tell how far the task is. Never waits for the network: at most four a second are sent, always the newest.

        In an asynchronous function it is awaited; in a plain one it is called, and that is all.

        Args:
            percent: 0 to 100; left out, only the message is new.
            message: what is being done, for people; cut after 500 characters.

        Raises:
            TaskCancelled: in a thread, when the task is no longer ours. Let it pass through.
            ValueError: a number that is no percentage.
        """
        if percent is not None and not 0 <= percent <= 100:
            raise ValueError(f"progress {percent!r}: it is a percentage, 0 to 100")
        if self.cancelled and threading.get_ident() != self._loop_thread:
            raise TaskCancelled(f"task {self.id} is no longer this worker's")
        self._noted(None if percent is None else int(percent), None if message is None else whole(message))
        return _Told()


class _Told:
    """Lets the others have a turn when it is awaited; nothing is lost when it is not."""

    def __await__(self) -> Generator[Any, None, None]:
        return asyncio.sleep(0).__await__()
