"""What the client asks over HTTP: where the socket is, signatures, and the events that it missed."""

import inspect
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

import httpx2

from toolboxai import __version__
from toolboxai.client.effects import Event
from toolboxai.client.errors import RequestRefused, RequestUnavailable
from toolboxai.client.frames import event_of
from toolboxai.client.requests import Requests
from toolboxai.client.signatures import Signature, Signatures, signature_in
from toolboxai.client.tokens import TokenProvider, Tokens

__all__ = ["Endpoints", "Signer", "http_base", "is_loopback", "reaching", "socket_url"]

Signed = str | Mapping[str, str]

Signer = Callable[[str, str], Signed | Awaitable[Signed]]
"""Called with channel and socket id, asynchronous or not; answers the signature, or what an auth endpoint would."""

AUTH_PATH: Final = "/api/v1/pusher/auth"
CONFIG_PATH: Final = "/api/v1/realtime/config"
HISTORY_PATH: Final = "/api/v1/realtime/history"
_PAGES_MOST: Final = 1000  # a history that never ends is a fault of the server, not work for the client


def is_loopback(url: str) -> bool:
    """Whether the address is this machine's own; a proxy of the environment cannot reach it."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def reaching(url: str) -> dict[str, Any]:
    """How an HTTP client reaches this address: through the proxy of the environment, if there is one, but for loopback.

    The authorities are the system's, or those of ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, as for the WebSocket.
    """
    if not is_loopback(url):
        return {"trust_env": True}
    if urlsplit(url).scheme not in ("https", "wss"):
        return {"trust_env": False}
    return {"trust_env": False, "verify": ssl.create_default_context()}


def socket_url(url: str, key: str) -> str:
    """The WebSocket address of an app from any address of the server: http, https, ws or wss."""
    parts = urlsplit(url)
    schemes = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
    if parts.scheme not in schemes or not parts.netloc:
        raise ValueError(f"address {url!r}: write it as http://HOST:PORT or https://HOST")
    query = f"protocol=7&client=toolboxai-python&version={__version__}"
    return urlunsplit((schemes[parts.scheme], parts.netloc, f"{parts.path.rstrip('/')}/app/{key}", query, ""))


def http_base(url: str) -> str:
    """The HTTP address of the server, without a slash at its end."""
    parts = urlsplit(url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


class Endpoints:
    """The HTTP side of one client.

    Args:
        url: of the server.
        key: the app's; None is asked of the server before each connection.
        token: makes a fresh bearer token for each request, or None to send none.
        auth_endpoint: where subscriptions are signed; the server's own when None.
        signer: signs them here instead.
        transport: takes the place of the network.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        token: TokenProvider | None,
        auth_endpoint: str | None = None,
        signer: Signer | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = url
        self._key = key
        socket_url(url, key or "")  # one that is none is told at once
        ways = reaching(url) if transport is None else {"transport": transport}
        self.requests = Requests(http_base(url), Tokens(token), ways, signs_at=auth_endpoint or "")
        # An endpoint of somebody else's may know the classic form alone.
        self._signatures = Signatures(
            self.requests, auth_endpoint or AUTH_PATH, together=auth_endpoint is None
        )
        self._signer = signer

    async def close(self) -> None:
        """Let the connections go."""
        self._signatures.close()
        await self.requests.close()

    async def socket(self) -> str:
        """Where the socket is. A key that was not named is asked for, each time: it may be another by now.

        Raises:
            RequestRefused, RequestUnavailable: see there.
        """
        if self._key is not None:
            return socket_url(self.url, self._key)
        config = await self.requests.object("GET", CONFIG_PATH, authorised=False)
        key = config.get("key")
        if not isinstance(key, str) or not key:
            raise RequestRefused(f"{CONFIG_PATH} names no key", 200)
        return socket_url(_origin(config) or self.url, key)

    async def sign(self, channel: str, socket_id: str) -> Signature:
        """Ask our application to sign a subscription.

        Raises:
            RequestRefused, RequestUnavailable: see there.
        """
        if self._signer is not None:
            try:
                asked = self._signer(channel, socket_id)
                signed = await asked if inspect.isawaitable(asked) else asked
            except Exception as fault:  # the user's code: no reason to end the rest
                words = f"no signature could be had: {type(fault).__name__}: {fault}"
                raise RequestUnavailable(words) from fault
            answer = signature_in({"auth": signed} if isinstance(signed, str) else signed)
            if answer is None:
                raise RequestUnavailable("the signer answered without a signature")
            return answer
        return await self._signatures.sign(channel, socket_id)

    async def history(self, channel: str, after: int, events_url: str | None = None) -> list[Event]:
        """The kept events of a channel with a number greater than `after`, oldest first.

        Args:
            channel: its name.
            after: the number.
            events_url: where they are, when it is not the common history.

        Raises:
            RequestRefused, RequestUnavailable: see there.
        """
        events: list[Event] = []
        path = events_url or f"{HISTORY_PATH}?channel={quote(channel, safe='')}"
        for _page in range(_PAGES_MOST):
            answer = await self.requests.object("GET", f"{path}{'&' if '?' in path else '?'}after={after}")
            page = [event_of(str(item["type"]), channel, item) for item in _items(answer)]
            numbers = [event.seq for event in page if event.seq is not None]
            events += page
            if answer.get("next_cursor") is None or not numbers or max(numbers) <= after:
                break
            after = max(numbers)
        return events


def _origin(config: dict[str, Any]) -> str | None:
    """Where live updates come from, when it is not the server itself."""
    scheme, host, port = config.get("scheme"), config.get("host"), config.get("port")
    if scheme is None:
        return None
    host = host or f"ws-{config.get('cluster')}.pusher.com"  # hosted Pusher: its cluster tells where
    return f"{scheme}://{host}" + (f":{port}" if port else "")


def _items(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a page; what has no type is none."""
    items = answer.get("items")
    return (
        [item for item in items if isinstance(item, dict) and "type" in item]
        if isinstance(items, list)
        else []
    )
