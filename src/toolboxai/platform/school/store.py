"""What an admin's work on the accounts of a school needs, as ports. The other end is ``adapters.database.school``."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from toolboxai.platform.identity.model import Role, User

__all__ = ["Change", "Changed", "ClassPlan", "Invitation", "LastAdmin", "SchoolStore"]


class LastAdmin(Exception):
    """After this nobody would look after the school's accounts."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A new account that waits for its first password.

    Args:
        user: the account.
        code_hash: of its welcome code.
        expires_at: of the code, Unix seconds.
    """

    user: User
    code_hash: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes other of an account; None stays."""

    display_name: str | None = None
    role: Role | None = None
    disabled: bool | None = None


class Changed(NamedTuple):
    """An account as it is now, as it was, and its login sessions that ended with that."""

    user: User
    before: User
    ended: Sequence[str]


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """A class that new pupils come into.

    Args:
        id: of the class.
        name: as it is shown.
        owner_id: its teacher.
        fresh: whether it is made now.
        pupils: the new members: id of the account -> pseudonym.
    """

    id: str
    name: str
    owner_id: str
    fresh: bool
    pupils: Mapping[str, str]


class SchoolStore(Protocol):
    """Accounts of one organisation at a time: what is another's is not there. All times are Unix seconds."""

    async def users(
        self, organization_id: str, *, role: Role | None, text: str | None, after: str | None, limit: int
    ) -> Sequence[User]:
        """By user name.

        Args:
            organization_id: whose.
            role: with this role only.
            text: somewhere in the user name, the address or the display name, whatever its capitals.
            after: beginning behind the account with this ``name_key``.
            limit: at most so many.
        """
        ...

    async def user(self, organization_id: str, user_id: str) -> User | None:
        """The account with this id."""
        ...

    async def taken(self, keys: Collection[str]) -> set[str]:
        """Which of these (forms of ``name_key``) are the name or the address of an account, of whichever school."""
        ...

    async def invite(
        self, invitations: Sequence[Invitation], classes: Sequence[ClassPlan] = (), *, at: float
    ) -> None:
        """Keep new accounts, their codes and their places in classes: all or none.

        Raises:
            Conflict: a name, an address or a pseudonym is taken.
        """
        ...

    async def change(
        self, organization_id: str, user_id: str, change: Change, *, at: float
    ) -> Changed | None:
        """Change an account; its logins and codes end when its role becomes another or it is taken out of use.

        Returns:
            None when there is no such account.

        Raises:
            LastAdmin: no admin in use would be left; nothing has changed.
        """
        ...

    async def reset(self, invitation: Invitation) -> Sequence[str] | None:
        """Void an account's password, end its logins and codes, keep a new code; ids of the sessions that ended.

        Returns:
            None when there is no such account, or it is out of use.
        """
        ...

    async def classes(self, organization_id: str) -> Sequence[tuple[str, str, str]]:
        """``(id, name, owner_id)`` of each class."""
        ...

    async def pseudonyms(self, class_ids: Collection[str]) -> Mapping[str, set[str]]:
        """The taken pseudonyms of these classes, as ``name_key`` has them."""
        ...
