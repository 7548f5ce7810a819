"""Argon2 itself: hashes that are made and checked by whoever calls, for as long as that takes."""

import base64
from typing import Final

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

from toolboxai.platform.identity.passwords import NO_PASSWORD, PasswordVerdict

__all__ = ["MEMORY_KIB", "TIME_COST", "Argon2Hashes"]

MEMORY_KIB: Final = 65536  # RFC 9106's second choice
TIME_COST: Final = 3
_PARALLELISM: Final = 4


class Argon2Hashes:
    """Satisfies ``passwords.Hashes`` where it is called.

    Args:
        memory_kib: memory of one hash. Tests take less.
        time_cost: passes over it.
    """

    def __init__(self, *, memory_kib: int = MEMORY_KIB, time_cost: int = TIME_COST) -> None:
        self._hasher = PasswordHash((Argon2Hasher(time_cost, memory_kib, _PARALLELISM),))
        self._decoy = _decoy(memory_kib, time_cost)

    def hash(self, password: str) -> str:
        """See ``Hashes``."""
        return self._hasher.hash(password)

    def verify(self, password: str, kept_hash: str | None) -> PasswordVerdict:
        """See ``Hashes``."""
        known = kept_hash not in (None, NO_PASSWORD)
        try:
            right, better = self._hasher.verify_and_update(
                password, kept_hash if kept_hash and known else self._decoy
            )
        except PwdlibError:  # what is kept is no hash of ours: nobody can sign in with it
            return PasswordVerdict(right=False)
        return PasswordVerdict(right and known, better)

    def close(self) -> None:
        """See ``Hashes``."""


def _decoy(memory_kib: int, time_cost: int) -> str:
    """A hash that no password has, and that costs as much to check as a real one."""
    salt, digest = (base64.b64encode(bytes(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={memory_kib},t={time_cost},p={_PARALLELISM}${salt}${digest}"
