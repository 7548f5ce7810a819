"""Servers that start from an interpreter which has imported the program already.

``python -m toolboxai serve`` takes two seconds of a processor for its imports, and the tests start hundreds of servers. One
process for each test process imports once; a server is a fork of it, with files, folder and environment of its own, and is
from there on the same program in a process of its own: it has a pid, takes signals, is killed, and leaves with a status.
So is a command that runs to its end.

Run as a program, this file is that process: the other end of a socket at the descriptor that it is given.
"""

import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import IO

__all__ = ["Started", "Warm", "run", "start"]

MESSAGE_BYTES = 1 << 20
# What a server imports only in the middle of its start; nothing else does that a part of the application names.
WHEN_IT_STARTS = ("argon2", "dbos", "httpcore2", "toolboxai.adapters.database.migrate", "uvloop")


class Started:
    """A process as ``subprocess.Popen`` gives it, as far as servers are used here; its standard output is a pipe."""

    def __init__(self, warm: "Warm", number: int, pid: int, stdout: IO[str]) -> None:
        self._warm = warm
        self._number = number
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Its status, once it has ended; minus the number of the signal that ended it.

        Raises:
            subprocess.TimeoutExpired: it has not.
        """
        status = self._warm.status(self._number, timeout)
        if status is None:
            raise subprocess.TimeoutExpired("toolboxai", timeout or 0)
        self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def poll(self) -> int | None:
        """Its status; None while it lives."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has ended, and the word of it is on its way
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Warm:
    """The process that has imported everything, and what it tells of those that it started."""

    def __init__(self) -> None:
        self._line, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, __file__, str(other.fileno())]
        self._process = subprocess.Popen(command, pass_fds=[other.fileno()], stdin=subprocess.DEVNULL)
        self.pid = self._process.pid
        other.close()
        self._numbers = count()  # a pid comes again, and an answer may come when nobody waits for it any more
        self._told = threading.Condition()
        self._pids: dict[int, int] = {}
        self._statuses: dict[int, int] = {}
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def start(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stderr: int,
        stdin: int | None = None,
    ) -> Started:
        """As ``start`` below."""
        number = next(self._numbers)
        asked = {"number": number, "arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}
        ours, its = os.pipe()
        try:
            with suppress(ConnectionError):  # it has ended, as is told below
                files = [its, stderr] if stdin is None else [its, stderr, stdin]
                socket.send_fds(self._line, [json.dumps(asked).encode()], files)
            pid = self._of(number, self._pids, None)
            assert pid is not None
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(its)
        return Started(self, number, pid, os.fdopen(ours, encoding="utf-8"))

    def status(self, number: int, timeout: float | None) -> int | None:
        """That of a server that has ended; None where it has not in this time."""
        return self._of(number, self._statuses, timeout)

    def close(self) -> None:
        """End it, and what it has started."""
        self._line.shutdown(socket.SHUT_RDWR)
        self._listening.join()
        self._line.close()

    def _of(self, number: int, told: Mapping[int, int], timeout: float | None) -> int | None:
        with self._told:
            self._told.wait_for(lambda: number in told or self._process.returncode is not None, timeout)
            if number not in told and self._process.returncode is not None:
                raise RuntimeError(
                    f"the process that servers are started from has ended: {self._process.returncode}"
                )
            return told.get(number)

    def _listen(self) -> None:
        with suppress(ConnectionError):
            while said := self._line.recv(MESSAGE_BYTES):
                told = json.loads(said)
                with self._told:
                    if "pid" in told:
                        self._pids[told["number"]] = told["pid"]
                    else:
                        self._statuses[told["number"]] = told["status"]
                    self._told.notify_all()
        self._process.wait()
        with self._told:
            self._told.notify_all()
        for number in self._pids.keys() - self._statuses.keys():  # of those nobody hears any more
            with suppress(ProcessLookupError):
                os.kill(self._pids[number], signal.SIGKILL)


@cache
def _warm() -> Warm:
    return Warm()


def start(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], stderr: int, stdin: int | None = None
) -> Started:
    """Start ``toolboxai`` with these arguments.

    Args:
        arguments: of the command line, without the program's name.
        cwd: its working directory.
        env: its whole environment.
        stderr: descriptor of the file for its standard error.
        stdin: descriptor of the file for its standard input; None: there is nothing to read.
    """
    return _warm().start(arguments, cwd=cwd, env=env, stderr=stderr, stdin=stdin)


def run(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], given: str = "", within_s: float = 15.0
) -> "subprocess.CompletedProcess[str]":
    """Run ``toolboxai`` with these arguments to its end; what it said is text.

    Args:
        arguments: of the command line, without the program's name.
        cwd: its working directory.
        env: its whole environment.
        given: all that it can read from its standard input.
        within_s: after this many seconds it is killed.

    Raises:
        subprocess.TimeoutExpired: it had to be killed.
    """
    with tempfile.TemporaryFile("w+") as stderr, tempfile.TemporaryFile("w+") as stdin:
        stdin.write(given)
        stdin.seek(0)
        process = start(arguments, cwd=cwd, env=env, stderr=stderr.fileno(), stdin=stdin.fileno())
        late = threading.Timer(within_s, process.kill)
        late.start()
        try:
            with process.stdout:
                said = process.stdout.read()
            status = process.wait()
        finally:
            late.cancel()
        if status == -signal.SIGKILL:
            raise subprocess.TimeoutExpired(list(arguments), within_s, said)
        stderr.seek(0)
        return subprocess.CompletedProcess(list(arguments), status, said, stderr.read())


# ---- the process that has imported everything -------------------------------------------------------------------


def _serve(line: socket.socket) -> list[str]:
    """Start what is asked for, until nobody asks any more. Returns in each new process alone: its arguments."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which then end their servers
    ends = selectors.DefaultSelector()
    ends.register(line, selectors.EVENT_READ)
    alive: dict[int, tuple[int, int]] = {}  # number and pid, by the process's descriptor
    with suppress(ConnectionError):  # who asked has ended with something unread
        while True:
            for key, _ in ends.select():
                if key.fileobj is not line:
                    number, pid = alive.pop(key.fd)
                    ends.unregister(key.fd)
                    os.close(key.fd)
                    _tell(line, number=number, status=os.waitpid(pid, 0)[1])
                    continue
                said, files, _flags, _from = socket.recv_fds(line, MESSAGE_BYTES, 3)
                if not said:
                    raise ConnectionResetError
                asked = json.loads(said)
                pid = os.fork()
                if pid == 0:
                    ends.close()
                    for end in alive:
                        os.close(end)
                    line.close()
                    return _become(asked, files)
                for file in files:
                    os.close(file)
                end = os.pidfd_open(pid)
                alive[end] = asked["number"], pid
                ends.register(end, selectors.EVENT_READ)
                _tell(line, number=asked["number"], pid=pid)
    for _number, pid in alive.values():
        os.kill(pid, signal.SIGKILL)
    os._exit(0)


def _tell(line: socket.socket, **what: int) -> None:
    line.send(json.dumps(what).encode())


def _become(asked: dict[str, object], files: Sequence[int]) -> list[str]:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, file in zip((1, 2, 0), files, strict=False):
        os.dup2(file, number)
        os.close(file)
    os.chdir(str(asked["cwd"]))
    os.environ.clear()
    os.environ.update(asked["env"])  # type: ignore[call-overload]
    return list(asked["arguments"])  # type: ignore[call-overload, no-any-return]


if __name__ == "__main__":
    sys.path.pop(0)  # the tests' own folder, which was this program's
    from toolboxai import app
    from toolboxai.cli.main import run as command_line

    rooms = [room.name for room in pkgutil.iter_modules(app.__path__, f"{app.__name__}.")]
    for name in (*rooms, *WHEN_IT_STARTS):
        importlib.import_module(name)
    assert threading.active_count() == 1, "what is forked with threads may stand still"
    gc.collect()
    gc.freeze()
    arguments = _serve(socket.socket(fileno=int(sys.argv[1])))
    sys.argv[:] = ["toolboxai", *arguments]
    sys.exit(command_line(arguments))
