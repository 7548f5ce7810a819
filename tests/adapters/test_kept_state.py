"""What waits in the database for the next process, on SQLite and on Postgres."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.kept_state import DatabaseKeptStore
from toolboxai.node.kept_state import KeptChunk, Whence
from toolboxai.node.webhooks.store import StoreUnavailable

CHUNKS = [KeptChunk("3", 1, b"\x00\xff" * 9), KeptChunk("4", 2, b""), KeptChunk("3", 1, b"last")]


@pytest.fixture
def store(database: AsyncEngine) -> DatabaseKeptStore:
    return DatabaseKeptStore(database)


async def test_what_was_left_is_there_once_and_in_its_order(store: DatabaseKeptStore) -> None:
    await store.save(CHUNKS, Whence.LEFT)
    assert await store.take() == (Whence.LEFT, CHUNKS)
    assert await store.take() == (Whence.LEFT, [])


async def test_a_save_takes_the_place_of_what_was_there(store: DatabaseKeptStore) -> None:
    await store.save(CHUNKS, Whence.RUNNING)
    await store.save(CHUNKS[:1], Whence.LEFT)
    assert await store.take() == (Whence.LEFT, CHUNKS[:1])


async def test_nobody_begins_with_what_a_running_process_has_written_down(store: DatabaseKeptStore) -> None:
    """It has crashed since: what it published after that is not known."""
    await store.save(CHUNKS, Whence.RUNNING)
    assert await store.take() == (Whence.RUNNING, ())
    assert await store.take() == (Whence.LEFT, [])


@pytest.mark.parametrize("whence", [Whence.RUNNING, Whence.LEFT])
async def test_a_backup_of_either_is_begun_with_as_what_it_is(
    store: DatabaseKeptStore, whence: Whence
) -> None:
    await store.save(CHUNKS, whence)
    await store.mark_restored()
    assert await store.take() == (Whence.RESTORED, CHUNKS)


async def test_what_another_version_has_left_is_not_begun_with(
    store: DatabaseKeptStore, database: AsyncEngine
) -> None:
    await store.save(CHUNKS, Whence.LEFT)
    async with database.begin() as connection:
        await connection.execute(text("UPDATE kept_state SET whence = 'elsewhere'"))
    assert await store.take() == (Whence.RUNNING, ())


async def test_a_table_that_is_not_there_is_no_worse_than_a_database_that_is_away(
    store: DatabaseKeptStore, database: AsyncEngine
) -> None:
    async with database.begin() as connection:
        await connection.execute(text("DROP TABLE kept_state"))
    with pytest.raises(StoreUnavailable):
        await store.take()
    with pytest.raises(StoreUnavailable):
        await store.save(CHUNKS, Whence.LEFT)
