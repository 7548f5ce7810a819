"""What is kept of resources and shares, as ports. The other end is ``adapters.database.resources``."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from toolboxai.platform.identity.model import User
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.resources.model import Resource, ResourceKind, Share

__all__ = ["ResourceStore", "SharePlace", "ShareStore"]


class ResourceStore(Protocol):
    """Environments, agents and plugins."""

    async def add(self, resource: Resource) -> None:
        """Keep a new one.

        Raises:
            Conflict: the id is taken.
        """
        ...

    async def resource(self, kind: ResourceKind, resource_id: str) -> Resource | None:
        """The one with this id."""
        ...

    async def resources(self, kind: ResourceKind | None = None) -> Sequence[Resource]:
        """All of them, or those of one kind, oldest first."""
        ...

    async def remove(self, kind: ResourceKind, resource_id: str) -> bool:
        """Remove one with its shares; False: there was none."""
        ...

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        """Whose one is; None where there is none, or for a kind of another room."""
        ...


class SharePlace(NamedTuple):
    """Where a share stands in the order of lists: the oldest first."""

    created_at: float
    id: str


class ShareStore(Protocol):
    """Who may look at what."""

    async def add(self, share: Share, *, most: int, account: User | None = None) -> Share | None:
        """Keep a new share; one that there is of the same resource and user, or class, takes its role.

        Links of the resource that have expired are forgotten with it.

        Args:
            share: the new one.
            most: so many may be kept of one resource.
            account: a guest's, to be made with it: both or neither.

        Returns:
            The one that is kept; None when there are `most` already.
        """
        ...

    async def share(self, share_id: str) -> Share | None:
        """The share with this id."""
        ...

    async def by_code(self, code_hash: str, *, now: float) -> Share | None:
        """The link with a code of this hash, while it holds."""
        ...

    async def shares(
        self, kind: str, resource_id: str, *, after: SharePlace | None = None, limit: int | None = None
    ) -> Sequence[Share]:
        """Of one resource, oldest first.

        Args:
            kind: of the resource.
            resource_id: its id.
            after: of the last one that was seen.
            limit: at most so many.
        """
        ...

    async def shared_with(
        self, user_id: str, *, after: SharePlace | None = None, limit: int | None = None
    ) -> Sequence[Share]:
        """What one user may look at, by name or as a member of a class, oldest first; arguments as of `shares`."""
        ...

    async def classes_between(self, kind: str, resource_id: str, user_id: str) -> Sequence[str]:
        """The ids of the classes that a resource is shared with and that a user is in."""
        ...

    async def remove(self, share_id: str) -> bool:
        """Share no more; False: there was no such share."""
        ...
