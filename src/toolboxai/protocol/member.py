"""What a client's signed ``channel_data`` says: as whom it enters a channel, and until when."""

import math
from typing import NamedTuple

import msgspec

from toolboxai.errors import BadUserId, SubscriptionDenied
from toolboxai.protocol.user_id import read_user_id

__all__ = ["Admission", "Member", "read_admission", "read_expiry", "read_user_info"]


class Member(NamedTuple):
    """A user on a presence channel.

    Args:
        user_id: always a string, whatever JSON type it was written in.
        user_info: JSON text of an object, exactly as it was signed; None when none was given.
    """

    user_id: str
    user_info: str | None


class Admission(NamedTuple):
    """What the signature lets a client do.

    Args:
        member: as whom it enters; None off presence channels.
        expires_at: unix seconds until which it may stay; None: as long as it likes.
    """

    member: Member | None
    expires_at: float | None


class _ChannelData(msgspec.Struct, frozen=True, gc=False):
    user_id: msgspec.Raw = msgspec.Raw()
    user_info: msgspec.Raw = msgspec.Raw()
    expires_at: msgspec.Raw = msgspec.Raw()


_data = msgspec.json.Decoder(_ChannelData)
_number = msgspec.json.Decoder(int | float)


def read_admission(channel_data: str, *, max_info_bytes: int) -> Admission:
    """Read the data of a subscription to a presence channel; its signature has been checked.

    Args:
        channel_data: JSON object with ``user_id`` (string or number), and perhaps ``user_info`` (object or null)
            and ``expires_at`` (unix seconds).
        max_info_bytes: the app's ``presence_info_bytes``.

    Raises:
        SubscriptionDenied: with what is wrong.
    """
    try:
        fields = _data.decode(channel_data.encode())
    except (msgspec.DecodeError, UnicodeError, RecursionError) as fault:
        raise SubscriptionDenied(
            'channel_data supplied to presence subscription is invalid - it must be a JSON object with "user_id"'
        ) from fault
    try:
        user_id = read_user_id(bytes(fields.user_id))
    except BadUserId as fault:
        raise SubscriptionDenied(f"user_id supplied to presence subscription is invalid - {fault}") from fault
    user_info = read_user_info(
        bytes(fields.user_info), max_bytes=max_info_bytes, owner="presence subscription"
    )
    return Admission(Member(user_id, user_info), _expiry(bytes(fields.expires_at)))


def read_expiry(channel_data: str) -> float | None:
    """The ``expires_at`` of a subscription to any other channel, whose data may otherwise be any text.

    Raises:
        SubscriptionDenied: it is there, and is no time.
    """
    try:
        fields = _data.decode(channel_data.encode())
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return _expiry(bytes(fields.expires_at))


def read_user_info(raw: bytes, *, max_bytes: int, owner: str) -> str | None:
    """The JSON text of a ``user_info``.

    Args:
        raw: as it was signed; empty when it was left out.
        max_bytes: what is allowed.
        owner: what it was supplied to, for the error's text.

    Raises:
        SubscriptionDenied: it is no object, or too large.
    """
    if not raw or raw == b"null":
        return None
    if not raw.startswith(b"{"):
        raise SubscriptionDenied(
            f"user_info supplied to {owner} is invalid - if supplied it must be a type of hash"
        )
    if len(raw) > max_bytes:
        raise SubscriptionDenied(
            f"user_info supplied to {owner} has {len(raw)} bytes, at most {max_bytes} are allowed",
            kind="LimitReached",
            status=4301,
        )
    return raw.decode()


def _expiry(raw: bytes) -> float | None:
    if not raw or raw == b"null":
        return None
    try:
        expires_at = float(_number.decode(raw))
    except (msgspec.DecodeError, OverflowError, ValueError):
        expires_at = math.nan
    if not math.isfinite(expires_at):
        raise SubscriptionDenied(
            f"expires_at in channel_data is {raw[:50].decode('utf-8', 'replace')}; it must be unix seconds, a number"
        )
    return expires_at
