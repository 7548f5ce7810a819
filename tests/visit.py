"""Somebody before a browser: what they do, what the page shows them, and what it does behind the glass."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Page, Request

from server_process import ROOT

__all__ = ["OBSERVER", "PATIENCE_MS", "Visit"]

PATIENCE_MS = 15_000
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

    def axe(self) -> list[str]:
        """What a checker of accessibility has against the page as it is now: rule, place and what to do."""
        # In a world of its own: the page's policy lets nothing else in.
        session = self.page.context.new_cdp_session(self.page)
        try:
            frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
            world = session.send("Page.createIsolatedWorld", {"frameId": frame})["executionContextId"]
            where = {"contextId": world, "returnByValue": True, "awaitPromise": True}
            session.send(
                "Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8"), "contextId": world}
            )
            told = session.send("Runtime.evaluate", {"expression": RUN_AXE, **where})
        finally:
            session.detach()
        found: list[str] = told["result"]["value"]
        return found

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
