"""The server under test: sockets that hear and say exactly what a row wants, and signed HTTP."""

import asyncio
import hashlib
import json
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from toolboxai.conform.expectations import RowFailed, expect
from toolboxai.conform.lines import NEWS, Json, Lines, read_object
from toolboxai.protocol.signing import sign_channel, sign_request, sign_user

__all__ = ["Answer", "Json", "Peer", "Target", "Unreachable", "fresh"]


def fresh(prefix: str = "") -> str:
    """A channel's name that nobody else uses."""
    return f"{prefix}conform-{secrets.token_hex(6)}"


class Unreachable(Exception):
    """Nobody answers at the address."""


class Answer(NamedTuple):
    """What came over HTTP."""

    status: int
    text: str
    headers: Mapping[str, str] = {}

    @property
    def json(self) -> Any:
        """The body, or None where it is no JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class Peer:
    """One socket. Unasked news, such as counts, are passed over unless `news` says otherwise."""

    def __init__(self, target: "Target", wire: ClientConnection, *, news: bool) -> None:
        self._target = target
        self.wire = wire
        self._news = news
        self.id = ""

    async def hear(self) -> Json:
        """The next message."""
        while True:
            message = await self._receive()
            if self._news or message.get("event") not in NEWS:
                return message

    async def _receive(self) -> Json:
        try:
            async with asyncio.timeout(self._target.patience_s):
                text = await self.wire.recv()
        except TimeoutError:
            raise RowFailed("a message", f"nothing within {self._target.patience_s:g} s") from None
        except ConnectionClosed as closed:
            raise RowFailed("a message", f"the connection was closed: {closed}") from None
        return read_object(text)

    async def say(self, event: str, data: object = None, **more: object) -> None:
        """Send a message; without data there is no such key."""
        message: Json = {"event": event, **more}
        if data is not None:
            message["data"] = data
        await self.wire.send(json.dumps(message))

    async def ask(self, event: str, data: object = None, **more: object) -> Json:
        """Send a message and hear the next."""
        await self.say(event, data, **more)
        return await self.hear()

    async def subscribe(self, channel: str, auth: str = "", channel_data: str | None = None) -> Json:
        """Ask to subscribe and hear the next message."""
        data = {"auth": auth, "channel": channel}
        if channel_data is not None:
            data["channel_data"] = channel_data
        return await self.ask("pusher:subscribe", data)

    async def enter(self, channel: str, member: Json | None = None) -> Json:
        """Subscribe, signed as the channel's kind demands, and be let in; the data of the success."""
        channel_data = None if member is None else json.dumps(member)
        signed = channel.startswith(("private-", "presence-"))
        auth = self.auth(channel, channel_data) if signed else ""
        told = await self.subscribe(channel, auth, channel_data)
        expect(
            told.get("event"), "pusher_internal:subscription_succeeded", f"subscribing to {channel}: {told}"
        )
        expect(type(told.get("data")), str, "the type of data in subscription_succeeded")
        data: Json = json.loads(told["data"])
        return data

    def auth(self, channel: str, channel_data: str | None = None) -> str:
        """What the application would sign for this socket."""
        digest = sign_channel(self._target.secret, self.id, channel, channel_data)
        return f"{self._target.key}:{digest}"

    async def sign_in(self, user: Json) -> Json:
        """Sign in and hear the next message."""
        user_data = json.dumps(user)
        auth = f"{self._target.key}:{sign_user(self._target.secret, self.id, user_data)}"
        return await self.ask("pusher:signin", {"auth": auth, "user_data": user_data})

    async def signed_in(self, user: Json) -> None:
        """Sign in and be let in."""
        told = await self.sign_in(user)
        expect(told.get("event"), "pusher:signin_success", f"signing in: {told}")

    async def hears_nothing(self) -> None:
        """Nothing is on its way: a ping is answered first, and nothing comes for a while after."""
        told = await self.ask("pusher:ping", {})
        expect(told, {"event": "pusher:pong", "data": {}}, "what comes when nothing should")
        try:
            async with asyncio.timeout(self._target.silence_s):
                while True:
                    text = await self.wire.recv()
                    if self._news or read_object(text).get("event") not in NEWS:
                        raise RowFailed("nothing", repr(text)[:300])
        except TimeoutError:
            return

    async def ended(self, code: int) -> Json:
        """Hear an error with this code, then the close with it; the error."""
        told = await self.hear()
        expect(told.get("event"), "pusher:error", "the last message before the close")
        expect(told.get("data", {}).get("code"), code, "the code in the error")
        try:
            async with asyncio.timeout(self._target.patience_s):
                text = await self.wire.recv()
        except TimeoutError:
            raise RowFailed(f"a close with {code}", "the connection stays open") from None
        except ConnectionClosed as closed:
            expect(closed.rcvd.code if closed.rcvd else 1006, code, "the code of the close")
            return told
        raise RowFailed(f"a close with {code}", repr(text)[:200])


class Target:
    """The server under test, and one of its apps.

    Args:
        url: ``http://``, ``https://``, ``ws://`` or ``wss://``, perhaps with a path before ``/app`` and ``/apps``.
        app_id: of the app.
        key: of the app.
        secret: of the app.
        patience_s: how long a message may take.
        silence_s: how long to listen where nothing should come.
    """

    def __init__(
        self,
        url: str,
        app_id: str,
        key: str,
        secret: str,
        *,
        patience_s: float = 5.0,
        silence_s: float = 0.3,
    ) -> None:
        parts = urlsplit(url)
        encrypted = parts.scheme in ("https", "wss")
        self._ws = f"{'wss' if encrypted else 'ws'}://{parts.netloc}{parts.path.rstrip('/')}"
        self._prefix = parts.path.rstrip("/")
        self._http = httpx2.AsyncClient(
            base_url=f"{'https' if encrypted else 'http'}://{parts.netloc}",
            timeout=patience_s,
            trust_env=False,
            # Those whom the WebSocket believes too, so that SSL_CERT_FILE counts.
            verify=ssl.create_default_context() if encrypted else True,
        )
        self.app_id = app_id
        self.key = key
        self.secret = secret
        self.patience_s = patience_s
        self.silence_s = silence_s

    async def __aenter__(self) -> "Target":
        return self

    async def __aexit__(self, *_fault: object) -> None:
        await self._http.aclose()

    async def reach(self) -> None:
        """Make sure that somebody answers.

        Raises:
            Unreachable: nobody does.
        """
        try:
            await self._http.get(f"{self._prefix}/apps/{self.app_id}/channels")
        except httpx2.HTTPError as fault:
            raise Unreachable(
                f"no server answers at {self._http.base_url}: {str(fault) or type(fault).__name__}"
            ) from fault

    @asynccontextmanager
    async def opened(
        self, path: str | None = None, query: str = "protocol=7", *, news: bool = False
    ) -> AsyncIterator[Peer]:
        """A socket of which nothing has been heard yet."""
        path = f"/app/{self.key}" if path is None else path
        url = f"{self._ws}{path}?{query}"
        # Without a bound on the queue, messages that no row reads do not stand before the answer to the close.
        handshake = connect(
            url,
            compression=None,
            ping_interval=None,
            proxy=None,
            open_timeout=self.patience_s,
            close_timeout=1,
            max_queue=None,
        )
        try:
            wire = await handshake
        except TimeoutError:
            raise RowFailed("the answer to a handshake", f"nothing within {self.patience_s:g} s") from None
        async with wire:
            yield Peer(self, wire, news=news)

    @asynccontextmanager
    async def socket(self, query: str = "protocol=7", *, news: bool = False) -> AsyncIterator[Peer]:
        """A socket whose connection is established."""
        async with self.opened(None, query, news=news) as peer:
            established = await peer.hear()
            expect(established.get("event"), "pusher:connection_established", "the first message")
            peer.id = json.loads(established["data"])["socket_id"]
            yield peer

    # ---- HTTP -----------------------------------------------------------------------------------------------

    async def post(self, path: str, body: object, **more: str) -> Answer:
        """A signed POST below ``/apps/ID``; a body of bytes goes as it is."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.send("POST", f"/apps/{self.app_id}{path}", raw, more)

    async def get(self, path: str, **more: str) -> Answer:
        """A signed GET below ``/apps/ID``."""
        return await self.send("GET", f"/apps/{self.app_id}{path}", b"", more)

    async def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        more: Mapping[str, str] | None = None,
        *,
        change: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """A signed request.

        Args:
            method: in capitals.
            path: without the prefix of the address.
            body: as it goes.
            more: parameters beside those of the signature.
            change: parameters to put in another's place after signing; None leaves one out.
        """
        params = self.signed(method, path, body, more or {})
        for name, value in (change or {}).items():
            params.pop(name)
            if value is not None:
                params[name] = value
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in params.items())
        answer = await self._http.request(
            method,
            f"{self._prefix}{path}?{query}",
            content=body,
            headers={"Content-Type": "application/json"} if body else {},
        )
        return Answer(answer.status_code, answer.text)

    def signed(self, method: str, path: str, body: bytes, more: Mapping[str, str]) -> dict[str, str]:
        """The parameters of a request, its signature included."""
        params = {
            "auth_key": self.key,
            "auth_timestamp": str(int(time.time())),
            "auth_version": "1.0",
            **more,
        }
        if body:
            params.setdefault("body_md5", hashlib.md5(body, usedforsecurity=False).hexdigest())
        params["auth_signature"] = sign_request(self.secret, method, path, params.items())
        return params

    async def trigger(self, channel: str, event: str = "e", data: str = "{}", **more: object) -> None:
        """Publish one event; it must be accepted."""
        answer = await self.post("/events", {"name": event, "channels": [channel], "data": data, **more})
        expect(answer.status, 200, f"the status of a publication ({answer.text.strip()[:200]!r})")

    async def plain(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """A request that nobody signs."""
        answer = await self._http.request(
            method, f"{self._prefix}{path}", content=body, headers=dict(headers or {})
        )
        return Answer(answer.status_code, answer.text, answer.headers)

    @asynccontextmanager
    async def lines(self, method: str, path: str) -> AsyncIterator[Lines]:
        """A request that nobody signs, whose answer goes on."""
        async with self._http.stream(method, f"{self._prefix}{path}") as answer:
            lines = Lines(answer, patience_s=self.patience_s, silence_s=self.silence_s)
            try:
                yield lines
            finally:
                lines.let_go()
