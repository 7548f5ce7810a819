"""The JSON messages of the old sockets: what a client says, and what the server says beside events.

Source: the WebSocket guide, in the forms that its gaps were closed with: every message of ours has a ``timestamp``, every
error has ``error_code``, ``message`` and ``details``.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from toolboxai.close_codes import Retry, retry_after_close
from toolboxai.legacy.endpoints import Call
from toolboxai.protocol.publication import Publication

__all__ = ["BadMessage", "NoMessage", "Said", "Stamp", "Voice", "event_text", "read"]

Stamp: TypeAlias = Callable[[float], str]
"""Unix seconds as RFC 3339 in UTC."""

_PAUSE_S: Final = 5  # what a client is advised to wait that may come back after a pause
_PROTOCOL: Final = ("pusher:", "pusher_internal:")


class BadMessage(Exception):
    """A frame is not a JSON object with a ``type``; the text says what it is instead."""


class NoMessage(BadMessage):
    """It is JSON, but no message."""


class Said(msgspec.Struct, frozen=True, gc=False):
    """What a client says. Fields stand beside ``type``, as in the guide, or in ``data``.

    Args:
        type: which message.
        fields: all of it.
    """

    type: str
    fields: Mapping[str, Any]

    def field(self, name: str) -> Any:
        """A field, wherever it stands; None where it does not."""
        if name in self.fields:
            return self.fields[name]
        data = self.fields.get("data")
        return data.get(name) if isinstance(data, dict) else None

    def text(self, name: str, most: int) -> str | None:
        """A field that is text of 1 to `most` characters; None otherwise."""
        value = self.field(name)
        return value if isinstance(value, str) and 0 < len(value) <= most else None

    @property
    def message_id(self) -> str | None:
        """The client's own name for the message; None where it gives none."""
        return self.text("message_id", 64)

    def number(self, name: str) -> int | None:
        """A field that is a whole number, 0 or above; None otherwise."""
        value = self.field(name)
        whole = isinstance(value, int) and not isinstance(value, bool)
        return value if whole and 0 <= value <= 2**53 else None


_anything = msgspec.json.Decoder()
_encode = msgspec.json.Encoder().encode


def read(text: bytes) -> Said:
    """Read a client's frame.

    Raises:
        BadMessage: it is not a JSON object with a ``type`` that is text; ``NoMessage`` where it is JSON.
    """
    try:
        fields = _anything.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadMessage("the frame is not JSON") from None
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        raise NoMessage(
            'a message is a JSON object with a "type", such as {"type": "auth", "token": "Bearer …"}'
        )
    return Said(fields["type"], fields)


class Voice:
    """Writes what the server says on one connection.

    Args:
        call: what the client called.
        stamp: writes times.
        now: Unix seconds.
    """

    __slots__ = ("_call", "_now", "_stamp")

    def __init__(self, call: Call, stamp: Stamp, now: Callable[[], float]) -> None:
        self._call = call
        self._stamp = stamp
        self._now = now

    def envelope(self, kind: str, data: Any = None) -> dict[str, Any]:
        """``{type, data, timestamp}``; a ping or a pong has no data."""
        message: dict[str, Any] = {"type": kind}
        if data is not None:
            message["data"] = data
        message["timestamp"] = self._stamp(self._now())
        return message

    def message(self, kind: str, data: Mapping[str, Any] | None = None) -> bytes:
        """An envelope as it is sent."""
        return _encode(self.envelope(kind, data))

    def event(self, publication: Publication) -> bytes:
        """An event, for this connection alone; see `event_text`."""
        return event_text(publication, self._stamp)

    def error(
        self,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        *,
        answers: str | None = None,
    ) -> bytes:
        """A refused frame, or the reason of a close.

        Args:
            code: one of the service's error codes.
            message: what was wrong, what is allowed, what to do next.
            details: facts; ``terminal`` is false, for it is no end of a session's work.
            answers: the ``message_id`` of the message that is refused; None: it has none, or none led to this.
        """
        facts: dict[str, Any] = {**(details or {}), "terminal": False}
        if answers is not None:
            facts["message_id"] = answers
        data: dict[str, Any] = {"error_code": code, "message": message, "details": facts}
        if self._call.endpoint.path.endswith("{session_id}"):
            data = {"session_id": self._call.resource_id, **data}
        return self.message("error", data)

    def auth_required(self) -> bytes:
        """The guide's own example of an error, to the letter."""
        return self.message(
            "error",
            {
                "error_code": "WEBSOCKET_AUTH_REQUIRED",
                "message": "Authentication required for this WebSocket endpoint",
                "details": {
                    "endpoint": self._call.path,
                    "required_permissions": list(self._call.endpoint.permissions),
                },
            },
        )

    def auth_error(self, code: str, message: str) -> bytes:
        """A token does not hold, or does not hold any more; the text never tells which check failed."""
        data = {
            "error": code,
            "error_code": code,
            "message": message,
            "details": {"endpoint": self._call.path},
        }
        return self.message("auth_error", data)

    def auth_response(self, user_id: str, role: str, permissions: Sequence[str]) -> bytes:
        """The token holds."""
        data = {"authenticated": True, "user_id": user_id, "role": role, "permissions": sorted(permissions)}
        return self.message("auth_response", data)

    def goodbye(self, code: int, reason: str, retry_after: int | None = None) -> bytes:
        """The last message before a close that we begin: some clients never see the close code.

        Args:
            code: of the close.
            reason: one sentence.
            retry_after: whole seconds to wait before another try; None: as the code has it.
        """
        retry = _retry(code)
        if retry_after is None and retry is not Retry.NEVER:
            retry_after = 0 if retry is Retry.NOW else _PAUSE_S
        return self.message(
            "goodbye",
            {
                "code": int(code),
                "reason": reason,
                "retry": retry is not Retry.NEVER,
                "retry_after": retry_after,
            },
        )


def _retry(code: int) -> Retry:
    if code == 1001:  # as 4200 on Channels
        return Retry.NOW
    if code in (1000, 1002, 1003, 1007, 1009):  # the same client would do the same again
        return Retry.NEVER
    return retry_after_close(code)


class _Envelope(msgspec.Struct, gc=False):
    type: str
    data: msgspec.Raw


_envelope = msgspec.json.Decoder(_Envelope)


def event_text(publication: Publication, stamp: Stamp) -> bytes:
    """An event as the old sockets carry it: the envelope that stands in its data, byte for byte.

    Data of another form is put into an envelope. Only an envelope whose ``type`` is the event's name goes out as it is:
    nobody can pass a client event for one of ours. What belongs to the Channels protocol alone is nothing here, nor is
    what is for those alone who are there at that moment: the old clients know no such message.

    Args:
        publication: as it is delivered.
        stamp: writes times.

    Returns:
        JSON text, or nothing.
    """
    name = publication.event
    if not name or name.startswith(_PROTOCOL) or publication.transient:
        return b""
    data = publication.data.encode()
    try:
        if _envelope.decode(data).type == name:
            return data
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        inner: object = msgspec.Raw(data) if _anything.decode(data) is not None else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        inner = publication.data
    return _encode({"type": name, "data": inner, "timestamp": stamp(publication.at)})
