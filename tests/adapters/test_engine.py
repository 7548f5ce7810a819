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

from toolboxai.adapters.database.engine import open_engine


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
            await asyncio.gather(connecting, return_exceptions=True)
            del connecting
        workers = {each for each in threading.enumerate() if "connection_worker" in each.name}
        assert workers <= before, turns
