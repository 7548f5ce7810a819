"""J5: a plugin of somebody's Studio, on every door, while its server is killed, and until it is revoked."""

import asyncio
import hashlib
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect

from old_school import OldClient
from school import SERVE, Person, School, calls, open_school
from server_process import Serving, end, launched
from toolboxai.platform.plugins.doors import READERS_MOST

COPIED = ("environment_status", "script_update", "asset_ready")
HELLO = {
    "type": "plugin_hello",
    "data": {
        "version": "1.0",
        "studio_version": "0.650",
        "place_id": None,
        "capabilities": ["apply_bundle", "world_events"],
    },
    "message_id": "hello-1",
}


@dataclass
class Studio:
    """A plugin: whatever door an entry comes by, it is known by its number, and a command is applied once.

    Args:
        id: of the plugin.
        token: its own.
    """

    id: str
    token: str
    seen: dict[int, dict[str, Any]] = field(default_factory=dict)
    applied: list[str] = field(default_factory=list)

    @property
    def cursor(self) -> int:
        return max(self.seen, default=0)

    @property
    def path(self) -> str:
        return f"/api/v1/plugins/{self.id}"

    def take(self, entry: dict[str, Any]) -> dict[str, Any] | None:
        """One entry; the command in it, if it is one that is to be applied now."""
        assert self.seen.setdefault(entry["seq"], entry) == entry, "another door has told it otherwise"
        if entry["type"] != "plugin_command" or entry["data"]["command_id"] in self.applied:
            return None
        self.applied.append(entry["data"]["command_id"])
        return dict(entry["data"])

    @asynccontextmanager
    async def http(self, server: Serving) -> AsyncIterator[httpx2.AsyncClient]:
        as_plugin = Person("plugin", self.id, "", self.token)
        async with calls(server, as_plugin) as http:
            yield http

    async def polled(self, http: httpx2.AsyncClient, wait: float = 10) -> list[dict[str, Any]]:
        """Commands that one long poll brings."""
        asked = {"cursor": self.cursor, "wait": wait}
        answer = await http.get(f"{self.path}/messages", params=asked, timeout=30)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["complete"]
        return [each for entry in page["items"] if (each := self.take(entry)) is not None]

    async def says(self, http: httpx2.AsyncClient, *messages: dict[str, Any]) -> list[dict[str, Any]]:
        answer = await http.post(f"{self.path}/messages", json={"messages": messages})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])


class Stream:
    """The second door; lines are read as they come."""

    def __init__(self, answer: httpx2.Response) -> None:
        self._lines = answer.aiter_lines()

    async def event(self) -> tuple[str | None, str, dict[str, Any]]:
        """Number, name and data of the next event."""
        told: dict[str, str] = {}
        async with asyncio.timeout(15):
            async for line in self._lines:
                if line.startswith(":") or line.startswith("retry:"):
                    continue
                if not line:
                    if "data" in told:
                        return told.get("id"), told["event"], json.loads(told["data"])
                    continue
                name, _, value = line.partition(": ")
                told[name] = value
        raise AssertionError("the stream has ended")


@asynccontextmanager
async def streaming(http: httpx2.AsyncClient, path: str, **headers: str) -> AsyncIterator[Stream]:
    async with (
        asyncio.timeout(30),
        http.stream("GET", f"{path}/events", headers=headers, timeout=30) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer)


@asynccontextmanager
async def on_channels(server: Serving, school: School, studio: Studio) -> AsyncIterator[OldClient]:
    """The fourth door: a Channels connection that was let in with the plugin's token."""
    url = f"ws://127.0.0.1:{server.port}/app/{school.key}?protocol=7"
    async with connect(url, proxy=None) as wire, studio.http(server) as http:
        client = OldClient(wire)
        said = json.loads(await wire.recv())
        socket_id = json.loads(said["data"])["socket_id"]
        channel = f"private-plugin-{studio.id}"
        asked = {"socket_id": socket_id, "channel_name": channel}
        auth = await http.post("/api/v1/pusher/auth", data=asked)
        assert auth.status_code == 200, auth.text
        await wire.send(
            json.dumps({"event": "pusher:subscribe", "data": {"channel": channel, **auth.json()}})
        )
        while json.loads(await wire.recv())["event"] != "pusher_internal:subscription_succeeded":
            pass
        yield client


async def told_on(client: OldClient, event: str) -> Any:
    """Data of the next event of this name on a Channels connection."""
    async with asyncio.timeout(15):
        while True:
            message = json.loads(await client.wire.recv())
            if message["event"] == event:
                return json.loads(message["data"])


async def trigger(client: OldClient, studio: Studio, event: str, data: dict[str, Any]) -> None:
    """A client event on the plugin's channel."""
    message = {"event": event, "channel": f"private-plugin-{studio.id}", "data": data}
    await client.wire.send(json.dumps(message))


async def command(http: httpx2.AsyncClient, studio: Studio, action: str, **payload: str) -> dict[str, Any]:
    answer = await http.post(f"{studio.path}/commands", json={"action": action, "payload": payload})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def stands(http: httpx2.AsyncClient, studio: Studio, issued: dict[str, Any]) -> dict[str, Any]:
    return dict((await http.get(f"{studio.path}/commands/{issued['command_id']}")).json())


def result(issued: dict[str, Any], message_id: str) -> dict[str, Any]:
    data = {"command_id": issued["command_id"], "status": "ok", "result": {"parts": 3}}
    return {"type": "command_result", "data": data, "message_id": message_id}


@pytest.fixture
def school(tmp_path: Path) -> School:
    return open_school(tmp_path, names=("jane",))


@pytest.mark.timeout(90)
async def test_j5_a_plugin_loses_nothing_on_any_door_and_does_everything_once(school: School) -> None:
    jane = school["jane"]
    with launched([*SERVE, "0"], cwd=school.home, env=school.env) as first:
        async with calls(first, jane) as http:
            made = (await http.post("/api/v1/plugins", json={"name": "Studio"})).json()
            studio = Studio(made["plugin_id"], made["token"])
            async with studio.http(first) as plugin:
                await studio.says(plugin, HELLO)
                world = (await http.post("/api/v1/roblox/environments", json={"size": "small"})).json()
                world_id = world["environment_id"]
                while not _is_ready(studio):
                    assert await studio.polled(plugin) == []
                happened = (await http.get(world["events_url"])).json()["items"]
                copied = [each["data"] for each in studio.seen.values() if each["type"] in COPIED]
                assert copied == [each["data"] for each in happened if each["type"] in COPIED]

                issued = await command(http, studio, "apply_bundle", environment_id=world_id)
                (wanted,) = await studio.polled(plugin)
                assert wanted["payload"] == {"environment_id": world_id}
                bundle = await plugin.get(f"{studio.path}/bundles/{world_id}")
                tag = bundle.headers["etag"]
                assert tag == f'"{hashlib.sha256(bundle.content).hexdigest()}"'
                assert bundle.json()["environment_id"] == world_id
                again = await plugin.get(f"{studio.path}/bundles/{world_id}", headers={"If-None-Match": tag})
                assert again.status_code == 304
                first.process.send_signal(signal.SIGKILL)
                await asyncio.to_thread(first.process.wait)
                with pytest.raises(httpx2.TransportError):
                    await studio.says(plugin, result(issued, "done-1"))

    with launched([*SERVE, str(first.port)], cwd=school.home, env=school.env) as second:
        async with calls(second, jane) as http, studio.http(second) as plugin:
            assert (await stands(http, studio, issued))["status"] == "delivered"
            async with streaming(plugin, studio.path, **{"Last-Event-ID": str(studio.cursor)}) as stream:
                for fresh in (True, False):
                    (taken,) = await studio.says(plugin, result(issued, "done-1"))
                    assert taken["fresh"] is fresh
                number, name, entry = await stream.event()
                assert (number, name) == (str(taken["seq"]), "command_result")
                assert studio.take(entry) is None
                ended = await stands(http, studio, issued)
                assert (ended["status"], ended["result"]) == ("ok", {"parts": 3})
                issued = await command(http, studio, "show_message", text="by stream")
                _, _, entry = await stream.event()
                assert studio.take(entry) is not None
            await _by_socket_and_channels(second, school, studio, http)
            await _is_revoked(second, school, studio, http)
            made = (await http.post("/api/v1/plugins", json={"name": "Studio"})).json()
            other = Studio(made["plugin_id"], made["token"])
            async with other.http(second) as plugin, streaming(plugin, other.path):
                await asyncio.to_thread(end, second)  # which waits for no reader


async def _by_socket_and_channels(
    server: Serving, school: School, studio: Studio, http: httpx2.AsyncClient
) -> None:
    url = f"ws://127.0.0.1:{server.port}/ws/plugin/{studio.id}"
    missed = await command(http, studio, "show_message", text="while nobody was there")
    async with on_channels(server, school, studio) as channels, connect(url, proxy=None) as wire:
        socket = OldClient(wire)
        await socket.sign_in(studio.token, last_seq=studio.cursor)
        snapshot = await socket.until("snapshot")
        assert snapshot["data"]["last_seq"] == missed["seq"]
        assert studio.take(await socket.until("plugin_command")) is not None
        assert (await stands(http, studio, missed))["status"] == "delivered"
        issued = await command(http, studio, "show_message", text="to all")
        assert studio.take(await socket.until("plugin_command")) is not None
        assert (await stands(http, studio, issued))["status"] == "delivered"
        for _ in range(2):
            said = result(issued, "done-2")
            await socket.say(said["type"], data=said["data"], message_id=said["message_id"])
        assert (await socket.ask("ping"))["type"] == "pong"  # and not what it has said itself
        told = await told_on(channels, "command_result")
        while told["data"]["command_id"] != issued["command_id"]:  # it keeps what was told before
            told = await told_on(channels, "command_result")
        assert studio.take(told) is None
        assert (await stands(http, studio, issued))["status"] == "ok"
        await socket.say("command_result", data={"command_id": "x"}, message_id="wrong")
        refused = await socket.until("error")
        assert refused["data"]["error_code"] == "VALIDATION_ERROR"
        issued = await command(http, studio, "show_message", text="answered over Channels")
        assert studio.take(await socket.until("plugin_command")) is not None
        whole_message, data_alone = result(issued, "done-3"), {"command_id": "x"}
        for said in (whole_message, whole_message, data_alone):
            await trigger(channels, studio, "client-command_result", said)
        assert (await told_on(channels, "error"))["data"]["error_code"] == "VALIDATION_ERROR"
        assert (await stands(http, studio, issued))["result"] == {"parts": 3}
    async with studio.http(server) as plugin:
        assert await studio.polled(plugin, wait=0) == []  # but for what it has said itself
        whole = (await plugin.get(f"{studio.path}/messages")).json()["items"]
        assert whole == [studio.seen[seq] for seq in sorted(studio.seen)]
        assert [each["seq"] for each in whole] == list(range(1, len(whole) + 1))
        asked = {"channel": f"private-plugin-{studio.id}"}
        assert (await http.get("/api/v1/realtime/history", params=asked)).json()["items"] == whole
        for _ in range(2 * READERS_MOST):  # who has gone is no reader any more
            async with streaming(plugin, studio.path):
                pass
        assert len(studio.applied) == len(set(studio.applied)) == 5


async def _is_revoked(server: Serving, school: School, studio: Studio, http: httpx2.AsyncClient) -> None:
    url = f"ws://127.0.0.1:{server.port}/ws/plugin/{studio.id}"
    async with (
        studio.http(server) as plugin,
        on_channels(server, school, studio) as channels,
        connect(url, proxy=None) as wire,
        connect(url, proxy=None) as watching,
        streaming(plugin, studio.path, **{"Last-Event-ID": str(studio.cursor)}) as stream,
    ):
        socket = OldClient(wire)
        await socket.sign_in(studio.token, last_seq=studio.cursor)
        await socket.until("snapshot")
        owners = OldClient(watching)
        await owners.sign_in(school["jane"].token)
        await owners.until("snapshot")
        asked = {"cursor": studio.cursor, "wait": 20}
        poll = asyncio.create_task(plugin.get(f"{studio.path}/messages", params=asked, timeout=30))
        async with asyncio.timeout(15):
            while not (await http.get(studio.path)).json()["connected"]:
                pass
        assert (await http.delete(studio.path)).status_code == 204
        answer = await poll
        assert answer.status_code == 401
        assert "revoked" in answer.json()["message"]
        _, name, told = await stream.event()
        assert name == "error"
        assert "revoked" in told["data"]["message"]
        said, code, reason = await socket.ended()
        assert code == 4003
        assert "revoked" in reason
        assert said[-1]["type"] == "goodbye"
        assert not said[-1]["data"]["retry"]
        assert (await owners.ended())[1] == 4003
        await told_on(channels, "pusher:subscription_expired")
        assert (await plugin.get(f"{studio.path}/messages")).status_code == 401
        asked_again = {"socket_id": "1.1", "channel_name": f"private-plugin-{studio.id}"}
        assert (await plugin.post("/api/v1/pusher/auth", data=asked_again)).status_code in (401, 403)
    assert studio.token not in server.log.read_text()


def _is_ready(studio: Studio) -> bool:
    told = [each["data"] for each in studio.seen.values() if each["type"] == "environment_status"]
    return bool(told) and told[-1]["status"] == "ready"
