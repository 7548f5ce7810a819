"""Passwords, as a port: hashing takes a tenth of a second on purpose, and must not take it from the event loop."""

from dataclasses import dataclass
from typing import Final, Protocol

__all__ = ["NO_PASSWORD", "PasswordVerdict", "Passwords"]

NO_PASSWORD: Final = "none"  # noqa: S105 - in the place of a hash: no password fits it
"""What is kept of an account that nobody signs in to with a password."""


@dataclass(frozen=True, slots=True)
class PasswordVerdict:
    """Whether a password is right, and, where the kept hash is weaker than today's, the hash to keep instead."""

    right: bool
    better_hash: str | None = None


class Passwords(Protocol):
    """Makes and checks password hashes, a bounded number at a time."""

    async def hash(self, password: str) -> str:
        """A salted hash to keep.

        Raises:
            RateLimitExceeded: too many wait already.
        """
        ...

    async def verify(self, password: str, kept_hash: str | None) -> PasswordVerdict:
        """Check a password.

        Args:
            password: as it was typed.
            kept_hash: None where there is no such account; then, and for `NO_PASSWORD`, the same work is done in vain, so that the time
                taken tells nobody which names exist.

        Raises:
            RateLimitExceeded: too many wait already.
        """
        ...
