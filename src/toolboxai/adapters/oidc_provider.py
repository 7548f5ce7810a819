"""An identity provider over HTTP: discovery, token endpoint, keys; each answer bounded in time and size."""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

import httpx2
import msgspec

from toolboxai import __version__
from toolboxai.apps.addresses import is_loopback_name
from toolboxai.clock import Clock
from toolboxai.errors import InvalidToken, ProviderUnavailable
from toolboxai.platform.identity.id_token import ProviderKey, read_keys

__all__ = ["OidcProvider", "is_sound_url"]

log = logging.getLogger(__name__)

CONNECT_S: Final = 3.0
WHOLE_S: Final = 8.0  # of one call; somebody waits before a white page meanwhile
DOCUMENT_BYTES: Final = 256 * 1024
FRESH_S: Final = 3600.0  # a discovery document, and keys that were taken out there, count for so long
AGAIN_S: Final = (
    30.0  # strangers can name keys that nobody has; each may cost the provider one call in so many seconds
)
PAUSE_S: Final = 5.0  # after a call that failed the next one waits so long, and is answered at once

_Shape = TypeVar("_Shape", bound=msgspec.Struct)


class _Discovery(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    # The default of the standard, for providers that do not say.
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str


class OidcProvider:
    """Satisfies ``platform.identity.oidc.Provider``. No redirect is followed, and no cookie kept.

    Args:
        issuer: URL of the provider, as it names itself.
        client_id: ours there.
        client_secret: ours there.
        redirect_uri: where browsers come back to.
        label: of the provider, for texts.
        clock: for how old things are.
        verify: what trusts certificates; None: the authorities that the machine trusts.
    """

    def __init__(
        self,
        issuer: str,
        *,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        label: str,
        clock: Clock,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._label = label
        self._clock = clock
        self._here = is_loopback_name(urlsplit(issuer).hostname or "")
        self._http = httpx2.AsyncClient(
            verify=verify or True,
            trust_env=not self._here,  # a school's way out may lead through a proxy
            follow_redirects=False,
            timeout=httpx2.Timeout(WHOLE_S, connect=CONNECT_S),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            headers={
                "User-Agent": f"toolboxai/{__version__}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
        )
        self._turn = asyncio.Lock()
        self._found: tuple[float, _Discovery] | None = None
        self._keys: tuple[float, list[ProviderKey]] | None = None
        self._failed: tuple[float, str] | None = None
        self._told: tuple[float, str] | None = None

    async def close(self) -> None:
        """Let go of what is open."""
        await self._http.aclose()

    async def authorization_endpoint(self) -> str:
        """See the port."""
        return (await self._discovery()).authorization_endpoint

    async def redeem(self, code: str, verifier: str) -> str:
        """See the port."""
        there = await self._discovery()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        headers = {}
        if "client_secret_basic" in there.token_endpoint_auth_methods_supported:
            # Each half is encoded as in a form first (RFC 6749, 2.3.1).
            pair = httpx2.BasicAuth(quote(self._client_id, safe=""), quote(self._client_secret, safe=""))
            request = next(pair.auth_flow(httpx2.Request("POST", there.token_endpoint)))
            headers["Authorization"] = request.headers["Authorization"]
        else:
            form |= {"client_id": self._client_id, "client_secret": self._client_secret}
        status, body = await self._ask("POST", there.token_endpoint, form, headers)
        if status == 200:
            return self._read(body, _Tokens, "token endpoint").id_token
        error = _error(body)
        log.warning("the identity provider redeems no code", extra={"status": status, "reason": error})
        # The second is how some call a code of no form that they know: whoever sends one is at fault, not the provider.
        if error in ("invalid_grant", "invalid_request"):
            raise InvalidToken(
                f"{self._label} does not know this sign-in, or it was used before; begin again"
            )
        if error in ("invalid_client", "unauthorized_client") or status == 401:
            raise self._unavailable("it refuses this server's client_id or client_secret")
        raise self._unavailable(f"its token endpoint answers {status}")

    async def keys(self, *, anew: bool = False) -> list[ProviderKey]:
        """See the port."""
        async with self._turn:
            age = None if self._keys is None else self._clock.monotonic() - self._keys[0]
            if self._keys is None or age is None or age >= (AGAIN_S if anew else FRESH_S):
                url = (await self._discovered()).jwks_uri
                document = self._json(await self._fetch(url), "key set")
                self._keys = self._clock.monotonic(), read_keys(document)
            return self._keys[1]

    # ---- documents ------------------------------------------------------------------------------------------

    async def _discovery(self) -> _Discovery:
        async with self._turn:
            return await self._discovered()

    async def _discovered(self) -> _Discovery:
        now = self._clock.monotonic()
        if self._found is None or now - self._found[0] >= FRESH_S:
            url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
            document = self._read(await self._fetch(url), _Discovery, "discovery document")
            if document.issuer != self._issuer:
                raise self._unavailable(
                    f"its discovery document is of another issuer, {document.issuer[:200]!r}"
                )
            for url in (document.authorization_endpoint, document.token_endpoint, document.jwks_uri):
                if not is_sound_url(url, loopback=self._here):
                    raise self._unavailable("its discovery document names an address that is not https")
            self._found = now, document
        return self._found[1]

    async def _fetch(self, url: str) -> bytes:
        """A document; who asks while the provider has just failed is told so at once."""
        now = self._clock.monotonic()
        if self._failed is not None and now - self._failed[0] < PAUSE_S:
            raise self._unavailable()
        status, body = await self._ask("GET", url)
        if status != 200:
            raise self._unavailable(f"{url} answers {status}")
        return body

    async def _ask(
        self,
        method: str,
        url: str,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        try:
            async with (
                asyncio.timeout(WHOLE_S),
                self._http.stream(method, url, data=form, headers=headers) as answer,
            ):
                body = b""
                async for chunk in answer.aiter_raw():
                    body += chunk
                    if len(body) > DOCUMENT_BYTES:
                        raise self._unavailable(f"{url} answers with more than {DOCUMENT_BYTES} bytes")
                return answer.status_code, body
        except TimeoutError as late:
            raise self._unavailable(f"{url} does not answer within {WHOLE_S:.0f} s") from late
        except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
            told = f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__
            raise self._unavailable(f"{url} cannot be reached ({told})") from fault

    def _json(self, body: bytes, what: str) -> Any:
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as fault:
            raise self._unavailable(f"its {what} is not JSON: {fault}") from fault

    def _read(self, body: bytes, shape: type[_Shape], what: str) -> _Shape:
        try:
            return msgspec.convert(self._json(body, what), shape)
        except msgspec.ValidationError as fault:
            raise self._unavailable(f"its {what} is not one: {fault}") from fault

    @property
    def failure(self) -> str | None:
        """Why it was of no use the last time that it was not; for the operator alone."""
        return None if self._failed is None else self._failed[1]

    def _unavailable(self, reason: str | None = None) -> ProviderUnavailable:
        """The reason is for the operator's log, once in a while; people are told what they can do.

        Args:
            reason: None: it is the same as a moment ago.
        """
        if reason is not None:
            now = self._clock.monotonic()
            told = self._told is not None and self._told[1] == reason and now - self._told[0] < PAUSE_S
            self._failed = now, reason
            if not told:
                self._told = now, reason
                about = {"issuer": self._issuer, "reason": reason}
                log.error("the identity provider is of no use", extra=about)
        return ProviderUnavailable(
            f"{self._label} does not answer as it should at this moment; try again in a minute, or sign in with a "
            "password if you have one here",
            details={"retry_after": int(PAUSE_S)},
        )


def is_sound_url(url: str, *, loopback: bool) -> bool:
    """Whether secrets may be sent there: https, or, where the provider is on this machine, http on it.

    Args:
        url: absolute.
        loopback: whether the provider is on this machine.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        parts.port  # noqa: B018 - raises where it is none
    except ValueError:
        return False
    if not host or "@" in parts.netloc or parts.fragment or not url.isascii() or not url.isprintable():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and loopback and is_loopback_name(host))


def _error(body: bytes) -> str:
    """The word of an error answer, if it is one of the standard's form."""
    try:
        error = msgspec.json.decode(body).get("error")
    except (msgspec.DecodeError, UnicodeError, RecursionError, AttributeError):
        return ""
    return (
        error
        if isinstance(error, str) and len(error) <= 60 and error.isascii() and error.isprintable()
        else ""
    )
