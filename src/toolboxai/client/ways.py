"""How a client tells its user what happens, and how it waits."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import httpx2

from toolboxai.client.backoff import Backoff
from toolboxai.client.connection import Socket
from toolboxai.client.errors import ClientError

__all__ = ["ConnectionState", "Network", "Ways"]


class ConnectionState(StrEnum):
    """What the connection is doing; changes are told to ``on_state``."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"  # lost; the next attempt comes after a pause
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Network:
    """What takes the place of the network.

    Args:
        dial: opens a socket to an address.
        transport: carries requests.
    """

    dial: Callable[[str], Awaitable[Socket]]
    transport: httpx2.AsyncBaseTransport


@dataclass(frozen=True, slots=True)
class Ways:
    """How the client reaches its server, tells its user, and waits.

    Args:
        dial: opens a socket to an address.
        state: told each change of the connection, with a text.
        error: told what the server complains of, and what could not be had.
        give_up: told once when the client stops trying.
        debug: takes one line for each thing that happens on the socket.
        sleep: waits so many seconds between attempts.
        backoff: makes the pauses for a row of so many attempts.
    """

    dial: Callable[[str], Awaitable[Socket]]
    state: Callable[[ConnectionState, str], None]
    error: Callable[[str], None]
    give_up: Callable[[ClientError], None]
    debug: Callable[[str], None]
    sleep: Callable[[float], Awaitable[None]]
    backoff: Callable[[int], Backoff]
