"""The signed HTTP API and the health paths as an ASGI application.

For requests that reach the web server after all: a keep-alive connection that also asks for pages, a body of unknown
length. And for mounting in someone's own application.
"""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Protocol, TypeAlias

from toolboxai.protocol.proxies import TrustedProxies
from toolboxai.transport.answers import Answer
from toolboxai.transport.channels_http import ChannelsApi, is_api_path
from toolboxai.transport.operations import Operations
from toolboxai.transport.signed_request import tell_refused

__all__ = [
    "ASGIApp",
    "ChannelsASGI",
    "Receive",
    "Room",
    "Scope",
    "Send",
    "below_mount",
    "client_address",
    "read_body",
]

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class Room(Protocol):
    """Some paths, and whoever answers them."""

    def serves(self, method: str, path: str) -> bool:
        """Whether such a request belongs to it."""
        ...

    async def answer(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        """Answer one request; `path` is what follows the mount, percent-decoded."""
        ...


class ChannelsASGI:
    """Answers ``/apps/...``, the health paths and those of `rooms`; everything else goes to `inner`.

    Where there is no `inner`, and so no page, ``/`` is one of the health paths.

    Args:
        api: the signed API.
        operations: health and metrics.
        inner: the rest of the application; without one the rest is 404.
        rooms: what clients that have no WebSocket ask for; asked first.
        proxies: whose word on addresses is taken.
    """

    def __init__(
        self,
        api: ChannelsApi,
        operations: Operations,
        inner: ASGIApp | None = None,
        *,
        rooms: Sequence[Room] = (),
        proxies: TrustedProxies | None = None,
    ) -> None:
        self._proxies = proxies or TrustedProxies()
        self._api = api
        self._rooms = rooms
        self._operations = operations
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        path = below_mount(scope)
        if scope["type"] == "http":
            for room in self._rooms:
                if room.serves(scope["method"], path):
                    await room.answer(scope, receive, send, path)
                    return
        if scope["type"] == "http" and is_api_path(path):
            answer = await self._signed(scope, receive)
        elif scope["type"] == "http" and (path in Operations.paths or (path == "/" and self._inner is None)):
            headers = dict(scope["headers"])
            answer = self._operations.handle(
                scope["method"],
                path,
                peer=(scope.get("client") or ("",))[0],
                forwarded=b"x-forwarded-for" in headers or b"forwarded" in headers,
                authorization=headers.get(b"authorization"),
            )
        elif self._inner is not None:
            await self._inner(scope, receive, send)
            return
        else:
            answer = Answer(
                404, b"not found: this server speaks Channels at /app/KEY and /apps/ID\n", b"text/plain"
            )
        await _reply(send, answer, head=scope["method"] == "HEAD")

    async def _signed(self, scope: Scope, receive: Receive) -> Answer:
        body = await read_body(scope, receive, self._api.body_bytes)
        if body is None:
            return Answer(413, b"The body is too large\n", b"text/plain; charset=utf-8")
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
        query = scope["query_string"].decode("latin-1")
        keys = [value for name, value in scope["headers"] if name == b"idempotency-key"]
        key = b", ".join(keys).decode("latin-1") if keys else None
        prefix = path.removesuffix(_below(path, scope))
        answer = await self._api.handle(
            scope["method"], path, query, body, idempotency_key=key, prefix=prefix
        )
        if answer.status in (401, 403):
            address = client_address(scope, self._proxies)
            tell_refused(self._api.refusals, scope["method"], path, answer, address)
        return answer


async def read_body(scope: Scope, receive: Receive, most: int) -> bytes | None:
    """The body of a request; None when it has, or announces, more than `most` bytes."""
    announced = dict(scope["headers"]).get(b"content-length", b"")
    if announced.isdigit() and (len(announced) > 15 or int(announced) > most):
        return None
    body = b""
    while True:
        part: bytes = (message := await receive()).get("body", b"")
        body += part
        if len(body) > most:
            return None
        if not message.get("more_body"):
            return body


def client_address(scope: Scope, proxies: TrustedProxies) -> str:
    """Where a request comes from, also behind trusted proxies; ``unknown`` where the server below does not say."""
    peer = (scope.get("client") or ("unknown",))[0]
    return proxies.of_headers(peer, scope["headers"])


def below_mount(scope: Scope) -> str:
    """The path as the application would see it were it not mounted: what follows ``root_path``."""
    return _below(scope.get("path", ""), scope)


def _below(path: str, scope: Scope) -> str:
    root: str = scope.get("root_path", "").rstrip("/")
    rest = path[len(root) :]
    return rest if path.startswith(root) and rest.startswith("/") else path


async def _reply(send: Send, answer: Answer, *, head: bool) -> None:
    headers = [(b"content-type", answer.media_type), (b"content-length", str(len(answer.body)).encode())]
    await send(
        {"type": "http.response.start", "status": answer.status, "headers": [*headers, *answer.headers]}
    )
    await send({"type": "http.response.body", "body": b"" if head else answer.body})
