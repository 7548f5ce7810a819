"""What components leave behind in a real browser and at the server, however often they come and go: nothing."""

import asyncio
import json
from dataclasses import dataclass

import httpx2
import pytest
from playwright.async_api import CDPSession, Page, async_playwright

from chromium import ARGUMENTS, chromium
from clients.conftest import Built
from clients.typescript.test_browser import bundled
from forms import FULL
from generation import long_text
from school import Open, calls, generate

pytestmark = [
    pytest.mark.peers,
    pytest.mark.timeout(600 if FULL else 90),
    pytest.mark.xdist_group("typescript"),
]

FIRST = 200 if FULL else 20  # until then engine and React make what they keep for good
CYCLES = 1000 if FULL else 100
MOST_BYTES = (
    512 * 1024
)  # of them 300 kB are code that the engine makes in the first hundred cycles; then it stands still
MOST_LISTENERS = 10  # timers and requests that end just now
WITHIN_S = 10.0

# Every second cycle ends when its component has all that it wants, every other before; every tenth lets the provider go, too.
PAGE = """
import { createElement as h, StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { Channel, createClient } from "toolboxai-client";
import * as hooks from "toolboxai-client/react";

window.Channel = Channel;
window.begin = (token, sessionId, classId) => {
  const client = (window.client = createClient({ url: "", token }));
  const room = `presence-classroom-${classId}`;
  const done = (is, tell) => useEffect(() => void (is && tell()), [is]);
  const Lesson = ({ tell }) => {
    const { status } = hooks.useGeneration(sessionId);
    hooks.useEvent(`private-content-generation-${sessionId}`, "progress_update", () => {}, 0);
    done(status === "complete", tell);
  };
  const Room = ({ tell }) => {
    const { subscribed, members } = hooks.usePresence(room);
    hooks.useTrigger(room);
    done(subscribed && members.length === 1, tell);
  };
  const News = ({ tell }) => {
    const channel = hooks.useChannel("system-notifications");
    useEffect(() => void channel?.ready.then(tell, () => {}), [channel]);
    hooks.useEvent("agent-status", "agent_status", () => {});
    hooks.useConnectionState();
  };
  const Agents = ({ tell }) => done(hooks.useAgents().agents !== null, tell);

  const element = document.body.appendChild(document.createElement("div"));
  let root = createRoot(element);
  const show = (...parts) => root.render(h(StrictMode, null, h(hooks.RealtimeProvider, { client }, ...parts)));
  const aTurn = () => new Promise((resolve) => setTimeout(resolve, 1));
  window.end = () => root.unmount();
  window.cycle = async (n) => {
    const Part = n % 20 === 8 ? Agents : [Lesson, Room, News][n % 3];
    await new Promise((tell) => {
      show(h(Part, { tell, key: n }));
      if (n % 2 === 1) setTimeout(tell, n % 7); // in the midst of whatever it has begun
    });
    if (n % 10 === 9) {
      root.unmount();
      root = createRoot(element);
    }
    show();
    await aTurn();
  };
};
"""


@dataclass(frozen=True, slots=True)
class Left:
    """What is there when the garbage is gone.

    Args:
        subscriptions: objects of the package's own class for them.
        sockets: objects of the browser's class for them, open or not.
        listeners: of the whole page.
        heap: bytes.
    """

    subscriptions: int
    sockets: int
    listeners: int
    heap: int


async def left(devtools: CDPSession) -> Left:
    await devtools.send("HeapProfiler.collectGarbage")
    metrics = {
        each["name"]: each["value"] for each in (await devtools.send("Performance.getMetrics"))["metrics"]
    }
    return Left(
        await objects(devtools, "Channel"),
        await objects(devtools, "WebSocket"),
        int(metrics["JSEventListeners"]),
        int(metrics["JSHeapUsedSize"]),
    )


async def objects(devtools: CDPSession, of: str) -> int:
    """How many objects of a class there are that somebody can still reach."""
    group = {"objectGroup": "counted"}
    found = await devtools.send("Runtime.evaluate", {"expression": f"{of}.prototype", **group})
    several = await devtools.send(
        "Runtime.queryObjects", {"prototypeObjectId": found["result"]["objectId"], **group}
    )
    told = await devtools.send(
        "Runtime.callFunctionOn",
        {
            "objectId": several["objects"]["objectId"],
            "functionDeclaration": "function () { return this.length; }",
            "returnByValue": True,
        },
    )
    await devtools.send("Runtime.releaseObjectGroup", group)
    return int(told["result"]["value"])


async def at_server(http: httpx2.AsyncClient) -> list[int]:
    """Of each connection, on how many channels it is."""
    answer = await http.get("/api/v1/admin/connections")
    return [item["channels"] for item in answer.json()["items"]]


async def becomes(wanted: list[int], http: httpx2.AsyncClient) -> None:
    """Until the server has these; what is said on a connection arrives a moment later."""
    found: list[int] | None = None
    try:
        async with asyncio.timeout(WITHIN_S):
            while (found := await at_server(http)) != wanted:
                pass
    except TimeoutError:
        assert found == wanted


async def cycles(window: Page, begin: int, end: int) -> None:
    told = f"(async () => {{ for (let n = {begin}; n < {end}; n += 1) await window.cycle(n); }})()"
    await window.evaluate(told)


async def test_whatever_comes_and_goes_leaves_nothing_behind(opened: Open, built: Built) -> None:
    jane, ada = opened.school["jane"], opened.school["ada"]
    async with (
        calls(opened.server, jane) as http,
        calls(opened.server, ada) as admin,
        async_playwright() as playwright,
    ):
        session_id = (await generate(http, source_text=long_text(2_000)))["session_id"]
        class_id = (await http.post("/api/v1/classes", json={"name": "6b"})).json()["class_id"]
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        try:
            window = await browser.new_page(bypass_csp=True)
            devtools = await window.context.new_cdp_session(window)
            await devtools.send("Performance.enable")
            await window.goto(f"{opened.server.url}/api/v1/realtime/config")
            await window.add_script_tag(content=bundled(built, PAGE))
            await window.evaluate(f"window.begin(...{json.dumps([jane.token, session_id, class_id])})")
            await cycles(window, 0, FIRST)
            await becomes([0], admin)
            before = await left(devtools)
            for begin in range(FIRST, FIRST + CYCLES, 100):
                await cycles(window, begin, begin + 100)
            await becomes([0], admin)
            after = await left(devtools)
            await window.evaluate("window.end()")
            await becomes([], admin)
        finally:
            await browser.close()
    assert (after.subscriptions, after.sockets) == (0, 1)
    assert after.listeners < before.listeners + MOST_LISTENERS
    assert after.heap < before.heap + MOST_BYTES
