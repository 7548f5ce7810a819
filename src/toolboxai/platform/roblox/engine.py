"""Who builds worlds, as a port; and how it is done with what is here alone."""

from collections.abc import Sequence
from typing import Protocol

from msgspec.structs import replace

from toolboxai.errors import ContentFailed
from toolboxai.platform.roblox.checks import faults
from toolboxai.platform.roblox.files.made import world_files
from toolboxai.platform.roblox.layout.world import plan_world
from toolboxai.platform.roblox.luau.scripts import scripts
from toolboxai.platform.roblox.model.files import WorldFile
from toolboxai.platform.roblox.model.instances import Script
from toolboxai.platform.roblox.model.plan import Land, WorldPlan
from toolboxai.platform.roblox.model.spec import WorldSpec

__all__ = ["BUILD_FAILED", "OfflineWorlds", "WorldEngine"]

BUILD_FAILED = "ENVIRONMENT_GENERATION_FAILED"


class WorldEngine(Protocol):
    """Does the work of each component. Methods block; the same spec gives the same result."""

    def terrain(self, spec: WorldSpec) -> Land:
        """The ground."""
        ...

    def buildings(self, spec: WorldSpec, land: Land | None) -> WorldPlan:
        """Everything in its place, on that ground.

        Args:
            spec: the wish.
            land: as ``terrain`` made it; None: made anew.

        Raises:
            ContentFailed: what was planned does not hold; the text says what is wrong.
        """
        ...

    def scripts(self, spec: WorldSpec, plan: WorldPlan) -> Sequence[Script]:
        """All scripts."""
        ...

    def files(self, spec: WorldSpec, plan: WorldPlan, scripts: Sequence[Script]) -> Sequence[WorldFile]:
        """One file of each format."""
        ...


class OfflineWorlds:
    """Satisfies ``WorldEngine`` without network and without keys."""

    def terrain(self, spec: WorldSpec) -> Land:
        """See the port."""
        return plan_world(spec).land

    def buildings(self, spec: WorldSpec, land: Land | None) -> WorldPlan:
        """See the port."""
        plan = plan_world(spec)
        if land is not None:
            plan = replace(plan, land=land)
        wrong = faults(plan)
        if wrong:
            raise ContentFailed(BUILD_FAILED, "; ".join(wrong), retryable=False)
        return plan

    def scripts(self, spec: WorldSpec, plan: WorldPlan) -> Sequence[Script]:
        """See the port."""
        return scripts(spec, plan)

    def files(self, spec: WorldSpec, plan: WorldPlan, scripts: Sequence[Script]) -> Sequence[WorldFile]:
        """See the port."""
        return world_files(spec, plan, scripts)
