"""Requests to a server with the user's token, and what their answers mean."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx2

from toolboxai import __version__
from toolboxai.client.backoff import Backoff
from toolboxai.client.errors import RequestRefused, RequestUnavailable
from toolboxai.client.tokens import Tokens
from toolboxai.close_codes import Retry

__all__ = ["Requests", "asks_to_come_back", "patiently"]

T = TypeVar("T")

_TIMEOUT_S: Final = 10.0
_PASSING: Final = (408, 425, 429)  # of the client's own faults those that pass by themselves


class Requests:
    """The HTTP side of one client.

    Args:
        base: of the server; paths are added to it.
        tokens: for the ``Authorization`` header, which goes to this server alone.
        signs_at: a path, or the address of another server that the user has named: it is told the token, too.
        ways: how the HTTP client reaches the server, as its own arguments.
    """

    def __init__(self, base: str, tokens: Tokens, ways: Mapping[str, Any], *, signs_at: str = "") -> None:
        self._base = base
        self._trusted = {_origin(base), _origin(signs_at if urlsplit(signs_at).scheme else base)}
        self._tokens = tokens
        headers = {"User-Agent": f"toolboxai-python/{__version__}"}
        self._http = httpx2.AsyncClient(timeout=_TIMEOUT_S, headers=headers, **ways)

    async def close(self) -> None:
        """Let the connections go."""
        self._tokens.close()
        await self._http.aclose()

    async def ask(self, method: str, path: str, *, authorised: bool = True, **words: Any) -> Any:
        """The JSON of an answer; None when it has no body.

        Args:
            method: of HTTP.
            path: on the server, from its slash on; or a whole address, which is told no token where it is another server's.
            authorised: False goes without a token.
            words: the HTTP client's ``json``, ``data`` or ``params``.

        Raises:
            ValueError: it is neither.
            RequestRefused, RequestUnavailable: see there.
        """
        url = self._address(path)
        known = authorised and _origin(url) in self._trusted
        token = await self._tokens.token() if known else None
        answer = await self._send(method, url, token, words)
        if answer.status_code == 401 and token is not None:
            other = await self._tokens.instead(token)
            if other not in (None, token):
                answer = await self._send(method, url, other, words)
        return _read(answer, urlsplit(path).path)

    async def object(
        self, method: str, path: str, *, authorised: bool = True, **words: Any
    ) -> dict[str, Any]:
        """As `ask`, where the answer has to be a JSON object."""
        answer = await self.ask(method, path, authorised=authorised, **words)
        if not isinstance(answer, dict):
            raise RequestRefused(f"{urlsplit(path).path} answered something that is no JSON object", 200)
        return answer

    def _address(self, path: str) -> str:
        if path.startswith("/"):
            return self._base + path
        if urlsplit(path).scheme in ("http", "https"):
            return path
        raise ValueError(
            f"{path!r} is no path of the server; write it from its slash on, or as a whole address"
        )

    async def _send(
        self, method: str, url: str, token: str | None, words: Mapping[str, Any]
    ) -> httpx2.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        try:
            return await self._http.request(method, url, headers=headers, **words)
        except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
            what = f"{method} {urlsplit(url).path} failed: {str(fault) or type(fault).__name__}"
            raise RequestUnavailable(what) from fault


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def asks_to_come_back(answer: httpx2.Response) -> float | None:
    """Seconds after which an answer that is no success asks to be asked again; None: asking again changes nothing."""
    if answer.status_code not in _PASSING and answer.status_code < 500:
        return None
    seconds = answer.headers.get("Retry-After", "")
    return float(seconds) if seconds.isascii() and seconds.isdecimal() else 0.0


async def patiently(
    asking: Callable[[], Awaitable[T]], backoff: Backoff, sleep: Callable[[float], Awaitable[None]]
) -> T:
    """Ask until there is an answer, with the pauses of `backoff`, longer ones where the server names them.

    Raises:
        RequestRefused: the answer is no.
        RequestUnavailable: there was none to the end.
    """
    while True:
        try:
            return await asking()
        except RequestUnavailable as fault:
            wait_s = backoff.next_wait(Retry.PAUSE, lived_s=0.0)
            if wait_s is None:
                raise
            await sleep(max(wait_s, fault.retry_after_s))


def _read(answer: httpx2.Response, path: str) -> Any:
    try:
        body = answer.json() if answer.content else None
    except ValueError:
        if answer.is_success:
            raise RequestRefused(f"{path} answered something that is no JSON object", 200) from None
        body = None
    if answer.is_success:
        return body
    said = body if isinstance(body, dict) else {}
    words = str(said.get("message") or f"HTTP status {answer.status_code}")
    wait_s = asks_to_come_back(answer)
    if wait_s is not None:
        raise RequestUnavailable(words, answer.status_code, wait_s)
    code = said.get("error_code")
    raise RequestRefused(words, answer.status_code, code if isinstance(code, str) else None)
