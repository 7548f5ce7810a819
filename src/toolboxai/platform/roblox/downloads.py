"""Files of worlds, for whoever may read them, and links to them that need no token."""

import asyncio
import hmac
import math
from hashlib import sha256
from typing import Final, NamedTuple

from toolboxai.clock import Clock
from toolboxai.errors import InvalidToken, ResourceNotFound
from toolboxai.platform.content.downloads import LINK_S, Link
from toolboxai.platform.identity.keys import DerivedKeys
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.roblox.drawing.floor_plan import draw_floor_plan
from toolboxai.platform.roblox.drawing.section import draw_section
from toolboxai.platform.roblox.model.files import FORMATS, WorldFile
from toolboxai.platform.roblox.model.plan import WorldPlan
from toolboxai.platform.roblox.records.access import Access
from toolboxai.platform.roblox.records.environments import Asset, Environment
from toolboxai.platform.roblox.records.store import EnvironmentStore
from toolboxai.platform.roblox.run.events import environment_url, script_of_asset

__all__ = ["Fetched", "WorldDownloads", "fetched"]

_TEXT: Final = "text/plain; charset=utf-8"


class Fetched(NamedTuple):
    """What is served: ``sha256`` is of the bytes, in lower-case hex digits."""

    name: str
    media_type: str
    content: bytes
    sha256: str


class WorldDownloads:
    """Files and pictures.

    Args:
        store: keeps them.
        access: who may read them.
        clock: for the time of links.
        link_keys: sign links.
    """

    def __init__(self, store: EnvironmentStore, access: Access, clock: Clock, link_keys: DerivedKeys) -> None:
        self._store = store
        self._access = access
        self._clock = clock
        self._link_keys = link_keys

    async def assets(self, environment: Environment) -> tuple[Asset, ...]:
        """What can be fetched of a world that the asker may see."""
        return tuple(await self._store.assets(environment.id))

    async def file(self, principal: Principal, environment_id: str, format: str) -> WorldFile:
        """One file.

        Raises:
            ResourceNotFound: there is none yet, or it is not this principal's to read.
        """
        await self._access.taught_by(principal, environment_id)
        return await self._file(environment_id, format)

    async def asset(self, principal: Principal, environment_id: str, asset_id: str) -> Fetched:
        """A file, or the text of a script, by the id of its bytes.

        Raises:
            ResourceNotFound: there is none of that id any more, or it is not this principal's to read.
        """
        await self._access.taught_by(principal, environment_id)
        for asset in await self._store.assets(environment_id):
            if asset.id == asset_id:
                file = await self._store.file(environment_id, asset.format)
                if file is not None and file.sha256 == asset.sha256:
                    return fetched(file)
        named = script_of_asset(asset_id)
        if named is not None:
            script = await self._store.script(environment_id, named[0], revision=named[1])
            if script is not None:
                return Fetched(f"{script.id}.luau", _TEXT, script.source.encode(), script.sha256)
        raise ResourceNotFound(
            f"environment {environment_id!r} has no asset {asset_id[:80]!r}; {environment_url(environment_id)} names "
            "those it has"
        )

    async def link(self, principal: Principal, environment_id: str, format: str) -> Link:
        """A signed address for one file, good for ``LINK_S`` seconds.

        Raises:
            ResourceNotFound: as for ``file``.
        """
        await self.file(principal, environment_id, format)
        expires_at = math.ceil(self._clock.now()) + LINK_S
        signature = _signature(self._link_keys()[0], environment_id, format, expires_at)
        query = f"format={format}&expires={expires_at}&signature={signature}"
        return Link(f"{environment_url(environment_id)}/download?{query}", expires_at)

    async def file_by_link(
        self, environment_id: str, format: str, *, expires: int, signature: str
    ) -> WorldFile:
        """The file that a signed address names.

        Raises:
            InvalidToken: the signature is not ours for this file, or its time is over.
            ResourceNotFound: the file is gone.
        """
        given = signature.encode(errors="replace")
        signed = any(
            hmac.compare_digest(_signature(key, environment_id, format, expires).encode(), given)
            for key in self._link_keys()
        )
        if not signed or expires < self._clock.now():
            raise InvalidToken("the download link is not valid or its time is over; ask for a new one")
        return await self._file(environment_id, format)

    async def organization(self, environment_id: str) -> str:
        """The tenant of a world.

        Raises:
            ResourceNotFound: there is none.
        """
        found = await self._store.environment(environment_id)
        if found is None:
            raise ResourceNotFound(f"no environment {environment_id[:80]!r}")
        return found.organization_id

    async def floor_plan(self, principal: Principal, environment_id: str) -> str:
        """Where everything stands, as SVG.

        Raises:
            ResourceNotFound: it is not planned yet, or not this principal's to see.
        """
        environment, plan = await self._plan(principal, environment_id)
        return await asyncio.to_thread(draw_floor_plan, plan, environment.wish.name)

    async def section(self, principal: Principal, environment_id: str) -> str:
        """A cut through the world, as SVG.

        Raises:
            ResourceNotFound: as for ``floor_plan``.
        """
        environment, plan = await self._plan(principal, environment_id)
        return await asyncio.to_thread(draw_section, plan, environment.wish.name)

    async def _plan(self, principal: Principal, environment_id: str) -> tuple[Environment, WorldPlan]:
        environment = await self._access.seen_by(principal, environment_id)
        newest = [environment.build, *([environment.ready_build] if environment.ready_build else [])]
        for build in newest:
            plan = await self._store.plan(environment.id, build)
            if plan is not None:
                return environment, plan
        raise ResourceNotFound(f"environment {environment_id!r} has no plan yet; it is {environment.status}")

    async def _file(self, environment_id: str, format: str) -> WorldFile:
        if format not in FORMATS:
            known = ", ".join(FORMATS)
            raise ResourceNotFound(f"there is no format {format[:20]!r} of worlds; use one of {known}")
        found = await self._store.file(environment_id, format)
        if found is None:
            raise ResourceNotFound(f"environment {environment_id!r} has no files yet; look at its status")
        return found


def fetched(file: WorldFile) -> Fetched:
    """A file as it is served."""
    return Fetched(file.name, file.media_type, file.content, file.sha256)


def _signature(key: bytes, environment_id: str, format: str, expires: int) -> str:
    text = "\n".join(("world", environment_id, format, str(expires)))
    return hmac.new(key, text.encode(), sha256).hexdigest()
