"""The short codes by which pupils join: told to a class aloud, typed by children, and not to be had from the database.

A code has eight characters, forty random bits. Its class keeps a keyed hash, by which it is found, and a salt, from which
our keys make it again when the teacher looks; without the keys neither tells the code.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from toolboxai.platform.classes.model import KeptCode
from toolboxai.platform.identity.keys import DerivedKeys

__all__ = ["CODE_CHARS", "JoinCodes"]

CODE_CHARS: Final = 40  # of a typed code that is worth a look

# No I, L, O and U: three of them are read as digits, and without the fourth no code is a word.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS: Final = str.maketrans("ILO", "110", "- \t")
_SYMBOLS: Final = 8


class JoinCodes:
    """Makes, finds and shows codes.

    Args:
        keys: of this purpose; a code of any of them holds.
    """

    def __init__(self, keys: DerivedKeys) -> None:
        self._keys = keys

    def made(self, class_id: str, salt: str, *, expires_at: float) -> tuple[str, KeptCode]:
        """The code that a class has with this salt, and what is kept of it."""
        key = self._keys()[0]
        code = _code(key, class_id, salt)
        return code, KeptCode(_hash(key, code), salt, expires_at)

    def shown(self, class_id: str, kept: KeptCode) -> str | None:
        """The code again; None when its key has left."""
        for key in self._keys():
            code = _code(key, class_id, kept.salt)
            if hmac.compare_digest(_hash(key, code), kept.hash):
                return code
        return None

    def hashes(self, typed: str) -> Sequence[str]:
        """By which a class with this code is found, whatever the case, dashes and look-alikes; none for what is no code."""
        bare = typed.upper().translate(_READ_AS) if len(typed) <= CODE_CHARS else ""
        if len(bare) != _SYMBOLS or not all(letter in _ALPHABET for letter in bare):
            return []
        code = f"{bare[:4]}-{bare[4:]}"
        return [_hash(key, code) for key in self._keys()]


def _code(key: bytes, class_id: str, salt: str) -> str:
    number = int.from_bytes(_mac(key, "code", class_id, salt)[:5])
    symbols = "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_SYMBOLS))
    return f"{symbols[:4]}-{symbols[4:]}"


def _hash(key: bytes, code: str) -> str:
    return _mac(key, "hash", code).hex()


def _mac(key: bytes, *parts: str) -> bytes:
    return hmac.digest(key, " ".join(parts).encode(), hashlib.sha256)
