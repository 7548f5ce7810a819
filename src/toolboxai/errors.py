"""Every error that this package raises on purpose.

::

    ToolboxaiError
    ├── ConfigError               the operator's settings cannot work; every fault at once
    ├── RemoteProtocolError       a Channels client broke the protocol; answered in-band, may close
    │   └── SubscriptionDenied    it may not enter a channel; the client is told which
    ├── ChannelFull               as many users as the app allows are on a presence channel
    ├── BadChannelName            a string is not a channel name
    ├── BadUserId                 a string is not the id of a user
    ├── ChannelsApiError          a signed HTTP call was refused; status and plain text
    ├── PublishFailed             a publication did not reach the broker or the hosted service
    ├── ContentFailed             a stage of a generation failed; says which and whether a retry may help
    └── RequestError              REST and the old sockets: error_code, message, details, status
        ├── AuthenticationRequired, InvalidToken, TokenExpired           401
        ├── InsufficientPermissions                                      403
        ├── ResourceNotFound                                             404
        ├── RequestTimeout                                               408
        ├── Conflict                                                     409
        ├── PreconditionFailed                                           412
        ├── PayloadTooLarge                                              413
        ├── ValidationError, SourceRequired, SourceTooShort              422
        ├── PreconditionRequired                                         428
        ├── RateLimitExceeded                                            429, with retry_after
        └── ProviderUnavailable                                          503
            └── StorageUnavailable    the database does not take it now; with retry_after and reason

A local error (our bug) is never one of these: it passes through to whoever owns the task, and is logged with its
trace.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

__all__ = [
    "AuthenticationRequired",
    "BadChannelName",
    "BadUserId",
    "ChannelFull",
    "ChannelsApiError",
    "ConfigError",
    "Conflict",
    "ContentFailed",
    "InsufficientPermissions",
    "InvalidToken",
    "PayloadTooLarge",
    "PreconditionFailed",
    "PreconditionRequired",
    "ProviderUnavailable",
    "PublishFailed",
    "RateLimitExceeded",
    "RemoteProtocolError",
    "RequestError",
    "RequestTimeout",
    "ResourceNotFound",
    "SourceRequired",
    "SourceTooShort",
    "StorageUnavailable",
    "SubscriptionDenied",
    "TokenExpired",
    "ToolboxaiError",
    "ValidationError",
]


class ToolboxaiError(Exception):
    """The root of the tree above."""


class ConfigError(ToolboxaiError):
    """Settings that cannot work.

    Args:
        faults: one sentence per fault: what was got, what is allowed, what to do.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class RemoteProtocolError(ToolboxaiError):
    """A Channels client said something that the protocol does not allow.

    Args:
        message: the text for the client.
        code: the code of the in-band ``pusher:error``; None leaves every stock client connected.
    """

    def __init__(self, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class SubscriptionDenied(RemoteProtocolError):
    """A client may not enter a channel; the connection stays open.

    Args:
        message: the text for the client.
        kind: the ``type`` of ``pusher:subscription_error``.
        status: its ``status``.
    """

    def __init__(self, message: str, *, kind: str = "AuthError", status: int = 401) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status


class ChannelFull(ToolboxaiError):
    """A presence channel has as many users as its app allows; users who are there already may still connect."""


class BadChannelName(ToolboxaiError):
    """A string is not a channel name; the text says which character or length is at fault.

    Args:
        message: the text for the client.
        too_long: whether length alone is the fault.
    """

    def __init__(self, message: str, *, too_long: bool = False) -> None:
        super().__init__(message)
        self.too_long = too_long


class BadUserId(ToolboxaiError):
    """A string is not the id of a user; the text says why, to stand behind the name of the field."""


class ChannelsApiError(ToolboxaiError):
    """A call of the signed HTTP API was refused.

    Args:
        status: the HTTP status.
        message: the plain text of the answer, without the closing newline.
        allow: with 405, the method that would be served.
    """

    def __init__(self, status: int, message: str, *, allow: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.allow = allow


class PublishFailed(ToolboxaiError):
    """A publication did not reach the broker, or the hosted service refused it.

    Args:
        message: what happened and what to do.
        retryable: whether the same call may succeed later.
    """

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


class ContentFailed(ToolboxaiError):
    """A stage of a generation failed.

    Args:
        error_code: one of the run-time codes of the REST contract, such as GENERATION_FAILED.
        message: the real cause, for the teacher.
        retryable: whether retrying the session may succeed.
    """

    def __init__(self, error_code: str, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.message = message
        self.retryable = retryable


class RequestError(ToolboxaiError):
    """A request that is answered with ``{"error_code", "message", "details"}``.

    Args:
        message: what was wrong, what is allowed, what to do next.
        details: JSON object with the facts; never a secret.
    """

    error_code: ClassVar[str] = "INTERNAL_ERROR"
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = dict(details or {})


class AuthenticationRequired(RequestError):
    """No credentials were sent."""

    error_code = "AUTHENTICATION_REQUIRED"
    status = 401


class InvalidToken(RequestError):
    """Credentials were sent and do not hold; the text never tells which check failed."""

    error_code = "INVALID_TOKEN"
    status = 401


class TokenExpired(RequestError):
    """The token was good and its time is over: refresh it."""

    error_code = "TOKEN_EXPIRED"
    status = 401


class InsufficientPermissions(RequestError):
    """Known, but not allowed."""

    error_code = "INSUFFICIENT_PERMISSIONS"
    status = 403


class ResourceNotFound(RequestError):
    """It does not exist, or the asker may not know that it does."""

    error_code = "RESOURCE_NOT_FOUND"
    status = 404


class RequestTimeout(RequestError):
    """The body comes too slowly; the connection ends with the answer."""

    error_code = "REQUEST_TIMEOUT"
    status = 408


class Conflict(RequestError):
    """The resource is not in a state that allows this."""

    error_code = "CONFLICT"
    status = 409


class PreconditionFailed(RequestError):
    """The resource has changed since the caller saw it; ``details`` say what it is now."""

    error_code = "PRECONDITION_FAILED"
    status = 412


class PreconditionRequired(RequestError):
    """The request has to say which state of the resource it is meant for."""

    error_code = "PRECONDITION_REQUIRED"
    status = 428


class PayloadTooLarge(RequestError):
    """More bytes than are allowed."""

    error_code = "PAYLOAD_TOO_LARGE"
    status = 413


class ValidationError(RequestError):
    """A field is missing or wrong; ``details.fields`` names each."""

    error_code = "VALIDATION_ERROR"
    status = 422


class SourceRequired(RequestError):
    """A generation without a source text and without a provider is refused, never invented."""

    error_code = "SOURCE_REQUIRED"
    status = 422


class SourceTooShort(RequestError):
    """The source text does not carry a lesson."""

    error_code = "SOURCE_TOO_SHORT"
    status = 422


class RateLimitExceeded(RequestError):
    """Too often.

    Args:
        message: which limit, and when to come back.
        retry_after_s: whole seconds after which the next try can succeed; also sent as ``Retry-After``.
        details: as in RequestError.
    """

    error_code = "RATE_LIMIT_EXCEEDED"
    status = 429

    def __init__(self, message: str, *, retry_after_s: int, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, details={**(details or {}), "retry_after": retry_after_s})
        self.retry_after_s = retry_after_s


class ProviderUnavailable(RequestError):
    """Something that this needs does not answer.

    Args:
        message: what, and what to do next.
        retry_after_s: whole seconds after which another try is worth it, where that is known; also sent as
            ``Retry-After``.
        details: as in RequestError.
    """

    error_code = "PROVIDER_UNAVAILABLE"
    status = 503

    def __init__(
        self, message: str, *, retry_after_s: int | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        known = {} if retry_after_s is None else {"retry_after": retry_after_s}
        super().__init__(message, details={**(details or {}), **known})
        self.retry_after_s = retry_after_s


class StorageUnavailable(ProviderUnavailable):
    """The database does not take this now, and nothing of it is acknowledged; the same may succeed later.

    Args:
        message: for the client, without names of disks or hosts.
        reason: one word: disk_full, read_only, gone, disk_fault, busy, failing.
        retry_after_s: whole seconds after which another try is worth it; also sent as ``Retry-After``.
    """

    def __init__(self, message: str, *, reason: str, retry_after_s: int = 5) -> None:
        super().__init__(message, retry_after_s=retry_after_s, details={"reason": reason})
        self.reason = reason
