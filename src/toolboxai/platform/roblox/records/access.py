"""Whose a world is to see. Scripts and files have the answers in them: they are for those who build worlds."""

from toolboxai.errors import ResourceNotFound
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.resources.model import ResourceKind
from toolboxai.platform.resources.owned import is_owner
from toolboxai.platform.roblox.records.environments import Environment
from toolboxai.platform.roblox.records.store import EnvironmentStore

__all__ = ["Access"]

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

    async def own(self, principal: Principal, environment_id: str) -> Environment:
        """A world that is the principal's own, to change.

        Raises:
            ResourceNotFound: it is not.
        """
        found = await self.seen_by(principal, environment_id)
        if found.owner_id != principal.user_id:
            raise ResourceNotFound(f"no environment {environment_id!r} of yours")
        return found

    async def _may_see(self, principal: Principal, found: Environment) -> bool:
        ownership = await self._store.ownership(_KIND.value, found.id)
        if ownership is None or principal.organization_id != ownership.organization_id:
            return False
        return is_owner(principal, ownership) or principal.user_id in ownership.shared_with
