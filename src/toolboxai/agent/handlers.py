"""The functions of an agent: which there are, and how one is called."""

import asyncio
import contextvars
import inspect
import re
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from toolboxai.agent.task import Task

__all__ = ["Handler", "Handlers", "Result", "in_thread", "is_asynchronous"]

Result = Mapping[str, Any] | None
Handler = Callable[[Task], Result | Awaitable[Result]]
T = TypeVar("T")

_TASK_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")


class Handlers:
    """Handlers by the type of task that they do."""

    def __init__(self) -> None:
        self._by_type: dict[str, Handler] = {}

    @property
    def task_types(self) -> tuple[str, ...]:
        """What is claimed."""
        return tuple(self._by_type)

    def add(self, task_type: str, handler: Handler) -> None:
        """Take a function up.

        Raises:
            ValueError: the name is none, or taken.
        """
        if not _TASK_TYPE.fullmatch(task_type):
            raise ValueError(f"task type {task_type!r}: 1 to 64 of A-Z a-z 0-9 _ - . are allowed")
        if task_type in self._by_type:
            raise ValueError(f"task type {task_type!r} has a handler already; one function does each type")
        self._by_type[task_type] = handler

    def of(self, task_type: str) -> Handler:
        """The function for this type; only types that it names are claimed."""
        return self._by_type[task_type]


def is_asynchronous(handler: Handler) -> bool:
    """Whether it runs in the loop; all others have a thread each."""
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)  # noqa: B004 - an object with an asynchronous call
    )


async def in_thread(work: Callable[[], T], *, name: str) -> T:
    """What `work` returns or raises, from a thread of its own.

    The thread is a daemon: one that never returns cannot keep a worker from ending when it is told to.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()
    context = contextvars.copy_context()

    def settle(result: T | None, fault: BaseException | None) -> None:
        if done.cancelled():
            return
        if fault is None:
            done.set_result(result)  # type: ignore[arg-type]  # None is what a handler may return
        else:
            done.set_exception(fault)

    def run() -> None:
        result: T | None = None
        fault: BaseException | None = None
        try:
            result = context.run(work)
        except StopIteration as stop:  # no future takes it
            fault = RuntimeError(f"the handler raised {stop!r}")
        except Exception as raised:
            fault = raised
        except BaseException as raised:  # a handler that leaves its thread does not end the whole worker
            fault = RuntimeError(f"the handler raised {raised!r}")
        with suppress(RuntimeError):  # the worker is gone, and its loop closed: nobody waits for it
            loop.call_soon_threadsafe(settle, result, fault)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await done
