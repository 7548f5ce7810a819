"""An account goes, with all that is its own."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from toolboxai.errors import Conflict, InsufficientPermissions, ResourceNotFound
from toolboxai.platform.identity.model import Principal, User
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.privacy.store import PersonalStore
from toolboxai.platform.school.accounts import LAST_ADMIN
from toolboxai.platform.school.store import LastAdmin

__all__ = ["Contents", "Deletion"]


class Contents(Protocol):
    """Generations, as far as they are in the way of a deletion; ``ContentService`` is one."""

    async def stop_all(self, owner: User) -> None:
        """Cancel what waits or runs of an owner, and wait until it has let go."""
        ...

    async def forget(self, session_ids: Sequence[str]) -> None:
        """Remove what the job engine keeps of sessions that are deleted."""
        ...


class Deletion:
    """Deletes accounts.

    Args:
        identity: ends logins at once, and checks passwords.
        store: deletes.
        contents: lets go first.
        flush: writes down what is counted in memory, so that it can be deleted.
    """

    def __init__(
        self,
        identity: IdentityService,
        store: PersonalStore,
        contents: Contents,
        flush: Callable[[], Awaitable[None]],
    ) -> None:
        self._identity = identity
        self._store = store
        self._contents = contents
        self._flush = flush

    async def delete_own(
        self, who: Principal, *, password: str | None, confirmed: bool, address: str
    ) -> None:
        """Delete the asker's account; it is theirs to show that they mean it.

        Args:
            who: asks.
            password: of the account; needed where it is signed in to with one.
            confirmed: that they said so, where there is no password.
            address: of the client, for the limits of tries.

        Raises:
            ResourceNotFound: it is no account of a person.
            InsufficientPermissions: the password is wrong, or needed.
            Conflict: it is the last admin.
            RateLimitExceeded: too many tries.
        """
        user = await self._identity.user(who.user_id)
        if password is not None:
            await self._identity.check_password(user, password, address)
        elif not confirmed or await self._store.has_own_password(user.id):
            raise InsufficientPermissions(
                "nothing was deleted: send the password of this account with it",
                details={
                    "fields": {"password": "nothing was deleted: the password of this account is needed"}
                },
            )
        await self.delete(user)

    async def delete(self, user: User) -> None:
        """Delete an account with its logins, contents, classes, shares, attempts; the audit keeps its id.

        Raises:
            ResourceNotFound: it went in the same moment.
            Conflict: it is the last admin.
        """
        if await self._store.is_last_admin(user):  # before anything of theirs is stopped
            raise Conflict(LAST_ADMIN)
        await self._contents.stop_all(user)
        await self._flush()
        try:
            gone = await self._store.delete(user)
        except LastAdmin:
            raise Conflict(LAST_ADMIN) from None
        if gone is None:
            raise ResourceNotFound("there is no such user")
        await self._identity.refuse(gone.logins)
        await self._contents.forget(gone.sessions)
