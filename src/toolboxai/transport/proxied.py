"""Connections that begin with the PROXY protocol: who called is read from the socket before anyone speaks on it.

It is read there and not in a protocol, so that what follows stays in the system, whether that is HTTP or TLS.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, TypeAlias

from toolboxai import limits
from toolboxai.metrics import Metrics
from toolboxai.node.background import Background
from toolboxai.node.refusal_log import RefusalLog
from toolboxai.protocol.proxies import TrustedProxies
from toolboxai.protocol.proxy_header import HEADER_BYTES, BadProxyHeader, ProxyHeader, read_proxy_header
from toolboxai.transport.waiting import Waiting

__all__ = ["Peer", "ProxiedListener"]

log = logging.getLogger(__name__)

Peer: TypeAlias = tuple[str, int]
"""Address and port of who is at the other end of a connection."""

_AT_ONCE: Final = 64  # then everyone else has a turn
_PAUSE_S: Final = 1.0  # while nothing more can be opened


class ProxiedListener:
    """Takes connections in; those of trusted proxies have to begin with a header, and those of others must not.

    Args:
        listener: listens, and does not block.
        make: makes who speaks on a connection; it is given the peer that the header names, if it names one.
        proxies: who may send headers.
        background: owns connections whose header is being read.
        waiting: the same, bounded.
        metrics: counted up in place.
        refusals: log lines.
    """

    def __init__(
        self,
        listener: socket.socket,
        make: Callable[[Peer | None], asyncio.Protocol],
        *,
        proxies: TrustedProxies,
        background: Background,
        waiting: Waiting,
        metrics: Metrics,
        refusals: RefusalLog,
    ) -> None:
        self._listener = listener
        self._make = make
        self._proxies = proxies
        self._background = background
        self._waiting = waiting
        self._metrics = metrics
        self._refusals = refusals
        self._again: asyncio.TimerHandle | None = None
        self._tls: Mapping[str, Any] = {}

    def open(self, tls: Mapping[str, Any]) -> None:
        """Take in from now on.

        Args:
            tls: what the loop has to be told of TLS, which is spoken behind the header; empty: it is not.
        """
        self._tls = tls
        self._go_on()

    def _go_on(self) -> None:
        self._again = None
        asyncio.get_running_loop().add_reader(self._listener, self._take_in)

    def close(self) -> None:
        """Take nobody in any more."""
        if self._again is not None:
            self._again.cancel()
        asyncio.get_running_loop().remove_reader(self._listener)
        self._listener.close()

    def _take_in(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                wire, (host, *_) = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as fault:  # no descriptor is to be had
                log.warning("connections cannot be taken in", extra={"reason": fault.strerror})
                loop = asyncio.get_running_loop()
                loop.remove_reader(self._listener)
                self._again = loop.call_later(_PAUSE_S, self._go_on)
                return
            wire.setblocking(False)
            # As of connections that the loop takes in itself; else an answer's second piece waits for the first.
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            arrival = _Arrival(wire, host)
            self._background.spawn(self._enter(arrival), name="arrival")

    async def _enter(self, arrival: "_Arrival") -> None:
        handed_over = False
        try:
            named = await self._named(arrival) if self._proxies.believes(arrival.peer) else None
            await self._hand_over(arrival, named)
            handed_over = True
        except BadProxyHeader as fault:
            self._metrics.proxy_headers_refused_total += 1
            about = {"address": arrival.peer, "reason": str(fault)}
            self._refusals.tell(log, "PROXY header refused", **about)
        except OSError:  # it has gone already
            pass
        finally:
            if not handed_over:
                arrival.wire.close()

    async def _hand_over(self, arrival: "_Arrival", named: Peer | None) -> None:
        """Have someone speak on it; returns after the handshake, where TLS is spoken.

        Raises:
            OSError: the connection was lost, or the handshake failed.
        """
        loop = asyncio.get_running_loop()
        work = loop.connect_accepted_socket(lambda: self._make(named), arrival.wire, **self._tls)
        if not self._tls:
            await work
            return
        if named is not None:
            arrival.peer = named[0]
        self._waiting.begin(arrival, limits.HANDSHAKE_TIMEOUT_S)
        try:
            await work
        finally:
            self._waiting.end(arrival)

    async def _named(self, arrival: "_Arrival") -> Peer | None:
        """The peer that the header names.

        Raises:
            BadProxyHeader: it is none, or did not come in time.
            OSError: the connection was lost.
        """
        self._waiting.begin(arrival, limits.HANDSHAKE_TIMEOUT_S)
        try:
            header = await arrival.header()
        finally:
            self._waiting.end(arrival)
        return None if header.address is None else (header.address, header.port)


class _Arrival:
    """A connection whose header is being read, or whose handshake of TLS is not done; satisfies ``Waits``.

    Args:
        wire: of the connection.
        peer: the address at its other end.
    """

    def __init__(self, wire: socket.socket, peer: str) -> None:
        self.wire = wire
        self.peer = peer
        self._ready: asyncio.Future[None] | None = None
        self._over = ""  # why nobody waits for it any more

    def give_up(self) -> bool:
        """See ``Waits``."""
        self._end("it did not come in time")
        return True

    def make_room(self) -> None:
        """See ``Waits``."""
        self._end("too many wait, and this one has waited longest")

    def _end(self, why: str) -> None:
        self._over = why
        if self._ready is not None and not self._ready.done():
            _settle(self._ready)
        else:  # a handshake of TLS is carried on by the loop, which then finds it lost
            with suppress(OSError):
                self.wire.shutdown(socket.SHUT_RDWR)

    async def header(self) -> ProxyHeader:
        """Read the header, and not a byte more.

        Raises:
            BadProxyHeader: it is none; or the wait was ended.
            OSError: the connection was lost.
        """
        begun = b""
        while True:
            await self._readable()
            with suppress(BlockingIOError, InterruptedError):
                seen = self.wire.recv(HEADER_BYTES + 1 - len(begun), socket.MSG_PEEK)
                if not seen:
                    raise BadProxyHeader("the connection ended before it was whole")
                header = read_proxy_header(begun + seen)
                begun += self.wire.recv(len(seen) if header is None else header.size - len(begun))
                if header is not None:
                    return header

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        self._ready = ready = loop.create_future()
        loop.add_reader(self.wire, _settle, ready)
        try:
            await ready
        finally:
            loop.remove_reader(self.wire)
        if self._over:
            raise BadProxyHeader(self._over)


def _settle(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)
