"""The close codes of both dialects, and what a client does on each.

The range decides: 4000-4099 stay away (and so does everything from 4300 on), 4100-4199 come back after a pause,
4200-4299 come back at once. Codes below 4000 are RFC 6455's own; clients come back after a pause. The ranges are the
same on the old sockets, single codes are not: 4008 means one thing there and another here.
"""

from enum import Enum, IntEnum

__all__ = ["CloseCode", "OldCloseCode", "Retry", "retry_after_close"]


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


class OldCloseCode(IntEnum):
    """Codes of the old sockets: the guide's own, and above 4000 what it leaves open."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    TOO_BIG = 1009
    SERVER_ERROR = 1011
    OVERLOADED = 1013
    AUTH_REQUIRED = 4001
    FORBIDDEN = 4003
    UNKNOWN_RESOURCE = 4004
    SESSION_REPLACED = 4008
    CONNECTION_LIMIT = 4100
    RATE_LIMIT = 4129
    SILENT = 4201
    IDLE = 4202


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
