"""What is kept of worlds, as a port. The other end is ``adapters.database.environments``."""

from collections.abc import Sequence
from typing import Protocol

from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.roblox.model.files import WorldFile
from toolboxai.platform.roblox.model.plan import Land, WorldPlan
from toolboxai.platform.roblox.model.spec import WorldSpec
from toolboxai.platform.roblox.records.environments import (
    Asset,
    BuildFacts,
    Creation,
    Environment,
    EnvironmentChange,
    KeptScript,
    NewEnvironment,
)
from toolboxai.platform.runs.events import StoredEvent
from toolboxai.platform.runs.records import RunStore

__all__ = ["EnvironmentStore"]


class EnvironmentStore(RunStore[EnvironmentChange], Protocol):
    """Worlds, their builds, scripts, files and events. Environments that are rows alone are not here."""

    async def create(self, new: NewEnvironment, *, active_limit: int) -> Creation | None:
        """Keep a new world, or find the one that the same owner made with the same key.

        Returns:
            None when the owner has `active_limit` worlds queued or building already.
        """
        ...

    async def environment(self, environment_id: str) -> Environment | None:
        """The world with this id."""
        ...

    async def environments(
        self,
        *,
        organization_id: str,
        owner_id: str,
        limit: int,
        before: tuple[float, str] | None = None,
        content_id: str | None = None,
    ) -> Sequence[Environment]:
        """An owner's worlds, newest first; those of one content alone where it is named."""
        ...

    async def unfinished(self) -> Sequence[Environment]:
        """Worlds queued or building, oldest first."""
        ...

    async def changed_since(self, at: float) -> Sequence[Environment]:
        """Worlds that are over and were changed at this time or later, the longest unchanged first."""
        ...

    async def events(
        self, environment_id: str, *, after: int = 0, limit: int | None = None
    ) -> Sequence[StoredEvent]:
        """Events with a number above `after`, in order."""
        ...

    async def spec(self, environment_id: str, build: int) -> WorldSpec:
        """What a build was made from.

        Raises:
            LookupError: there is no such build.
        """
        ...

    async def land(self, environment_id: str, build: int) -> Land | None:
        """The terrain of a build, where it is made."""
        ...

    async def plan(self, environment_id: str, build: int) -> WorldPlan | None:
        """The plan of a build, where it is made."""
        ...

    async def builds(self, environment_id: str) -> Sequence[BuildFacts]:
        """All builds, newest first."""
        ...

    async def scripts(self, environment_id: str, build: int) -> Sequence[KeptScript]:
        """The newest revision of each script of a build, in the order in which they were made."""
        ...

    async def script(
        self, environment_id: str, script_id: str, *, revision: int | None = None
    ) -> KeptScript | None:
        """A script as it was in a revision; None: as it is, which may be of an earlier build."""
        ...

    async def script_revisions(
        self, environment_id: str, script_id: str, *, before: int | None = None, limit: int
    ) -> Sequence[KeptScript]:
        """Revisions of a script, newest first; those below `before` where it is given."""
        ...

    async def assets(self, environment_id: str) -> Sequence[Asset]:
        """The files that can be fetched."""
        ...

    async def file(self, environment_id: str, format: str) -> WorldFile | None:
        """One of them, with its bytes."""
        ...

    async def not_at_roblox(self, format: str, *, since: float) -> Sequence[str]:
        """Ids of the worlds, ready and changed since then, whose file of this format Roblox has not; the oldest first."""
        ...

    async def remove(self, environment_id: str) -> bool:
        """Remove a world with all that is its own, and its shares; False: there was none."""
        ...

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        """Whose an environment is, and with whom it is shared."""
        ...
