"""Tokens that begin word for word as ours do: their signature is checked here, in a tenth of the library's time.

Everybody who comes back after a server was away shows one. Whatever is different in any way is the library's to judge.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Any, Final

import msgspec

from toolboxai.platform.identity.keys import TokenKey

__all__ = ["own_payload"]

_REQUIRED: Final = frozenset(
    {"exp", "iat", "typ"}
)  # of those that have a place in no shape, or a value of their own
_payload: Final = msgspec.json.Decoder(dict[str, Any])


def own_payload(key: TokenKey, token: str, *, issuer: str, audience: str) -> dict[str, Any] | None:
    """The payload of a token that this key has signed for this issuer and audience.

    Args:
        key: whose header the token has to have.
        token: ASCII.
        issuer: as one text.
        audience: the same.

    Returns:
        None: it is none of ours, or not as we write it; who wants to know which asks the library.
    """
    begin = key.own_header
    if begin is None or not isinstance(key.signing, bytes) or not token.startswith(begin):
        return None
    signed, _, signature = token.rpartition(".")
    digest = hmac.digest(key.signing, signed.encode(), hashlib.sha256)
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=")
    if not hmac.compare_digest(expected, signature.encode()):
        return None
    body = signed[len(begin) :]
    try:
        payload = _payload.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
        return None
    meant = payload.get("iss") == issuer and payload.get("aud") == audience
    return payload if meant and payload.keys() >= _REQUIRED else None
