"""Files of strangers read in processes of their own: a few at once, each bounded, killed when it is late."""

import asyncio
import logging
import signal
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

from toolboxai.adapters.child_process import started
from toolboxai.adapters.source_files.worker import Bounds, Order, Reply, order_bytes, replies_in
from toolboxai.errors import PayloadTooLarge, ProviderUnavailable, ValidationError
from toolboxai.platform.content.sources.body import ReadBody, SentBody, read_json
from toolboxai.platform.content.sources.files import Fault, SourceFile, SourceUnreadable, refuse_files

__all__ = ["SourceFileProcesses"]

_log = logging.getLogger(__name__)

_RETRY_S: Final = 5


class _Reading:
    """A request that is being read; both are changed under the lock."""

    def __init__(self) -> None:
        self.wanted = True
        self.process: subprocess.Popen[bytes] | None = None


class SourceFileProcesses:
    """Satisfies ``platform.content.sources.reader.SourceReader``.

    Args:
        together: so many requests are read at the same time; others wait for their turn.
        cpu_s: seconds of work that one request may take.
        wall_s: seconds after which they are given up, whatever takes so long.
        memory_bytes: address space of a process.
    """

    def __init__(
        self,
        *,
        together: int = 2,
        cpu_s: int = 30,
        wall_s: float = 45.0,
        memory_bytes: int = 512 * 1024 * 1024,
    ) -> None:
        self._bounds = Bounds(cpu_s, memory_bytes)
        self._wall_s = wall_s
        self._threads = ThreadPoolExecutor(together, thread_name_prefix="source files")
        self._lock = threading.Lock()  # for the next two, and each reading
        self.running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    async def read(self, body: SentBody) -> ReadBody:
        """See the port. Who is cancelled ends the process."""
        reading = _Reading()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, body, reading)
        except asyncio.CancelledError:
            with self._lock:
                reading.wanted = False
                if reading.process is not None:
                    reading.process.kill()
            raise

    def close(self) -> None:
        """Give up what is being read, and wait for its end."""
        with self._lock:
            self._closed = True
            for process in self.running:
                process.kill()
        self._threads.shutdown(cancel_futures=True)

    def _read(self, body: SentBody, reading: _Reading) -> ReadBody:
        replies, ending = self._run(body, reading)
        if not reading.wanted:
            raise ProviderUnavailable("nobody waits for these files any more")
        if not replies:  # it never came to the body: that is not its fault
            _log.error("the process that reads files did not start", extra={"ending": ending})
            raise ProviderUnavailable(
                f"files cannot be read at this moment; try again in {_RETRY_S} s, or send source_text",
                details={"retry_after": _RETRY_S},
            )
        if len(replies) == 1:
            _log.warning("the process that reads files was ended by a body", extra={"ending": ending})
            told = self._given_up(ending).message
            raise ValidationError(f"the body {told}", details={"fields": {"body": told}})
        _begun, first, *told_of_files = replies
        if first.missing:
            raise _not_installed(first.missing)
        if first.refused:
            kind = PayloadTooLarge if first.refused == "too large" else ValidationError
            raise kind(first.message, details=first.details)
        fields = read_json(first.fields)
        refusal = self._refusal(_named(fields), told_of_files, ending)
        if refusal is not None:
            return ReadBody(fields, refusal=refusal)
        return ReadBody(fields, [reply.text for reply in told_of_files if reply.text is not None])

    def _refusal(
        self, files: Sequence[SourceFile], told: Sequence[Reply], ending: str
    ) -> ValidationError | None:
        faults = {
            place: SourceUnreadable(reply.fault, reply.message)
            for place, reply in enumerate(told)
            if reply.fault is not None
        }
        for reply in told:
            if reply.cause:
                _log.warning("a file could not be read", extra={"cause": reply.cause})
        if len(told) < len(files) and ending != "0":
            _log.warning("the process that reads files was ended", extra={"ending": ending})
            faults[len(told)] = self._given_up(ending)
        return refuse_files(files, faults) if faults else None

    def _run(self, body: SentBody, reading: _Reading) -> tuple[list[Reply], str]:
        """The replies that came, and how the process ended."""
        with self._lock:
            if self._closed:
                raise ProviderUnavailable("the server is ending; send the files again in a moment")
            if not reading.wanted:
                return [], "unwanted"
            reading.process = process = started("toolboxai.adapters.source_files.worker", silent=True)
            self.running.add(process)
        late = threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        watch = threading.Timer(self._wall_s, give_up)
        watch.start()
        try:
            assert process.stdin is not None
            # It reads all before it says a word. Piece by piece: ten megabytes put together hold up the loop.
            with suppress(BrokenPipeError):
                process.stdin.write(order_bytes(Order(body.content_type, self._bounds)))
                for piece in body.pieces:
                    process.stdin.write(piece)
            output, _ = process.communicate()
        finally:
            watch.cancel()
            with self._lock:
                self.running.discard(process)
            process.kill()
            process.wait()
        return list(replies_in(output)), "late" if late.is_set() else str(process.returncode)

    def _given_up(self, ending: str) -> SourceUnreadable:
        if ending in ("late", str(-signal.SIGXCPU)):
            told = f"takes more than {self._bounds.cpu_s} s of work to read"
        else:
            told = "cannot be read: whatever reads it breaks off"
        return SourceUnreadable(
            Fault.TOO_MUCH_WORK, f"{told}; save it anew in another program, or send a part of it, or its text"
        )


def _named(fields: Any) -> list[SourceFile]:
    """The files of a body by their names; nothing of a body is sure but that it is JSON."""
    sent = fields.get("source_files") if isinstance(fields, dict) else None
    listed = sent if isinstance(sent, list) else ()
    names = [each.get("name") if isinstance(each, dict) else None for each in listed]
    return [SourceFile(name if isinstance(name, str) else "", b"") for name in names]


def _not_installed(library: str) -> ProviderUnavailable:
    return ProviderUnavailable(
        f"this server cannot read such files: {library.partition('.')[0]} is not installed. Whoever runs it installs "
        "toolboxai[sources]; until then send txt or md, or the text in source_text",
        details={"missing": library.partition(".")[0], "extra": "sources"},
    )
