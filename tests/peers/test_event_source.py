"""The browser's own EventSource, in Chromium: events in order, across a cut line."""

import asyncio

import pytest

from line import Line
from programs import PATIENCE_S
from servers import APP, APP_ID, KEY, Running
from toolboxai.protocol.channel import ChannelName
from windows import Window, Windows

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


def page(server: Running) -> str:
    return f"http://127.0.0.1:{server.port}/page"


async def publish(server: Running, *data: str) -> None:
    for each in data:
        await server.node.publish(APP, [KEPT], "e", each)


async def test_an_event_source_hears_everything_once_and_in_order_across_a_cut(
    server: Running, browser: Windows
) -> None:
    async def heard(window: Window, count: int) -> list[str]:
        found: list[str] = []
        async with asyncio.timeout(PATIENCE_S):
            while len(found) < count:
                said = await window.told.get()
                if "name" in said:
                    assert said["name"] == "e", said
                    found.append(said["data"])
        return found

    async with Line(server.port).running() as line, browser.window(page(server)) as window:
        await publish(server, "1", "2")
        # Another port is another origin: what the page may read says the answer.
        await window.run(OPEN, f"http://127.0.0.1:{line.port}/apps/{APP_ID}/channels/{KEPT}/sse?key={KEY}")
        assert await heard(window, 2) == ["1", "2"]
        await publish(server, "3", "two\nlines €")
        assert await heard(window, 2) == ["3", "two\nlines €"]
        line.cut()
        await publish(server, "5", "6")
        line.mend()
        assert await heard(window, 2) == ["5", "6"]
        await publish(server, "7")
        assert await heard(window, 1) == ["7"]
    assert server.metrics.faults_total == 0


async def test_an_event_source_that_may_not_stays_away(server: Running, browser: Windows) -> None:
    async with browser.window(page(server)) as window:
        await window.run(OPEN, f"/apps/{APP_ID}/channels/private-a/sse?key={KEY}")
        async with asyncio.timeout(PATIENCE_S):
            assert await window.told.get() == {"state": "closed"}
