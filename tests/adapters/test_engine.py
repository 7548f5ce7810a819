"""Engines on SQLite: a transaction that is cancelled anywhere in it leaves nothing behind."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage_faults import fault_of, may_fail
from toolboxai.adapters.database.engine import open_engine
from toolboxai.adapters.database.faults import Reason
from toolboxai.errors import StorageUnavailable


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with open_engine(f"sqlite:///{tmp_path}/app.db") as engine:
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE counts (id INTEGER PRIMARY KEY, n INTEGER)"))
            await connection.execute(text("INSERT INTO counts VALUES (1, 0)"))
        yield engine


async def test_a_cancelled_transaction_does_not_keep_the_others_from_writing(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    async def count_twice() -> None:
        async with engine.begin() as connection:
            for _ in range(2):
                await connection.execute(text("UPDATE counts SET n = n + 1 WHERE id = 1 RETURNING n"))

    ends: list[BaseException | None] = []  # with their tracebacks, as a log or a task would hold them
    for turns in range(0, 400, 8):  # of the loop, before the cancellation
        counting = asyncio.create_task(count_twice())
        for _ in range(turns):
            await asyncio.sleep(0)
        counting.cancel()
        ends += await asyncio.gather(counting, return_exceptions=True)
        with closing(sqlite3.connect(tmp_path / "app.db", timeout=2)) as other:
            other.execute("UPDATE counts SET n = n")
            other.commit()
            (n,) = other.execute("SELECT n FROM counts").fetchone()
        assert n % 2 == 0  # both steps, or none
    assert any(isinstance(end, asyncio.CancelledError) for end in ends)


async def test_a_closed_engine_leaves_no_thread_even_of_a_connection_that_was_never_open(
    tmp_path: Path,
) -> None:
    before = set(threading.enumerate())
    for turns in range(40):  # of the loop, before the cancellation: most of them in the midst of connecting
        async with open_engine(f"sqlite:///{tmp_path}/app.db") as engine:
            connecting = asyncio.create_task(engine.connect().start())
            for _ in range(turns):
                await asyncio.sleep(0)
            connecting.cancel()
            (end,) = await asyncio.gather(connecting, return_exceptions=True)
            if not isinstance(end, BaseException):  # it was open before the cancellation came
                await end.close()
            del connecting, end
        workers = {each for each in threading.enumerate() if "connection_worker" in each.name}
        assert workers <= before, turns


# ---- what a database says when it takes nothing --------------------------------------------------------------------


async def test_what_it_does_not_take_now_is_told_in_words_of_ours_and_to_whoever_looks_after_it(
    tmp_path: Path,
) -> None:
    told: list[tuple[Reason, str]] = []
    url = f"sqlite:///{tmp_path}/app.db"
    with may_fail():
        async with open_engine(url, failed=lambda *fault: told.append(fault)) as engine:
            async with engine.begin() as connection:
                await connection.execute(text("CREATE TABLE counts (n BLOB)"))
            with fault_of(url, "disk_full")(), pytest.raises(StorageUnavailable) as full:
                async with engine.begin() as connection:
                    await connection.execute(text("INSERT INTO counts VALUES (zeroblob(100000))"))
    assert full.value.reason == "disk_full"
    assert told == [(Reason.DISK_FULL, "database or disk is full")]


async def test_a_file_that_was_moved_away_is_not_written_to_and_none_is_made_in_its_place(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    async def count() -> None:
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE counts SET n = n + 1"))

    path, elsewhere = tmp_path / "app.db", tmp_path / "elsewhere.db"
    await count()
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE counts SET n = 99"))
        path.rename(elsewhere)
        with pytest.raises(StorageUnavailable, match="does not answer"):
            await connection.commit()
    with pytest.raises(StorageUnavailable):
        await count()
    assert not path.exists()
    path.write_bytes(elsewhere.read_bytes())  # another file is another database
    with pytest.raises(StorageUnavailable):
        await count()
    elsewhere.rename(path)
    await count()
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT n FROM counts")) == 2


async def test_a_new_file_in_which_another_writes_is_waited_for(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "app.db", isolation_level=None)) as other:
        other.execute("CREATE TABLE counts (n INTEGER)")
        other.execute("BEGIN IMMEDIATE")
        async with open_engine(f"sqlite:///{tmp_path}/app.db") as engine, asyncio.TaskGroup() as tasks:
            counted = tasks.create_task(_count(engine))
            done, _ = await asyncio.wait({counted}, timeout=0.2)
            assert not done
            other.execute("COMMIT")
            assert await asyncio.wait_for(counted, 5) == 0


async def _count(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM counts"))).scalar_one())
