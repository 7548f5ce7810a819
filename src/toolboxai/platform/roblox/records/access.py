"""Whose a world is to see and to change. Scripts and files have the answers in them: they are for those who teach."""

from typing import Literal

from toolboxai.errors import ResourceNotFound
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.resources.model import ResourceKind
from toolboxai.platform.resources.owned import is_owner
from toolboxai.platform.roblox.records.environments import Environment
from toolboxai.platform.roblox.records.store import EnvironmentStore

__all__ = ["Access", "WorldPart"]

WorldPart = Literal["owner", "editor", "viewer"]

_KIND = ResourceKind.ENVIRONMENT


class Access:
    """Worlds, for whoever may see them.

    Args:
        store: keeps them.
    """

    def __init__(self, store: EnvironmentStore) -> None:
        self._store = store

    async def seen_by(self, principal: Principal, environment_id: str) -> Environment:
        """A world that is the principal's, or shared with them.

        Raises:
            ResourceNotFound: there is none, or it is not theirs to see.
        """
        found = await self._store.environment(environment_id) if _KIND.fits(environment_id) else None
        if found is None or not await self._may_see(principal, found):
            raise ResourceNotFound(f"no environment {environment_id[:80]!r}")
        return found

    async def taught_by(self, principal: Principal, environment_id: str) -> Environment:
        """A world whose scripts and files are the principal's to read.

        Raises:
            ResourceNotFound: as for ``seen_by``, or they build no worlds.
        """
        found = await self.seen_by(principal, environment_id)
        if not principal.can("roblox:write"):
            raise ResourceNotFound(
                f"scripts and files of environment {environment_id!r} are for those who teach"
            )
        return found

    async def part_in(self, principal: Principal, environment: Environment) -> WorldPart:
        """What this principal is to a world that they may see; an editor is one who still teaches."""
        ownership = await self._store.ownership(_KIND.value, environment.id)
        if ownership is None or principal.organization_id != ownership.organization_id:
            return "viewer"
        if is_owner(principal, ownership):
            return "owner"
        edits = principal.user_id in ownership.editors and principal.can("roblox:write")
        return "editor" if edits else "viewer"

    async def changed_by(self, principal: Principal, environment_id: str) -> Environment:
        """A world that is the principal's to change: the owner's, and an editor's.

        Raises:
            ResourceNotFound: it is not.
        """
        found = await self.seen_by(principal, environment_id)
        if await self.part_in(principal, found) == "viewer":
            raise ResourceNotFound(
                f"no environment {environment_id!r} of yours; only its owner and its editors change it"
            )
        return found

    async def own(self, principal: Principal, environment_id: str) -> Environment:
        """A world that is the principal's own, to delete.

        Raises:
            ResourceNotFound: it is not.
        """
        found = await self.seen_by(principal, environment_id)
        if await self.part_in(principal, found) != "owner":
            raise ResourceNotFound(f"no environment {environment_id!r} of yours")
        return found

    async def _may_see(self, principal: Principal, found: Environment) -> bool:
        ownership = await self._store.ownership(_KIND.value, found.id)
        if ownership is None or principal.organization_id != ownership.organization_id:
            return False
        return is_owner(principal, ownership) or principal.user_id in ownership.shared_with
