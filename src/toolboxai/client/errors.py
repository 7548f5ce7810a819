"""What the client raises; all are errors of this package."""

from toolboxai.errors import ToolboxaiError

__all__ = [
    "ClientError",
    "ConnectionClosed",
    "ConnectionRefused",
    "EventsOverflow",
    "GaveUp",
    "RequestRefused",
    "RequestUnavailable",
    "SendQueueFull",
    "SubscriptionDenied",
    "Unreachable",
]


class ClientError(ToolboxaiError):
    """The root of the client's errors."""


class Unreachable(ClientError):
    """Nobody answers at the address, or who answers speaks no Channels."""


class ConnectionRefused(ClientError):
    """The server will not have this connection, and coming back does not help.

    Args:
        code: the close code, 4000-4099 or 4300 and above.
        message: the server's own text.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"the server refused the connection: {message} (code {code})")
        self.code = code
        self.message = message


class GaveUp(ClientError):
    """So many attempts to come back failed that the client stopped trying."""


class ConnectionClosed(ClientError):
    """The client was closed by its owner; open a new one."""


class SubscriptionDenied(ClientError):
    """The channel is not open to us.

    Args:
        channel: its name.
        message: why, in the server's or the auth endpoint's words.
        status: 401, 403, a 4xxx of the server, or None when nobody answered.
    """

    def __init__(self, channel: str, message: str, *, status: int | None = None) -> None:
        super().__init__(f"no subscription to {channel}: {message}")
        self.channel = channel
        self.message = message
        self.status = status


class RequestRefused(ClientError):
    """A request was answered with no; asking again does not help.

    Args:
        message: the answer's own words.
        status: the HTTP status.
        code: the server's ``error_code``, if it named one.
    """

    def __init__(self, message: str, status: int, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code


class RequestUnavailable(ClientError):
    """No answer, or one that asks to come back later.

    Args:
        message: what happened.
        status: the HTTP status, if there was one.
        retry_after_s: seconds that the server asks for; 0 when it names none.
    """

    def __init__(self, message: str, status: int | None = None, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.retry_after_s = retry_after_s


class SendQueueFull(ClientError):
    """More waits to be sent than the queue holds; the event was not taken. Send less, or wait for the connection."""


class EventsOverflow(ClientError):
    """A reader fell so far behind that events would have been lost without a word; it stops here instead."""
