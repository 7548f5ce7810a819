"""The servers that are compared, each started as its own process on its own core."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench import machine

APP_ID, KEY, SECRET = "3", "278d425bdf160c739803", "7ad3773142a6692b25b8"
CHANNEL = "a"
START_S = 30.0
READY = "listening on http://127.0.0.1:"
RIVALS = Path(__file__).parent / "rivals"
KEPT = ("PATH", "HOME", "LANG", "PYTHONPATH", "TOOLBOXAI_BATCHED_SENDS")  # of the environment, for servers
PROGRAM = str(Path(sys.executable).parent / "toolboxai")


class DidNotStart(Exception):
    """The server ended, or said nothing in time; the text has its last words."""


@dataclass(frozen=True)
class Kind:
    """One of the servers.

    Attributes:
        command: makes the command line from a free port; some choose their own.
        path: of the WebSocket request.
        subscribe: what a client sends after the server's first frame; None where accepting is all.
        expect: what the answer to it contains.
        env: settings beside those of the app.
        files: makes what must lie in its folder from the port, text by name.
        announces: whether it says by itself that it listens; another is asked until it answers.
        version: what of a published package is measured, for the report.
    """

    name: str
    title: str
    command: Callable[[int], list[str]]
    path: str
    subscribe: str | None = None
    expect: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    files: Callable[[int], Mapping[str, str]] = lambda _port: {}
    announces: bool = True
    version: str = ""


def _rival(ws: str) -> Callable[[int], list[str]]:
    program = str(RIVALS / "broadcaster.py")
    return lambda _port: [sys.executable, program, "--ws", ws, "--key", KEY, "--secret", SECRET]


def _ours(*words: str) -> Callable[[int], list[str]]:
    return lambda port: [PROGRAM, "serve", *words, "--host", "127.0.0.1", "--port", str(port)]


OURS = Kind(
    "toolboxai",
    "toolboxai",
    _ours("--channels-only"),
    f"/app/{KEY}?protocol=7&client=bench&version=1",
    f'{{"event":"pusher:subscribe","data":{{"auth":"","channel":"{CHANNEL}"}}}}',
    "pusher_internal:subscription_succeeded",
)
APPLICATION = replace(OURS, title="toolboxai with its application", command=_ours())
"""Ours with its application; it needs a secret and a database in `env`."""
MOUNTED = Kind(
    "mounted",
    "toolboxai, mounted in FastAPI",
    lambda _port: [sys.executable, str(RIVALS / "mounted.py")],
    OURS.path,
    OURS.subscribe,
    OURS.expect,
)
OLD = Kind("old", "FastAPI, the old way", _rival("websockets"), "/ws")
NAIVE = Kind("naive", "FastAPI, today's default", _rival("websockets-sansio"), "/ws")


def c_loop(program: Path) -> Kind:
    """The bare C loop, once it is compiled."""
    return Kind("c", "C, one send() per socket", lambda port: [str(program), str(port)], "/")


def c_joined(program: Path) -> Kind:
    """The same program, which writes once to each socket what came in one turn of its loop."""
    return Kind("c-joined", "C, joined per turn", lambda port: [str(program), str(port), "joined"], "/")


@dataclass(frozen=True)
class Running:
    """A server that listens."""

    kind: Kind
    pid: int
    port: int


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(kind: Kind, core: int) -> Iterator[Running]:
    """Start it, pinned; it is gone when this ends.

    Raises:
        DidNotStart: see there.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        stderr, port = Path(home) / "stderr", free_port()
        for name, text in kind.files(port).items():
            (Path(home) / name).write_text(text, encoding="utf-8")
        with stderr.open("wb") as said:
            process = subprocess.Popen(
                kind.command(port),
                stdout=subprocess.PIPE if kind.announces else subprocess.DEVNULL,
                stderr=said,
                stdin=subprocess.DEVNULL,
                text=True,
                cwd=home,
                env=_environment() | dict(kind.env),
                preexec_fn=machine.at_birth(core),
            )
        try:
            if kind.announces:
                port = _announced(process, stderr)
            else:
                _answers(process, port, stderr)
            yield Running(kind, process.pid, port)
        finally:
            stop(process)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"PUSHER_APP_ID": APP_ID, "PUSHER_KEY": KEY, "PUSHER_SECRET": SECRET}


def _announced(process: subprocess.Popen[str], stderr: Path) -> int:
    watchdog = threading.Timer(
        START_S, process.kill
    )  # a server that says nothing ends here, and readline with it
    watchdog.start()
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.startswith(READY):
                return int(line.removeprefix(READY).strip())
    finally:
        watchdog.cancel()
    raise DidNotStart(f"no line {READY!r} within {START_S:.0f} s; it said: {_last_words(stderr)}")


def _answers(process: subprocess.Popen[str], port: int, stderr: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise DidNotStart(f"nobody answered within {START_S:.0f} s; it said: {_last_words(stderr)}")


def _last_words(stderr: Path) -> str:
    return stderr.read_text(errors="replace").strip()[-400:] or "nothing"


def stop(process: subprocess.Popen[str]) -> None:
    """End a child. Nothing of it is needed any more, so it is not asked twice."""
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
