"""The server that a command talks to: where it is, with what key and token, and how its refusals are told."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.output import complain

if TYPE_CHECKING:
    from toolboxai.client import ChannelsClient, ConnectionState

__all__ = ["Remote", "Rest", "connected", "find_remote"]

_PATIENCE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Remote:
    """A server and what we have for it.

    Args:
        url: without a closing slash.
        key: the app's key, or None.
        token: an access token, or None.
        app_id: of our app, when its secret is known too.
        secret: of our app, or None.
    """

    url: str
    key: str | None = None
    token: str | None = field(default=None, repr=False)
    app_id: str | None = None
    secret: str | None = field(default=None, repr=False)

    def needed_key(self) -> str:
        """The key, without which nobody connects."""
        if self.key is None:
            raise CommandFailed(
                ExitCode.CONFIGURATION, "no app key: set PUSHER_KEY, or give --key; it is no secret"
            )
        return self.key

    def needed_app(self) -> tuple[str, str, str]:
        """Id, key and secret of our app, without which no call is signed."""
        if self.app_id is None or self.secret is None or self.key is None:
            raise CommandFailed(
                ExitCode.CONFIGURATION,
                "no app: set PUSHER_APP_ID, PUSHER_KEY and PUSHER_SECRET, or [[apps]] in the file",
            )
        return self.app_id, self.key, self.secret

    def needed_token(self) -> str:
        """The token, without which the application answers nothing."""
        if self.token is None:
            raise CommandFailed(
                ExitCode.CONFIGURATION,
                "no access token: export TOOLBOXAI_TOKEN=$(toolboxai token NAME); "
                "`toolboxai users create NAME --role teacher` makes an account",
            )
        return self.token


def find_remote(*, url: str | None = None, key: str | None = None, config: Path | None = None) -> Remote:
    """Where to talk to: arguments over environment over settings. The token comes from TOOLBOXAI_TOKEN alone.

    Raises:
        CommandFailed: the address is none.
    """
    from toolboxai.config import Purpose, load_settings

    settings = load_settings(file=config, purpose=Purpose.ANY)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.server.host, settings.server.host)  # noqa: S104 - compared, not bound
    host = f"[{host}]" if ":" in host else host
    scheme = "http" if settings.server.tls_certificate is None else "https"
    own = settings.own_app
    return Remote(
        url=_address(
            url or os.environ.get("TOOLBOXAI_URL") or f"{scheme}://{host}:{settings.server.port}",
        ),
        key=key or settings.client_key,
        token=os.environ.get("TOOLBOXAI_TOKEN") or None,
        app_id=own.id if own else None,
        secret=own.active_keys()[0].secret if own else None,
    )


def _address(url: str) -> str:
    """The address without a closing slash; it is told what is none before anybody is asked."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - is looked at when it is read
        good = parts.scheme in ("http", "https") and parts.hostname is not None
    except ValueError:
        good = False
    if not good:
        raise CommandFailed(ExitCode.USAGE, f"address {url!r}: write it as http://HOST:PORT or https://HOST")
    return url.rstrip("/")


class Rest:
    """The application's HTTP side. Answers are JSON objects; refusals end the command with their text.

    Args:
        url: of the server.
        token: sent as bearer token, if any.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        import httpx2

        from toolboxai.client.endpoints import reaching

        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx2.AsyncClient(base_url=url, headers=headers, timeout=_PATIENCE_S, **reaching(url))
        self._url = url

    async def __aenter__(self) -> "Rest":
        return self

    async def __aexit__(self, *_fault: object) -> None:
        await self._http.aclose()

    async def get(self, path: str, **params: str) -> dict[str, Any]:
        """A resource."""
        return _object(await self._send("GET", path, params=params))

    async def post(self, path: str, body: dict[str, Any], *, timeout: float = _PATIENCE_S) -> dict[str, Any]:
        """Start or change something; the answer may take `timeout` seconds."""
        return _object(await self._send("POST", path, json=body, timeout=timeout))

    async def delete(self, path: str) -> None:
        """End something."""
        await self._send("DELETE", path)

    async def download(self, path: str, **params: str) -> bytes:
        """The bytes of a file."""
        answer = await self._send("GET", path, params=params)
        return bytes(answer.content)

    async def get_signed(self, remote: Remote, path: str, **params: str) -> dict[str, Any]:
        """Ask the signed Channels API; the path is what follows that of our app."""
        path, signed = _signed(remote, "GET", path, b"", params)
        return _object(await self._send("GET", path, params=signed))

    async def post_signed(self, remote: Remote, path: str, body: bytes) -> str:
        """Publish over the signed Channels API; returns the ids of the publications, of a server that tells them."""
        path, signed = _signed(remote, "POST", path, body, {})
        headers = {"Content-Type": "application/json"}
        answer = await self._send("POST", path, content=body, params=signed, headers=headers)
        return str(answer.headers.get("X-Toolboxai-Publication-Id", ""))

    async def _send(self, method: str, path: str, **more: Any) -> Any:
        import httpx2

        try:
            answer = await self._http.request(method, path, **more)
        except httpx2.InvalidURL as fault:
            raise CommandFailed(ExitCode.USAGE, f"{self._url!r} is no address: {fault}") from fault
        except httpx2.HTTPError as fault:
            raise unreachable(self._url, str(fault) or type(fault).__name__) from fault
        if answer.status_code < 400:
            return answer
        code = ExitCode.REFUSED if answer.status_code in (401, 403) else ExitCode.FAILED
        raise CommandFailed(code, f"{method} {path} was refused ({answer.status_code}): {_words(answer)}")


def unreachable(url: str, why: str) -> CommandFailed:
    """Nobody answers; what to look at."""
    if "CERTIFICATE_VERIFY_FAILED" in why:
        return CommandFailed(
            ExitCode.UNREACHABLE,
            f"the certificate of {url} is not believed: {why}\nName the server with --url or TOOLBOXAI_URL as its "
            "certificate does; SSL_CERT_FILE names the file of an authority of your own.",
        )
    return CommandFailed(
        ExitCode.UNREACHABLE,
        f"no server answers at {url}: {why}\nStart one with: toolboxai serve; or name another with --url or "
        "TOOLBOXAI_URL. `toolboxai doctor` looks closer.",
    )


@asynccontextmanager
async def connected(
    remote: Remote, *, tell: Callable[[str], None] = complain
) -> AsyncIterator["ChannelsClient"]:
    """A Channels client for the remote; losses and complaints are told, and its errors end the command."""
    from toolboxai.client import (
        ClientError,
        ConnectionRefused,
        ConnectionState,
        GaveUp,
        SubscriptionDenied,
        Unreachable,
        connect,
    )
    from toolboxai.errors import BadChannelName

    def state(now: "ConnectionState", text: str) -> None:
        if now is ConnectionState.WAITING:
            tell(f"connection lost: {text}")

    try:
        async with AsyncExitStack() as stack:
            connecting = connect(
                remote.url,
                remote.needed_key(),
                token=remote.token,
                signer=_signer(remote),
                on_state=state,
                on_error=tell,
            )
            try:
                client = await stack.enter_async_context(connecting)
            except ValueError as wrong:
                raise CommandFailed(ExitCode.USAGE, str(wrong)) from wrong
            yield client
    except (Unreachable, GaveUp) as gone:
        raise unreachable(remote.url, str(gone)) from gone
    except ConnectionRefused as refused:
        hint = " Does PUSHER_KEY name an app of that server?" if refused.code == 4001 else ""
        raise CommandFailed(ExitCode.REFUSED, f"{refused}.{hint}") from refused
    except SubscriptionDenied as denied:
        raise CommandFailed(ExitCode.REFUSED, str(denied)) from denied
    except ClientError as failed:
        raise CommandFailed(ExitCode.FAILED, str(failed)) from failed
    except BadChannelName as wrong:
        raise CommandFailed(ExitCode.USAGE, str(wrong)) from wrong


def _signer(remote: Remote) -> Callable[[str, str], str] | None:
    """Who has the app's secret and no token signs for itself: a server of Channels alone has no auth endpoint."""
    key, secret = remote.key, remote.secret
    if remote.token is not None or key is None or secret is None:
        return None

    from toolboxai.protocol.signing import sign_channel

    return lambda channel, socket_id: f"{key}:{sign_channel(secret, socket_id, channel)}"


def _signed(
    remote: Remote, method: str, path: str, body: bytes, params: dict[str, str]
) -> tuple[str, dict[str, str]]:
    """The whole path, and the query that signs the call."""
    import hashlib
    import time

    from toolboxai.protocol.signing import sign_request

    app_id, key, secret = remote.needed_app()
    path = f"/apps/{app_id}/{path}"
    signed = {"auth_key": key, "auth_timestamp": str(int(time.time())), "auth_version": "1.0", **params}
    if body:
        signed["body_md5"] = hashlib.md5(body, usedforsecurity=False).hexdigest()
    signed["auth_signature"] = sign_request(secret, method, path, signed.items())
    return path, signed


def _object(answer: Any) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise CommandFailed(ExitCode.FAILED, f"{answer.url} answered something that is no JSON object")
    return body


def _words(answer: Any) -> str:
    """The text of an error: of our JSON, or the plain text of the Channels API."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or "message" not in body:
        return str(answer.text.strip()[:500] or "no text")
    return f"{body['message']} [{body.get('error_code', 'no code')}]"
