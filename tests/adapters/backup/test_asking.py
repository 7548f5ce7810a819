"""A backup asks the server that runs, through the database."""

import asyncio
import threading
import time
from contextlib import suppress

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.backup.asking import Asked, answer, asked
from toolboxai.adapters.database import migrate
from toolboxai.adapters.database.storage_tables import BackupRequestRow
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.errors import StorageUnavailable


async def requests(database: AsyncEngine) -> int:
    async with database.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(BackupRequestRow)) or 0)


async def test_what_the_server_has_in_memory_is_written_before_the_answer(
    database: AsyncEngine, migrated_url: str
) -> None:
    written: list[int] = []

    async def checkpoint() -> None:
        written.append(await requests(database))

    over = threading.Event()

    def backup() -> Asked:
        with asked(migrated_url, wait_s=15.0) as came:
            over.set()
            return came

    asking = asyncio.create_task(asyncio.to_thread(backup))
    while not over.is_set():
        with suppress(StorageUnavailable):  # as the server does, which asks again
            await answer(database, checkpoint, SystemClock())
        await asyncio.sleep(0.1)
    assert await asking is Asked.WRITTEN
    assert written == [1]
    assert await requests(database) == 0, "it is removed"
    await answer(database, checkpoint, SystemClock())
    assert written == [1], "nobody asks any more"


async def test_without_a_server_it_is_not_waited_for_long(database: AsyncEngine, migrated_url: str) -> None:
    with asked(migrated_url, wait_s=0.0) as came:
        assert came is Asked.NOBODY
    assert await requests(database) == 0


async def test_what_a_killed_backup_has_left_is_removed_by_the_next(
    database: AsyncEngine, migrated_url: str
) -> None:
    async with database.begin() as connection:
        old = insert(BackupRequestRow).values(id="old", asked_at=time.time() - 7200)
        await connection.execute(old)
    with asked(migrated_url, wait_s=0.0):
        pass
    assert await requests(database) == 0


def test_an_older_schema_is_copied_without_asking(database_url: str) -> None:
    with migrate.founded(database_url, "0002") as connection:
        connection.execute(text("SELECT 1"))
    with asked(database_url, wait_s=9.0) as came:
        assert came is Asked.NOT_POSSIBLE


async def test_a_server_that_cannot_write_it_down_does_not_answer(
    database: AsyncEngine, migrated_url: str
) -> None:
    async with database.begin() as connection:
        await connection.execute(insert(BackupRequestRow).values(id="one", asked_at=time.time()))

    async def checkpoint() -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        await answer(database, checkpoint, SystemClock())
    async with database.connect() as connection:
        found = (await connection.execute(select(BackupRequestRow.__table__))).one()
    assert (found.seen_at is not None, found.answered_at) == (True, None)
