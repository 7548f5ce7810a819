"""The browser's own EventSource, in Chromium: events in order, across a cut line."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import async_playwright

from line import Line
from programs import PATIENCE_S
from servers import APP, APP_ID, KEY, Running
from toolboxai.protocol.channel import ChannelName

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("pusher-js")]

KEPT = ChannelName.parse("content-generation-1")
OPEN = """url => {
  const source = new EventSource(url);
  source.onopen = () => tell({ state: 'open' });
  source.onerror = () => tell({ state: source.readyState === EventSource.CLOSED ? 'closed' : 'connecting' });
  for (const name of ['e', 'pusher:error', 'pusher:resume_gap']) {
    source.addEventListener(name, (event) => tell({ name, data: event.data, id: event.lastEventId }));
  }
}"""


async def publish(server: Running, *data: str) -> None:
    for each in data:
        await server.node.publish(APP, [KEPT], "e", each)


async def test_an_event_source_hears_everything_once_and_in_order_across_a_cut(
    server: Running, browser: str
) -> None:
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def heard(count: int) -> list[str]:
        found: list[str] = []
        async with asyncio.timeout(PATIENCE_S):
            while len(found) < count:
                said = await told.get()
                if "name" in said:
                    assert said["name"] == "e", said
                    found.append(said["data"])
        return found

    async with Line(server.port).running() as line, async_playwright() as playwright:
        chromium = await playwright.chromium.connect_over_cdp(browser)
        context = await chromium.new_context()
        try:
            page = await context.new_page()
            await page.expose_function("tell", told.put_nowait)
            await page.goto(f"http://127.0.0.1:{server.port}/page")
            await publish(server, "1", "2")
            # Another port is another origin: what the page may read says the answer.
            target = f"http://127.0.0.1:{line.port}/apps/{APP_ID}/channels/{KEPT}/sse?key={KEY}"
            await page.evaluate(OPEN, target)
            assert await heard(2) == ["1", "2"]
            await publish(server, "3", "two\nlines €")
            assert await heard(2) == ["3", "two\nlines €"]
            line.cut()
            await publish(server, "5", "6")
            line.mend()
            assert await heard(2) == ["5", "6"]
            await publish(server, "7")
            assert await heard(1) == ["7"]
        finally:
            await context.close()
            await chromium.close()
    assert server.metrics.faults_total == 0


async def test_an_event_source_that_may_not_stays_away(server: Running, browser: str) -> None:
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.connect_over_cdp(browser)
        context = await chromium.new_context()
        try:
            page = await context.new_page()
            await page.expose_function("tell", told.put_nowait)
            await page.goto(f"http://127.0.0.1:{server.port}/page")
            await page.evaluate(OPEN, f"/apps/{APP_ID}/channels/private-a/sse?key={KEY}")
            async with asyncio.timeout(PATIENCE_S):
                assert await told.get() == {"state": "closed"}
        finally:
            await context.close()
            await chromium.close()
