"""The rivals from published packages: those that are there serve the generator, the others are told by name."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bench.build import CannotCompile, compile_program
from bench.generator import loading
from bench.machine import pinned_cores
from bench.servers import APP_ID, KEY, RIVALS, SECRET, Kind, free_port, running
from bench.wire import signed_request

from bench import field
from pusher_js import node

NO_RIVAL = "a rival of the bench is left out: "


@pytest.mark.parametrize(
    "make", [field.node_ws, field.uwebsockets, field.soketi, field.nchan], ids=lambda make: make.__name__
)
def test_a_rival_delivers_every_event_to_every_subscriber_in_one_process(
    make: Callable[[], Kind], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    try:
        kind, load = make(), str(compile_program("load", tmp_path_factory.mktemp("build")))
    except (field.NotInstalled, CannotCompile) as reason:
        pytest.skip(f"{NO_RIVAL}{reason}")
    server_core, load_core = pinned_cores()
    with (
        running(kind, server_core) as server,
        loading(server, [load], load_core, tmp_path) as generator,
    ):
        alone = generator.ask("publish 4 0.2")
        assert (alone.answers > 4, alone.refused) == (True, 0)
        assert generator.ask("connect 20 5").connections == 20
        for width in (1, 4):
            fanned = generator.ask(f"fanout {width} 0.2 200")
            assert fanned.deliveries > 20
            assert (fanned.lost, fanned.dropped, fanned.refused) == (0, 0, 0)
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()
        assert children == "", "its CPU and memory would not be counted"
    assert not Path(f"/proc/{server.pid}").exists()


def test_what_is_not_installed_is_told_with_the_line_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(field, "PACKAGES", tmp_path)
    monkeypatch.setattr(field, "nchan", lambda: Kind("nchan", "Nchan", lambda _port: ["false"], "/ws"))
    missing: dict[str, str] = {}
    assert field.rivals(missing, pinned_cores()[0], all_of_them=True) == []
    assert set(missing) == {"Node, ws", "uWebSockets.js", "soketi", "Nchan"}
    assert missing["Node, ws"].endswith("run: bench/rivals/install node")
    assert missing["soketi"].endswith("run: bench/rivals/install all")
    assert "it said: nothing" in missing["Nchan"]


@pytest.mark.parametrize(
    "fault", [OSError("no such program"), subprocess.TimeoutExpired("node", 20.0)], ids=repr
)
def test_one_that_cannot_even_be_looked_at_is_left_out_as_well(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make() -> Kind:
        raise fault

    monkeypatch.setattr(field, "node_ws", make)
    monkeypatch.setattr(field, "nchan", make)
    missing: dict[str, str] = {}
    assert field.rivals(missing, pinned_cores()[0], all_of_them=False) == []
    assert missing == dict.fromkeys(("Node, ws", "Nchan"), str(fault))


def test_the_short_bench_does_without_what_takes_long_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(field, "PACKAGES", tmp_path)
    monkeypatch.setattr(field, "nchan", lambda: Kind("nchan", "Nchan", lambda _port: ["false"], "/ws"))
    missing: dict[str, str] = {}
    field.rivals(missing, pinned_cores()[0], all_of_them=False)
    assert set(missing) == {"Node, ws", "Nchan"}


def test_a_server_that_does_not_say_that_it_listens_is_asked() -> None:
    listens = "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); s.accept(); s.accept()"
    kind = Kind("quiet", "quiet", lambda port: ["python3", "-c", listens, str(port)], "/", announces=False)
    with running(kind, pinned_cores()[0]) as server:
        assert server.port > 0


def faults_in_node(path: str, query: str, body: bytes) -> list[str | None]:
    """What the rivals in JavaScript find wrong with a request: as it is, of another key, and with another body."""
    program = f"""
        const {{ fault }} = require({json.dumps(str(RIVALS / "signed.cjs"))});
        const [path, query, body] = JSON.parse(process.argv[1]);
        const of = (query, body, secret) => fault("POST", path, query, Buffer.from(body), "{KEY}", secret);
        const late = query.replace(/timestamp=\\d/, "timestamp=0");
        console.log(JSON.stringify([of(query, body, "{SECRET}"), of(query, body, "other"), of(query, "{{}}", "{SECRET}"),
                                    of(late, body, "{SECRET}")]));
    """
    done = subprocess.run(
        [node(), "-e", program, json.dumps([path, query, body.decode()])],
        capture_output=True,
        text=True,
        check=True,
        timeout=15,
    )
    found: list[str | None] = json.loads(done.stdout)
    return found


def test_the_rivals_on_node_check_the_signature() -> None:
    body = b'{"name":"n","channels":["a"],"data":"d"}'
    request = signed_request(APP_ID, KEY, SECRET, body, port=free_port(), now=int(time.time()))
    path, _, query = request.split(b" ")[1].decode().partition("?")
    assert faults_in_node(path, query, body) == [
        None,
        "invalid signature",
        "body_md5 does not match the body",
        "timestamp expired",
    ]
