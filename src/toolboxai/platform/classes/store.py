"""What is kept of classes, as a port. The other end is ``adapters.database.classes``."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, Protocol

from toolboxai.platform.classes.model import Classroom, KeptCode, Member
from toolboxai.platform.identity.model import User
from toolboxai.platform.identity.policy import Ownership

__all__ = ["ClassStore", "Entry", "Place"]


class Place(NamedTuple):
    """Where something stands in the order of lists: the oldest first."""

    at: float
    id: str


class Entry(Enum):
    """What became of somebody who wants to come in."""

    IN = "in"
    FULL = "full"
    TAKEN = "taken"  # the pseudonym is another member's
    THERE = "there"  # they are in it already, or the class has gone


class ClassStore(Protocol):
    """Classes and their members."""

    async def add(self, classroom: Classroom, *, most: int) -> bool:
        """Keep a new class; False: its owner has `most` already."""
        ...

    async def classroom(self, class_id: str) -> Classroom | None:
        """The class with this id."""
        ...

    async def classes_of(
        self, user_id: str, *, after: Place | None = None, limit: int
    ) -> Sequence[Classroom]:
        """Those that a user owns and those that they are in, oldest first.

        Args:
            user_id: of either.
            after: of the last one that was seen.
            limit: at most so many.
        """
        ...

    async def change(
        self, class_id: str, *, name: str | None = None, names_shown: bool | None = None
    ) -> None:
        """Change what is not None."""
        ...

    async def remove(self, class_id: str) -> None:
        """Remove a class, with its members and what is shared with it."""
        ...

    async def set_code(self, class_id: str, code: KeptCode | None) -> bool:
        """Open a class by this code, in the place of an earlier one; None closes it. False: another class has the code."""
        ...

    async def by_code(self, hashes: Sequence[str], *, now: float) -> Classroom | None:
        """The class that is open by a code with one of these hashes; none of an owner whose account is out of use."""
        ...

    async def enter(self, member: Member, *, most: int, account: User | None = None) -> Entry:
        """Let somebody in, with an account that is made with it: both or neither.

        Args:
            member: who.
            most: so many members may be in it then.
            account: a guest's, to be made.
        """
        ...

    async def member(self, class_id: str, user_id: str) -> Member | None:
        """One member."""
        ...

    async def members(
        self, class_id: str, *, after: Place | None = None, limit: int | None = None
    ) -> Sequence[Member]:
        """Members, the first who came first; the arguments are those of `classes_of`."""
        ...

    async def made_for(self, user_id: str) -> Classroom | None:
        """The class by joining which this account was made, as long as it is in it."""
        ...

    async def rename(self, class_id: str, user_id: str, pseudonym: str) -> Entry | None:
        """Give a member another pseudonym: IN or TAKEN; None: there is no such member.

        An account that was made by joining the class has no other name, and is called so, too.
        """
        ...

    async def leave(self, class_id: str, user_id: str) -> bool:
        """Remove a member; False: there is none."""
        ...

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        """Whose a class is, with its members and what each is called in it; None for any other kind."""
        ...
