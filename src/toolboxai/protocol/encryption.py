"""Encrypted channels: the secret of a channel, and the payload that carries what only its subscribers read.

A server never looks into them. All this belongs to the application that publishes, and authorises its pages. Needs
PyNaCl.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable

from toolboxai.errors import ConfigError

__all__ = ["NONCE_BYTES", "ChannelSecrets", "encrypted_data", "encrypted_size", "master_key", "shared_secret"]

NONCE_BYTES = 24
_KEY_BYTES = 32
_TAG_BYTES = 16  # what sealing adds


class ChannelSecrets:
    """The secrets of an application's encrypted channels, all from one master key.

    Args:
        master_key_base64: 32 bytes in base64.
        entropy: so many bytes that nobody can guess, and that never come again.

    Raises:
        ConfigError: the key is none.
    """

    def __init__(self, master_key_base64: str, entropy: Callable[[int], bytes]) -> None:
        self._key = master_key(master_key_base64)
        self._entropy = entropy

    def text(self, channel: str) -> str:
        """The secret of one channel in base64, as the answer to an authorisation carries it."""
        return base64.b64encode(shared_secret(self._key, channel)).decode()

    def seal(self, channel: str, data: str) -> str:
        """The data of one event as it goes out.

        Raises:
            ConfigError: PyNaCl is not installed.
        """
        return encrypted_data(shared_secret(self._key, channel), data, self._entropy(NONCE_BYTES))


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
    return _written(nonce, sealed)


def encrypted_size(size: int) -> int:
    """How many bytes `encrypted_data` makes of so many."""
    return len(_written(b"", b"")) + _base64_size(NONCE_BYTES) + _base64_size(size + _TAG_BYTES)


def _written(nonce: bytes, sealed: bytes) -> str:
    fields = {"nonce": nonce, "ciphertext": sealed}
    return json.dumps({name: base64.b64encode(value).decode() for name, value in fields.items()})


def _base64_size(size: int) -> int:
    return (size + 2) // 3 * 4
