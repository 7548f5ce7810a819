"""Worlds built in the processes of the offline engine, off the loop."""

from collections.abc import Sequence

from toolboxai.adapters.engine_process import EngineProcesses
from toolboxai.adapters.engine_worker import Building
from toolboxai.platform.content.model.report import unheard
from toolboxai.platform.roblox.model.files import WorldFile
from toolboxai.platform.roblox.model.instances import Script
from toolboxai.platform.roblox.model.plan import Land, WorldPlan
from toolboxai.platform.roblox.model.spec import WorldSpec

__all__ = ["WorldProcesses"]


class WorldProcesses:
    """Satisfies ``platform.roblox.engine.WorldEngine``; its methods block, so call them in threads.

    Args:
        processes: shared with lessons, and with their bound on what is computed at once.
    """

    def __init__(self, processes: EngineProcesses) -> None:
        self._processes = processes

    def terrain(self, spec: WorldSpec) -> Land:
        """See the port."""
        return self._processes.compute(Building("terrain", spec), Land, unheard)

    def buildings(self, spec: WorldSpec, land: Land | None) -> WorldPlan:
        """See the port."""
        return self._processes.compute(Building("buildings", spec, land), WorldPlan, unheard)

    def scripts(self, spec: WorldSpec, plan: WorldPlan) -> Sequence[Script]:
        """See the port."""
        return self._processes.compute(Building("scripts", spec, None, plan), list[Script], unheard)

    def files(self, spec: WorldSpec, plan: WorldPlan, scripts: Sequence[Script]) -> Sequence[WorldFile]:
        """See the port."""
        call = Building("files", spec, None, plan, tuple(scripts))
        return self._processes.compute(call, list[WorldFile], unheard)
