"""The demo's server: a process of its own, with keys and a database that nobody else has."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Final

from toolboxai.cli.exits import CommandFailed, ExitCode

__all__ = ["DemoServer", "free_port"]

_START_S: Final = 45.0  # a cold disk and a busy machine; imports alone take seconds there
_STOP_S: Final = 15.0
_PORTS: Final = 100
_LOG_LINES: Final = 15


def free_port(first: int) -> int:
    """The first port from `first` on that can be listened on.

    Raises:
        CommandFailed: none of the next hundred.
    """
    last = min(first + _PORTS, 65536)
    for port in range(first, last):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise CommandFailed(
        ExitCode.FAILED, f"no port from {first} to {last - 1} is free; give another with --port"
    )


class DemoServer:
    """A server in a child process, for as long as the block lasts.

    Args:
        log: file for the server's log.
        first_port: the next free port from here on is taken.

    Raises:
        CommandFailed: it does not start; the text has the end of its log.
    """

    teacher: Final = "demo-teacher"

    def __init__(self, log: Path, *, first_port: int) -> None:
        self.port = free_port(first_port)
        self.key = secrets.token_hex(10)
        self.code = secrets.token_urlsafe(32)
        self._log = log
        self._stack = contextlib.ExitStack()
        self._environ: dict[str, str] = {}

    def __enter__(self) -> "DemoServer":
        while not self._started():
            self.port = free_port(self.port + 1)  # somebody else was faster
        return self

    def _started(self) -> bool:
        """Start the process; False when the port was taken between looking and listening."""
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="toolboxai-demo-"))
            self._environ = self._settings(folder)
            log = stack.enter_context(self._log.open("wb"))
            self._process = subprocess.Popen(
                [sys.executable, "-m", "toolboxai", "demo-server"],
                cwd=folder,  # no settings file of the user's is read, nothing is left behind
                env=self._environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C is ours to pass on, once everything is told
            )
            stack.callback(self._end)
            status = self._await_ready()
            if status is None:
                self._stack = stack.pop_all()
                return True
        if status == ExitCode.CONFIGURATION and free_port(self.port) != self.port:
            return False
        late = status == -signal.SIGKILL
        why = f"did not answer within {_START_S:.0f} s" if late else f"ended while starting (status {status})"
        raise CommandFailed(ExitCode.FAILED, f"the demo's server {why}.{self._log_end()}")

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_fault: object) -> None:
        self._stack.close()

    def page_code(self) -> str:
        """Another one-time code, for a browser: the first was used up by this program."""
        import asyncio

        from toolboxai.app import identity_for
        from toolboxai.config import load_settings

        async def make() -> str:
            async with identity_for(load_settings(self._environ)) as identity:
                return await identity.one_time_code(await identity.user_named(self.teacher))

        return asyncio.run(make())

    def wait(self) -> None:
        """Until the server ends by itself, or somebody says so with Ctrl-C or SIGTERM."""
        previous = signal.signal(signal.SIGTERM, _interrupt)
        try:
            status = self._process.wait()
        except KeyboardInterrupt:
            return
        finally:
            signal.signal(signal.SIGTERM, previous)
        raise CommandFailed(
            ExitCode.FAILED, f"the server ended by itself (status {status}).{self._log_end()}"
        )

    def _settings(self, folder: str) -> dict[str, str]:
        """The child's environment: ours without any setting of a real server."""
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TOOLBOXAI_", "PUSHER_"))
        }
        return environ | {
            "PUSHER_APP_ID": str(secrets.randbelow(900_000) + 100_000),
            "PUSHER_KEY": self.key,
            "PUSHER_SECRET": secrets.token_hex(20),
            "TOOLBOXAI_JWT_SECRET": secrets.token_urlsafe(48),
            "TOOLBOXAI_DATABASE_URL": f"sqlite:///{folder}/demo.db",
            "TOOLBOXAI_HOST": "127.0.0.1",
            "TOOLBOXAI_PORT": str(self.port),
            "TOOLBOXAI_DRAIN_S": "0",
        }

    def _await_ready(self) -> int | None:
        """Hand over the account, and wait for the line that says that the server answers.

        Returns:
            None, or the status with which it ended instead.
        """
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it ended before it could read; its log says why
            process.stdin.write(json.dumps({"name": self.teacher, "code": self.code}) + "\n")
            process.stdin.flush()
        too_slow = threading.Timer(_START_S, process.kill)
        too_slow.start()
        try:
            said = process.stdout.readline()
        finally:
            too_slow.cancel()
        return None if said.startswith("listening on ") else process.wait(_STOP_S)

    def _end(self) -> None:
        """Tell it to drain and end; one that does not is killed."""
        process = self._process
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def _log_end(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]
        return "\n".join(("", f"The end of its log, {self._log}:", *lines)) if lines else ""


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
