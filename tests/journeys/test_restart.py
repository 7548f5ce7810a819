"""A restart in place, under load: everyone comes back, and nothing that was acknowledged is lost."""

import asyncio
import json
import random
import resource
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import pytest

from callers import Http
from forms import FULL
from programs import Program, running
from pusher_js import node, node_packages
from returning import Crowd, percentile
from server_process import ROOT, Serving, end, launched
from servers import APP_ID, KEY, SECRET, signed

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("restart")]

PAGES = 2000
STOCK = 4  # of unmodified pusher-js beside them
CHANNELS = [f"lesson-{number}" for number in range(20)]
PACE_S = 0.02  # between two events of one publisher: each is delivered to a hundred pages
SETTLES = 40  # events before the restart, and after all are back

CONFIG = f"""
[server]
port = 0
drain_s = {{drain_s}}
[database]
url = "sqlite:///./kept.db"
[[apps]]
id = "{APP_ID}"
key = "{KEY}"
secret = "{SECRET}"
resume = true
"""


@pytest.fixture
def descriptors() -> Iterator[None]:
    """Both ends of every connection are on this machine, one of them in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Publisher:
    """Numbers the events of each channel, and repeats each until it is acknowledged.

    Attributes:
        acknowledged: by channel, the number of the last.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._dice = random.Random(6)
        self._news = asyncio.Event()
        self._http: Http | None = None
        self.acknowledged = dict.fromkeys(CHANNELS, 0)
        self.enough = False

    async def run(self) -> None:
        """Publish one after the other until it is enough."""
        async with AsyncExitStack() as self._connections:
            while not self.enough:
                channel = self._dice.choice(CHANNELS)
                now = asyncio.get_running_loop().time()
                data = f'{{"n":{self.acknowledged[channel] + 1},"t":{now:.6f}}}'
                body, key = Http.json({"name": "n", "channel": channel, "data": data}), secrets.token_hex(8)
                acknowledged = False
                while not acknowledged:
                    acknowledged = await self._published(body, key)
                    await asyncio.sleep(PACE_S)
                self.acknowledged[channel] += 1
                self._news.set()

    async def _published(self, body: bytes, key: str) -> bool:
        """Whether it was acknowledged; else it may have arrived or not."""
        path = f"/apps/{APP_ID}/events"
        try:
            if self._http is None:
                self._http = await self._connections.enter_async_context(Http.opened(self._port))
            answer = await self._http.ask("POST", signed("POST", path, body), body, {"Idempotency-Key": key})
        except (OSError, EOFError, TimeoutError):
            self._http = None
            return False
        assert answer.status in (200, 409, 503), answer.text
        return answer.status == 200

    async def further(self, count: int) -> None:
        """Until so many more have been acknowledged."""
        wanted = sum(self.acknowledged.values()) + count
        while sum(self.acknowledged.values()) < wanted:
            self._news.clear()
            await self._news.wait()


class Supervisor:
    """Starts one server after another in the same place.

    Args:
        home: their working directory.
        listener: that it holds for them; None: each makes its own.
        drain_s: how long they take to leave.
    """

    def __init__(self, home: Path, listener: socket.socket | None, *, drain_s: float = 1.0) -> None:
        self._home = home
        self._listener = listener
        self._port = 0
        (home / "toolboxai.toml").write_text(CONFIG.format(drain_s=drain_s))

    def start(self, stack: ExitStack) -> Serving:
        serve = [sys.executable, "-m", "toolboxai", "serve", "--channels-only", "--port", str(self._port)]
        server = stack.enter_context(launched(serve, cwd=self._home, env={}, listener=self._listener))
        self._port = server.port
        return server

    def restart(self, stack: ExitStack, server: Serving) -> Serving:
        end(server)
        return self.start(stack)


async def stock_pages(stack: AsyncExitStack, port: int) -> Program:
    """Some pages of unmodified pusher-js, all on the first channel."""
    node_packages()
    pages = [{"port": port, "name": f"stock-{number:04d}"} for number in range(STOCK)]
    options = {"cluster": "local", "forceTLS": False, "enabledTransports": ["ws"]}
    told = {"key": KEY, "channel": CHANNELS[0], "pages": pages, "options": options}
    command = node(), str(ROOT / "tests" / "peers" / "resume.mjs"), json.dumps(told)
    program = await stack.enter_async_context(running(*command))
    for _ in pages:
        await program.until()
    return program


HELD = pytest.param(True, 10.0, id="the socket is held by a supervisor")
# Who is refused, as stock pusher-js does, tries again only after 15 s: that is for the full form.
OWN = pytest.param(False, 30.0, id="the server has a socket of its own")


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("held", "back_within_s"), [HELD, OWN] if FULL else [HELD])
async def test_two_thousand_pages_come_back_and_nothing_acknowledged_is_lost(
    tmp_path: Path, descriptors: None, held: bool, back_within_s: float
) -> None:
    with ExitStack() as processes:
        listener = (
            processes.enter_context(socket.create_server(("127.0.0.1", 0), backlog=4096)) if held else None
        )
        supervisor = Supervisor(tmp_path, listener)
        first = await asyncio.to_thread(supervisor.start, processes)
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
            crowd = Crowd(first.port, KEY)
            stack.callback(crowd.leave)
            crowd.join(PAGES, CHANNELS)
            stock = await stock_pages(stack, first.port)
            await crowd.until(lambda: crowd.subscribed == PAGES, within_s=30)
            publisher = Publisher(first.port)
            publishing = tasks.create_task(publisher.run())
            await publisher.further(SETTLES)

            second = await asyncio.to_thread(supervisor.restart, processes, first)
            await crowd.until(lambda: len(crowd.away) == PAGES, within_s=60)
            for _ in range(STOCK):
                await stock.until()
            await publisher.further(SETTLES)
            publisher.enough = True
            await publishing
            last = publisher.acknowledged
            await crowd.until(
                lambda: all(page.last == last[page.channel] for page in crowd.pages), within_s=30
            )
            stock.tell(json.dumps({"last": last[CHANNELS[0]]}))
            reached: set[int] = set()
            while len(reached) < STOCK:
                said = await stock.next()
                reached |= {said["reached"]} if "reached" in said else set()
            stock.tell(json.dumps({"report": True}))
            report = (await stock.next())["report"]

            doubles = sum(page.doubles for page in crowd.pages)
            print(  # noqa: T201 - the figures are the proof
                f"\nrestart, {'socket held' if held else 'socket of its own'}: {PAGES} pages, "
                f"{len(crowd.latencies)} events received, {doubles} twice, {crowd.refused} knocks refused; "
                f"away p50 {percentile(crowd.away, 50):.2f} s, p99 {percentile(crowd.away, 99):.2f} s, "
                f"most {max(crowd.away):.2f} s; delivery through it p50 {percentile(crowd.latencies, 50) * 1000:.0f} ms, "
                f"p99 {percentile(crowd.latencies, 99):.2f} s"
            )
            assert [fault for page in crowd.pages for fault in page.faults] == []
            for page in report:
                assert (page["late"], page["gaps"]) == (0, 0), page
                assert page["count"] == last[CHANNELS[0]] - page["first"] + 1, page
            assert doubles < PAGES
            assert crowd.cut < PAGES / 2
            assert max(crowd.away) < back_within_s
            if held:
                assert crowd.refused == 0
            crowd.leave()
            await asyncio.to_thread(end, second)


async def test_a_second_signal_ends_the_drain_at_once_and_in_order(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, None, drain_s=600)
    with ExitStack() as processes:
        server = await asyncio.to_thread(supervisor.start, processes)
        crowd = Crowd(server.port, KEY)
        crowd.join(2, CHANNELS)
        await crowd.until(lambda: crowd.subscribed == 2, within_s=10)
        server.process.send_signal(signal.SIGTERM)
        await crowd.until(lambda: crowd.subscribed == 1, within_s=10)  # the other has minutes
        await asyncio.to_thread(end, server)
        await crowd.until(lambda: crowd.subscribed == 0, within_s=10)
        crowd.leave()
        assert [fault for page in crowd.pages for fault in page.faults] == []
    assert "kept state saved" in server.log.read_text()
