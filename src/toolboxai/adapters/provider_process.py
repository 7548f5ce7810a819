"""A language model behind a process of its own, as the ``Writer`` that the platform asks."""

import itertools
import logging
import os
import queue
import threading
from contextlib import suppress
from typing import Final, TypeAlias

import msgspec

from toolboxai.adapters.child_process import started
from toolboxai.adapters.pipe_messages import read_message, write_message
from toolboxai.adapters.provider_connection import Connection
from toolboxai.adapters.provider_worker import Ask, Drop, Ended, Fault, Ready, Words
from toolboxai.platform.content.writing.writer import Asked, Heard, Refused, Unavailable, Written

__all__ = ["ProviderProcess"]

log = logging.getLogger(__name__)

# What the process gets of our environment beside what all get: the way out of this network.
_WAY_OUT: Final = (
    *("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
)
_BEAT_S: Final = 0.5  # somebody who waits is asked so often whether he still does
_GRACE_S: Final = 10.0  # the process keeps the time itself; this is for one that hangs
_START_S: Final = 60.0  # its imports, on a machine that has everything else to do
_END_S: Final = 5.0
_ENDED: Final = "the process that speaks with the provider has ended"

_Reply: TypeAlias = Words | Ended | Fault
_Replies: TypeAlias = "queue.SimpleQueue[_Reply | None]"


def _more() -> dict[str, str]:
    # Each thread of glibc's takes address space for a heap of its own: two are enough here.
    return {"MALLOC_ARENA_MAX": "2"} | {name: os.environ[name] for name in _WAY_OUT if name in os.environ}


class ProviderProcess:
    """Satisfies ``platform.content.writing.writer.Writer``.

    The process is started at once, so that its slow import is over before the first lesson, and again when it has
    died. Calls beyond the limit wait for their turn, within their own time.

    Args:
        connection: whom to speak with.
        calls: that may run at once.
        grace_s: a process that is silent for so long after a call's time hangs, and is ended.
    """

    def __init__(self, connection: Connection, *, calls: int, grace_s: float = _GRACE_S) -> None:
        self._grace_s = grace_s
        self._connection = connection
        self._turns = threading.BoundedSemaphore(calls)
        self._ids = itertools.count(1)
        self._lock = threading.Lock()  # for the next two
        self._closed = False
        self._child = _Child(connection, grace_s)

    @property
    def name(self) -> str:
        """See the port."""
        return f"{self._connection.provider}:{self._connection.model}"

    def write(self, asked: Asked, heard: Heard) -> Written:
        """See the port."""
        waited_s = 0.0
        while not self._turns.acquire(timeout=_BEAT_S):
            waited_s += _BEAT_S
            heard("", False, 0)
            if waited_s >= asked.within_s:
                raise Refused("other calls to the provider took all of the time")
        try:
            left = msgspec.structs.replace(asked, within_s=max(1.0, asked.within_s - waited_s))
            return self._living().run(Ask(next(self._ids), left), heard)
        finally:
            self._turns.release()

    def close(self) -> None:
        """End the process; whoever waits for an answer gets none."""
        with self._lock:
            self._closed = True
            self._child.end()

    def _living(self) -> "_Child":
        with self._lock:
            if self._closed:
                raise Unavailable("the server is leaving")
            if not self._child.lives():
                log.warning("the process that speaks with the provider had ended; another is started")
                self._child.end()  # it waits for nothing: the process is gone
                self._child = _Child(self._connection, self._grace_s)
            return self._child


class _Child:
    """One process, and the threads that write to it and read from it.

    Nobody who asks writes to the pipe: a process that hangs reads nothing, the pipe is soon full, and whoever wrote
    would wait in there, deaf to a cancel and to the end of their time, and all others behind their lock.
    """

    def __init__(self, connection: Connection, grace_s: float) -> None:
        self._grace_s = grace_s
        self._process = started("toolboxai.adapters.provider_worker", more=_more())
        self._outgoing: queue.SimpleQueue[msgspec.Struct | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # for the next two; nothing that may wait is done while it is held
        self._waiting: dict[int, _Replies] = {}
        self._over = False
        self._ready = False
        self._outgoing.put(connection)
        self._threads = [
            threading.Thread(target=work, name="provider", daemon=True) for work in (self._read, self._write)
        ]
        for thread in self._threads:
            thread.start()

    def run(self, ask: Ask, heard: Heard) -> Written:
        """Ask, and pass on what is heard until the answer is there."""
        replies: _Replies = queue.SimpleQueue()
        with self._lock:
            if self._over:
                raise Unavailable(_ENDED)
            self._waiting[ask.id] = replies
        try:
            self._outgoing.put(ask)
            return self._answer(ask, replies, heard)
        except BaseException:  # cancelled, too late, or refused: in none of them is more of it wanted
            self._outgoing.put(Drop(ask.id))
            raise
        finally:
            with self._lock:
                self._waiting.pop(ask.id, None)

    def _answer(self, ask: Ask, replies: _Replies, heard: Heard) -> Written:
        silent_s, begun, ready = 0.0, 0, self._ready
        while True:
            try:
                reply = replies.get(timeout=_BEAT_S)
            except queue.Empty:
                if ready is not self._ready:
                    silent_s, ready = 0.0, True
                silent_s += _BEAT_S
                heard("", False, begun)
                if silent_s > (ask.asked.within_s + self._grace_s if ready else _START_S):
                    self._give_up()
                    what = "hangs" if ready else f"has not started within {_START_S:.0f} s"
                    raise Unavailable(f"the process that speaks with the provider {what}") from None
                continue
            match reply:
                case Words():
                    silent_s, begun = 0.0, reply.begun
                    heard(reply.text, reply.anew, begun)
                case Ended():
                    return reply.written
                case Fault():
                    raise Unavailable(reply.text) if reply.away else Refused(reply.text)
                case None:
                    raise Unavailable(_ENDED)

    def _give_up(self) -> None:
        """It keeps no time: nobody else gets an answer of it either, and the next call begins with another."""
        with self._lock:
            self._over = True
        self._process.kill()

    def _write(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended: whoever waits hears of it from the reader
            while (message := self._outgoing.get()) is not None:
                write_message(self._process.stdin, message)

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while (body := read_message(self._process.stdout)) is not None:
                reply: Ready | _Reply = msgspec.json.decode(body, type=Ready | _Reply)
                if isinstance(reply, Ready):
                    self._ready = True
                    continue
                with self._lock:
                    replies = self._waiting.get(reply.id)
                if replies is not None:
                    replies.put(reply)
        finally:
            with self._lock:
                self._over = True
                for replies in self._waiting.values():
                    replies.put(None)

    def lives(self) -> bool:
        """Whether it can still be asked."""
        return not self._over and self._process.poll() is None

    def end(self) -> None:
        """Stop it, whatever it does."""
        self._process.kill()
        self._process.wait(_END_S)
        self._outgoing.put(None)
        for thread in self._threads:
            thread.join(_END_S)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
