"""Models go to Roblox, where the operator has a key for that: when Roblox has one, its real id is told."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol
from weakref import WeakValueDictionary

from toolboxai.clock import Clock
from toolboxai.errors import StorageUnavailable, ToolboxaiError
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
_SENT_AT_ONCE: Final = 2  # a model has up to 20 MB
_BACK_S: Final = 86_400.0  # what a former process did not come to within a day is left as it is
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

    async def begin(self, file: WorldFile, *, name: str, description: str) -> str:
        """Send a model.

        Returns:
            How what Roblox makes of it is asked after, also by a later process.

        Raises:
            UploadFailed: it was refused, or nobody answers.
        """
        ...

    async def outcome(self, operation: str) -> str:
        """Wait until Roblox has looked at what was sent.

        Args:
            operation: as ``begin`` said it.

        Returns:
            ``rbxassetid://…``.

        Raises:
            UploadFailed: it was refused, by the API or in moderation, or nobody answers.
        """
        ...


class Uploads:
    """Uploads the model of each world that gets ready.

    What Roblox has taken is written down as soon as it says so, and asked after from then on, also by the next process.
    A server that ends while it sends, or that hears no answer, sends once more: the API takes no key by which the first
    one could be found.

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
        self._sending = asyncio.Semaphore(_SENT_AT_ONCE)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        scribe.when_packed(self._changed.put_nowait)

    async def run(self) -> None:
        """Upload what a former process did not come to, then what gets ready, until cancelled."""
        async with asyncio.TaskGroup() as looks:
            looks.create_task(self._take_up())
            while True:
                # Each by itself: one that Roblox looks at for an hour holds up no other.
                looks.create_task(self._seen_to(await self._changed.get()))

    async def _take_up(self) -> None:
        since = self._clock.now() - _BACK_S
        while True:
            try:
                for environment_id in await self._store.not_at_roblox(WorldFormat.RBXMX, since=since):
                    self._changed.put_nowait(environment_id)
                return
            except StorageUnavailable:
                await asyncio.sleep(self._pauses_s[0])

    async def _seen_to(self, environment_id: str) -> None:
        try:
            async with self._turns.setdefault(environment_id, asyncio.Lock()):
                await self._look_at(environment_id)
        except StorageUnavailable:
            await asyncio.sleep(self._pauses_s[0])
            self._changed.put_nowait(environment_id)
        except Exception:  # ours, and no reason to upload no more
            log.exception("a model was not uploaded", extra={"environment_id": environment_id})

    async def _look_at(self, environment_id: str) -> None:
        for pause_s in (*self._pauses_s, None):
            try:
                await self._upload(environment_id)
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

    async def _upload(self, environment_id: str) -> None:
        world = await self._store.environment(environment_id)
        if world is None or world.status is not EnvironmentStatus.READY:
            return
        asset = _model(await self._store.assets(environment_id))
        if asset is None or asset.roblox_id is not None:
            return
        with suppress(Superseded):  # it was built or packed anew: the model of then is not the one of now
            operation = asset.roblox_operation or await self._begin(world, asset)
            if operation is not None:
                await self._keep_id(world, asset, await self._uploader.outcome(operation))

    async def _begin(self, world: Environment, asset: Asset) -> str | None:
        async with self._sending:
            file = await self._store.file(world.id, WorldFormat.RBXMX)
            if file is None or file.sha256 != asset.sha256:  # it changed, and is looked at again for that
                return None
            operation = await self._uploader.begin(
                file, name=world.wish.name, description=f"World {world.id}, revision {world.build}"
            )

        def change(now: Environment, at: float) -> EnvironmentChange:
            return EnvironmentChange(
                attempt=now.attempt, at=at, expected=_READY, roblox_operations={asset.id: operation}
            )

        await self._scribe.change(world.id, world.attempt, change)
        return operation

    async def _keep_id(self, world: Environment, asset: Asset, roblox_id: str) -> None:
        log.info("Roblox has a model", extra={"environment_id": world.id, "asset_id": roblox_id})

        def change(now: Environment, at: float) -> EnvironmentChange:
            return EnvironmentChange(
                attempt=now.attempt,
                at=at,
                expected=_READY,
                roblox_ids={asset.id: roblox_id},
                events=(asset_ready(now.id, asset.at_roblox(roblox_id)),),
            )

        await self._scribe.change(world.id, world.attempt, change)


def _model(assets: Sequence[Asset]) -> Asset | None:
    return next((asset for asset in assets if asset.format == WorldFormat.RBXMX), None)
