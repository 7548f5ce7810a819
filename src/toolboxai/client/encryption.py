"""Opening what came on an encrypted channel. Needs PyNaCl: the extra ``encrypted``."""

import base64
import binascii
from typing import Any

__all__ = ["Unreadable", "opened"]


class Unreadable(Exception):
    """The data cannot be read; the text says why."""


def opened(data: Any, secret_base64: str) -> str:
    """The text that was sealed.

    Args:
        data: of the event: ``nonce`` and ``ciphertext`` in base64.
        secret_base64: the channel's, as the auth endpoint answered it.

    Raises:
        Unreadable: it is sealed with another secret, or there is no PyNaCl.
    """
    try:
        from nacl.exceptions import CryptoError
        from nacl.secret import SecretBox
    except ImportError:
        raise Unreadable("PyNaCl is missing: pip install 'toolboxai-client[encrypted]'") from None
    try:
        nonce, sealed = (base64.b64decode(data[name], validate=True) for name in ("nonce", "ciphertext"))
        return SecretBox(base64.b64decode(secret_base64)).decrypt(sealed, nonce).decode()
    except (CryptoError, binascii.Error, KeyError, TypeError, ValueError) as fault:
        raise Unreadable(
            f"it was sealed with another secret, or not at all ({type(fault).__name__})"
        ) from None
