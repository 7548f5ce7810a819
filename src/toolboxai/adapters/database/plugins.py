"""Plugins in the database."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Select, delete, func, insert, select, tuple_, update

from toolboxai.adapters.database.engine import SEQ_MOST
from toolboxai.adapters.database.identity import UserRow
from toolboxai.adapters.database.owner_turns import one_at_a_time
from toolboxai.adapters.database.plugin_log import DatabasePluginLog
from toolboxai.adapters.database.plugin_rows import COMMAND, PLUGIN, command_of, json_text, plugin_of
from toolboxai.adapters.database.plugin_tables import PluginCommandRow, PluginRow
from toolboxai.adapters.database.resource_tables import ResourceRow
from toolboxai.platform.plugins.model import WORLD_EVENTS, Command, Plugin
from toolboxai.platform.resources.model import ResourceKind

__all__ = ["DatabasePluginStore"]

_IS_PLUGIN = ResourceRow.kind == ResourceKind.PLUGIN.value
_PLUGINS = select(*PLUGIN).join(PluginRow, PluginRow.id == ResourceRow.id, isouter=True).where(_IS_PLUGIN)


class DatabasePluginStore(DatabasePluginLog):
    """Satisfies ``platform.plugins.store.PluginStore`` on SQLite and Postgres; each method is one transaction."""

    async def add(self, plugin: Plugin, *, most: int) -> bool:
        """See the port."""
        resource = {
            "id": plugin.id,
            "kind": ResourceKind.PLUGIN.value,
            "organization_id": plugin.organization_id,
            "owner_id": plugin.owner_id,
            "name": plugin.name,
            "created_at": plugin.created_at,
        }
        row = {
            "id": plugin.id,
            "studio_version": plugin.studio_version,
            "capabilities": json_text(list(plugin.capabilities)),
            "world_events": WORLD_EVENTS in plugin.capabilities,
            "config": None if plugin.config is None else msgspec.json.encode(plugin.config).decode(),
            "token_id": plugin.token_id,
            "token_expires_at": plugin.token_expires_at,
            "last_seq": plugin.last_seq,
            "kept_from": plugin.kept_from,
            "announced_seq": plugin.announced_seq,
        }
        async with self._engine.begin() as connection:
            await one_at_a_time(connection, plugin.owner_id)
            await connection.execute(insert(ResourceRow).values(resource))
            await connection.execute(insert(PluginRow).values(row))
            own = (_IS_PLUGIN, ResourceRow.owner_id == plugin.owner_id)
            there = await connection.scalar(select(func.count()).select_from(ResourceRow).where(*own))
            if there is not None and there > most:
                await connection.rollback()
                return False
        return True

    async def plugin(self, plugin_id: str) -> Plugin | None:
        """See the port."""
        found = await self._many(_PLUGINS.where(ResourceRow.id == plugin_id))
        return found[0] if found else None

    async def plugins(
        self, owner_id: str, *, after: tuple[float, str] | None = None, limit: int
    ) -> Sequence[Plugin]:
        """See the port."""
        query = _PLUGINS.where(ResourceRow.owner_id == owner_id)
        if after is not None:
            query = query.where(tuple_(ResourceRow.created_at, ResourceRow.id) > tuple_(*after))
        return await self._many(query.order_by(ResourceRow.created_at, ResourceRow.id).limit(limit))

    async def listening(self, owner_id: str) -> Sequence[str]:
        """See the port."""
        query = (
            select(ResourceRow.id)
            .join(PluginRow, PluginRow.id == ResourceRow.id)
            .where(_IS_PLUGIN, ResourceRow.owner_id == owner_id, PluginRow.world_events)
            .order_by(ResourceRow.created_at, ResourceRow.id)
        )
        async with self._engine.connect() as connection:
            return (await connection.scalars(query)).all()

    async def remove(self, plugin_id: str) -> bool:
        """See the port."""
        async with self._engine.begin() as connection:
            done = await connection.execute(
                delete(ResourceRow).where(ResourceRow.id == plugin_id, _IS_PLUGIN)
            )
        return done.rowcount > 0

    async def seen(self, plugin_id: str, *, at: float) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            this = update(PluginRow).where(PluginRow.id == plugin_id)
            await connection.execute(this.values(last_seen_at=at))

    async def in_use(self, plugin_ids: Sequence[str]) -> frozenset[str]:
        """See the port."""
        query = (
            select(ResourceRow.id)
            .join(UserRow, UserRow.id == ResourceRow.owner_id)
            .where(_IS_PLUGIN, ResourceRow.id.in_(plugin_ids), UserRow.disabled_at.is_(None))
        )
        async with self._engine.connect() as connection:
            return frozenset(await connection.scalars(query))

    async def command(self, plugin_id: str, command_id: str) -> Command | None:
        """See the port."""
        found = await self._commands(
            select(*COMMAND).where(PluginCommandRow.plugin_id == plugin_id, PluginCommandRow.id == command_id)
        )
        return found[0] if found else None

    async def commands(self, plugin_id: str, *, before: int | None = None, limit: int) -> Sequence[Command]:
        """See the port."""
        query = select(*COMMAND).where(PluginCommandRow.plugin_id == plugin_id)
        if before is not None:
            query = query.where(PluginCommandRow.seq < min(max(before, 0), SEQ_MOST))
        return await self._commands(query.order_by(PluginCommandRow.seq.desc()).limit(limit))

    async def _many(self, query: Select[Any]) -> Sequence[Plugin]:
        async with self._engine.connect() as connection:
            return [plugin_of(row) for row in await connection.execute(query)]

    async def _commands(self, query: Select[Any]) -> Sequence[Command]:
        async with self._engine.connect() as connection:
            return [command_of(row) for row in await connection.execute(query)]
