"""Encrypted channels: the secret of a channel, and the payload that carries what only its subscribers read.

The server never does this: it belongs to the application that publishes. Needs the extra ``encrypted`` (PyNaCl).
"""

import base64
import binascii
import hashlib
import json

from toolboxai.errors import ConfigError

__all__ = ["NONCE_BYTES", "encrypted_data", "master_key", "shared_secret"]

NONCE_BYTES = 24
_KEY_BYTES = 32


def master_key(text: str) -> bytes:
    """The master key from its base64 text.

    Raises:
        ConfigError: it is not 32 bytes in base64.
    """
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise ConfigError(
            [
                "the master key of encrypted channels must be 32 bytes in base64; make one with: openssl rand -base64 32"
            ]
        )
    return key


def shared_secret(key: bytes, channel: str) -> bytes:
    """The 32 bytes that the subscribers of one channel share with the application.

    Args:
        key: the master key.
        channel: the channel's name.
    """
    return hashlib.sha256(channel.encode() + key).digest()


def encrypted_data(secret: bytes, data: str, nonce: bytes) -> str:
    """The data of an event as it goes out: JSON with ``nonce`` and ``ciphertext`` in base64.

    Args:
        secret: from `shared_secret`.
        data: what subscribers are to read.
        nonce: 24 bytes that were never used with this secret.

    Raises:
        ConfigError: PyNaCl is not installed.
    """
    try:
        from nacl.secret import SecretBox
    except ImportError as missing:
        raise ConfigError(["encrypted channels need PyNaCl: pip install 'toolboxai[encrypted]'"]) from missing
    sealed = SecretBox(secret).encrypt(data.encode(), nonce).ciphertext
    fields = {"nonce": nonce, "ciphertext": sealed}
    return json.dumps({name: base64.b64encode(value).decode() for name, value in fields.items()})
