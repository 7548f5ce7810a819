"""Whose something is: asked in the room that keeps it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from toolboxai.errors import ResourceNotFound
from toolboxai.platform.identity.model import User
from toolboxai.platform.identity.policy import Ownership, Resources

__all__ = ["Owners", "OwnersOfPrograms"]


class _People(Protocol):
    async def user(self, user_id: str) -> User: ...


class OwnersOfPrograms:
    """Satisfies ``identity.policy.Resources`` for agents and plugins, and says whether the owner's account is in use.

    Their own tokens hold as long; whoever else may look goes on.

    Args:
        rooms: say whose something is.
        people: know the accounts.
    """

    def __init__(self, rooms: Resources, people: _People) -> None:
        self._rooms = rooms
        self._people = people

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        """See the port."""
        found = await self._rooms.ownership(kind, resource_id)
        if found is None or await _in_use(self._people, found.owner_id):
            return found
        return replace(found, owner_in_use=False)


async def _in_use(people: _People, user_id: str) -> bool:
    try:
        return not (await people.user(user_id)).disabled
    except ResourceNotFound:
        return False


class Owners:
    """Satisfies ``identity.policy.Resources`` for all rooms together. Kinds without a room have no resources.

    Args:
        rooms: who answers for each kind.
    """

    def __init__(self, rooms: Mapping[str, Resources]) -> None:
        self._rooms = dict(rooms)

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        """See the port."""
        room = self._rooms.get(kind)
        return None if room is None else await room.ownership(kind, resource_id)
