"""Which account somebody has who signs in at another place, as a port. The other end is ``adapters.database.links``."""

from dataclasses import dataclass
from typing import Protocol

from toolboxai.platform.identity.model import Role, User

__all__ = ["Link", "LinkStore"]


@dataclass(frozen=True, slots=True)
class Link:
    """Somebody, as another place knows them; addresses and names change hands, this does not.

    Args:
        issuer: URL of the place.
        subject: its name for the person; never given to another.
    """

    issuer: str
    subject: str


class LinkStore(Protocol):
    """Links to accounts; one account may have several, one link has one account."""

    async def linked(self, link: Link) -> User | None:
        """The account of this link."""
        ...

    async def add_user(self, user: User, password_hash: str, link: Link, *, at: float) -> None:
        """Keep a new account with its link, both or neither.

        Args:
            user: the account.
            password_hash: of a password that nobody has.
            link: of the account.
            at: Unix seconds.

        Raises:
            Conflict: the link has an account already, or the name or address is taken.
        """
        ...

    async def add(self, user_id: str, link: Link, *, at: float) -> None:
        """Link an account that there is.

        Raises:
            Conflict: the link has an account already.
        """
        ...

    async def change_role(self, user_id: str, role: Role) -> None:
        """Give an account another role."""
        ...
