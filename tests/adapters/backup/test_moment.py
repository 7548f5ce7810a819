"""One moment of both halves, while others write."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from toolboxai.adapters.backup.moment import moment_of
from toolboxai.adapters.backup.rooms import Room, tables_of
from toolboxai.adapters.database import migrate
from toolboxai.adapters.database.engine import sync_url
from toolboxai.adapters.jobs_dbos import JOBS_SCHEMA, jobs_database_url

WORKFLOWS = "CREATE TABLE {}workflow_status (workflow_uuid TEXT PRIMARY KEY)"
VERSION = "CREATE TABLE {}dbos_migrations (version INTEGER)"


def of_jobs(url: str) -> str:
    return "" if url.startswith("sqlite") else f"{JOBS_SCHEMA}."


@pytest.fixture
def url(database_url: str) -> str:
    """A database with jobs, as a server leaves it."""
    migrate.upgrade(database_url)
    prefix = of_jobs(database_url)
    for where in (database_url, jobs_database_url(database_url)):
        if where.startswith("sqlite"):
            with closing(sqlite3.connect(where.removeprefix("sqlite:///"))) as file:
                file.execute("PRAGMA journal_mode=WAL")
    engine = create_engine(sync_url(jobs_database_url(database_url)))
    with engine.begin() as connection:
        if prefix:
            connection.execute(text(f"CREATE SCHEMA {JOBS_SCHEMA}"))
        connection.execute(text(WORKFLOWS.format(prefix)))
        connection.execute(text(VERSION.format(prefix)))
        connection.execute(text(f"INSERT INTO {prefix}dbos_migrations VALUES (125)"))
    engine.dispose()
    return database_url


@contextmanager
def writing(url: str) -> Iterator[list[float]]:
    """Somebody who writes to the application's tables first and to the jobs second; how long each pair took."""
    took: list[float] = []
    over = threading.Event()
    begun = threading.Event()

    def work() -> None:
        application, jobs = create_engine(sync_url(url)), create_engine(sync_url(jobs_database_url(url)))
        number = 0
        while not over.is_set():
            number += 1
            began = time.monotonic()
            with application.begin() as connection:
                connection.execute(
                    text("INSERT INTO organizations VALUES (:id, :id)"), {"id": f"{number:09}"}
                )
            with jobs.begin() as connection:
                connection.execute(
                    text(f"INSERT INTO {of_jobs(url)}workflow_status VALUES (:id)"), {"id": f"{number:09}"}
                )
            took.append(time.monotonic() - began)
            begun.set()
        application.dispose()
        jobs.dispose()

    writer = threading.Thread(target=work)
    writer.start()
    try:
        assert begun.wait(10)
        yield took
    finally:
        over.set()
        writer.join()


def until_longer(took: list[float], length: int) -> None:
    deadline = time.monotonic() + 10
    while len(took) < length:
        assert time.monotonic() < deadline, "nobody writes any more"
        time.sleep(0.001)


def newest(room: Room, table: str, column: str) -> int:
    prefix = "" if room.schema is None else f"{room.schema}."
    return int(room.connection.scalar(text(f"SELECT max({column}) FROM {prefix}{table}")))


def test_both_halves_are_of_one_moment_and_stay_so_while_others_write(url: str) -> None:
    with writing(url) as took:
        for _ in range(5):
            with moment_of(url) as moment:
                application, jobs = moment.rooms
                first = newest(application, "organizations", "id")
                # Who writes one after the other is seen between the two, or not.
                assert newest(jobs, "workflow_status", "workflow_uuid") in (first, first - 1)
                until_longer(took, len(took) + 3)  # it goes on
                assert newest(application, "organizations", "id") == first
                assert moment.held_s < 0.5
                assert (moment.revision, moment.jobs_revision) == (migrate.check(url).head, 125)


def test_tables_that_are_no_data_are_left_out_and_others_come_before_those_that_refer_to_them(
    url: str,
) -> None:
    with moment_of(url) as moment:
        application, jobs = ([table.name for table in tables_of(room)] for room in moment.rooms)
    assert not {"alembic_version", "backup_requests", "storage_probe"} & set(application)
    assert (
        application.index("organizations") < application.index("users") < application.index("login_sessions")
    )
    assert jobs == ["workflow_status"]


def test_of_a_database_without_jobs_there_is_one_half_and_no_file_is_made(
    database_url: str, tmp_path: Path
) -> None:
    migrate.upgrade(database_url)
    before = sorted(tmp_path.iterdir())
    with moment_of(database_url) as moment:
        assert [room.name for room in moment.rooms] == ["application"]
        assert moment.jobs_revision is None
    assert sorted(tmp_path.iterdir()) == before
