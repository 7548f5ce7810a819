"""What databases say, sorted by what an operator does about it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError

from toolboxai.adapters.database.faults import Reason, place_of, reason_of, said_by, unavailable


def said(work: Any) -> OperationalError:
    """What SQLite raises, as SQLAlchemy hands it over."""
    try:
        work()
    except sqlite3.OperationalError as fault:
        return OperationalError("INSERT", None, fault)
    raise AssertionError("it was taken")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "a.db", timeout=0, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE things (body BLOB)")
        yield connection


INSERT = "INSERT INTO things VALUES (zeroblob(100000))"


def test_a_full_disk(file: sqlite3.Connection) -> None:
    file.execute("PRAGMA max_page_count=1")
    fault = said(lambda: file.execute(INSERT))
    assert reason_of(fault) is Reason.DISK_FULL
    assert said_by(fault) == "database or disk is full"


def test_a_file_that_can_only_be_read(file: sqlite3.Connection) -> None:
    file.execute("PRAGMA query_only=ON")
    assert reason_of(said(lambda: file.execute(INSERT))) is Reason.READ_ONLY


def test_another_writer(file: sqlite3.Connection, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        reason = reason_of(said(lambda: file.execute(INSERT)))
    assert reason is Reason.BUSY
    assert not reason.lasts


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    missing = tmp_path / "gone" / "a.db"
    fault = said(lambda: sqlite3.connect(missing))
    assert reason_of(fault) is Reason.GONE
    assert reason_of(fault, file=str(missing)) is Reason.GONE


def test_what_is_no_fault_of_the_database_is_none_of_these() -> None:
    assert reason_of(ValueError("no room")) is None
    assert reason_of(IntegrityError("INSERT", None, sqlite3.IntegrityError("UNIQUE"))) is None


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("53100", Reason.DISK_FULL),
        ("53300", Reason.BUSY),
        ("25006", Reason.READ_ONLY),
        ("57P01", Reason.GONE),
        ("08006", Reason.GONE),
        ("3D000", Reason.GONE),
        ("55000", Reason.GONE),
        ("40P01", Reason.BUSY),
        ("58030", Reason.DISK_FAULT),
        ("42P01", Reason.FAILING),
    ],
)
def test_postgres_says_it_in_codes(state: str, reason: Reason) -> None:
    fault = psycopg.errors.lookup(state)("it says")
    kind = InternalError if isinstance(fault, psycopg.InternalError) else OperationalError
    assert reason_of(kind("INSERT", None, fault)) is reason


def test_postgres_that_says_nothing_is_not_there() -> None:
    assert (
        reason_of(OperationalError("INSERT", None, psycopg.OperationalError("connection refused")))
        is Reason.GONE
    )


def test_a_client_learns_why_and_when_and_never_where() -> None:
    for reason in Reason:
        error = unavailable(reason)
        assert (error.status, error.details) == (503, {"reason": reason.value, "retry_after": 5})


def test_an_operator_learns_where_without_the_password() -> None:
    assert place_of("sqlite:////var/lib/toolboxai.db") == "/var/lib/toolboxai.db"
    assert "hunter2" not in place_of("postgresql://anna:hunter2@db.example/school")
