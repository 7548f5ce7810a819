"""A server seen from where its clients are."""

import json
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from toolboxai.cli.checks.clocks import by_date
from toolboxai.cli.checks.finding import Finding, Verdict, fault, note, ok, warning
from toolboxai.cli.checks.live import event_stream, round_trip
from toolboxai.cli.checks.signed import Credentials, signed_get, tell
from toolboxai.cli.checks.way import way
from toolboxai.cli.remote import Remote

__all__ = ["seen_address", "server"]

_FORGED = "192.0.2.1"  # of documentation: nobody has it


async def server(remote: Remote, *, named: bool, now: Callable[[], float]) -> AsyncIterator[Finding]:
    """Everything up to the first step without which the next ones make no sense.

    Args:
        remote: the server, and what we have for it.
        named: somebody named it, so it must answer.
        now: the time, in Unix seconds.
    """
    import httpx2

    from toolboxai.client.endpoints import reaching

    if named:
        async for finding in way(remote.url, now=now()):
            yield finding
            if finding.verdict is Verdict.FAULT:
                return
    try:
        async with httpx2.AsyncClient(
            base_url=remote.url,
            timeout=10.0,
            **reaching(remote.url),
        ) as http:
            async for finding in _asked(http, remote, now):
                yield finding
    except (httpx2.HTTPError, httpx2.InvalidURL) as refused:
        text = f"nothing answers at {remote.url} ({str(refused) or type(refused).__name__})"
        if named:
            yield fault("server", f"{text}; check host and port, or start it: toolboxai serve")
        else:
            yield note("server", f"{text}; fine, unless one should run")


async def _asked(http: Any, remote: Remote, now: Callable[[], float]) -> AsyncIterator[Finding]:
    answer = await http.get("/healthz")
    if answer.status_code != 200 or not answer.text.startswith("ok"):
        text = f"{remote.url}/healthz answers {answer.status_code}; is this a toolboxai server, or a proxy before one?"
        yield fault("server", text)
        return
    yield ok("server", f"answers at {remote.url}")
    yield await _ready(http)
    async for finding in _version(http):
        yield finding
    for finding in by_date("the server", answer.headers.get("Date"), now()):
        yield finding
    async for finding in _app(http, remote):
        yield finding
    yield await _address(http, remote)


async def _ready(http: Any) -> Finding:
    answer = await http.get("/readyz")
    if answer.status_code == 200:
        return ok("ready", "it takes clients")
    why = "; ".join(answer.text.splitlines())[:200] or f"it answers {answer.status_code}"
    return warning("ready", f"it wants no new clients ({why}): look again in a moment, then at its log")


async def _version(http: Any) -> AsyncIterator[Finding]:
    """Of the server and of this command; a server of Channels alone does not tell."""
    from toolboxai import __version__

    answer = await http.get("/api/openapi.json")
    if answer.status_code != 200:
        return
    try:
        there = str(answer.json()["info"]["version"])[:40]
    except (ValueError, KeyError, TypeError):
        return
    if there == __version__:
        yield ok("version", f"{there}, as this command")
    else:
        yield warning(
            "version", f"the server is {there} and this command {__version__}: use those of one version"
        )


async def _app(http: Any, remote: Remote) -> AsyncIterator[Finding]:
    """What can be tried with the key, and what with the secret."""
    if remote.key is None:
        yield note("app key", "none known here; set PUSHER_KEY to have it tried")
        return
    app = None
    if remote.app_id is not None and remote.secret is not None:
        app = Credentials(remote.app_id, remote.key, remote.secret)
        answer = await signed_get(http, f"/apps/{app.app_id}/channels", app)
        signs = tell("app secret", "the server", app, answer.status_code, answer.text)
        yield signs
        app = app if signs.verdict is Verdict.OK else None
    channel = f"toolboxai-doctor-{secrets.token_hex(8)}"
    async for finding in round_trip(http, remote, channel, app):
        yield finding
    if app is not None:
        yield await event_stream(http, app, channel)


async def _address(http: Any, remote: Remote) -> Finding:
    """Whom the server takes us for, and whether it believes what a client writes of itself."""
    if remote.token is None:
        return note("address", "set TOOLBOXAI_TOKEN of an admin to learn which address the server sees")
    headers = {"Authorization": f"Bearer {remote.token}"}
    path = "/api/v1/admin/address"
    plain = await http.get(path, headers=headers)
    forged = await http.get(path, headers={**headers, "X-Forwarded-For": _FORGED})
    if plain.status_code != 200 or forged.status_code != 200:
        return note("address", f"{path} answers {plain.status_code}; it needs the token of an admin")
    try:
        return seen_address(json.loads(plain.text), json.loads(forged.text)["address"], remote.url)
    except (ValueError, KeyError, TypeError):
        return note("address", f"{path} answers something that is not ours")


def seen_address(plain: Mapping[str, Any], forged: str, url: str) -> Finding:
    """What the two answers mean.

    Args:
        plain: ``address``, ``peer`` and ``forwarded`` of a request without a header of ours.
        forged: the address when the client claims to be another.
        url: of the server.
    """
    from toolboxai.client.endpoints import is_loopback

    address, peer = plain["address"], plain["peer"]
    if forged == _FORGED and not is_loopback(url):
        text = (
            "the server believes any X-Forwarded-For, so that a client may say it is another: name the proxies alone "
            "in server.trusted_proxies, and let the proxy write the header anew"
        )
        return fault("address", text)
    if plain["forwarded"] and address == peer:
        text = (
            f"the server takes the proxy {peer} for its client, so that all clients share one limit: add it to "
            "server.trusted_proxies"
        )
        return warning("address", text)
    through = f", through {peer}" if address != peer else ""
    return ok("address", f"the server sees {address}{through}")
