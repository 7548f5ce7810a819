"""What is kept of resources and shares, as ports. The other end is ``adapters.database.resources``."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

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

    async def add(self, share: Share, *, most: int) -> Share | None:
        """Keep a new share, or find the one that there is of the same resource and user.

        Returns:
            None when the resource is shared with `most` users already.
        """
        ...

    async def share(self, share_id: str) -> Share | None:
        """The share with this id."""
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
        """What one user may look at, oldest first; the arguments are those of `shares`."""
        ...

    async def remove(self, share_id: str) -> bool:
        """Share no more; False: there was no such share."""
        ...
