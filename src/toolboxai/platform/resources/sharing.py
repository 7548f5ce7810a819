"""Letting others of one's organisation look at what is one's own."""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from toolboxai.clock import Clock
from toolboxai.errors import Conflict, ResourceNotFound, ValidationError
from toolboxai.ids import Dice, new_token
from toolboxai.platform.identity.model import PEOPLE, Principal, User
from toolboxai.platform.identity.policy import Ownership, Resources
from toolboxai.platform.resources.model import SHAREABLE, Share, is_resource_id
from toolboxai.platform.resources.store import SharePlace, ShareStore

__all__ = ["SHARES_MOST", "People", "Shared", "Sharing"]

SHARES_MOST: Final = 500  # users of one resource; each decision about it reads them all. A class has thirty


class People(Protocol):
    """Who there is."""

    async def user(self, user_id: str) -> User:
        """The account with this id.

        Raises:
            ResourceNotFound: there is none.
        """
        ...

    async def user_named(self, name: str) -> User:
        """The account that signs in with this name or e-mail address.

        Raises:
            ResourceNotFound: there is none.
        """
        ...


class Shared(NamedTuple):
    """A share, with the account it is for, None where that has gone; `fresh` is False where it was there already."""

    share: Share
    user: User | None
    fresh: bool = True


class Sharing:
    """Shares and their rules: only the owner shares, and only with users of the same organisation.

    Args:
        store: keeps shares.
        resources: says whose something is.
        people: says who somebody is.
        clock, dice: time and chance.
    """

    def __init__(
        self, store: ShareStore, resources: Resources, people: People, clock: Clock, dice: Dice
    ) -> None:
        self._store = store
        self._resources = resources
        self._people = people
        self._clock = clock
        self._dice = dice

    async def share(
        self,
        principal: Principal | None,
        kind: str,
        resource_id: str,
        *,
        user_id: str | None = None,
        username: str | None = None,
    ) -> Shared:
        """Let a user look at something; a second time changes nothing.

        Args:
            principal: who asks; None for the operator, who may share everything.
            kind: one of SHAREABLE.
            resource_id: of the resource.
            user_id: with whom; or
            username: the name or e-mail address that this user signs in with.

        Raises:
            ValidationError: a kind that cannot be shared, or the owner named as the other.
            ResourceNotFound: no such resource of the asker's, or no such user in its organisation.
            Conflict: it is shared with as many as it can be.
        """
        ownership = await self._own(principal, kind, resource_id)
        user = await self._colleague(ownership, user_id, username)
        if user.id == ownership.owner_id:
            raise _fault(
                "username" if user_id is None else "user_id", "it is the owner's already; name another user"
            )
        new = Share(
            new_token(self._dice, "share_", bits=80),
            kind,
            resource_id,
            ownership.organization_id,
            user.id,
            self._clock.now(),
        )
        kept = await self._store.add(new, most=SHARES_MOST)
        if kept is None:
            raise Conflict(
                f"{kind} {resource_id} is shared with {SHARES_MOST} users, and may not be with more; end another share",
                details={"limit": SHARES_MOST},
            )
        return Shared(kept, user, fresh=kept == new)

    async def shares(
        self,
        principal: Principal,
        kind: str,
        resource_id: str,
        *,
        after: SharePlace | None = None,
        limit: int,
    ) -> Sequence[Shared]:
        """With whom something of the asker's is shared, oldest first, beginning after a place.

        Raises:
            ValidationError: a kind that cannot be shared.
            ResourceNotFound: no such resource of the asker's.
        """
        await self._own(principal, kind, resource_id)
        return await self._named(await self._store.shares(kind, resource_id, after=after, limit=limit))

    async def shared_with(
        self, principal: Principal, *, after: SharePlace | None = None, limit: int
    ) -> Sequence[Shared]:
        """What is shared with the asker, oldest first."""
        if principal.role not in PEOPLE:
            return []
        return await self._named(await self._store.shared_with(principal.user_id, after=after, limit=limit))

    async def unshare(self, principal: Principal, share_id: str) -> Share:
        """End a share of something of the asker's.

        Raises:
            ResourceNotFound: there is none, or it is not the asker's to end.
        """
        share = await self._store.share(share_id) if is_resource_id(share_id) else None
        if share is not None:
            ownership = await self._resources.ownership(share.kind, share.resource_id)
            if (
                ownership is not None
                and _is_owner(principal, ownership)
                and await self._store.remove(share.id)
            ):
                return share
        raise ResourceNotFound(f"there is no share {share_id[:80]!r} of yours")

    async def unshare_with(self, kind: str, resource_id: str, username: str) -> Share:
        """For the operator: end the share of a resource with the user of this name.

        Raises:
            ValidationError: a kind that cannot be shared.
            ResourceNotFound: no such resource, user or share.
        """
        ownership = await self._own(None, kind, resource_id)
        user = await self._colleague(ownership, None, username)
        for share in await self._store.shares(kind, resource_id):
            if share.user_id == user.id and await self._store.remove(share.id):
                return share
        raise ResourceNotFound(f"{kind} {resource_id} is not shared with {username!r}")

    # ---- inside -------------------------------------------------------------------------------------------------

    async def _own(self, principal: Principal | None, kind: str, resource_id: str) -> Ownership:
        if kind not in SHAREABLE:
            raise _fault("kind", f"{kind[:40]!r} cannot be shared; use one of {', '.join(SHAREABLE)}")
        known = is_resource_id(resource_id)
        ownership = await self._resources.ownership(kind, resource_id) if known else None
        if ownership is None or (principal is not None and not _is_owner(principal, ownership)):
            whose = "" if principal is None else " of yours"
            raise ResourceNotFound(f"there is no {kind} {resource_id[:80]!r}{whose}")
        return ownership

    async def _colleague(self, ownership: Ownership, user_id: str | None, username: str | None) -> User:
        """The other user; one of another organisation is as unknown as one that there is not."""
        user = await self._user(user_id, username)
        if user is None or user.organization_id != ownership.organization_id:
            raise ResourceNotFound(
                f"there is no user {(user_id or username or '')[:80]!r} in the organisation of what is to be shared"
            )
        return user

    async def _named(self, shares: Sequence[Share]) -> Sequence[Shared]:
        return [Shared(share, await self._user(share.user_id)) for share in shares]

    async def _user(self, user_id: str | None, username: str | None = None) -> User | None:
        try:
            if user_id is None:
                return await self._people.user_named(username or "")
            return await self._people.user(user_id) if is_resource_id(user_id) else None
        except ResourceNotFound:
            return None


def _is_owner(principal: Principal, ownership: Ownership) -> bool:
    """A program's token is never an owner, whatever its id."""
    return (
        principal.role in PEOPLE
        and principal.organization_id == ownership.organization_id
        and principal.user_id == ownership.owner_id
    )


def _fault(field: str, text: str) -> ValidationError:
    return ValidationError(f"{field}: {text}", details={"fields": {field: text}})
