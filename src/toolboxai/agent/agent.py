"""What a program writes: an agent, its functions, and ``run``."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from typing import TypeVar

from toolboxai.agent.errors import AgentError, AgentMisconfigured
from toolboxai.agent.handlers import Handler, Handlers
from toolboxai.agent.http_queue import HttpQueue
from toolboxai.agent.lines import log_to_stderr
from toolboxai.agent.outcome import Outcome
from toolboxai.agent.queue import TaskQueue
from toolboxai.agent.running import Running
from toolboxai.agent.timing import Timing
from toolboxai.agent.worker import Worker, WorkerSettings
from toolboxai.client.debugging import Debug, debug_lines

__all__ = ["Agent"]

log = logging.getLogger("toolboxai.agent")

H = TypeVar("H", bound=Handler)

CONCURRENCY_MOST = 100
WORKER_CHARS = 100


class Agent:
    """A worker for one registered agent.

    What is not given comes from ``TOOLBOXAI_URL``, ``TOOLBOXAI_AGENT_ID`` and ``TOOLBOXAI_AGENT_TOKEN``, which are
    read when the work begins: a module with an agent in it can be imported without them.

    Args:
        url: the server, such as ``http://127.0.0.1:8009``.
        agent_id: ``agent_…``, from the registration.
        token: from the registration, which shows it once.
        concurrency: tasks at once in this process, 1 to 100.
        worker: a name for this process in the server's log; host and process number when None.
        drain_s: seconds that running tasks have to end in after SIGTERM; then they are given back.
        debug: True writes a line for each request to stderr; or a function that takes the lines. Tokens are masked.
        timing: measures and waits; for tests.

    Raises:
        ValueError: a number or a name out of its bounds.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        agent_id: str | None = None,
        token: str | None = None,
        concurrency: int = 1,
        worker: str | None = None,
        drain_s: float = 25.0,
        debug: Debug = False,
        timing: Timing | None = None,
    ) -> None:
        if not 1 <= concurrency <= CONCURRENCY_MOST:
            raise ValueError(f"concurrency {concurrency}: 1 to {CONCURRENCY_MOST} tasks at once are allowed")
        if drain_s < 0:
            raise ValueError(f"drain_s {drain_s}: 0 or more seconds are allowed")
        self._given = {"url": url, "agent_id": agent_id, "token": token}
        name = worker or f"{socket.gethostname()[:80]}-{os.getpid()}"
        if not (name.isprintable() and name.strip() and len(name) <= WORKER_CHARS):
            raise ValueError(
                f"worker {name[:WORKER_CHARS]!r}: 1 to {WORKER_CHARS} printable characters are allowed"
            )
        self._settings = WorkerSettings(name, concurrency, drain_s)
        self._debug = debug_lines(_to_stderr if debug is True else debug)
        self._timing = timing or Timing()
        self._handlers = Handlers()

    def task(self, task_type: str) -> Callable[[H], H]:
        """Have a function do the tasks of this type; the function itself stays as it is.

        An asynchronous function runs in the worker's loop and must not block it. A plain one has a thread of its own.

        Raises:
            ValueError: the name is none, or another function does these tasks.
        """

        def take(handler: H) -> H:
            self._handlers.add(task_type, handler)
            return handler

        return take

    @property
    def task_types(self) -> tuple[str, ...]:
        """What it does, in the order in which it was said."""
        return self._handlers.task_types

    # ---- for programs ---------------------------------------------------------------------------------------

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; for the last line of a program.

        After the first signal nothing more is claimed and what runs has ``drain_s`` to end; after a second it is given
        back at once. What the kit logs goes to stderr, unless the program has set up logging.

        Raises:
            SystemExit: the worker cannot begin, or the server refuses it; the text says what to do.
        """
        log_to_stderr()
        try:
            asyncio.run(self._run())
        except AgentError as fault:
            raise SystemExit(f"toolboxai.agent: {fault}") from fault

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        leaving, hurrying = asyncio.Event(), asyncio.Event()

        def told() -> None:
            (hurrying if leaving.is_set() else leaving).set()

        for number in (signal.SIGTERM, signal.SIGINT):
            with suppress(
                NotImplementedError, RuntimeError, ValueError
            ):  # no signals here: not the main thread
                loop.add_signal_handler(number, told)
        await self.serve(leaving, hurry=hurrying)

    async def serve(
        self,
        leave: asyncio.Event,
        *,
        hurry: asyncio.Event | None = None,
        queue: TaskQueue | None = None,
        ended: Callable[[Outcome], None] | None = None,
    ) -> None:
        """Work inside a program with a loop of its own, until `leave` is set.

        Args:
            leave: claim no more, and return when what runs has ended or ``drain_s`` is over.
            hurry: do not wait for what runs.
            queue: instead of the server's.
            ended: told how each task ended.

        Raises:
            AgentMisconfigured, AgentRefused: see there.
        """
        async with aclosing(queue or self._http_queue()) as served:
            worker = Worker(served, self._handlers, self._settings, self._timing, ended=ended)
            log.info(
                "a worker has begun",
                extra={"worker": self._settings.name, "task_types": ",".join(self.task_types)},
            )
            await worker.run(leave, hurry or asyncio.Event())

    # ---- for tests ------------------------------------------------------------------------------------------

    def run_once(self) -> Outcome | None:
        """Claim one task that waits, work on it to its end, and tell how it ended; None when none waits.

        Raises:
            AgentMisconfigured, AgentRefused, QueueUnavailable: see there.
        """
        return asyncio.run(self.serve_once())

    async def serve_once(
        self,
        *,
        queue: TaskQueue | None = None,
        told: Callable[[str, int | None, str | None], None] | None = None,
    ) -> Outcome | None:
        """As `run_once`, inside a loop.

        Args:
            queue: instead of the server's.
            told: hears task id, percent and message of each progress, also of what is not sent.
        """
        async with aclosing(queue or self._http_queue()) as served:
            held = await served.claim(self._settings.name, self._wanted(), wait_s=0)
            if held is None:
                return None
            handler = self._handlers.of(held.task_type)
            return await Running(served, held, handler, self._timing, told).work()

    # ---- what it is made of ---------------------------------------------------------------------------------

    def _wanted(self) -> tuple[str, ...]:
        if not self.task_types:
            raise AgentMisconfigured("this agent does nothing yet; mark a function with @agent.task(TYPE)")
        return self.task_types

    def _http_queue(self) -> HttpQueue:
        self._wanted()
        found = {name: word or os.environ.get(_NAMES[name]) for name, word in self._given.items()}
        if missing := [_NAMES[name] for name, word in found.items() if not word]:
            told = f"{', '.join(missing)}: not set; give them to Agent(…), or set them in the environment"
            raise AgentMisconfigured(told)
        url, agent_id, token = (found[name] or "" for name in ("url", "agent_id", "token"))
        if not url.startswith(("http://", "https://")):
            raise AgentMisconfigured(f"address {url!r}: write it as http://HOST:PORT or https://HOST")
        return HttpQueue(url, agent_id, token, debug=self._debug)


_NAMES: Mapping[str, str] = {
    "url": "TOOLBOXAI_URL",
    "agent_id": "TOOLBOXAI_AGENT_ID",
    "token": "TOOLBOXAI_AGENT_TOKEN",
}


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"toolboxai.agent: {line}\n")
