"""A server with traffic, and an operator who looks at it in Chromium."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pusher
from anyio.from_thread import BlockingPortal, start_blocking_portal
from playwright.sync_api import Locator, Page, expect
from websockets.asyncio.client import connect

from callers import Socket
from pusher_js import Watcher
from school import SERVE, Open, open_school
from server_process import serving
from signed_in import enters
from sinks import Sink, sink_open
from visit import Visit

__all__ = ["PARTS", "Operator", "Scene", "scene_open"]

PARTS = (
    "Live log",
    "Charts",
    "Connections",
    "Channels",
    "Send an event",
    "Refusals",
    "Webhooks",
    "Old sockets",
)

SETTINGS = """
[[apps]]
id = "{PUSHER_APP_ID}"
key = "{PUSHER_KEY}"
secret = "{PUSHER_SECRET}"

[[apps.webhooks]]
url = "{url}"
event_types = ["channel_occupied"]
channel_prefix = "hooked"
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to look at.

    Args:
        opened: the school and its server.
        sink: where webhooks go.
        portal: a thread with an event loop: the browser's driver keeps the one of this thread.
        library: the official library for servers.
    """

    opened: Open
    sink: Sink
    portal: BlockingPortal
    library: pusher.Pusher

    @contextmanager
    def watcher(self, name: str | None = None) -> Iterator[Watcher]:
        """A page with stock pusher-js, of this person or of a stranger."""
        with self.portal.wrap_async_context_manager(self.opened.watching(name)) as watcher:
            yield watcher

    @contextmanager
    def member(self, channel: str, about: dict[str, Any]) -> Iterator[Socket]:
        """Somebody on a presence channel, signed for by the official library."""
        url = f"ws://127.0.0.1:{self.opened.server.port}/app/{self.opened.school.key}?protocol=7&client=other&version=1"
        with self.portal.wrap_async_context_manager(Socket.opened(url)) as socket:
            socket.greet(self.portal.call(socket.hear))
            signed = self.library.authenticate(channel, socket.id, about)
            data = {"channel": channel, **signed}
            assert "succeeded" in self.portal.call(socket.ask, "pusher:subscribe", data)["event"]
            yield socket

    def old_client(self, path: str, *texts: str) -> None:
        """Somebody comes to an old socket, says something, and goes."""
        self.portal.call(_old_client, f"ws://127.0.0.1:{self.opened.server.port}{path}", texts)

    def user_id(self, name: str) -> str:
        return self.opened.school[name].id


async def _old_client(url: str, texts: Sequence[str]) -> None:
    async with connect(url, user_agent_header="old-client/1", compression=None, proxy=None) as wire:
        for text in texts:
            await wire.send(text)
            await wire.recv()


@contextmanager
def scene_open(home: Path) -> Iterator[Scene]:
    """The server, and what belongs to it."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(sink_open()) as sink:
        with ThreadPoolExecutor(1) as thread:
            school = thread.submit(open_school, home, names=("ada", "jane", "sam")).result()
        (home / "toolboxai.toml").write_text(SETTINGS.format(url=sink.url, **school.env))
        with serving([*SERVE, "0"], cwd=home, env=school.env) as server:
            env = school.env
            library = pusher.Pusher(
                app_id=env["PUSHER_APP_ID"],
                key=env["PUSHER_KEY"],
                secret=env["PUSHER_SECRET"],
                host="127.0.0.1",
                port=server.port,
                ssl=False,
            )
            yield Scene(Open(school, server), sink, portal, library)


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody before the console."""

    visit: Visit
    scene: Scene

    @property
    def page(self) -> Page:
        return self.visit.page

    def enter(self, name: str = "ada", path: str = "/console") -> None:
        """Open the console."""
        enters(self.visit, self.scene.opened.server.url + path, self.scene.opened, name)

    def go(self, part: str) -> None:
        self.page.get_by_role("navigation", name="Parts of the console").get_by_role(
            "link", name=part
        ).click()

    def live(self) -> None:
        """Wait until what is shown is what happens now."""
        expect(self.page.locator("#link")).to_have_attribute("data-state", "live")

    def entries(self, text: str, kind: str | None = None) -> Locator:
        """Entries of the log that are shown, with this text."""
        of_kind = "" if kind is None else f'[data-kind="{kind}"]'
        return self.page.locator(f"#feed-list li{of_kind}:not([hidden])").filter(has_text=text)

    def row(self, table: str, text: str) -> Locator:
        return self.page.locator(f"#{table}-rows tr").filter(has_text=text)

    def fact(self, name: str) -> Locator:
        """What stands behind this name in the facts that are shown."""
        return self.page.locator(".facts:visible dt", has_text=name).locator("xpath=following-sibling::dd[1]")

    def answer(self, path: str, **asked: Any) -> Any:
        """What the server tells by REST."""
        token = self.scene.opened.school["ada"].bearer
        return self.page.request.get(self.scene.opened.server.url + path, params=asked, headers=token).json()
