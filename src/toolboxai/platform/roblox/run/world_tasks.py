"""The components of a world as tasks of the built-in agents: one story, told on both sides."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Any, Final

from toolboxai.platform.messages.environment import ComponentState, EnvironmentStatus
from toolboxai.platform.roblox.luau.report import LuauReport
from toolboxai.platform.roblox.model.instances import Script
from toolboxai.platform.roblox.model.plan import Land, WorldPlan
from toolboxai.platform.roblox.model.spec import Component
from toolboxai.platform.roblox.records.environments import Asset, Environment, EnvironmentError, KeptScript
from toolboxai.platform.roblox.records.store import EnvironmentStore
from toolboxai.platform.runs.tasks import RunTask, RunTasks, TaskInHand

__all__ = [
    "Counts",
    "Piece",
    "WorldTasks",
    "building_counts",
    "file_counts",
    "review_counts",
    "script_counts",
    "terrain_counts",
    "words_of",
]

Counts = Mapping[str, Any]
"""What is told of something that was made."""


class Piece(StrEnum):
    """What is done for a world, in order; the review is a part of making the scripts."""

    TERRAIN = "terrain_generation"
    BUILDINGS = "building_generation"
    SCRIPTS = "script_generation"
    REVIEW = "script_review"
    PACKING = "world_packaging"

    @classmethod
    def of(cls, component: Component) -> "Piece":
        """What makes a component."""
        return _PIECES[component]


_PIECES: Final = {
    Component.TERRAIN: Piece.TERRAIN,
    Component.BUILDINGS: Piece.BUILDINGS,
    Component.SCRIPTS: Piece.SCRIPTS,
}
_COMPONENTS: Final = {
    **{piece: component for component, piece in _PIECES.items()},
    Piece.REVIEW: Component.SCRIPTS,
    Piece.PACKING: Component.SCRIPTS,
}
_WORDS: Final = {
    Piece.TERRAIN: "Making the ground",
    Piece.BUILDINGS: "Planning the buildings",
    Piece.SCRIPTS: "Writing the scripts",
    Piece.REVIEW: "Checking the scripts",
    Piece.PACKING: "Writing the files",
}


class WorldTasks:
    """What agents are told of worlds.

    Args:
        tasks: the agents' side.
        store: the record, which is right wherever the two differ.
    """

    def __init__(self, tasks: RunTasks, store: EnvironmentStore) -> None:
        self._tasks = tasks
        self._store = store

    async def wait(self, world: Environment) -> None:
        """The world waits for its turn, and so does the first of its components that does not stand."""
        standing = (ComponentState.COMPLETE, ComponentState.SKIPPED)
        missing = (Piece.of(one) for one in Component if world.components[one] not in standing)
        await self._tasks.wait(_task(world, next(missing, Piece.PACKING)))

    def take(self, world: Environment, piece: Piece) -> AbstractAsyncContextManager[TaskInHand]:
        """A piece is worked on."""
        return self._tasks.take(_task(world, piece))

    async def complete(self, world: Environment, piece: Piece, counts: Counts) -> None:
        """A piece is done, and on record."""
        await self._tasks.complete(_task(world, piece), {"environment_id": world.id, **counts})

    async def fail(self, world: Environment, piece: Piece, error: EnvironmentError) -> None:
        """A piece could not be done, and it is on record."""
        await self._tasks.fail(_task(world, piece), error.error_code, error.message)

    async def cancel(self, world: Environment) -> None:
        """The world was cancelled, or is to be gone: nothing of it waits or is worked on any more."""
        await self._tasks.cancel([_task(world, piece) for piece in Piece])

    async def forget(self, world: Environment) -> None:
        """The world is deleted."""
        await self._tasks.forget([world.id])

    async def settle(self, world_id: str | None = None) -> None:
        """What is on record, and was not told to the agents, is told now.

        Args:
            world_id: of one world alone; None: of all, before the jobs of a former process go on.
        """
        for task in await self._tasks.open([piece.value for piece in Piece], run_id=world_id):
            await self._settle(task)

    async def _settle(self, task: RunTask) -> None:
        piece = Piece(task.task_type)
        world = await self._store.environment(task.run_id)
        if world is None or world.attempt != task.attempt or world.status is EnvironmentStatus.CANCELLED:
            await self._tasks.cancel([task])
        elif (counts := await self._made(world, piece)) is not None:
            await self.complete(world, piece, counts)
        elif world.error is not None and (
            world.over or world.components[_COMPONENTS[piece]] is ComponentState.FAILED
        ):
            await self.fail(world, piece, world.error)

    async def _made(self, world: Environment, piece: Piece) -> Counts | None:
        """What is on record of a piece; None: it is not done."""
        match piece:
            case Piece.TERRAIN:
                land = await self._store.land(world.id, world.build)
                return None if land is None else terrain_counts(land)
            case Piece.BUILDINGS:
                plan = await self._store.plan(world.id, world.build)
                return None if plan is None else building_counts(plan)
            case Piece.SCRIPTS:
                scripts = await self._store.scripts(world.id, world.build)
                return script_counts(scripts) if scripts else None
            case Piece.REVIEW:
                # Scripts go on record only where it found no fault; what else it found is not kept.
                scripts = await self._store.scripts(world.id, world.build)
                return {"scripts": len(scripts), "faults": 0} if scripts else None
            case Piece.PACKING if world.status is EnvironmentStatus.READY:
                return file_counts(await self._store.assets(world.id))
        return None


def words_of(piece: Piece) -> str:
    """What is told while a piece is worked on."""
    return _WORDS[piece]


def terrain_counts(land: Land) -> Counts:
    """What is told of a ground."""
    return {"cells": land.width * land.depth, "materials": len(land.palette)}


def building_counts(plan: WorldPlan) -> Counts:
    """What is told of a plan."""
    return {
        "rooms": len(plan.rooms),
        "corridors": len(plan.corridors),
        "boards": len(plan.boards),
        "stations": len(plan.stations),
    }


def script_counts(scripts: Sequence[KeptScript] | Sequence[Script]) -> Counts:
    """What is told of scripts; their text is not."""
    return {"scripts": len(scripts), "bytes": sum(len(script.source.encode()) for script in scripts)}


def review_counts(reports: Sequence[LuauReport]) -> Counts:
    """What is told of a review: it is done also where it has found something."""
    return {
        "scripts": len(reports),
        "faults": sum(len(report.faults) for report in reports),
        "risks": sum(len(report.risks) for report in reports),
    }


def file_counts(assets: Sequence[Asset]) -> Counts:
    """What is told of files."""
    return {"files": len(assets), "bytes": sum(asset.size for asset in assets)}


def _task(world: Environment, piece: Piece) -> RunTask:
    return RunTask(
        run_id=world.id,
        attempt=world.attempt,
        task_type=piece.value,
        owner_id=world.owner_id,
        organization_id=world.organization_id,
        input={"build": world.build},
    )
