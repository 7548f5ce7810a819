"""Letting others of one's organisation look at what is one's own, or change it with one."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from toolboxai.clock import Clock
from toolboxai.errors import Conflict, ResourceNotFound
from toolboxai.ids import Dice, new_token
from toolboxai.platform.classes.model import Classroom
from toolboxai.platform.classes.store import ClassStore
from toolboxai.platform.identity.model import PEOPLE, Principal, User
from toolboxai.platform.identity.people import People
from toolboxai.platform.identity.policy import Ownership, Resources
from toolboxai.platform.resources.model import Share, ShareRole, is_resource_id
from toolboxai.platform.resources.owned import check_role, fault, is_owner, owned
from toolboxai.platform.resources.store import SharePlace, ShareStore

__all__ = ["SHARES_MOST", "Shared", "Sharing", "may_edit", "too_many"]

SHARES_MOST: Final = 500  # users, classes and links of one resource; each decision about it reads them all


class Shared(NamedTuple):
    """A share, with the account or the class it is for; both None for a link, and where it has gone.

    `fresh` is False where it was there already.
    """

    share: Share
    user: User | None = None
    classroom: Classroom | None = None
    fresh: bool = True


class Sharing:
    """Shares and their rules: only the owner shares, and only with users and classes of the same organisation.

    Args:
        store: keeps shares.
        resources: says whose something is.
        people: says who somebody is.
        classes: knows the classes.
        clock, dice: time and chance.
    """

    def __init__(
        self,
        store: ShareStore,
        resources: Resources,
        people: People,
        classes: ClassStore,
        clock: Clock,
        dice: Dice,
    ) -> None:
        self._store = store
        self._resources = resources
        self._people = people
        self._classes = classes
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
        role: ShareRole = ShareRole.VIEWER,
    ) -> Shared:
        """Let a user look at something, or change it; a second time counts for the role alone.

        Args:
            principal: who asks; None for the operator, who may share everything.
            kind: one of SHAREABLE.
            resource_id: of the resource.
            user_id: with whom; or
            username: the name or e-mail address that this user signs in with.
            role: what they may do.

        Raises:
            ValidationError: a kind that cannot be shared, or not so, or the owner named as the other.
            ResourceNotFound: no such resource of the asker's, or no such user in its organisation.
            Conflict: it is shared as often as it can be.
        """
        ownership = await owned(self._resources, principal, kind, resource_id)
        check_role(kind, role)
        user = await self._colleague(ownership, user_id, username)
        if user.id == ownership.owner_id:
            raise fault(
                "username" if user_id is None else "user_id", "it is the owner's already; name another user"
            )
        if role is ShareRole.EDITOR and not may_edit(user):
            raise fault("role", f"a {user.role} cannot be an editor, only a teacher; use viewer")
        new = self._new(ownership, kind, resource_id, role, user_id=user.id)
        kept = await self._kept(new)
        return Shared(kept, user, fresh=kept.id == new.id)

    async def share_with_class(
        self, principal: Principal, kind: str, resource_id: str, class_id: str, *, role: ShareRole
    ) -> Shared:
        """Let whoever is in a class of one's own look at something, for as long as they are in it.

        Raises:
            ValidationError: a kind that cannot be shared, or a class of editors.
            ResourceNotFound: no such resource or class of the asker's.
            Conflict: it is shared as often as it can be.
        """
        ownership = await owned(self._resources, principal, kind, resource_id)
        if role is ShareRole.EDITOR:
            raise fault("role", "a class looks; let a teacher edit by user_id or username")
        classroom = await self._own_class(principal, class_id)
        new = self._new(ownership, kind, resource_id, role, class_id=class_id)
        kept = await self._kept(new)
        return Shared(kept, classroom=classroom, fresh=kept.id == new.id)

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
        await owned(self._resources, principal, kind, resource_id)
        return await self._named(await self._store.shares(kind, resource_id, after=after, limit=limit))

    async def shared_with(
        self, principal: Principal, *, after: SharePlace | None = None, limit: int
    ) -> Sequence[Shared]:
        """What is shared with the asker, by name or with a class of theirs, oldest first."""
        if principal.role not in PEOPLE:
            return []
        return await self._named(await self._store.shared_with(principal.user_id, after=after, limit=limit))

    async def with_class(
        self, principal: Principal, class_id: str, *, after: SharePlace | None = None, limit: int
    ) -> Sequence[Shared]:
        """What is shared with a class of the asker's own, or that they are in, oldest first, beginning after a place.

        Raises:
            ResourceNotFound: no such class of the asker's.
        """
        classroom = await self._class(class_id)
        if classroom is None or not await self._sees(principal, classroom):
            raise _no_class(class_id)
        found = await self._store.with_class(class_id, after=after, limit=limit)
        return [Shared(share, classroom=classroom) for share in found]

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
                and is_owner(principal, ownership)
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
        ownership = await owned(self._resources, None, kind, resource_id)
        user = await self._colleague(ownership, None, username)
        for share in await self._store.shares(kind, resource_id):
            if share.user_id == user.id and await self._store.remove(share.id):
                return share
        raise ResourceNotFound(f"{kind} {resource_id} is not shared with {username!r}")

    # ---- inside -------------------------------------------------------------------------------------------------

    async def _own_class(self, principal: Principal, class_id: str) -> Classroom:
        classroom = await self._class(class_id)
        if classroom is None or not _owns(principal, classroom):
            raise _no_class(class_id)
        return classroom

    async def _class(self, class_id: str) -> Classroom | None:
        return await self._classes.classroom(class_id) if is_resource_id(class_id) else None

    async def _sees(self, principal: Principal, classroom: Classroom) -> bool:
        if _owns(principal, classroom):
            return True
        of_the_school = principal.role in PEOPLE and principal.organization_id == classroom.organization_id
        return of_the_school and await self._classes.member(classroom.id, principal.user_id) is not None

    def _new(
        self,
        ownership: Ownership,
        kind: str,
        resource_id: str,
        role: ShareRole,
        *,
        user_id: str | None = None,
        class_id: str | None = None,
    ) -> Share:
        return Share(
            new_token(self._dice, "share_", bits=80),
            kind,
            resource_id,
            ownership.organization_id,
            user_id,
            self._clock.now(),
            role=role,
            class_id=class_id,
        )

    async def _kept(self, new: Share) -> Share:
        kept = await self._store.add(new, most=SHARES_MOST)
        if kept is None:
            raise too_many(new)
        return kept

    async def _colleague(self, ownership: Ownership, user_id: str | None, username: str | None) -> User:
        """The other user; one of another organisation is as unknown as one that there is not."""
        user = await self._user(user_id, username)
        if user is None or user.organization_id != ownership.organization_id:
            raise ResourceNotFound(
                f"there is no user {(user_id or username or '')[:80]!r} in the organisation of what is to be shared"
            )
        return user

    async def _named(self, shares: Sequence[Share]) -> Sequence[Shared]:
        users: dict[str | None, User | None] = {None: None}
        classes: dict[str | None, Classroom | None] = {None: None}
        for share in shares:  # most of a page are for the same user, or for one of a few classes
            if share.user_id not in users:
                users[share.user_id] = await self._user(share.user_id)
            if share.class_id is not None and share.class_id not in classes:
                classes[share.class_id] = await self._classes.classroom(share.class_id)
        return [Shared(share, users[share.user_id], classes[share.class_id]) for share in shares]

    async def _user(self, user_id: str | None, username: str | None = None) -> User | None:
        try:
            if user_id is None:
                return await self._people.user_named(username or "")
            return await self._people.user(user_id) if is_resource_id(user_id) else None
        except ResourceNotFound:
            return None


def _owns(principal: Principal, classroom: Classroom) -> bool:
    return is_owner(principal, Ownership(classroom.organization_id, classroom.owner_id))


def _no_class(class_id: str) -> ResourceNotFound:
    return ResourceNotFound(f"there is no class {class_id[:80]!r} of yours")


def may_edit(user: User) -> bool:
    """Whether somebody can be an editor: those who teach."""
    return "content:generate" in user.permissions


def too_many(share: Share) -> Conflict:
    """Why no further share is kept."""
    return Conflict(
        f"{share.kind} {share.resource_id} is shared with {SHARES_MOST} users, classes and links, and may not be with "
        "more; end another share",
        details={"limit": SHARES_MOST},
    )
