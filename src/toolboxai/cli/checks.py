"""The checks of ``doctor``, each a finding with what to do."""

import resource
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from toolboxai.cli.exits import CommandFailed
from toolboxai.cli.remote import Remote, find_remote
from toolboxai.errors import ConfigError
from toolboxai.limits import AUTH_TIMESTAMP_WINDOW_S

__all__ = ["Finding", "Verdict", "examine"]

_FILES: Final = 4096  # one descriptor for each connection; below this a school day runs into the limit
_SKEW_S: Final = 30.0  # tokens allow for so much


class Verdict(StrEnum):
    """How a check came out; a note is neither good nor bad."""

    GOOD = "good"
    BAD = "bad"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check.

    Args:
        check: what was looked at.
        verdict: how it is.
        text: the fact, and what to do about it.
    """

    check: str
    verdict: Verdict
    text: str


async def examine(*, url: str | None, key: str | None, config: Path | None) -> list[Finding]:
    """All checks, in the order in which faults are best mended."""
    findings = list(_local(config))
    try:
        remote = find_remote(url=url, key=key, config=config)
    except ConfigError:
        if url is None:  # told above; without settings nobody knows where to look
            return findings
        remote = Remote(url.rstrip("/"), key=key)
    return findings + await _server(remote, expected=url is not None)


def _local(config: Path | None) -> Iterator[Finding]:
    from toolboxai.config import Purpose, load_configuration

    try:
        found = load_configuration(file=config, purpose=Purpose.SERVE)
    except ConfigError as refused:
        for fault in refused.faults:
            yield Finding("settings", Verdict.BAD, fault)
    else:
        yield Finding("settings", Verdict.GOOD, f"good ({found.file or 'environment alone'})")
    yield _files()
    try:
        settings = load_configuration(file=config, purpose=Purpose.ANY).settings
    except ConfigError:
        return
    yield _port(settings.server.host, settings.server.port)
    yield _database(settings.database.url)


def _files() -> Finding:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = "no limit" if hard == resource.RLIM_INFINITY else f"up to {hard}"
    if hard == resource.RLIM_INFINITY or hard >= _FILES:
        return Finding(
            "open files", Verdict.GOOD, f"{most}, one for each connection; serve takes what it may"
        )
    text = f"{most}, one for each connection; raise it: ulimit -Hn 65536 as root, or LimitNOFILE= in the service's unit"
    return Finding("open files", Verdict.BAD, text)


def _port(host: str, port: int) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            text = f"{host}:{port} cannot be listened on ({fault.strerror}): a server runs there, or choose another"
            return Finding("port", Verdict.NOTE, text)
    return Finding("port", Verdict.GOOD, f"{host}:{port} is free")


def _database(url: str) -> Finding:
    from toolboxai.adapters.database.migrate import Schema, check

    try:
        state = check(url)
    except ConfigError as refused:
        return Finding("database", Verdict.BAD, str(refused))
    fine = state.schema in (Schema.CURRENT, Schema.EMPTY)
    return Finding("database", Verdict.GOOD if fine else Verdict.BAD, state.text)


async def _server(remote: Remote, *, expected: bool) -> list[Finding]:
    """What can be seen of the server from here; one that was named must answer."""
    import httpx2

    from toolboxai.client.endpoints import reaching

    async with httpx2.AsyncClient(base_url=remote.url, timeout=10.0, **reaching(remote.url)) as http:
        try:
            answer = await http.get("/healthz")
        except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
            text = f"nothing answers at {remote.url} ({str(fault) or type(fault).__name__})"
            hint = (
                "; check host and port, or start it: toolboxai serve"
                if expected
                else "; fine, unless one should run"
            )
            return [Finding("server", Verdict.BAD if expected else Verdict.NOTE, text + hint)]
    if answer.status_code != 200:
        text = f"{remote.url}/healthz answers {answer.status_code}; is this a toolboxai server, or a proxy before one?"
        return [Finding("server", Verdict.BAD, text)]
    findings = [Finding("server", Verdict.GOOD, f"answers at {remote.url}")]
    date = answer.headers.get("Date")
    if date is not None:
        findings.append(_clock(parsedate_to_datetime(date).timestamp() - time.time()))
    if remote.key is None:
        findings.append(Finding("app key", Verdict.NOTE, "none known here; set PUSHER_KEY to have it tried"))
        return findings
    findings.append(await _channels(remote))
    if remote.secret is not None:
        findings.append(await _secret(remote))
    return findings


def _clock(ahead_s: float) -> Finding:
    if abs(ahead_s) <= _SKEW_S:
        return Finding("clock", Verdict.GOOD, "agrees with the server's")
    text = (
        f"the server's is {ahead_s:+.0f} s from this machine's; signatures hold for {AUTH_TIMESTAMP_WINDOW_S} s and "
        "tokens for less: set both by NTP"
    )
    return Finding("clock", Verdict.BAD, text)


async def _channels(remote: Remote) -> Finding:
    from toolboxai.client import ConnectionRefused, Unreachable, connect

    try:
        async with connect(remote.url, remote.needed_key()) as client:
            return Finding(
                "websocket", Verdict.GOOD, f"connected with key {remote.key}, socket id {client.socket_id}"
            )
    except ConnectionRefused as refused:
        hint = "; PUSHER_KEY here and the server's apps differ" if refused.code == 4001 else ""
        return Finding("websocket", Verdict.BAD, f"{refused}{hint}")
    except Unreachable as gone:
        text = f"{gone}; HTTP works there, so a proxy in between does not pass the Upgrade and Connection headers on"
        return Finding("websocket", Verdict.BAD, text)


async def _secret(remote: Remote) -> Finding:
    """A signed call that changes nothing."""
    from toolboxai.cli.remote import Rest
    from toolboxai.protocol.signing import sign_request

    path = f"/apps/{remote.app_id}/channels"
    params: dict[str, Any] = {
        "auth_key": remote.needed_key(),
        "auth_timestamp": str(int(time.time())),
        "auth_version": "1.0",
    }
    params["auth_signature"] = sign_request(remote.secret or "", "GET", path, params.items())
    try:
        async with Rest(remote.url) as rest:
            await rest.get(path, **params)
    except CommandFailed as failed:
        text = f"{failed.message}; PUSHER_APP_ID or PUSHER_SECRET here and at the server differ, or the clocks do"
        return Finding("app secret", Verdict.BAD, text)
    return Finding("app secret", Verdict.GOOD, "the server accepts what it signs")
