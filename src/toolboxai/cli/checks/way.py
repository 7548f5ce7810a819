"""The way to a server: its name, its port, its certificate."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from toolboxai.cli.checks.finding import Finding, Verdict, fault, note, ok, warning
from toolboxai.client.endpoints import is_loopback

__all__ = ["expiry", "way"]

_WAIT_S: Final = 10.0
_SOON_S: Final = 14 * 86400.0  # who renews by itself has done so 30 days ahead
# OpenSSL's numbers of what is wrong with a certificate, and what to do.
_MEANS: Final = {
    9: "it is not valid yet: look at the clock of this machine",
    10: "it has expired: renew it, then kill -HUP the server or reload the proxy",
    18: "it is signed by itself: get one of an authority, or make this machine trust it",
    19: "its authority is not known here: get one of a public authority, or make clients trust that one",
    20: "a certificate between it and its authority is missing: serve the full chain (fullchain.pem)",
    21: "a certificate between it and its authority is missing: serve the full chain (fullchain.pem)",
    62: "it is for another name: get one for this one",
    64: "it is for another name: an address needs a certificate with that address in it",
}


async def way(url: str, *, now: float) -> AsyncIterator[Finding]:
    """Each step up to the first that fails.

    Args:
        url: of the server.
        now: Unix time in seconds.
    """
    parts = urlsplit(url)
    if not is_loopback(url) and parts.scheme in getproxies() and not proxy_bypass(parts.hostname or ""):
        # Whose address stands in the environment; it may hold a password.
        yield note("reached", f"through the proxy that {parts.scheme}_proxy names, as clients here are")
        return
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as refused:
        why = getattr(refused, "strerror", None) or str(refused)
        yield fault(
            "name", f"{host} has no address ({why}): look for a slip of the pen, then at its DNS record"
        )
        return
    addresses = sorted({str(row[4][0]) for row in found})
    yield ok("name", f"{host} is {', '.join(addresses)}")
    reached = await _reach(host, port)
    yield reached
    if reached.verdict is Verdict.OK and secure:
        yield await _certificate(host, port, now)


async def _reach(host: str, port: int) -> Finding:
    try:
        async with asyncio.timeout(_WAIT_S):
            _reader, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        text = f"{host}:{port} is silent: a firewall on the way drops the packets, or the machine is off"
        return fault("reached", text)
    except OSError as refused:
        why = refused.strerror or str(refused)
        text = f"{host}:{port} cannot be reached ({why}): nothing listens there, or it listens on another address"
        return fault("reached", f"{text}; check host and port, or start it: toolboxai serve")
    writer.close()
    return ok("reached", f"{host}:{port} takes connections")


async def _certificate(host: str, port: int, now: float) -> Finding:
    try:
        async with asyncio.timeout(_WAIT_S):
            _reader, writer = await asyncio.open_connection(host, port, ssl=ssl.create_default_context())
    except ssl.SSLCertVerificationError as refused:
        means = _MEANS.get(refused.verify_code, "look at it: openssl s_client -connect HOST:PORT")
        return fault("certificate", f"that of {host} does not hold ({refused.verify_message}): {means}")
    except (TimeoutError, OSError) as refused:
        why = getattr(refused, "reason", None) or str(refused) or "no answer"
        text = f"{host}:{port} speaks no TLS ({why}): is it the port of plain HTTP? Then write http://"
        return fault("certificate", text)
    known: Any = writer.get_extra_info("peercert")
    version = writer.get_extra_info("ssl_object").version()
    writer.close()
    return expiry(host, ssl.cert_time_to_seconds(known["notAfter"]), version, now)


def expiry(host: str, ends_at: float, version: str, now: float) -> Finding:
    """How long a certificate that holds will go on to.

    Args:
        host: whose it is.
        ends_at: Unix time in seconds.
        version: of TLS, for the text.
        now: Unix time in seconds.
    """
    day = datetime.fromtimestamp(ends_at, UTC).date()
    if ends_at - now < _SOON_S:
        text = f"that of {host} ends on {day}, in {max(0, int((ends_at - now) // 86400))} days: renew it now"
        return warning("certificate", text)
    return ok("certificate", f"that of {host} holds until {day} ({version})")
