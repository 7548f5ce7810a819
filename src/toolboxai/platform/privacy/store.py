"""What is kept of people, as a port. The other end is ``adapters.database.personal``."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from toolboxai.platform.identity.model import User
from toolboxai.platform.roblox.records.environments import Environment

__all__ = ["Gone", "PersonalStore", "Section"]


class Section(NamedTuple):
    """One kind of what is kept of somebody.

    Args:
        name: as the export calls it.
        single: there is one of it; else it is a list.
        rows: what is kept, as JSON; read while it is asked for.
    """

    name: str
    single: bool
    rows: AsyncIterator[Mapping[str, Any]]


class Gone(NamedTuple):
    """What went with an account: ids of its login sessions and of its content sessions."""

    logins: Sequence[str]
    sessions: Sequence[str]


class PersonalStore(Protocol):
    """Looks through everything for one person. All times are Unix seconds."""

    def sections(self, user_id: str) -> Sequence[Section]:
        """All that is kept of somebody, without what opens doors (hashes, ids of tokens)."""
        ...

    async def has_own_password(self, user_id: str) -> bool:
        """Whether the account is signed in to with a password and in no other way."""
        ...

    async def is_last_admin(self, user: User) -> bool:
        """Whether others of the school would be left without an admin."""
        ...

    async def delete(self, user: User) -> Gone | None:
        """Delete an account with all that is its own, in one transaction; the audit keeps the id.

        Returns:
            None when there is no such account.

        Raises:
            LastAdmin: others of the school would be left without an admin; nothing has changed.
        """
        ...

    async def guests_before(self, before: float, *, limit: int) -> Sequence[User]:
        """Guests who were last here before that time, the longest away first."""
        ...

    async def lost_guests(self, before: float, *, limit: int) -> Sequence[User]:
        """Guests who were last here before that time, are in no class, may look at nothing, and of whom no answer is kept."""
        ...

    async def drop_attempts(self, before: float) -> int:
        """Delete attempts at quizzes that were made before that time; how many."""
        ...

    async def drop_tasks(self, before: float) -> int:
        """Delete tasks of agents that ended before that time; how many."""
        ...

    async def drop_contents(self, before: float, *, limit: int) -> Sequence[str]:
        """Delete contents, and runs that made none, that nobody has changed, regenerated or answered since that time.

        Returns:
            The ids of their sessions, at most `limit`.
        """
        ...

    async def drop_worlds(self, before: float, *, limit: int) -> Sequence[Environment]:
        """Delete worlds that nobody has built or changed, and whose lesson nobody has answered, since that time.

        Returns:
            What they were, at most `limit`.
        """
        ...

    async def drop_leftovers(self, *, told_before: float) -> int:
        """Delete what was written down of people and of worlds after they were deleted; how many rows.

        Args:
            told_before: what running worlds and their owners told each other up to then goes, too.
        """
        ...
