"""Servers that start from an interpreter which has imported the program already.

``python -m toolboxai serve`` takes two seconds of a processor for its imports, and the tests start hundreds of servers. One
process for each test process imports once; a server is a fork of it, with files, folder and environment of its own, and is
from there on the same program in a process of its own: it has a pid, takes signals, is killed, and leaves with a status.

Run as a program, this file is that process: the other end of a socket at the descriptor that it is given.
"""

import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

__all__ = ["Started", "start"]

MESSAGE_BYTES = 1 << 20


class Started:
    """A process as ``subprocess.Popen`` gives it, as far as servers are used here; its standard output is a pipe."""

    def __init__(self, warm: "_Warm", pid: int, stdout: IO[str]) -> None:
        self._warm = warm
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Its status, once it has ended; minus the number of the signal that ended it.

        Raises:
            subprocess.TimeoutExpired: it has not.
        """
        status = self._warm.status(self.pid, timeout)
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
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class _Warm:
    """The process that has imported everything, and what it tells of those that it started."""

    def __init__(self) -> None:
        self._line, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, __file__, str(other.fileno())]
        self._process = subprocess.Popen(command, pass_fds=[other.fileno()], stdin=subprocess.DEVNULL)
        other.close()
        self._told = threading.Condition()
        self._pids: list[int] = []
        self._ended: dict[int, int] = {}
        self._asking = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def start(self, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], stderr: int) -> Started:
        ours, its = os.pipe()
        asked = {"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}
        with self._asking:
            socket.send_fds(self._line, [json.dumps(asked).encode()], [its, stderr])
            os.close(its)
            with self._told:
                self._told.wait_for(lambda: self._pids)
                pid = self._pids.pop()
        return Started(self, pid, os.fdopen(ours, encoding="utf-8"))

    def status(self, pid: int, timeout: float | None) -> int | None:
        with self._told:
            self._told.wait_for(lambda: pid in self._ended, timeout)
            return self._ended.get(pid)

    def _listen(self) -> None:
        while said := self._line.recv(MESSAGE_BYTES):
            told = json.loads(said)
            with self._told:
                if "ended" in told:
                    self._ended[told["ended"]] = told["status"]
                else:
                    self._pids.append(told["started"])
                self._told.notify_all()


@cache
def _warm() -> _Warm:
    return _Warm()


def start(arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], stderr: int) -> Started:
    """Start ``toolboxai`` with these arguments.

    Args:
        arguments: of the command line, without the program's name.
        cwd: its working directory.
        env: its whole environment.
        stderr: descriptor of the file for its standard error.
    """
    return _warm().start(arguments, cwd=cwd, env=env, stderr=stderr)


# ---- the process that has imported everything -------------------------------------------------------------------


def _serve(line: socket.socket) -> list[str]:
    """Start what is asked for, until nobody asks any more. Returns in each new process alone: its arguments."""
    ends = selectors.DefaultSelector()
    ends.register(line, selectors.EVENT_READ)
    alive: dict[int, int] = {}  # pid by its descriptor
    while True:
        for key, _ in ends.select():
            if key.fileobj is not line:
                pid = alive.pop(key.fd)
                ends.unregister(key.fd)
                os.close(key.fd)
                line.send(json.dumps({"ended": pid, "status": os.waitpid(pid, 0)[1]}).encode())
                continue
            said, files, _flags, _from = socket.recv_fds(line, MESSAGE_BYTES, 2)
            if not said:
                for pid in alive.values():
                    os.kill(pid, signal.SIGKILL)
                os._exit(0)
            pid = os.fork()
            if pid == 0:
                ends.close()
                for end in alive:
                    os.close(end)
                line.close()
                return _become(json.loads(said), files)
            for file in files:
                os.close(file)
            end = os.pidfd_open(pid)
            alive[end] = pid
            ends.register(end, selectors.EVENT_READ)
            line.send(json.dumps({"started": pid}).encode())


def _become(asked: dict[str, object], files: Sequence[int]) -> list[str]:
    for number, file in enumerate(files, start=1):
        os.dup2(file, number)
        os.close(file)
    os.chdir(str(asked["cwd"]))
    os.environ.clear()
    os.environ.update(asked["env"])  # type: ignore[call-overload]
    return list(asked["arguments"])  # type: ignore[call-overload, no-any-return]


if __name__ == "__main__":
    sys.path.pop(0)  # the tests' own folder, which was this program's
    from toolboxai.cli.main import run

    assert threading.active_count() == 1, "what is forked with threads may stand still"
    gc.collect()
    gc.freeze()
    arguments = _serve(socket.socket(fileno=int(sys.argv[1])))
    sys.argv[:] = ["toolboxai", *arguments]
    sys.exit(run(arguments))
