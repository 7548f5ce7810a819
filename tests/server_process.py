"""A server as its own process: started, waited for, and ended as an operator would."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from warm_start import Started, start

__all__ = ["PASSED_ON", "PROGRAM", "ROOT", "Serving", "credentials", "end", "launched", "serving"]

ROOT = Path(__file__).resolve().parents[1]
ENDS_WITHIN_S = 15.0
PROGRAM = (sys.executable, "-m", "toolboxai")

# As a supervisor begins a program that is to listen on a socket of the supervisor's.
HAND_DOWN = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""

# What a machine may need to reach its package registry: no part of the product, but nothing is installed without.
PASSED_ON = tuple(
    name
    for name in os.environ
    if name.startswith(("PIP_", "UV_"))
    or name.upper() in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
    or name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
)


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that answers.

    Args:
        url: where.
        port: the same, for those who want it alone.
        env: the environment that it was started with.
        process: the process itself.
        log: what it wrote to standard error.
    """

    url: str
    port: int
    env: Mapping[str, str]
    process: "subprocess.Popen[str] | Started"
    log: Path


def credentials() -> dict[str, str]:
    """An app of one's own, in the environment's names."""
    return {"PUSHER_APP_ID": "1", "PUSHER_KEY": "school", "PUSHER_SECRET": secrets.token_hex(20)}


@contextmanager
def launched(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    listener: socket.socket | None = None,
) -> Iterator[Serving]:
    """Run a command that says ``listening on URL``; at the end of the block it is killed, if it still lives.

    It has the package that the tests have, also where that is not the installed one; what begins as PROGRAM does is
    started from an interpreter that is warm.

    Args:
        command: to run.
        cwd: its working directory.
        env: its environment.
        listener: a socket that is handed down to it, as systemd does.
    """
    handed: tuple[int, ...] = ()
    if listener is not None:
        handed = (listener.fileno(),)
        command = [sys.executable, "-c", HAND_DOWN, str(handed[0]), *command]
    log = cwd / "server.log"
    package = {name: value for name, value in os.environ.items() if name == "PYTHONPATH"}
    whole = {"PATH": os.defpath, "HOME": str(cwd), **package, **env}
    process: subprocess.Popen[str] | Started
    with log.open("w") as stderr:
        if tuple(command[:3]) == PROGRAM:
            process = start([str(word) for word in command[3:]], cwd=cwd, env=whole, stderr=stderr.fileno())
        else:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=whole,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                pass_fds=handed,
            )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("listening on http://"), f"it said {line!r}, and: {log.read_text()}"
        url = line.removeprefix("listening on ").strip()
        yield Serving(url, int(url.rpartition(":")[2]), whole, process, log)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def end(server: Serving) -> None:
    """End a server with SIGTERM; it has to leave with 0."""
    process = server.process
    assert process.stdout is not None
    process.send_signal(signal.SIGTERM)
    assert process.wait(ENDS_WITHIN_S) == 0, server.log.read_text()
    said = process.stdout.read()
    assert said == "", f"standard output carries the one line alone, and not: {said[:2000]}"


@contextmanager
def serving(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str]) -> Iterator[Serving]:
    """Run a command that says ``listening on URL``, and end it with SIGTERM; it has to leave with 0."""
    with launched(command, cwd=cwd, env=env) as server:
        yield server
        end(server)
