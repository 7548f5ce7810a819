"""Models go to Roblox, where the operator has a key for that: when Roblox has one, its real id is told."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

from toolboxai.clock import Clock
from toolboxai.errors import StorageUnavailable, ToolboxaiError
from toolboxai.platform.content.service import HISTORY_S
from toolboxai.platform.messages.environment import EnvironmentStatus
from toolboxai.platform.roblox.model.files import WorldFile, WorldFormat
from toolboxai.platform.roblox.records.environments import Asset, Environment, EnvironmentChange
from toolboxai.platform.roblox.records.store import EnvironmentStore
from toolboxai.platform.roblox.run.events import asset_ready
from toolboxai.platform.roblox.run.scribe import Scribe
from toolboxai.platform.runs.records import Superseded

__all__ = ["PAUSES_S", "AssetUploader", "UploadFailed", "Uploads"]

log = logging.getLogger(__name__)

PAUSES_S: Final = (10.0, 60.0, 600.0)
_READY: Final = frozenset({EnvironmentStatus.READY})


class UploadFailed(ToolboxaiError):
    """Roblox did not take a model.

    Args:
        message: why.
        retryable: whether the same may succeed later.
    """

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


class AssetUploader(Protocol):
    """The way to Roblox."""

    async def upload(self, file: WorldFile, *, name: str, description: str) -> str:
        """Upload a model, and wait until Roblox has looked at it.

        Returns:
            ``rbxassetid://…``.

        Raises:
            UploadFailed: it was refused, by the API or in moderation, or nobody answers.
        """
        ...


class Uploads:
    """Uploads the model of each world that gets ready, one after the other.

    A server that ends in between uploads it again after the next start: Roblox knows no key by which the first one
    could be found.

    Args:
        uploader: the way to Roblox.
        store: has the files.
        scribe: through which ids are kept and told.
        clock: for how far back to look after a start.
        pauses_s: between tries.
    """

    def __init__(
        self,
        uploader: AssetUploader,
        store: EnvironmentStore,
        scribe: Scribe,
        clock: Clock,
        *,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self._uploader = uploader
        self._store = store
        self._scribe = scribe
        self._clock = clock
        self._pauses_s = pauses_s
        self._changed: asyncio.Queue[str] = asyncio.Queue()
        scribe.when_packed(self._changed.put_nowait)

    async def run(self) -> None:
        """Upload what a former process did not come to, then what gets ready, until cancelled."""
        for world in await self._store.finished_since(self._clock.now() - HISTORY_S):
            self._changed.put_nowait(world.id)
        while True:
            environment_id = await self._changed.get()
            try:
                await self._look_at(environment_id)
            except StorageUnavailable:
                self._changed.put_nowait(environment_id)
                await asyncio.sleep(self._pauses_s[0])
            except Exception:  # ours, and no reason to upload no more
                log.exception("a model was not uploaded", extra={"environment_id": environment_id})

    async def _look_at(self, environment_id: str) -> None:
        for pause_s in (*self._pauses_s, None):
            world = await self._store.environment(environment_id)
            if world is None or world.status is not EnvironmentStatus.READY:
                return
            asset = _model(await self._store.assets(environment_id))
            file = await self._store.file(environment_id, WorldFormat.RBXMX)
            if asset is None or asset.roblox_id is not None or file is None or file.sha256 != asset.sha256:
                return
            try:
                await self._upload(world, asset, file)
                return
            except UploadFailed as failed:
                again = failed.retryable and pause_s is not None
                log.warning(
                    "Roblox did not take a model",
                    extra={"environment_id": environment_id, "reason": str(failed), "again": again},
                )
                if not failed.retryable or pause_s is None:
                    return
                await asyncio.sleep(pause_s)

    async def _upload(self, world: Environment, asset: Asset, file: WorldFile) -> None:
        roblox_id = await self._uploader.upload(
            file, name=world.wish.name, description=f"World {world.id}, revision {world.build}"
        )
        log.info("Roblox has a model", extra={"environment_id": world.id, "asset_id": roblox_id})

        def change(now: Environment, at: float) -> EnvironmentChange:
            return EnvironmentChange(
                attempt=now.attempt,
                at=at,
                expected=_READY,
                roblox_ids={asset.id: roblox_id},
                events=(asset_ready(now.id, asset.at_roblox(roblox_id)),),
            )

        with suppress(Superseded):  # it is built anew: the model of then is not the one of now
            await self._scribe.change(world.id, world.attempt, change)


def _model(assets: Sequence[Asset]) -> Asset | None:
    return next((asset for asset in assets if asset.format == WorldFormat.RBXMX), None)
