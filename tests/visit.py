"""Somebody before a browser: what they do, what the page shows them, and what it does behind the glass."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from playwright.sync_api import Browser, CDPSession, ConsoleMessage, Page, Request, ViewportSize

from forms import FULL
from server_process import ROOT

__all__ = ["GONE_AT", "PATIENCE_MS", "SIZES", "Visit", "visiting"]

PATIENCE_MS = 15_000
SIZES: Final[dict[str, ViewportSize]] = {
    "phone": {"width": 360, "height": 740},
    "desk": {"width": 1280, "height": 800},
}
GONE_AT: Final = tuple(SIZES) if FULL else ("phone",)
"""The sizes at which a long way is gone, step by step; whatever is seen on it is looked at in all sizes, always."""
LIGHT: Final[dict[str, Literal["dark", "light"]]] = {"phone": "dark", "desk": "light"}
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = """axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations.flatMap((rule) =>
  rule.nodes.map((node) => `${rule.id} at ${node.target.join(" ")}: ${node.failureSummary}`)))"""
# Chromium itself writes these when an answer is an error or does not come; a page cannot keep it from that.
OF_THE_NETWORK = re.compile(r"Failed to load resource: |WebSocket connection to '[^']*' failed: ")

# Notes every state of the connection and of the stages, also those that are over before a test can look.
OBSERVER = """
window.seen = {links: [], stages: []};
new MutationObserver((changes) => {
  for (const {target, type, addedNodes} of changes) {
    if (target.id === "link" && type === "childList" && target.textContent) seen.links.push(target.dataset.state);
    if (type === "attributes" && target.dataset.stage) seen.stages.push(`${target.dataset.stage} ${target.dataset.state}`);
  }
}).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"]});
"""


@dataclass
class Visit:
    """One person's browser window, and what it did behind the glass.

    Args:
        page: to click on.
        faults: what the page wrote to the console as an error, or threw.
        asked: method and path of every request.
        hosts: hosts that it asked, WebSockets among them.
    """

    page: Page
    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    _wire: CDPSession | None = None

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        self.page.on("request", self._request)
        self.page.on("websocket", lambda socket: self.hosts.add(_host(socket.url)))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def _request(self, request: Request) -> None:
        self.hosts.add(_host(request.url))
        self.asked.append(f"{request.method} {re.sub('^[a-z]+://[^/]*', '', request.url)}")

    @property
    def own_faults(self) -> list[str]:
        """Without what the browser says of the network."""
        return [text for text in self.faults if not OF_THE_NETWORK.match(text)]

    def seen(self, what: str) -> list[str]:
        """The states that were shown, in order."""
        found: list[str] = self.page.evaluate(f"window.seen.{what}")
        return found

    def numbers(self) -> list[int]:
        """The numbers of the events that were shown, in order."""
        found: list[int] = self.page.eval_on_selector_all(
            "#log-list li", "items => items.map(item => Number(item.dataset.seq))"
        )
        return found

    def reaches(self, stage: str, state: str) -> None:
        """Wait for a state of a stage, also where it is over in a moment."""
        self.page.wait_for_function(
            "([stage, state]) => document.querySelector(`[data-stage=${stage}]`)?.dataset.state === state",
            arg=[stage, state],
            polling=20,  # ms; a window behind another draws no frames, by which it would look otherwise
        )

    def axe(self) -> list[str]:
        """What a checker of accessibility has against the page as it is now: rule, place and what to do."""
        # In a world of its own: the page's policy lets nothing else in. It is the same one until the page is left.
        wire = self._wire = self._wire or self.page.context.new_cdp_session(self.page)
        frame = wire.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = wire.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})
        where = {"contextId": world["executionContextId"], "returnByValue": True, "awaitPromise": True}
        there = wire.send("Runtime.evaluate", {"expression": "typeof axe", **where})["result"]["value"]
        if there == "undefined":
            wire.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8") + "\n0", **where})
        found: list[str] = wire.send("Runtime.evaluate", {"expression": RUN_AXE, **where})["result"]["value"]
        return found

    def assert_fit(self, *sizes: str) -> None:
        """The page as it is now is for everybody, on a phone in the dark and at a desk in the light, without a fault."""
        for size in sizes or SIZES:
            with self.sized(size):
                self.page.emulate_media(color_scheme=LIGHT[size])
                where, against = f"{self.page.url}, {size}", self.axe()
                assert against == [], f"{where}: {against}"
                assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
        assert self.own_faults == [], self.own_faults

    @contextmanager
    def sized(self, size: str) -> Iterator[None]:
        """The window has another size, until the block ends."""
        before = self.page.viewport_size
        assert before is not None
        self.page.set_viewport_size(SIZES[size])
        try:
            yield
        finally:
            self.page.set_viewport_size(before)

    def trouble(self) -> str:
        """What the page says that went wrong."""
        place = self.page.get_by_role("alert")
        place.wait_for()
        return place.inner_text()

    def sign_in(self, name: str, password: str) -> None:
        """By keyboard alone."""
        self.page.get_by_label("User name or e-mail").wait_for()
        self.page.get_by_label("User name or e-mail").focus()
        self.page.keyboard.type(name)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(password)
        self.page.keyboard.press("Enter")

    def sign_out(self) -> None:
        self.page.locator("#account summary").click()
        self.page.get_by_role("button", name="Sign out").click()

    def make_lesson(self) -> None:
        self.page.get_by_role("button", name="Make the lesson").click()


def _host(url: str) -> str:
    return re.sub("^[a-z]+://([^/]*).*", r"\1", url)


@contextmanager
def visiting(browser: Browser, size: str = "desk", **options: Any) -> Iterator[Visit]:
    """A window of its own, without cookies or memory of another; at its end nothing was wrong behind the glass."""
    with browser.new_context(viewport=SIZES[size], **options) as context:
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(OBSERVER)
        visit = Visit(context.new_page())
        yield visit
        assert visit.own_faults == [], visit.own_faults
