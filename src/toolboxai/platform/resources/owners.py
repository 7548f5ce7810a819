"""Whose something is: asked in the room that keeps it."""

from collections.abc import Mapping

from toolboxai.platform.identity.policy import Ownership, Resources

__all__ = ["Owners"]


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
