"""The far side of webhooks: an HTTP server that notes what is posted and answers what the test chooses."""

import asyncio
import json
import random
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from callers import PATIENCE_S
from servers import SECRET, Running, digest, make_app, serving
from toolboxai.adapters.database.webhooks import DatabaseWebhookStore
from toolboxai.adapters.webhook_post import WebhookPost
from toolboxai.apps.app import App
from toolboxai.apps.webhooks import WebhookRule
from toolboxai.clock import Clock
from toolboxai.node.webhooks.post import Post
from toolboxai.node.webhooks.service import Webhooks
from toolboxai.node.webhooks.store import WebhookStore


@dataclass
class Posted:
    """One request as it came in."""

    target: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        return self.headers["x-toolboxai-webhook-id"]

    @property
    def events(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = json.loads(self.body)["events"]
        return events

    @property
    def names(self) -> list[str]:
        return [event["name"] for event in self.events]

    def holds(self, secret: str = SECRET) -> bool:
        return self.headers["x-pusher-signature"] == digest(self.body.decode(), secret)


class Sink:
    """Answers 200 unless `answers` has others for the next requests; `hangs` makes it answer nothing."""

    def __init__(self) -> None:
        self.port = 0
        self.posts: list[Posted] = []
        self.answers: deque[int | bytes] = deque()
        self.always: int | None = None
        self.refuses: Callable[[Posted], bool] = lambda _posted: False
        self.hangs = False
        self.scheme = "http"
        self._unread: asyncio.Queue[Posted] = asyncio.Queue()
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook?school=1"

    def rule(self, **more: Any) -> WebhookRule:
        return WebhookRule(**{"url": self.url, **more})

    async def next(self, patience_s: float = PATIENCE_S) -> Posted:
        async with asyncio.timeout(patience_s):
            return await self._unread.get()

    async def next_events(self, count: int = 1) -> list[dict[str, Any]]:
        """The events of so many bodies, one each."""
        found = []
        for _ in range(count):
            found += (await self.next()).events
        return found

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *lines = head[:-4].split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)
            }
            body = await reader.readexactly(int(headers["content-length"]))
            posted = Posted(line.split(" ")[1], headers, body, asyncio.get_running_loop().time())
            self.posts.append(posted)
            self._unread.put_nowait(posted)
            if self.hangs:
                await reader.read()
                return
            answer = self.always or (self.answers.popleft() if self.answers else 200)
            if self.refuses(posted):
                answer = 503
            if isinstance(answer, int):
                answer = f"HTTP/1.1 {answer} X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".encode()
            writer.write(answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    def cut(self) -> None:
        for writer in tuple(self._open):
            writer.transport.abort()


@asynccontextmanager
async def sink_open(*, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Sink]:
    sink = Sink()
    server = await asyncio.start_server(sink.serve, "127.0.0.1", port, ssl=tls)
    sink.port = server.sockets[0].getsockname()[1]
    sink.scheme = "https" if tls else "http"
    try:
        yield sink
    finally:
        server.close()
        sink.cut()


@dataclass
class Posting:
    """A server with webhooks, and what is behind them."""

    server: Running
    webhooks: Webhooks
    store: WebhookStore


@asynccontextmanager
async def posting(
    engine: AsyncEngine,
    *rules: WebhookRule,
    clock: Clock | None = None,
    app: App | None = None,
    post: Post | None = None,
    store: WebhookStore | None = None,
) -> AsyncIterator[Posting]:
    """Our server, whose app has these webhooks, until the block ends."""
    way_out = WebhookPost()
    store = store or DatabaseWebhookStore(engine)
    async with serving(app or make_app(webhooks=rules), clock=clock) as server:
        webhooks = Webhooks(
            store,
            post or way_out,
            server.node.apps.by_id,
            clock=server.clock,
            dice=random.SystemRandom(),
            metrics=server.metrics,
            feed=server.node.feed,
        )
        async with webhooks.running():
            server.node.happenings.observer = webhooks
            yield Posting(server, webhooks, store)
            webhooks.hold_on()
        server.node.happenings.observer = None
    await way_out.close()
