"""Apps that come, change and go while a real server runs: by its file and SIGHUP, and over REST."""

import hashlib
import hmac
import json
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from callers import Socket, succeeded
from school import SERVE, School, calls, open_school
from server_process import Serving, end, launched
from warm_start import run

WAIT_S = 5.0


def app(app_id: str, *keys: tuple[str, str], more: str = "") -> str:
    (key, secret), *others = keys
    further = ", ".join(f'{{key = "{each}", secret = "{its}"}}' for each, its in others)
    return f'[[apps]]\nid = "{app_id}"\nkey = "{key}"\nsecret = "{secret}"\nkeys = [{further}]\n{more}\n'


ONE, TWO = ("one", "secret one"), ("two", "secret two")
ONE_NEW = ("one-new", "secret one new")


def edit(config: Path, text: str) -> None:
    """What an operator does with an editor."""
    config.write_text(text)


def by_hand(home: Path, server: Serving, *words: str) -> None:
    """A command on the machine of the server, with its settings."""
    run(words, cwd=home, env=server.env).check_returncode()


def reload(server: Serving, line: str) -> list[dict[str, object]]:
    """SIGHUP, and the log from there to a line that tells what has become of it."""
    before = len(server.log.read_text().splitlines())
    server.process.send_signal(signal.SIGHUP)
    patience = time.monotonic() + WAIT_S
    while time.monotonic() < patience:
        said = [json.loads(each) for each in server.log.read_text().splitlines()[before:]]
        if any(each["event"] == line for each in said):
            return said
        time.sleep(0.01)
    raise AssertionError(f"no line {line!r} in {server.log.read_text()}")


RELOADED, REFUSED = "apps reloaded", "the apps were not reloaded, all goes on as before"


@asynccontextmanager
async def client(server: Serving, key: str) -> AsyncIterator[Socket]:
    async with Socket.opened(f"ws://127.0.0.1:{server.port}/app/{key}?protocol=7") as socket:
        socket.greet(await socket.hear())
        yield socket


async def refused(server: Serving, key: str) -> int:
    async with Socket.opened(f"ws://127.0.0.1:{server.port}/app/{key}?protocol=7") as socket:
        code: int = (await socket.hear())["data"]["code"]
        return code


def auth(socket: Socket, channel: str, pair: tuple[str, str]) -> str:
    key, secret = pair
    return f"{key}:{hmac.new(secret.encode(), f'{socket.id}:{channel}'.encode(), hashlib.sha256).hexdigest()}"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "apps.toml"
    path.write_text(app("1", ONE))
    return path


@pytest.fixture
def server(config: Path) -> Iterator[Serving]:
    env = {"TOOLBOXAI_CONFIG": str(config), "TOOLBOXAI_DRAIN_S": "0"}
    with launched([*SERVE, "0", "--channels-only"], cwd=config.parent, env=env) as server:
        yield server
        end(server)


async def test_a_file_that_is_edited_counts_from_sighup_on(server: Serving, config: Path) -> None:
    async with client(server, "one") as alice:
        edit(config, app("1", ONE, ONE_NEW) + app("2", TWO))
        told = reload(server, RELOADED)[-1]
        assert (told["added"], told["changed"], told["removed"]) == (["2"], ["1"], [])
        await alice.enter("private-a", auth(alice, "private-a", ONE_NEW))
        async with client(server, "two") as bob:
            assert await bob.subscribe("a") == succeeded("a")
            edit(config, app("1", ONE_NEW) + app("2", TWO, more="enabled = false"))
            told = reload(server, RELOADED)[-1]
            assert (told["changed"], told["disabled"]) == (["1"], ["2"])
            assert (await bob.ending())[1] == 4003
        assert (await alice.subscribe("private-b", auth(alice, "private-b", ONE)))["event"] == "pusher:error"
        assert await refused(server, "one") == 4001
        assert await refused(server, "two") == 4003
    log = server.log.read_text()
    assert not [secret for _key, secret in (ONE, ONE_NEW, TWO) if secret in log]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("[[apps]\n", ["this is not TOML"]),
        (app("1", ONE, more="event_bytes = 0\nclient_event = true"), ["event_bytes", "client_event"]),
        (app("1", ONE) + app("2", ONE), ["stands twice"]),
        (app("2", TWO) + app("1", ONE), ["restart the server"]),
        ("", ["no app is configured"]),
    ],
    ids=["no TOML", "two wrong settings", "a key of two apps", "another app of ours", "no app"],
)
async def test_a_file_that_is_wrong_changes_nothing_and_every_fault_is_logged(
    server: Serving, config: Path, text: str, faults: Sequence[str]
) -> None:
    async with client(server, "one") as alice:
        edit(config, text)
        lines = [str(each["fault"]) for each in reload(server, REFUSED) if each["event"] == REFUSED]
        for fault in faults:
            assert any(fault in line for line in lines), lines
        await alice.enter("private-a", auth(alice, "private-a", ONE))
        assert await refused(server, "two") == 4001
        edit(config, app("1", ONE) + app("2", TWO))
        assert reload(server, RELOADED)[-1]["added"] == ["2"]


async def test_what_needs_a_restart_is_named(server: Serving, config: Path) -> None:
    edit(config, '[server]\nallowed_origins = ["https://school.example"]\n' + app("1", ONE))
    said = reload(server, "settings have changed that need a restart")
    assert said[-1]["settings"] == ["server.allowed_origins"]


# ---- with the application -------------------------------------------------------------------------------------


@pytest.fixture
def school(tmp_path: Path) -> School:
    (tmp_path / "school").mkdir()
    return open_school(tmp_path / "school", names=("ada",), TOOLBOXAI_DRAIN_S="0")


async def test_apps_of_the_database_outlive_the_server_and_our_own_key_is_rotated(school: School) -> None:
    config = school.home / "toolboxai.toml"
    old = (school.env["PUSHER_KEY"], school.env["PUSHER_SECRET"])
    new = ("our-new-key", "our new secret")
    env = {name: value for name, value in school.env.items() if not name.startswith("PUSHER_")}
    edit(config, app("1", old))
    ada = school["ada"]
    with launched([*SERVE, "0"], cwd=school.home, env=env) as server:
        async with calls(server, ada) as http, client(server, old[0]) as alice:
            made = (await http.post("/api/v1/admin/apps", json={"name": "Club"})).json()
            key = made["keys"][0]["key"]
            async with client(server, key) as bob:
                await bob.enter("private-a", auth(bob, "private-a", (key, made["secret"])))
                off = await http.patch(f"/api/v1/admin/apps/{made['id']}", json={"enabled": False})
                assert off.status_code == 200
                assert (await bob.ending())[1] == 4003
            by_hand(school.home, server, "apps", "enable", made["id"])
            assert await refused(server, key) == 4003
            assert reload(server, RELOADED)[-1]["enabled"] == [made["id"]]
            async with client(server, key):
                pass

            assert await signing_key(http, alice) == (old[0], old[0])
            edit(config, app("1", old, new))
            reload(server, RELOADED)
            assert await signing_key(http, alice) == (old[0], old[0])  # the oldest signs
            edit(config, app("1", new))
            answer = await http.post("/api/v1/admin/apps/reload")
            assert answer.json()["changed"] == ["1"]
            assert await signing_key(http, alice) == (new[0], new[0])
            echo = await http.post("/api/v1/realtime/echo", json={"data": 1})
            assert echo.status_code == 200
        end(server)
    with launched([*SERVE, "0"], cwd=school.home, env=env) as again:
        async with client(again, key):
            pass
        end(again)
    log = (school.home / "server.log").read_text()
    assert not [secret for secret in (old[1], new[1], made["secret"]) if secret in log]


async def signing_key(http: httpx2.AsyncClient, socket: Socket) -> tuple[str, str]:
    """With which key the server signs for pages, and which it hands to them; what it signs lets the socket in."""
    channel = "private-test-channel"
    answer = await http.post("/api/v1/pusher/auth", json={"socket_id": socket.id, "channel_name": channel})
    signature = answer.json()["auth"]
    await socket.enter(channel, signature)
    await socket.say("pusher:unsubscribe", {"channel": channel})
    return signature.partition(":")[0], (await http.get("/api/v1/realtime/config")).json()["key"]
