"""A Channels server in this process, on a free port, with apps and a clock of the test's choosing."""

import hashlib
import hmac
import json
import random
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Protocol
from urllib.parse import urlencode

from callers import Http, Socket
from certificates import Files
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.apps.app import App, AppKey, HistoryRule
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.base import Broker
from toolboxai.broker.memory import MemoryBroker
from toolboxai.clock import Clock
from toolboxai.metrics import Metrics
from toolboxai.node.node import Node
from toolboxai.protocol.allow_list import AllowedNetwork, AllowList
from toolboxai.protocol.proxies import TrustedProxies
from toolboxai.transport.asgi import ASGIApp
from toolboxai.transport.old_sockets_parts import OldSocketsParts
from toolboxai.transport.server import Server, listen_on
from toolboxai.transport.stream_access import AuthoriseStream
from toolboxai.transport.tls import Certificate

APP_ID = "3"
KEY = "278d425bdf160c739803"
SECRET = "7ad3773142a6692b25b8"  # of the vectors, known to all the world


def make_app(**settings: Any) -> App:
    """The app of the vectors; what is kept is what the product keeps."""
    kept = (HistoryRule("*content-generation-*", 50, 600.0),)
    return App(**{"id": APP_ID, "keys": (AppKey(KEY, SECRET),), "history": kept, **settings})


APP = make_app()


def digest(text: str, secret: str = SECRET) -> str:
    """HMAC-SHA256 as the protocol wants it, made without the code under test."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def channel_auth(socket_id: str, channel: str, channel_data: str | None = None) -> str:
    """What an application answers to a client that wants to enter a private channel."""
    return f"{KEY}:" + digest(":".join(filter(None, (socket_id, channel, channel_data))))


async def join(socket: Socket, channel: str, member: Mapping[str, Any]) -> dict[str, Any]:
    """Enter a presence channel as this member; the snapshot."""
    data = json.dumps(member)
    told = await socket.subscribe(channel, channel_auth(socket.id, channel, data), channel_data=data)
    assert told["event"] == "pusher_internal:subscription_succeeded", told
    presence: dict[str, Any] = json.loads(told["data"])["presence"]
    return presence


async def sign_in(socket: Socket, user: Mapping[str, Any]) -> dict[str, Any]:
    """Sign in as this user; the next message."""
    data = json.dumps(user)
    auth = f"{KEY}:" + digest(f"{socket.id}::user::{data}")
    return await socket.ask("pusher:signin", {"auth": auth, "user_data": data})


def signed(
    method: str,
    path: str,
    body: bytes = b"",
    *,
    at: float | None = None,
    query: Mapping[str, str] | None = None,
) -> str:
    """The path with its signed query, as a server library would ask for it."""
    params = {
        "auth_key": KEY,
        "auth_timestamp": str(int(time.time() if at is None else at)),
        "auth_version": "1.0",
        **(query or {}),
    }
    if body:
        params.setdefault("body_md5", hashlib.md5(body).hexdigest())
    text = "&".join(f"{name}={value}" for name, value in sorted(params.items()))
    params["auth_signature"] = digest(f"{method}\n{path}\n{text}")
    return f"{path}?{urlencode(params)}"


class HandClock(Clock, Protocol):
    """The clock of the fixture: it stands still until the test tells it to go on."""

    def advance(self, seconds: float) -> None: ...


@dataclass
class Running:
    """A server that listens, and what is behind it."""

    server: Server
    node: Node
    clock: Clock
    port: int
    files: Files | None = None  # of its certificate, where it speaks TLS

    @property
    def scheme(self) -> str:
        return "http" if self.files is None else "https"

    @property
    def trust(self) -> ssl.SSLContext | None:
        """Of its clients."""
        return None if self.files is None else self.files.trust()

    @property
    def socket_origin(self) -> str:
        return f"{'ws' if self.files is None else 'wss'}://127.0.0.1:{self.port}"

    @property
    def metrics(self) -> Metrics:
        return self.node.metrics

    def ws_url(self, path: str = f"/app/{KEY}", query: str = "protocol=7&client=test&version=1") -> str:
        return f"{self.socket_origin}{path}?{query}"

    @asynccontextmanager
    async def socket(self, url: str | None = None, **options: Any) -> AsyncIterator[Socket]:
        """A client that is connected; its first message has been read."""
        async with Socket.opened(url or self.ws_url(), **{"ssl": self.trust, **options}) as socket:
            established = await socket.hear()
            assert established["event"] == "pusher:connection_established", established
            socket.greet(established)
            yield socket

    @asynccontextmanager
    async def http(self, **options: Any) -> AsyncIterator[Http]:
        """A keep-alive connection to the port."""
        async with Http.opened(self.port, **{"ssl": self.trust, **options}) as http:
            yield http

    async def advance(self, seconds: float) -> None:
        """Let time go by on a clock that was handed in, and have the server look at it."""
        clock: Any = self.clock
        clock.advance(seconds)
        await self.server.look_at_the_clock()

    async def post(self, path: str, body: object, **query: str) -> tuple[int, str]:
        """One signed POST; the status and the text of the answer."""
        raw = body if isinstance(body, bytes) else Http.json(body)
        async with self.http() as http:
            answer = await http.ask("POST", signed("POST", path, raw, at=self.clock.now(), query=query), raw)
        return answer.status, answer.text

    async def get(self, path: str, **query: str) -> tuple[int, str]:
        """One signed GET."""
        async with self.http() as http:
            answer = await http.ask("GET", signed("GET", path, at=self.clock.now(), query=query))
        return answer.status, answer.text

    async def trigger(self, channel: str, event: str, data: str, **more: Any) -> None:
        """Publish as the application's server would; it must be accepted."""
        body = {"name": event, "channels": [channel], "data": data, **more}
        assert await self.post(f"/apps/{APP_ID}/events", body) == (200, "{}")


@asynccontextmanager
async def serving(
    *apps: App,
    clock: Clock | None = None,
    web: ASGIApp | None = None,
    drain_s: float = 0.0,
    broker: Broker | None = None,
    authorise: AuthoriseStream | None = None,
    old_sockets: OldSocketsParts | None = None,
    proxies: Sequence[str] = (),
    allow_list: Sequence[AllowedNetwork] = (),
    proxy_protocol: bool = False,
    files: Files | None = None,
    port: int = 0,
    **settings: Any,
) -> AsyncIterator[Running]:
    """Our server with these apps (the app of the vectors when none is named), until the block ends.

    Further settings are those of ``Server``. With a word on who may read streams, or with old sockets, the first of them is the application's own. With the files of a certificate it speaks TLS.
    """
    some: Sequence[App] = apps or (APP,)
    clock = clock or SystemClock()
    dice = random.Random(7)
    own = None if authorise is None and old_sockets is None else some[0]
    node = Node(AppRegistry(some, own=own), broker or MemoryBroker(clock, dice), clock=clock, dice=dice)
    certificate = (
        None
        if files is None
        else Certificate(files.certificate, files.key, clock=clock, metrics=node.metrics)
    )
    listener = listen_on("127.0.0.1", port)
    server = Server(
        node,
        listener,
        web=web,
        drain_s=drain_s,
        authorise=authorise,
        old_sockets=old_sockets,
        proxies=TrustedProxies(ip_network(network) for network in proxies),
        allow_list=AllowList(allow_list),
        proxy_protocol=proxy_protocol,
        **settings,
        certificate=certificate,
    )
    async with server.running():
        yield Running(server, node, clock, listener.getsockname()[1], files)
