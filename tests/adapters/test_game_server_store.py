"""Game servers of worlds, on SQLite and on Postgres."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.adapters.database.game_servers import DatabaseGameServerStore
from toolboxai.platform.games.model import GameServer
from toolboxai.platform.roblox.model.spec import WorldSpec
from toolboxai.platform.roblox.records.environments import NewEnvironment
from world_parts import a_wish

SERVER = GameServer(
    id="game_1", environment_id="env_1", name="7b", token_sha256="0" * 64, created_at=1_780_000_000.0
)


@pytest.fixture
async def worlds(database: AsyncEngine) -> DatabaseEnvironmentStore:
    worlds, wish = DatabaseEnvironmentStore(database), a_wish()
    about = {
        each: getattr(wish, each) for each in ("name", "theme", "size", "features", "seed", "max_players")
    }
    new = NewEnvironment(
        id="env_1",
        organization_id="org_1",
        owner_id="user_1",
        wish=wish,
        spec=WorldSpec(environment_id="env_1", lesson=None, **about),
        idempotency_key=None,
        at=1.0,
    )
    assert await worlds.create(new, active_limit=9) is not None
    return worlds


async def test_they_are_kept_listed_and_go_alone_or_with_their_world(
    worlds: DatabaseEnvironmentStore, database: AsyncEngine
) -> None:
    store = DatabaseGameServerStore(database)
    later = replace(SERVER, id="game_0", created_at=SERVER.created_at + 1)
    for each in (later, SERVER):
        assert await store.add(each, most=9)
    assert await store.servers("env_1") == [SERVER, later]
    assert await store.server("game_0") == later
    assert [await store.remove("game_0") for _ in range(2)] == [True, False]
    await worlds.remove("env_1")
    assert await store.server("game_1") is None
    assert not await store.add(SERVER, most=9)


@pytest.mark.usefixtures("worlds")
async def test_of_many_at_once_no_more_than_fit_are_kept(database: AsyncEngine) -> None:
    store = DatabaseGameServerStore(database)
    added = await asyncio.gather(*(store.add(replace(SERVER, id=f"game_{at}"), most=2) for at in range(5)))
    assert sum(added) == len(await store.servers("env_1")) == 2
