"""What is told of a connection that opens or ends, in the log and as a number."""

import logging
from typing import Final

from toolboxai.close_codes import CloseCode, OldCloseCode
from toolboxai.hub.about import Transport
from toolboxai.hub.connection import Connection

__all__ = ["tell_closed", "tell_opened", "told_code"]

log = logging.getLogger(__name__)

# Clients may close with any number; those that mean something are told apart.
_CODES: Final = frozenset(map(int, (*range(1000, 1016), *CloseCode, *OldCloseCode)))
_EXPECTED: Final = (1000, CloseCode.RECONNECT_NOW)
_TOLD: Final = {code: str(code) for code in _CODES}


def told_code(code: int) -> str:
    """The close code as metrics have it: ``other`` for one that no specification knows."""
    return _TOLD.get(code, "other")


def tell_opened(connection: Connection) -> None:
    """A connection is open."""
    if log.isEnabledFor(logging.DEBUG):
        about = connection.about
        facts = {"transport": about.transport.value, "client": about.client, "version": about.version}
        log.debug("connection opened", extra={**_which(connection), **facts})


def tell_closed(connection: Connection, now: float) -> None:
    """A connection has ended. What is no surprise is of no interest: a server that leaves says so itself, once."""
    by, code, _ = connection.ended
    # Who breaks the framing is written down where that is met, so many in a minute: their codes are below 4000.
    ours = by == "server" and code not in _EXPECTED and code >= CloseCode.SSL_REQUIRED
    # Old sockets have a line of their own, with their path and user.
    level = logging.INFO if ours and connection.about.transport is not Transport.OLD else logging.DEBUG
    if log.isEnabledFor(level):
        lasted = round(max(now - connection.opened.at, 0.0), 3)
        facts = {"by": by, "code": code, "lasted_s": lasted, "channels": len(connection.channels)}
        log.log(level, "connection closed", extra={**_which(connection), **facts})


def _which(connection: Connection) -> dict[str, str]:
    return {"socket_id": connection.socket_id, "app_id": connection.app.id}
