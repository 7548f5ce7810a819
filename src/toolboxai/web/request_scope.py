"""What every request gets, whatever route it meets: an id, a bound for its body, safe headers, and an answer."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from toolboxai.errors import PayloadTooLarge
from toolboxai.ids import Dice, new_token
from toolboxai.metrics import Metrics
from toolboxai.web.errors import REQUEST_ID, error_response, internal_error

__all__ = ["RequestScope"]

_log = logging.getLogger(__name__)

# An id from outside is kept, so that a proxy's log and ours tell one story; anything odd is replaced.
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_\-]{8,64}")

# A body that is refused is read to its end before the answer: closing with bytes unread would make the system reset
# the connection, and the client would never see why. So much of it, and for so long; then the connection just ends.
_DRAIN_BYTES: Final = 64 * 1024 * 1024
_DRAIN_S: Final = 10.0

_PARTS: Final = re.compile(r"({[^}]*})")

# A page says for itself what it may load; what says nothing may load nothing.
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


class RequestScope:
    """ASGI middleware.

    Args:
        app: the routes.
        body_bytes: asked with each request: a longer body is answered with 413, whether it was announced or came in
            pieces.
        larger: for the paths that take more, how much; a path may have ids in braces, as routes have them.
        dice: for request ids.
        metrics: its ``faults_total`` counts what failed.
    """

    def __init__(
        self,
        app: ASGIApp,
        body_bytes: Callable[[], int],
        larger: Mapping[str, int],
        dice: Dice,
        metrics: Metrics,
    ) -> None:
        self._app = app
        self._body_bytes = body_bytes
        self._larger = [(_pattern(path), size) for path, size in larger.items()]
        self._dice = dice
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        scope[REQUEST_ID] = given if _REQUEST_ID.fullmatch(given) else new_token(self._dice, "req_", bits=80)
        larger = (size for path, size in self._larger if path.fullmatch(scope["path"]))
        bound = next(larger, None) or self._body_bytes()
        exchange = _Exchange(scope, receive, send, bound, self._metrics)
        # A client that asks before it sends has sent nothing yet.
        waits = headers.get("expect", "").lower() == "100-continue"
        await exchange.run(self._app, headers.get("content-length", ""), waits=waits)


def _pattern(path: str) -> re.Pattern[str]:
    """Paths of a route."""
    return re.compile(
        "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in _PARTS.split(path))
    )


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, body_bytes: int, metrics: Metrics) -> None:
        self._metrics = metrics
        self._scope = scope
        self._receive_raw = receive
        self._send_raw = send
        self._left = body_bytes
        self._body_bytes = body_bytes
        self._too_large = False
        self._answered = False
        self._more = True  # whether the client may still be sending

    async def run(self, app: ASGIApp, announced: str, *, waits: bool) -> None:
        if announced.isdecimal() and (len(announced) > 15 or int(announced) > self._body_bytes):
            self._more = not waits and len(announced) <= 15 and int(announced) <= _DRAIN_BYTES
            await self._refuse_body()
            return
        try:
            await app(self._scope, self._receive, self._send)
        except ClientDisconnect:  # in the middle of its body: nobody is there to be answered
            return
        except Exception:  # our own fault, whatever it is: logged here with its trace, answered without it
            if self._too_large and not self._answered:
                await self._refuse_body()
                return
            self._metrics.faults_total += 1
            _log.exception(
                "request failed",
                extra={
                    "request_id": self._scope[REQUEST_ID],
                    "method": self._scope["method"],
                    "path": self._scope["path"],
                },
            )
            if self._answered:
                raise  # the status is out already: the server has to cut the connection
            await internal_error(self._scope)(self._scope, self._receive_raw, self._headed)

    async def _receive(self) -> MutableMapping[str, Any]:
        message = await self._receive_raw()
        self._more = bool(message.get("more_body"))
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self._too_large = True
                raise PayloadTooLarge(f"the body is longer than the {self._body_bytes} bytes allowed")
        return message

    async def _send(self, message: Message) -> None:
        if self._too_large and not self._answered:
            # A framework may have turned the error above into one of its own: this is the true one.
            if message["type"] == "http.response.start":
                return
            await self._refuse_body()
            return
        if message["type"] == "http.response.body" and self._too_large:
            return
        await self._headed(message)

    async def _drain(self) -> None:
        """Read what is still coming of a body that nobody wants."""
        left = _DRAIN_BYTES
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                while self._more and left > 0:
                    message = await self._receive_raw()
                    self._more = bool(message.get("more_body"))
                    left -= len(message.get("body", b""))

    async def _refuse_body(self) -> None:
        await self._drain()
        response = error_response(
            self._scope,
            PayloadTooLarge.status,
            PayloadTooLarge.error_code,
            f"the body is longer than the {self._body_bytes} bytes allowed here; send less",
            details={"max_bytes": self._body_bytes},
            headers={"Connection": "close"},
        )
        await response(self._scope, self._receive_raw, self._headed)

    async def _headed(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._answered = True
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._scope[REQUEST_ID]
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send_raw(message)
