"""What the client asks over HTTP: the signature of a subscription, and the events that it missed."""

import inspect
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import httpx2

from toolboxai import __version__
from toolboxai.client.backoff import Backoff
from toolboxai.client.effects import Event
from toolboxai.client.frames import event_of
from toolboxai.close_codes import Retry

__all__ = [
    "Endpoints",
    "HttpRefused",
    "HttpUnavailable",
    "Signature",
    "Signer",
    "TokenProvider",
    "is_loopback",
    "reaching",
    "socket_url",
]

T = TypeVar("T")

TokenProvider = Callable[[], str | Awaitable[str]]
Signer = Callable[[str, str], str]

_TIMEOUT_S = 10.0
_PAGES_MOST = 1000  # a history that never ends is a fault of the server, not work for the client


class HttpRefused(Exception):
    """The answer is no, and asking again does not change it."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class HttpUnavailable(Exception):
    """No answer, or one that asks to come back.

    Args:
        message: what happened.
        status: the HTTP status, if there was one.
        retry_after_s: seconds that the server asks for; 0 when it names none.
    """

    def __init__(self, message: str, status: int | None = None, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Signature:
    """What the auth endpoint answers."""

    auth: str
    channel_data: str | None = None


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


def _http_base(url: str) -> str:
    parts = urlsplit(url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


class Endpoints:
    """The HTTP side of one client.

    Args:
        url: of the server.
        token: makes a fresh bearer token for each request, or None to send none.
        auth_endpoint: where subscriptions are signed; the server's own when None.
        signer: signs them here instead.
    """

    def __init__(
        self,
        url: str,
        *,
        token: TokenProvider | None,
        auth_endpoint: str | None = None,
        signer: Signer | None = None,
    ) -> None:
        base = _http_base(url)
        self._auth_url = auth_endpoint or f"{base}/api/v1/pusher/auth"
        self._history_url = f"{base}/api/v1/realtime/history"
        self._token = token
        self._signer = signer
        self._http = httpx2.AsyncClient(
            timeout=_TIMEOUT_S,
            headers={"User-Agent": f"toolboxai-python/{__version__}"},
            **reaching(url),
        )

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.aclose()

    async def sign(self, channel: str, socket_id: str) -> Signature:
        """Ask our application to sign a subscription.

        Raises:
            HttpRefused, HttpUnavailable: see there.
        """
        if self._signer is not None:
            return Signature(self._signer(channel, socket_id))
        form = {"socket_id": socket_id, "channel_name": channel}
        answer = await self._ask("POST", self._auth_url, data=form)
        auth, channel_data = answer.get("auth"), answer.get("channel_data")
        if not isinstance(auth, str) or not isinstance(channel_data, str | None):
            raise HttpRefused("the auth endpoint answered without a signature", 200)
        return Signature(auth, channel_data)

    async def history(self, channel: str, after: int) -> list[Event]:
        """The kept events of a channel with a number greater than `after`, oldest first.

        Raises:
            HttpRefused, HttpUnavailable: see there.
        """
        events: list[Event] = []
        for _page in range(_PAGES_MOST):
            answer = await self._ask(
                "GET", self._history_url, params={"channel": channel, "after": str(after)}
            )
            page = [event_of(str(item["type"]), channel, item) for item in _items(answer)]
            numbers = [event.seq for event in page if event.seq is not None]
            events += page
            if answer.get("next_cursor") is None or not numbers or max(numbers) <= after:
                break
            after = max(numbers)
        return events

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        data: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        headers = await self._authorization()
        try:
            answer = await self._http.request(method, url, data=data, params=params, headers=headers)
        except httpx2.HTTPError as fault:
            raise HttpUnavailable(
                f"{method} {urlsplit(url).path} failed: {str(fault) or type(fault).__name__}"
            ) from fault
        if answer.status_code == 429 or answer.status_code >= 500:
            seconds = answer.headers.get("Retry-After", "")
            raise HttpUnavailable(
                _words(answer), answer.status_code, float(seconds) if seconds.isdigit() else 0.0
            )
        if answer.status_code != 200:
            raise HttpRefused(_words(answer), answer.status_code)
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise HttpRefused(f"{urlsplit(url).path} answered something that is no JSON object", 200)
        return body

    async def _authorization(self) -> dict[str, str]:
        if self._token is None:
            return {}
        try:
            token = self._token()
            return {"Authorization": f"Bearer {await token if inspect.isawaitable(token) else token}"}
        except (
            Exception
        ) as fault:  # the user's code, which may ask a server that is away: no reason to end the rest
            raise HttpUnavailable(f"no token could be had: {type(fault).__name__}: {fault}") from fault


async def patiently(
    asking: Callable[[], Awaitable[T]], backoff: Backoff, sleep: Callable[[float], Awaitable[None]]
) -> T:
    """Ask until there is an answer, with the pauses of `backoff`, longer ones where the server names them.

    Raises:
        HttpRefused: the answer is no.
        HttpUnavailable: there was none to the end.
    """
    while True:
        try:
            return await asking()
        except HttpUnavailable as fault:
            wait_s = backoff.next_wait(Retry.PAUSE, lived_s=0.0)
            if wait_s is None:
                raise
            await sleep(max(wait_s, fault.retry_after_s))


def _items(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a page; what has no type is none."""
    items = answer.get("items")
    return (
        [item for item in items if isinstance(item, dict) and "type" in item]
        if isinstance(items, list)
        else []
    )


def _words(answer: httpx2.Response) -> str:
    """The message of an error, or its status."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    message = body.get("message") if isinstance(body, dict) else None
    return str(message or f"HTTP status {answer.status_code}")
