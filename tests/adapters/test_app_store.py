"""What the store of apps promises, on both databases."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.apps import DatabaseAppStore
from toolboxai.apps.app import AppKey
from toolboxai.apps.stored import Revocation, StoredApp, StoredKey
from toolboxai.errors import Conflict


def key(name: str, at: float = 1.0) -> StoredKey:
    return StoredKey(AppKey(name, f"secret of {name}"), at)


CLUB = StoredApp("7", "Club ✓", {"allowed_origins": ["https://a.example"]}, True, (key("k1"),), 1.0, 1.0)


@pytest.fixture
async def store(database: AsyncEngine) -> DatabaseAppStore:
    store = DatabaseAppStore(database)
    await store.add(CLUB)
    return store


async def test_an_app_comes_back_as_it_was(store: DatabaseAppStore) -> None:
    assert await store.app("7") == CLUB
    assert await store.app("8") is None
    assert await store.apps() == [CLUB]


async def test_ids_and_keys_are_taken_once(store: DatabaseAppStore) -> None:
    for taken in (
        StoredApp("7", "", {}, True, (key("k2"),), 2, 2),
        StoredApp("8", "", {}, True, (key("k1"),), 2, 2),
    ):
        with pytest.raises(Conflict):
            await store.add(taken)
    with pytest.raises(Conflict):
        await store.add_key("7", key("k1"))
    assert await store.apps() == [CLUB]


async def test_the_oldest_key_stays_first_though_the_clock_goes_back(store: DatabaseAppStore) -> None:
    assert await store.add_key("7", key("a younger one", at=0.5))
    app = await store.app("7")
    assert app is not None
    assert [kept.pair.key for kept in app.keys] == ["k1", "a younger one"]
    assert not await store.add_key("8", key("k3"))


async def test_a_revoked_key_is_never_anyones_again(store: DatabaseAppStore) -> None:
    await store.add_key("7", key("k2", at=2.0))
    assert await store.revoke_key("7", "k1", now=3.0) is Revocation.REVOKED
    assert await store.revoke_key("7", "k1", now=3.0) is Revocation.UNKNOWN
    assert await store.revoke_key("8", "k2", now=3.0) is Revocation.UNKNOWN
    assert await store.revoke_key("7", "k2", now=3.0) is Revocation.LAST
    with pytest.raises(Conflict):
        await store.add_key("7", key("k1"))
    (app,) = await store.apps()
    assert app.keys == (key("k2", at=2.0),)


async def test_of_two_that_revoke_the_last_two_keys_one_fails(store: DatabaseAppStore) -> None:
    await store.add_key("7", key("k2"))
    done = await asyncio.gather(*(store.revoke_key("7", name, now=3.0) for name in ("k1", "k2")))
    assert sorted(each.name for each in done) == ["LAST", "REVOKED"]


async def test_settings_name_and_state_are_replaced(store: DatabaseAppStore) -> None:
    changed = StoredApp("7", "Clubs", {"event_bytes": 5}, False, CLUB.keys, 1.0, 9.0)
    assert await store.put(changed)
    assert await store.app("7") == changed
    assert not await store.put(StoredApp("8", "", {}, True, (), 1.0, 1.0))


async def test_an_app_goes_with_its_keys(store: DatabaseAppStore) -> None:
    assert await store.remove("7")
    assert not await store.remove("7")
    assert await store.apps() == []
    await store.add(CLUB)
