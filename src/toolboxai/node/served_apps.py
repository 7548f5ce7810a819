"""Which apps this process serves, from the settings file and from the database, and how a change takes effect."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from toolboxai.apps.app import App
from toolboxai.apps.registrar import AppRegistrar
from toolboxai.apps.registry import AppChanges, AppRegistry
from toolboxai.apps.stored import AppStore, StoredApp
from toolboxai.errors import ConfigError, ValidationError
from toolboxai.ids import Dice
from toolboxai.node.node import Node

__all__ = ["Before", "Configured", "Reloaded", "ServedApp", "ServedApps"]

log = logging.getLogger(__name__)

Parse = Callable[[StoredApp], App]
Before = Callable[[AppRegistry], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Configured:
    """What the settings say when they are read anew.

    Args:
        apps: all of the file and the environment, ours among them.
        needs_restart: dotted paths of other settings that are not what the process was started with.
        take_up: called once the apps are served: settings beside them that need no restart count from then on.
    """

    apps: AppRegistry
    needs_restart: Sequence[str] = ()
    take_up: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What became of it.

    Args:
        changes: what is served from now on, and was not before.
        needs_restart: see `Configured`.
        not_served: apps of the database that are not served, by id, and why.
    """

    changes: AppChanges
    needs_restart: Sequence[str] = ()
    not_served: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServedApp:
    """One app and where it comes from.

    Args:
        app: as it is served; None when it is not.
        stored: as the database keeps it; None for apps of the settings file.
        own: whether the application publishes to it.
        not_served: why it is not served; None when it is.
    """

    app: App | None
    stored: StoredApp | None = None
    own: bool = False
    not_served: str | None = None


class ServedApps:
    """Joins the apps of the file with those of the database, and has the node serve them.

    An app of the file goes before one of the database that has its id or a key of it. One change at a time is made,
    and each takes effect as a whole or not at all.

    Args:
        node: serves the apps of the file already.
        reread: reads file and environment anew, in a thread; raises ConfigError with every fault.
        before: is called with apps that are about to be served; what it raises leaves all as it was.
    """

    def __init__(self, node: Node, reread: Callable[[], Configured], *, before: Before | None = None) -> None:
        self._node = node
        self._reread = reread
        self._before = before
        self._configured = node.apps
        self._store: AppStore | None = None
        self._parse: Parse | None = None
        self._registrar: AppRegistrar | None = None
        self._turn = asyncio.Lock()
        self._not_served: Mapping[str, str] = {}

    async def add_stored(self, store: AppStore, parse: Parse, dice: Dice) -> None:
        """Serve the apps of this store too, from now on.

        Args:
            store: of the database.
            parse: see `AppRegistrar`.
            dice: for the keys of new apps.
        """
        self._store, self._parse = store, parse
        self._registrar = AppRegistrar(
            store, parse=parse, configured=lambda: self._configured, clock=self._node.clock, dice=dice
        )
        async with self._turn:
            await self._serve(self._configured)

    async def reload(self) -> Reloaded:
        """Read file, environment and database anew, and go by what they say.

        Raises:
            ConfigError: every fault of the settings; nothing has changed.
        """
        async with self._turn:
            read = await asyncio.to_thread(self._reread)
            changes = await self._serve(read.apps)
            read.take_up()
        log.info("apps reloaded", extra=changes.ids())
        if read.needs_restart:
            log.warning("settings have changed that need a restart", extra={"settings": read.needs_restart})
        return Reloaded(changes, read.needs_restart, self._not_served)

    async def reload_or_log(self) -> None:
        """As `reload`, for whoever cannot be told: every fault is logged instead of raised."""
        try:
            await self.reload()
        except ConfigError as refused:
            for fault in refused.faults:
                log.error("the apps were not reloaded, all goes on as before", extra={"fault": fault})  # noqa: TRY400 - the operator's fault, not ours

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[AppRegistrar]:
        """Change apps of the database; at the end of the block the change is in force.

        Raises:
            RuntimeError: there is no store.
        """
        if self._registrar is None:
            raise RuntimeError("apps can be changed only where a database keeps them")
        async with self._turn:
            yield self._registrar
            await self._serve(self._configured)

    async def all(self) -> Sequence[ServedApp]:
        """Every app: those of the file in its order, ours first, then those of the database, oldest first."""
        apps, own = self._node.apps, self._configured.own
        found = [ServedApp(app, own=own is not None and app.id == own.id) for app in self._configured]
        for stored in () if self._store is None else await self._store.apps():
            reason = self._not_served.get(stored.id)
            served = apps.by_id(stored.id) if reason is None else None
            found.append(ServedApp(served, stored, not_served=reason))
        return found

    async def _serve(self, configured: AppRegistry) -> AppChanges:
        stored = () if self._store is None else await self._store.apps()
        apps, not_served = list(configured), {}
        for each in stored:
            try:
                apps.append(self._joined(configured, each))
            except ValidationError as fault:
                not_served[each.id] = fault.message
                log.warning(
                    "an app of the database is not served",
                    extra={"app_id": each.id, "reason": fault.message},
                )
        registry = AppRegistry(apps, own=configured.own)
        if self._before is not None:
            await self._before(registry)
        changes = self._node.apply(registry)
        self._configured, self._not_served = configured, not_served
        return changes

    def _joined(self, configured: AppRegistry, stored: StoredApp) -> App:
        """The app as it is served.

        Raises:
            ValidationError: it cannot be, beside the apps of the file.
        """
        assert self._parse is not None
        if configured.by_id(stored.id) is not None:
            raise ValidationError("the settings file has an app with this id, which goes before it")
        for key in stored.keys:
            if configured.by_key(key.pair.key) is not None:
                raise ValidationError(
                    f"the settings file has an app with its key {key.pair.key}, which goes before it"
                )
        return self._parse(stored)
