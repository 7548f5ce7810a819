"""Ids of users: the same characters as names of channels, since ``#server-to-user-ID`` is one."""

import re

import msgspec

from toolboxai import limits
from toolboxai.errors import BadUserId

__all__ = ["check_user_id", "read_user_id"]

_ALLOWED = re.compile(r"[A-Za-z0-9_\-=@,.;]+")
_NUMBER = re.compile(rb"-?[0-9]+(\.[0-9]+)?")
_string = msgspec.json.Decoder(str)


def check_user_id(user_id: str) -> str:
    """The id itself.

    Raises:
        BadUserId: empty, too long, or with a character that is not allowed.
    """
    if not user_id:
        raise BadUserId("it is missing or empty")
    if len(user_id) > limits.USER_ID_CHARS:
        raise BadUserId(f"it has {len(user_id)} characters, at most {limits.USER_ID_CHARS} are allowed")
    if not _ALLOWED.fullmatch(user_id):
        raise BadUserId(f"{user_id!r} may only have A-Z a-z 0-9 _ - = @ , . ;")
    return user_id


def read_user_id(raw: bytes) -> str:
    """The id from its JSON, a string or a plain number; libraries write both.

    Args:
        raw: JSON text; empty when it was left out.

    Raises:
        BadUserId: it is neither, or no id.
    """
    if raw.startswith(b'"'):
        return check_user_id(_string.decode(raw))
    if _NUMBER.fullmatch(raw):
        return check_user_id(raw.decode())
    raise BadUserId("it must be a non-empty string or a number")
