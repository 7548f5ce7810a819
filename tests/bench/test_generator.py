"""Generators against servers, for real, with few connections."""

import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest
from bench.build import CannotCompile, compile_program
from bench.generator import Generator, GeneratorFailed, loading
from bench.machine import pinned_cores
from bench.servers import NAIVE, OURS, DidNotStart, Kind, Running, c_loop, running
from websockets.sync.server import ServerConnection, serve

from forms import FULL

Start: TypeAlias = Callable[[Kind, list[str]], Generator]
PYTHON = [sys.executable, "-m", "bench.pyload"]
NO_GCC = "the C half of the bench is left out: "


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("build")


def generator_named(name: str, build: Path) -> list[str]:
    if name == "pyload":
        return PYTHON
    try:
        return [str(compile_program(name, build))]
    except CannotCompile as reason:
        pytest.skip(f"{NO_GCC}{reason}")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    server_core, load_core = pinned_cores()
    with ExitStack() as stack:

        def start(kind: Kind, program: list[str]) -> Generator:
            server = stack.enter_context(running(kind, server_core))
            return stack.enter_context(loading(server, program, load_core, tmp_path))

        yield start


@pytest.mark.parametrize(
    ("name", "kind"),
    [("load", OURS), ("pyload", NAIVE), *([("load", NAIVE), ("pyload", OURS)] if FULL else [])],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_event_reaches_every_subscriber_and_is_counted(
    start: Start, build: Path, name: str, kind: Kind
) -> None:
    load = start(kind, generator_named(name, build))
    assert load.ask("connect 20 5").connections == 20
    for width in (1, 4):
        fanned = load.ask(f"fanout {width} 1 200")
        assert fanned.deliveries > 20
        assert (fanned.lost, fanned.dropped, fanned.refused) == (0, 0, 0)
        assert 0 < fanned.p50_ms <= fanned.p99_ms <= fanned.max_ms * 1.01
        assert 0 < fanned.server_cpu_s <= fanned.seconds * 1.1
    clocked = load.ask("rate 20 0.5 200")
    assert (clocked.published, clocked.deliveries, clocked.lost) == (10, 200, 0)
    load.close()
    assert load.ask("connect 3 5").connections == 3


@pytest.mark.parametrize("name", ["load", "pyload"])
def test_signed_requests_are_accepted(start: Start, build: Path, name: str) -> None:
    published = start(OURS, generator_named(name, build)).ask("publish 4 1")
    assert published.answers > 4
    assert published.refused == 0


def test_the_bare_loop_serves_the_generator(start: Start, build: Path) -> None:
    program = generator_named("load", build)
    load = start(c_loop(compile_program("sendloop", build)), program)
    assert load.ask("connect 50 10").connections == 50
    fanned = load.ask("fanout 16 1 1000")
    assert fanned.lost == 0
    assert fanned.deliveries > 50


def test_events_to_many_channels_reach_one_subscriber_each(start: Start, build: Path) -> None:
    load = start(OURS, generator_named("load", build))
    load.ask("connect 6 5")
    load.ask("channels 4 3")
    scattered = load.ask("scatter 2 0.2 200")
    assert scattered.answers > 12
    # The window may begin or end between a publication's answer and its delivery.
    assert abs(scattered.deliveries - scattered.answers) <= 4
    assert scattered.lost == 0
    load.tell("leave 2")
    assert load.ask("rate 20 0.2 200").deliveries == 4 * 4


def test_one_that_never_reads_is_nobody_to_wait_for(start: Start, build: Path) -> None:
    load = start(OURS, generator_named("load", build))
    load.ask("connect 5 5")
    load.ask("mute")
    load.ask("stuff 400")
    fanned = load.ask("fanout 1 0.2 200")
    assert (fanned.connections, fanned.lost, fanned.dropped) == (5, 0, 0)
    assert fanned.deliveries >= 5


def test_a_private_channel_is_subscribed_to_with_a_signature(build: Path, tmp_path: Path) -> None:
    program, (server_core, load_core) = generator_named("load", build), pinned_cores()
    asks = '{"event":"pusher:subscribe","data":{"channel":"private-a","auth":"{auth}"}}'
    with (
        running(OURS, server_core) as server,
        loading(server, program, load_core, tmp_path, channel="private-a") as load,
    ):
        load.tell("\t".join(["way", OURS.path, "", asks, "subscription_succeeded"]))
        assert load.ask("connect 2 2").connections == 2
        fanned = load.ask("fanout 1 0.1 200")
    assert fanned.lost == 0
    assert fanned.deliveries > 2


def test_a_command_that_there_is_not_ends_the_generator_with_a_reason(start: Start, build: Path) -> None:
    program = generator_named("load", build)
    load = start(c_loop(compile_program("sendloop", build)), program)
    with pytest.raises(GeneratorFailed, match="fly 1 1"):
        load.ask("fly 1 1")


def test_a_server_that_ends_at_once_is_reported_with_its_last_words() -> None:
    broken = Kind(
        "broken", "broken", lambda _port: [sys.executable, "-c", "raise SystemExit('no such luck')"], "/"
    )
    with pytest.raises(DidNotStart, match="no such luck"), running(broken, pinned_cores()[0]):
        pass


def test_without_gcc_the_reason_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotCompile, match="gcc is not installed"):
        compile_program("load", tmp_path)


def test_a_program_is_whole_or_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two benches may compile at once, and one of them may be stopped."""
    compiler = tmp_path / "gcc"
    compiler.write_text('#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\nprintf half > "$2"; exit 1\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    build = tmp_path / "build"
    with pytest.raises(CannotCompile, match="could not compile"):
        compile_program("load", build)
    assert list(build.iterdir()) == []


def test_a_subscriber_gives_a_sign_of_life_in_the_words_of_the_protocol(build: Path, tmp_path: Path) -> None:
    """A server that cannot send the WebSocket's own ping asks so, and closes who does not answer."""
    said: queue.Queue[str] = queue.Queue()

    def handle(socket: ServerConnection) -> None:
        socket.send('{"event":"pusher:connection_established","data":"{}"}')
        socket.recv()
        socket.send('{"event":"pusher_internal:subscription_succeeded","data":"{}"}')
        socket.send('{"event":"pusher:ping","data":"{}"}')
        said.put(str(socket.recv(timeout=10)))

    with serve(handle, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running = Running(OURS, os.getpid(), server.socket.getsockname()[1])
        with loading(running, generator_named("load", build), pinned_cores()[1], tmp_path) as generator:
            assert generator.ask("connect 1 1").connections == 1
            assert json.loads(said.get(timeout=10)) == {"event": "pusher:pong", "data": {}}
        server.shutdown()
