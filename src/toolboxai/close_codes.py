"""The close codes of Channels connections, and what a stock client does on each.

The range decides: 4000-4099 stay away (and so does everything from 4300 on), 4100-4199 come back after a pause,
4200-4299 come back at once. Codes below 4000 are RFC 6455's own; clients come back after a pause.
"""

from enum import Enum, IntEnum

__all__ = ["CloseCode", "Retry", "retry_after_close"]


class CloseCode(IntEnum):
    """Codes of the Channels protocol; the member's name is its meaning."""

    SSL_REQUIRED = 4000
    UNKNOWN_APP = 4001
    APP_DISABLED = 4003
    OVER_CONNECTION_QUOTA = 4004
    PATH_NOT_FOUND = 4005
    BAD_VERSION_FORMAT = 4006
    UNSUPPORTED_VERSION = 4007
    NO_VERSION = 4008
    UNAUTHORIZED = 4009
    OVER_CAPACITY = 4100
    RECONNECT_NOW = 4200
    PONG_NOT_RECEIVED = 4201
    INACTIVE = 4202
    # In-band only: sent inside pusher:error, never as the code of a close frame.
    CLIENT_EVENT_RATE = 4301
    WATCHLIST_LIMIT = 4302


class Retry(Enum):
    """What a client does after a connection was closed."""

    NEVER = "never"
    PAUSE = "pause"
    NOW = "now"


def retry_after_close(code: int) -> Retry:
    """What a Channels client does after a close frame with this code (1006 when there was none)."""
    if 4000 <= code < 4100 or code >= 4300:
        return Retry.NEVER
    if 4200 <= code < 4300:
        return Retry.NOW
    return Retry.PAUSE
