"""Scripts of strangers checked in a process of its own: bounded in time and memory, off the loop, never run."""

import asyncio
import logging
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec

from toolboxai.adapters.child_process import started
from toolboxai.adapters.luau_worker import CPU_S
from toolboxai.errors import ProviderUnavailable
from toolboxai.platform.roblox.luau.report import LuauFault, LuauReport, UncheckedScript

__all__ = ["LuauCheck"]

_log = logging.getLogger(__name__)

_WALL_S: Final = 2.0 * CPU_S  # a busy machine is no fault of the script


class LuauCheck:
    """Satisfies ``platform.roblox.luau.report.ScriptChecker``.

    Args:
        together: so many processes at the same time; others wait for their turn.
    """

    def __init__(self, *, together: int = 2) -> None:
        self._threads = ThreadPoolExecutor(together, thread_name_prefix="luau")
        self._lock = threading.Lock()  # for the next two
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    async def check(self, scripts: Sequence[UncheckedScript]) -> Sequence[LuauReport]:
        """See the port. Who is cancelled leaves the process to its bounds."""
        with self._lock:
            self._refuse_when_closed()
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._check, tuple(scripts))

    def close(self) -> None:
        """Give up what is being checked, and wait for its end."""
        with self._lock:
            self._closed = True
            for process in self._running:
                process.kill()
        self._threads.shutdown(cancel_futures=True)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise ProviderUnavailable("the server is ending; send the script again in a moment")

    def _check(self, scripts: Sequence[UncheckedScript]) -> Sequence[LuauReport]:
        reports: list[LuauReport] = []
        while len(reports) < len(scripts):
            waiting = scripts[len(reports) :]
            found, ending = self._run(waiting)
            reports += found
            if len(found) < len(waiting):
                # The one at which the process ended has itself to blame; those behind it get another.
                _log.warning("the process that reads scripts was ended by one", extra={"ending": ending})
                message = f"nothing could read this script within {CPU_S} s and its memory"
                reports.append(
                    LuauReport((LuauFault(1, message, "make it simpler, or part it into modules"),))
                )
        return reports

    def _run(self, scripts: Sequence[UncheckedScript]) -> tuple[list[LuauReport], str]:
        """The reports that came, and how the process ended."""
        with self._lock:
            self._refuse_when_closed()
            process = started("toolboxai.adapters.luau_worker", silent=True)
            self._running.add(process)
        watch = threading.Timer(_WALL_S, process.kill)
        watch.start()
        try:
            output, _ = process.communicate(msgspec.json.encode(scripts))
        finally:
            watch.cancel()
            with self._lock:
                self._running.discard(process)
            process.kill()
            process.wait()
        begun, *lines = output.split(b"\n")
        if not lines:
            raise _did_not_begin(process.returncode, begun)
        # What stands behind the last line break is a report that was cut off, or nothing.
        return [msgspec.json.decode(line, type=LuauReport) for line in lines[:-1]], str(process.returncode)


def _did_not_begin(status: int, said: bytes) -> ProviderUnavailable:
    if status == 0:
        return ProviderUnavailable(
            "this server cannot read scripts: nothing for Luau is installed. Whoever runs it installs toolboxai[roblox]",
            details={"missing": "pluau", "extra": "roblox"},
        )
    _log.error("the process that reads scripts did not start", extra={"ending": status, "said": said[:200]})
    return ProviderUnavailable(
        "scripts cannot be checked at this moment; try again in 5 s", details={"retry_after": 5}
    )
