"""Posting webhooks by HTTP, to addresses that were looked at first."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx2

from toolboxai import __version__
from toolboxai.apps.addresses import is_loopback_name, refused_address
from toolboxai.node.webhooks.post import PostFailed

__all__ = ["WebhookPost"]

CONNECT_S: Final = 3.0
WHOLE_S: Final = 10.0
ADDRESSES: Final = 3  # of one name are tried, one after the other
_PORTS: Final = {"http": 80, "https": 443}


class WebhookPost:
    """Satisfies ``node.webhooks.post.Post``.

    The name is resolved for each post, every address of it has to be one that is allowed, and the connection goes to
    the very address that was looked at: a name that resolves differently a moment later leads nowhere else. No proxy
    of the environment, no redirect and no kept connection comes in between; of the answer only the status is read.

    Args:
        verify: what trusts certificates; None: the authorities that the machine trusts.
    """

    def __init__(self, verify: ssl.SSLContext | None = None) -> None:
        self._http = httpx2.AsyncClient(
            verify=verify or True,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx2.Timeout(WHOLE_S, connect=CONNECT_S),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
            headers={"User-Agent": f"toolboxai/{__version__}", "Connection": "close"},
        )

    async def close(self) -> None:
        """Let go of what is open."""
        await self._http.aclose()

    async def __call__(
        self, url: str, body: bytes, headers: Sequence[tuple[str, str]], *, allow_private_address: bool
    ) -> int:
        """See the port."""
        try:
            async with asyncio.timeout(WHOLE_S):
                parts = urlsplit(url)
                addresses = await _addresses(parts, allow_private_address=allow_private_address)
                return await self._post(parts, addresses, body, headers)
        except TimeoutError as late:
            raise PostFailed(f"no answer within {WHOLE_S:.0f} s") from late

    async def _post(
        self, parts: SplitResult, addresses: Sequence[str], body: bytes, headers: Sequence[tuple[str, str]]
    ) -> int:
        fault: httpx2.HTTPError | None = None
        for address in addresses:
            try:
                return await self._post_to(address, parts, body, headers)
            except httpx2.ConnectError as refused:  # nothing was sent: the next address may answer
                fault = refused
            except httpx2.ConnectTimeout as late:
                fault = late
            except httpx2.HTTPError as failed:
                raise PostFailed(_told(failed)) from failed
        raise PostFailed("nobody answers there" if fault is None else _told(fault)) from fault

    async def _post_to(
        self, address: str, parts: SplitResult, body: bytes, headers: Sequence[tuple[str, str]]
    ) -> int:
        port = parts.port or _PORTS[parts.scheme]
        host = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=f"{host}:{port}", fragment="")
        name = parts.netloc.rpartition("@")[2]
        # The certificate is that of the name, whatever address it was found at.
        extensions = {"sni_hostname": parts.hostname} if parts.scheme == "https" else {}
        async with self._http.stream(
            "POST",
            target.geturl(),
            content=body,
            headers=[("Host", name), *headers],
            extensions=extensions,
        ) as answer:
            return answer.status_code


async def _addresses(parts: SplitResult, *, allow_private_address: bool) -> Sequence[str]:
    """Where the name leads, every address allowed.

    Raises:
        PostFailed: it leads nowhere, or somewhere that is refused.
    """
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as fault:  # the resolver's words; the name is in the settings
        raise PostFailed(f"the host name cannot be resolved: {fault.strerror}") from fault
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private_address:
        for address in addresses:
            kind = refused_address(address, loopback=is_loopback_name(host))
            if kind is not None:
                raise PostFailed(
                    f"the host name leads to an address that is {kind}; set allow_private_address = true in its "
                    "[[apps.webhooks]] if that is meant"
                )
    return addresses[:ADDRESSES]


def _told(fault: httpx2.HTTPError) -> str:
    return f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__
