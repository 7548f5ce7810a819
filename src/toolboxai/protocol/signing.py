"""HMAC-SHA256 as Pusher Channels uses it: made and checked here, and nowhere else.

All digests are lower-case hex, keyed with the app's secret; comparisons take constant time.
"""

import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from toolboxai.apps.app import App
from toolboxai.errors import RemoteProtocolError

__all__ = [
    "bad_auth",
    "request_text",
    "sign",
    "sign_channel",
    "sign_request",
    "sign_user",
    "verify_channel_auth",
    "verify_user_auth",
]


def sign(secret: str, text: bytes) -> str:
    """The hex digest of any bytes; for webhooks, the body as it is sent."""
    keyed_inner, keyed_outer = _keyed(secret)
    inner = keyed_inner.copy()
    inner.update(text)
    outer = keyed_outer.copy()
    outer.update(inner.digest())
    return outer.hexdigest()


@lru_cache(maxsize=256)
def _keyed(secret: str) -> "tuple[hashlib._Hash, hashlib._Hash]":
    """The inner and the outer hash of RFC 2104 with the key taken in: copies of them sign in half of ``hmac``'s time."""
    key = secret.encode()
    block = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
    return hashlib.sha256(block.translate(_INNER)), hashlib.sha256(block.translate(_OUTER))


_BLOCK: Final = 64  # bytes that SHA-256 takes at once
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


def sign_channel(secret: str, socket_id: str, channel: str, channel_data: str | None = None) -> str:
    """The signature with which `socket_id` enters a private or presence channel.

    Args:
        secret: the app's secret.
        socket_id: of the connection that will subscribe.
        channel: the channel's name.
        channel_data: byte for byte the JSON text that the client will send along; None when it sends none.
    """
    text = f"{socket_id}:{channel}" if channel_data is None else f"{socket_id}:{channel}:{channel_data}"
    return sign(secret, text.encode())


def sign_user(secret: str, socket_id: str, user_data: str) -> str:
    """The signature with which `socket_id` signs in as the user in `user_data` (JSON text, byte for byte)."""
    return sign(secret, f"{socket_id}::user::{user_data}".encode())


def request_text(method: str, path: str, params: Iterable[tuple[str, str]]) -> str:
    """The text that a signed HTTP request signs.

    Args:
        method: in capitals.
        path: from ``/apps`` on, without the query.
        params: names in lower case and values not URL-escaped, ``auth_signature`` left out.
    """
    return f"{method}\n{path}\n" + "&".join([f"{name}={value}" for name, value in sorted(params)])


def sign_request(secret: str, method: str, path: str, params: Iterable[tuple[str, str]]) -> str:
    """The ``auth_signature`` of a request; arguments as in `request_text`."""
    return sign(secret, request_text(method, path, params).encode())


def verify_channel_auth(
    app: App, socket_id: str, channel: str, auth: str | None, channel_data: str | None
) -> None:
    """Check the signature with which a client enters a private or presence channel.

    Args:
        app: whose keys count; any active key may have signed.
        socket_id: of this very connection.
        channel: the name, already parsed.
        auth: ``key:digest`` as the client sent it.
        channel_data: as the client sent it, byte for byte; None when it sent none.

    Raises:
        RemoteProtocolError: with the text that hosted Pusher uses; the connection stays open.
    """
    if not auth:
        raise RemoteProtocolError(f"Auth info required to subscribe to {channel}")
    key, colon, digest = auth.partition(":")
    if not colon or not key or not digest:
        raise RemoteProtocolError(bad_auth(channel))
    secret = app.secrets.get(key)
    if secret is None:
        raise RemoteProtocolError(f"Invalid key in subscription auth data: '{key[:100]}'")
    expected = sign_channel(secret, socket_id, channel, channel_data)
    if not hmac.compare_digest(expected.encode(), digest.encode("utf-8", "replace")):
        signed = f"{socket_id}:{channel}" + ("" if channel_data is None else f":{channel_data}")
        raise RemoteProtocolError(
            f"Invalid signature: Expected HMAC SHA256 hex digest of {signed[:1000]}, but got {digest[:100]}"
        )


def bad_auth(channel: str) -> str:
    """The text of hosted Pusher for an ``auth`` that is none."""
    return f"Auth value for subscription to {channel} is invalid: should be of format 'key:signature'"


def verify_user_auth(app: App, socket_id: str, auth: str, user_data: str) -> None:
    """Check the signature with which a connection signs in.

    Args:
        app: whose keys count; any active key may have signed.
        socket_id: of this very connection.
        auth: ``key:digest`` as the client sent it.
        user_data: as the client sent it, byte for byte.

    Raises:
        RemoteProtocolError: it does not hold.
    """
    key, colon, digest = auth.partition(":")
    if not colon or not key or not digest:
        raise RemoteProtocolError("Invalid format: auth must have the format key:signature")
    secret = app.secrets.get(key)
    if secret is None:
        raise RemoteProtocolError(f"Invalid key in signin auth data: '{key[:100]}'")
    expected = sign_user(secret, socket_id, user_data)
    if not hmac.compare_digest(expected.encode(), digest.encode("utf-8", "replace")):
        raise RemoteProtocolError(
            f"Invalid signature: Expected HMAC SHA256 hex digest of {socket_id}::user::{user_data[:1000]}, "
            f"but got {digest[:100]}"
        )
