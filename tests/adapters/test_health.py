"""Trouble is told once when it begins, and once when it is over."""

import logging

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from storage_faults import fault_of, may_fail
from toolboxai.adapters.database.engine import open_engine
from toolboxai.adapters.database.faults import Reason
from toolboxai.adapters.database.health import QUIET_S, StorageHealth
from toolboxai.adapters.database.storage_tables import ProbeRow
from toolboxai.testing.clock import ManualClock


@pytest.fixture
def health(clock: ManualClock) -> StorageHealth:
    return StorageHealth("the/place", clock)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


async def test_as_long_as_all_is_well_nothing_is_written_to_see_it(
    health: StorageHealth, database: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    await health.look(database)
    assert health.reason is None
    assert lines(caplog) == []


async def test_it_is_over_when_as_much_as_a_lesson_needs_can_be_written(
    health: StorageHealth, migrated_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with may_fail():
        async with open_engine(migrated_url, failed=health.failed) as engine:
            with fault_of(migrated_url, "disk_full")():
                health.failed(Reason.DISK_FULL, "no room")
                for _ in range(3):
                    await health.look(engine)
                    assert health.reason is Reason.DISK_FULL
            await health.look(engine)
            assert health.reason is None
            async with engine.connect() as connection:
                assert await connection.scalar(select(func.count()).select_from(ProbeRow)) == 0
    assert lines(caplog) == ["the database takes nothing", "the database takes everything again"]
    told = caplog.records[0].__dict__
    assert (told["database"], told["reason"], told["said"]) == ("the/place", "disk_full", "no room")
    assert "make room" in told["do"]


def test_a_thousand_faults_are_told_once_and_others_when_they_are_news(
    health: StorageHealth, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(1000):
        health.failed(Reason.DISK_FULL, "no room")
    assert len(caplog.records) == 1
    clock.advance(QUIET_S)
    health.failed(Reason.GONE, "nobody there")
    assert len(caplog.records) == 2


def test_what_passes_by_itself_is_no_trouble(health: StorageHealth, caplog: pytest.LogCaptureFixture) -> None:
    health.failed(Reason.BUSY, "database is locked")
    assert (health.reason, lines(caplog)) == (None, [])


def test_trouble_that_comes_and_goes_is_told_once_a_minute(
    health: StorageHealth, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(30):
        health.failed(Reason.DISK_FULL, "no room")
        health.reason = None  # as after a look
        clock.advance(1.0)
    assert len(caplog.records) == 1
    clock.advance(QUIET_S)
    health.failed(Reason.DISK_FULL, "no room")
    assert len(caplog.records) == 2
    assert caplog.records[0].levelno == logging.ERROR
