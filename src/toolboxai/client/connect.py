"""How a program gets a client."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import ParamSpec

from toolboxai.client.backoff import Backoff
from toolboxai.client.client import ChannelsClient
from toolboxai.client.connection import open_socket
from toolboxai.client.debugging import Debug, debug_lines
from toolboxai.client.endpoints import Endpoints, Signer
from toolboxai.client.errors import ClientError
from toolboxai.client.session import ClientSession
from toolboxai.client.tokens import TokenProvider
from toolboxai.client.ways import ConnectionState, Network, Ways
from toolboxai.ids import Dice

__all__ = ["connect"]

P = ParamSpec("P")

_log = logging.getLogger("toolboxai.client")


@asynccontextmanager
async def connect(
    url: str,
    key: str | None = None,
    *,
    token: str | None = None,
    token_provider: TokenProvider | None = None,
    auth_endpoint: str | None = None,
    signer: Signer | None = None,
    max_attempts: int = 5,
    queue: int = 100,
    events_per_s: float = 8.0,
    on_state: Callable[[ConnectionState, str], None] | None = None,
    on_error: Callable[[str], None] | None = None,
    on_give_up: Callable[[ClientError], None] | None = None,
    debug: Debug = False,
    dice: Dice | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    network: Network | None = None,
) -> AsyncIterator[ChannelsClient]:
    """Connect to a Channels server; leaving the block closes the connection for good.

    Args:
        url: the server, such as ``http://127.0.0.1:8009``.
        key: the app's key; left out, the server is asked for it before each connection, and for where its sockets are.
        token: a bearer token for private channels; or
        token_provider: a function, asynchronous or not, that is asked for a fresh one before each request, and once more
            when the server answers 401; when it takes an argument, with the token that was refused. When it fails, it
            is asked again with growing pauses, and then its channel is denied.
        auth_endpoint: where subscriptions are signed, if not at the server's ``/api/v1/pusher/auth``.
        signer: called with channel and socket id, asynchronous or not, answers ``key:signature`` or what an endpoint would, as
            ``authenticate`` of the library `pusher`; for programs that hold the app's secret and need no endpoint.
        max_attempts: attempts in a row to come back before giving up.
        queue: client events that may wait to be sent.
        events_per_s: client events sent at most; servers refuse more than 10 a second.
        on_state: told each change of the connection, with a text.
        on_error: told what the server complains of while it keeps the connection, what could not be had, and what
            listeners raise; left out, the logger ``toolboxai.client`` is.
        on_give_up: told once when the client stops trying.
        debug: True writes open, message, error and close to stderr, masked; or a function that takes the lines.
        dice: spread of the pauses between attempts.
        sleep: how those pauses are waited for, in seconds.
        network: takes the place of the network; for tests.

    Raises:
        Unreachable: nobody answers there.
        ConnectionRefused: the server does not want this key, or this connection.
        ValueError: the address or the key is none, or the rate.
    """
    if token is not None and token_provider is None:
        token_provider = _fixed(token)
    throws = dice or random.SystemRandom()
    client = ChannelsClient(
        session=ClientSession(events_per_s=events_per_s, queue=queue),
        endpoints=Endpoints(
            url,
            key,
            token=token_provider,
            auth_endpoint=auth_endpoint,
            signer=signer,
            transport=None if network is None else network.transport,
        ),
        ways=Ways(
            dial=open_socket if network is None else network.dial,
            state=_told(on_state),
            error=_told(on_error or _log.warning),
            give_up=_told(on_give_up),
            debug=_told(debug_lines(debug)),
            sleep=sleep,
            backoff=lambda attempts: Backoff(throws, attempts=attempts),
        ),
        max_attempts=max_attempts,
    )
    running = asyncio.create_task(client.run(), name="toolboxai-client")
    try:
        await asyncio.shield(client.ready)
        yield client
    finally:
        await client.close()
        await running


def _told(function: Callable[P, object] | None) -> Callable[P, None]:
    """One of the user's functions; what it raises must not end the connection, and goes to the log."""

    def tell(*words: P.args, **named: P.kwargs) -> None:
        if function is None:
            return
        try:
            function(*words, **named)
        except Exception:
            _log.exception("%s raised", getattr(function, "__qualname__", function))

    return tell


def _fixed(token: str) -> TokenProvider:
    return lambda: token
