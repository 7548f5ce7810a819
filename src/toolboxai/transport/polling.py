"""The HTTP fallback transports: xhr_streaming, xhr polling and xhr_send below ``/pusher/app/``.

A session is named by its client, lives in this process, and goes through the same pump as a socket.
"""

import asyncio
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, quote

from toolboxai import limits
from toolboxai.close_codes import CloseCode
from toolboxai.errors import RemoteProtocolError
from toolboxai.hub.about import Transport
from toolboxai.node.background import Background
from toolboxai.node.node import Node
from toolboxai.protocol.handshake import Refusal
from toolboxai.protocol.polling import OPEN, Call, close_line, publication_line, read_sent
from toolboxai.transport.accept import Acceptor
from toolboxai.transport.asgi import Receive, Scope, Send, client_address, read_body
from toolboxai.transport.lasting import Headers, Lasting
from toolboxai.transport.polling_session import PollingSession, Receiver
from toolboxai.transport.pump import Pump
from toolboxai.transport.visitors import asgi_visitor

__all__ = ["Polling"]

_PREFIX: Final = "/pusher/app/"
_PAGE: Final = "/s/"
_CORS: Final = ((b"access-control-allow-origin", b"*"),)  # no cookies are looked at: any page may ask
_PREFLIGHT: Final = (
    *_CORS,
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-allow-headers", b"Content-Type"),
    (b"access-control-max-age", b"86400"),
)
_FRAMES: Final = (
    *_CORS,
    (b"content-type", b"application/javascript; charset=UTF-8"),
    (b"cache-control", b"no-store, no-cache, no-transform, must-revalidate, max-age=0"),
    (b"x-accel-buffering", b"no"),
)
_TEXT: Final = (*_CORS, (b"content-type", b"text/plain; charset=utf-8"))


class Polling:
    """Answers the paths below ``/pusher/app/``.

    Args:
        node: the process.
        acceptor: decides who may connect, and knows every pump.
        background: owns work that waits.
    """

    def __init__(self, node: Node, acceptor: Acceptor, background: Background) -> None:
        self._node = node
        self._acceptor = acceptor
        self._background = background
        self._sessions: dict[tuple[str, str, str], PollingSession] = {}
        self._emptied: asyncio.Event | None = None

    def __len__(self) -> int:
        """How many sessions there are."""
        return len(self._sessions)

    def serves(self, method: str, path: str) -> bool:
        """Whether such a request belongs here."""
        del method
        return path.startswith(_PREFIX) or (path.startswith(_PAGE) and _PREFIX in path)

    def sweep(self) -> None:
        """See to what is due, and let go of clients that have gone; called every second or so."""
        for name, session in tuple(self._sessions.items()):
            if not session.tick():
                self._drop(name, session)

    async def emptied(self) -> None:
        """Return when no session is left: each has been told its end, or has been let go."""
        if self._sessions:
            self._emptied = asyncio.Event()
            await self._emptied.wait()

    # ---- requests -------------------------------------------------------------------------------------------

    async def answer(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        """Answer one request.

        Args:
            scope: see ASGI.
            receive: see ASGI.
            send: see ASGI.
            path: below the mount, percent-decoded.
        """
        answer = Lasting(scope, receive, send)
        call = Call.parse(path)
        if call is None:
            text = b"Not found: the paths here are /pusher/app/KEY/SERVER/SESSION/ and xhr_streaming, xhr or xhr_send\n"
            await answer.whole(404, _TEXT, text)
        elif scope["method"] == "OPTIONS":
            await answer.whole(204, _PREFLIGHT)
        elif scope["method"] != "POST":
            await answer.whole(405, (*_TEXT, (b"allow", b"POST, OPTIONS")), b"use POST\n")
        else:
            body = await read_body(scope, receive, limits.POST_BYTES)
            query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
            if body is None:
                await answer.whole(413, _TEXT, b"A post may have %d bytes\n" % limits.POST_BYTES)
            elif call.transport == "xhr_send":
                await answer.whole(*await self._take(call, query, body))
            else:
                await self._bring(call, query, scope, answer)

    async def _take(self, call: Call, query: dict[str, str], body: bytes) -> tuple[int, Headers, bytes]:
        """Take what a client posts; status, headers and body of the answer."""
        session = self._sessions.get(call.name)
        if session is None or session.closing is not None:
            return 404, _TEXT, b"Unknown session: it has ended, or was never opened here\n"
        try:
            messages = read_sent(body, most=limits.INBOUND_QUEUE)
        except RemoteProtocolError as fault:
            return 400, _TEXT, fault.message.encode() + b"\n"
        if session.sending >= limits.INBOUND_QUEUE:
            return 429, _TEXT, b"%d posts of this session wait already; send fewer\n" % session.sending
        session.heard()
        session.sending += 1
        try:
            await session.readable()
        finally:
            session.sending -= 1
        if self._sessions.get(call.name) is not session:
            return 404, _TEXT, b"The session has ended\n"
        if messages:
            session.post(_number(query), messages)
        return 204, _CORS, b""

    async def _bring(self, call: Call, query: dict[str, str], scope: Scope, answer: Lasting) -> None:
        session = self._sessions.get(call.name)
        if session is None:
            try:
                session = self._opened(call, query, scope)
            except Refusal as refusal:
                await answer.whole(200, _FRAMES, OPEN + close_line(refusal.code, refusal.message))
                return
        session.heard()
        streams = call.transport == "xhr_streaming"
        await session.bring(Receiver(answer), _FRAMES, streams=streams)
        if session.over:
            self._drop(call.name, session)

    # ---- sessions -------------------------------------------------------------------------------------------

    def _opened(self, call: Call, query: dict[str, str], scope: Scope) -> PollingSession:
        """A new session, greeted.

        Raises:
            Refusal: counted already.
        """
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        version = query.get("protocol")
        asked = "" if version is None else f"?protocol={quote(version[:16], safe='')}"
        target = f"/app/{quote(call.key, safe='')}{asked}"
        address = client_address(scope, self._acceptor.proxies)
        origin, host = headers.get(b"origin"), headers.get(b"host")
        app = self._acceptor.admit(target, origin=origin, host=host, address=address)
        if len(self._sessions) >= limits.HTTP_SESSIONS:
            full = Refusal(
                CloseCode.OVER_CAPACITY, "Over capacity: too many sessions over HTTP; come back later"
            )
            self._acceptor.refuse(full, address, app_id=app.id)
            raise full
        place = self._acceptor.arrive(app, address)
        session = PollingSession(self._node.clock, self._aborted)
        pump = Pump(
            self._node,
            app,
            session,
            publication_line,
            self._background,
            on_closed=partial(self._acceptor.left, place),
            session_key=call.page if app.resume else None,
            visitor=asgi_visitor(Transport.XHR, scope, address),
        )
        session.pump = pump
        session.on_lagging = pump.lagging
        self._sessions[call.name] = session
        self._acceptor.pumps.add(pump)
        pump.open(OPEN)
        return session

    def _aborted(self) -> None:
        self._node.metrics.connections_aborted_total += 1

    def _drop(self, name: tuple[str, str, str], session: PollingSession) -> None:
        if self._sessions.get(name) is session:
            del self._sessions[name]
            if not self._sessions and self._emptied is not None:
                self._emptied.set()
        session.let_go()


def _number(query: dict[str, str]) -> int:
    """The client's count of its requests; 0 where it has none."""
    text = query.get("n", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0
