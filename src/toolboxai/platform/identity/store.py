"""What identity keeps, as a port. The other end is ``adapters.database.identity``."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from toolboxai.platform.identity.model import Organization, User

__all__ = ["Credentials", "IdentityStore", "LoginSession", "Rotation", "name_key"]


def name_key(name: str) -> str:
    """The form in which user names and e-mail addresses are compared: without regard to capitals or code points."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).strip().casefold())


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account with the hash of its password."""

    user: User
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoginSession:
    """One sign-in, from login to logout, through all its refreshes.

    Args:
        id: ``sid`` of every token issued in it.
        user_id: whose.
        refresh_id: ``jti`` of the one refresh token that is good now.
        expires_at: Unix seconds at which that one expires.
    """

    id: str
    user_id: str
    refresh_id: str
    expires_at: float


class Rotation(Enum):
    """What became of a refresh token that was presented."""

    ROTATED = "rotated"
    REUSED = "reused"  # it was good once and was used before: somebody has a copy
    UNKNOWN = "unknown"  # no such session, or it has ended


class IdentityStore(Protocol):
    """Accounts, login sessions, revocations, one-time codes. All times are Unix seconds."""

    async def organization_named(self, name: str) -> Organization | None:
        """The organisation of this name, capitals counting."""
        ...

    async def add_organization(self, organization: Organization) -> None:
        """Keep a new organisation.

        Raises:
            Conflict: the name is taken.
        """
        ...

    async def add_user(self, user: User, password_hash: str) -> None:
        """Keep a new account.

        Raises:
            Conflict: the user name or the e-mail address is taken.
        """
        ...

    async def user(self, user_id: str) -> User | None:
        """The account with this id."""
        ...

    async def credentials(self, name_or_email: str) -> Credentials | None:
        """The account that signs in with this name or address, whatever its capitals; a name goes first."""
        ...

    async def set_password_hash(self, user_id: str, password_hash: str) -> None:
        """Replace the hash of an account's password."""
        ...

    async def open_session(self, session: LoginSession) -> bool:
        """Keep a new login session, unless its account is out of use at this moment; whether it was kept."""
        ...

    async def disable(self, user_id: str, *, at: float) -> Sequence[str]:
        """Take an account out of use, and end its login sessions and one-time codes with that; the sessions' ids."""
        ...

    async def end_logins(self, user_id: str) -> Sequence[str]:
        """End an account's login sessions and one-time codes; the sessions' ids."""
        ...

    async def seen(self, user_id: str, *, at: float) -> None:
        """Keep when somebody was last here."""
        ...

    async def enable(self, user_id: str) -> None:
        """Take an account into use again."""
        ...

    async def rotate_session(
        self, session_id: str, used: str, *, refresh_id: str, expires_at: float
    ) -> Rotation:
        """Exchange the session's refresh token for the next; of two that try at once, one succeeds.

        Args:
            session_id: ``sid`` of the token presented.
            used: its ``jti``.
            refresh_id: ``jti`` of the next refresh token.
            expires_at: of the next.
        """
        ...

    async def end_session(self, session_id: str) -> None:
        """No refresh token of this session is good any more."""
        ...

    async def revoke(self, token_id: str, *, expires_at: float, now: float) -> None:
        """Remember until `expires_at` that what carries this ``jti`` or ``sid`` is refused; twice is once."""
        ...

    async def revoked_since(self, then: float) -> Mapping[str, float]:
        """What was revoked at `then` or later, and until when each is to be remembered."""
        ...

    async def add_code(self, code_hash: str, user_id: str, *, expires_at: float) -> None:
        """Keep the hash of a one-time code."""
        ...

    async def take_code(self, code_hash: str, *, now: float) -> str | None:
        """The user id that the code stands for, once; None for a code unknown, used or expired."""
        ...

    async def forget_expired(self, now: float) -> None:
        """Remove sessions, revocations and codes whose time is over."""
        ...
