"""A backup into an empty database: what was there is there again, on either kind; or nothing is."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from content_parts import a_session
from toolboxai.adapters.backup import restore as restoring
from toolboxai.adapters.backup.archive import BadArchive
from toolboxai.adapters.backup.moment import moment_of
from toolboxai.adapters.backup.rooms import tables_of
from toolboxai.adapters.backup.take import Taken, take
from toolboxai.adapters.database import migrate
from toolboxai.adapters.database.apps import DatabaseAppStore
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.engine import open_engine, sync_url
from toolboxai.adapters.database.kept_state import DatabaseKeptStore
from toolboxai.adapters.database.migrate import Schema
from toolboxai.adapters.database.webhooks import DatabaseWebhookStore
from toolboxai.adapters.jobs_dbos import DbosJobs
from toolboxai.apps.app import AppKey
from toolboxai.apps.stored import StoredApp, StoredKey
from toolboxai.errors import ConfigError
from toolboxai.node.kept_state import KeptChunk, Whence
from toolboxai.node.webhooks.store import Delivery, State
from toolboxai.platform.content.model.package import Audience, ContentFile
from toolboxai.platform.content.records.sessions import Change, Stage, Status

NOW = 1_780_000_000.0
Rows = dict[str, list[tuple[Any, ...]]]


def quiet(_part: str, _done: int, _total: int) -> None:
    """Nobody watches."""


async def fill(url: str, *, jobs: bool = True) -> None:
    """Some of everything; a job that is not finished, and a webhook whose number is given to none again."""
    async with open_engine(url) as engine:
        apps = DatabaseAppStore(engine)
        keys = [StoredKey(AppKey(f"k{number}", "s"), 1.0) for number in (1, 2)]
        await apps.add(StoredApp("7", "Club ✓", {"event_bytes": 5}, True, tuple(keys), 1.0, 1.0))
        await apps.revoke_key("7", "k1", now=2.0)
        content = DatabaseContentStore(engine)
        await content.create(a_session(1), active_limit=9)
        noise = random.Random(3).randbytes(3_000_000)
        file = ContentFile(
            "x.pdf", "pdf", Audience.TEACHER, "application/pdf", noise, sha256(noise).hexdigest()
        )
        change = Change(
            attempt=1,
            at=NOW,
            status=Status.COMPLETE,
            stage=Stage.PACKAGING,
            artefact='{"ü": 1}'.encode(),
            files=(file,),
        )
        await content.record("gen_1", change)
        await content.create(a_session(2), active_limit=9)
        queue = DatabaseWebhookStore(engine)
        posts = [
            Delivery(f"wh_{number}", "7", "http://a.example", ("a",), "{}", "k", NOW, NOW, State.PENDING)
            for number in range(3)
        ]
        await queue.write(posts, [])
        async with engine.begin() as connection:
            await connection.execute(text("DELETE FROM webhook_deliveries WHERE id = 'wh_2'"))
        await DatabaseKeptStore(engine).save([KeptChunk("7", 1, b"\x93\x00\xff")], Whence.RUNNING)
    if jobs:
        begun = asyncio.Event()

        async def endless(_job_id: str) -> dict[str, Any]:
            begun.set()
            await asyncio.Event().wait()
            return {}

        workflows = DbosJobs(url)
        workflows.register("content", [("one", endless)])
        await workflows.launch()
        await workflows.start("content", "gen_2")
        await begun.wait()
        await workflows.close()


def everything(url: str) -> Rows:
    """Every row of every table. What is nothing in JSON is nothing, however it is kept."""
    with moment_of(url) as moment:
        return {
            f"{room.name}/{table.name}": sorted(
                map(_plain, room.connection.execute(table.select())), key=repr
            )
            for room in moment.rooms
            for table in tables_of(room)
        }


def _plain(row: Any) -> tuple[Any, ...]:
    return tuple(None if value == "null" else value for value in row)


def without_empty(rows: Rows) -> Rows:
    return {name: found for name, found in rows.items() if found}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "school.backup"


def copy(url: str, path: Path) -> Taken:
    return take(url, path, product="0.1.0", wait_s=0.0, replace=False, progress=quiet)


@pytest.fixture
def another(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """An empty database of that kind."""

    def make(backend: str) -> str:
        if backend == "postgres":
            return str(request.getfixturevalue("postgres_server").empty())
        folder = tmp_path / "restored"
        folder.mkdir()
        return f"sqlite:///{folder}/toolboxai.db"

    return make


async def test_everything_is_there_again_even_on_the_other_kind_of_database(
    migrated_url: str, database_backend: str, path: Path, another: Callable[[str], str]
) -> None:
    to = "postgres" if database_backend == "sqlite" else "sqlite"
    await fill(migrated_url)
    taken = copy(migrated_url, path)
    assert taken.manifest.rows == sum(map(len, everything(migrated_url).values()))
    url = another(to)
    _manifest, state = await _restored(path, url)
    assert state.schema is Schema.CURRENT
    before, after = without_empty(everything(migrated_url)), without_empty(everything(url))
    assert before.keys() == after.keys()
    kept = "application/kept_state"
    assert [(row[0], *row[2:]) for row in before.pop(kept)] == [(row[0], *row[2:]) for row in after[kept]]
    assert [row[1] for row in after.pop(kept)] == ["restored"]
    assert before == after
    async with open_engine(url) as engine:
        queue = DatabaseWebhookStore(engine)
        await queue.write(
            [Delivery("new", "7", "http://a.example", (), "{}", "k", NOW, NOW, State.PENDING)], []
        )
        new = await queue.find("new")
        assert new is not None
        assert new.seq == 4, "a number is never given twice"
        assert await DatabaseAppStore(engine).add_key("7", StoredKey(AppKey("k3", "s"), 3.0))
    if to == "sqlite":
        assert sorted(os.listdir(path.parent / "restored"))[:2] == ["toolboxai.db", "toolboxai.jobs.db"]


async def _restored(path: Path, url: str, *, jobs: bool = True) -> Any:
    return await asyncio.to_thread(restoring.restore, path, url, jobs=jobs, progress=quiet)


def test_unfinished_work_can_be_left_to_begin_its_stage_again(
    migrated_file: Path, path: Path, another: Callable[[str], str]
) -> None:
    source = f"sqlite:///{path.parent}/source.db"
    shutil.copy(migrated_file, path.parent / "source.db")
    asyncio.run(fill(source))
    copy(source, path)
    url = another("sqlite")
    restoring.restore(path, url, jobs=False, progress=quiet)
    assert os.listdir(path.parent / "restored") == ["toolboxai.db"]
    sessions = "application/content_sessions"
    assert everything(url)[sessions] == everything(source)[sessions]


def test_an_older_schema_is_restored_as_it_was_and_says_how_to_bring_it_up_to_date(
    database_url: str, path: Path, another: Callable[[str], str]
) -> None:
    with migrate.founded(database_url, "0002") as connection:
        connection.execute(text("INSERT INTO organizations VALUES ('org_1', 'Name')"))
    copy(database_url, path)
    url = another("sqlite")
    _manifest, state = restoring.restore(path, url, jobs=True, progress=quiet)
    assert (state.schema, state.revision) == (Schema.BEHIND, "0002")
    assert "toolboxai db upgrade" in state.text
    assert migrate.upgrade(url).schema is Schema.CURRENT
    assert everything(url)["application/organizations"] == [("org_1", "Name")]


def damaged(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)


@pytest.fixture
def small(migrated_file: Path, tmp_path: Path, path: Path) -> Path:
    """A backup of a database of SQLite's without jobs."""
    url = f"sqlite:///{tmp_path}/small.db"
    shutil.copy(migrated_file, tmp_path / "small.db")
    asyncio.run(fill(url, jobs=False))
    copy(url, path)
    return path


def test_of_a_damaged_one_nothing_is_restored(small: Path, database_url: str, tmp_path: Path) -> None:
    damaged(small)
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(BadArchive, match="damaged"):
        restoring.check(small, quiet)
    with pytest.raises(BadArchive, match="damaged"):
        restoring.restore(small, database_url, jobs=True, progress=quiet)
    assert migrate.check(database_url).schema is Schema.EMPTY
    assert sorted(os.listdir(tmp_path)) == before


def test_a_database_that_is_not_empty_is_left_alone(small: Path, migrated_url: str) -> None:
    before = everything(migrated_url)
    with pytest.raises(ConfigError, match="not empty"):
        restoring.restore(small, migrated_url, jobs=True, progress=quiet)
    assert everything(migrated_url) == before


def test_a_schema_that_is_not_known_is_refused(
    small: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "revisions", lambda: frozenset({"0001"}))
    with pytest.raises(ConfigError, match=r"toolboxai 0\.1\.0"):
        restoring.restore(small, database_url, jobs=True, progress=quiet)
    assert migrate.check(database_url).schema is Schema.EMPTY


@pytest.mark.parametrize("at", [0, 5])
def test_one_that_fails_in_the_middle_has_not_happened_and_can_be_done_again(
    small: Path, database_url: str, tmp_path: Path, at: int
) -> None:
    """The database refuses the row of so many inserts, as one does whose disk is full."""
    before = sorted(os.listdir(tmp_path))
    left = at

    def full(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        nonlocal left
        left -= statement.startswith("INSERT INTO") and "alembic" not in statement
        if left < 0:
            raise OperationalError(statement, None, Exception("no room"))

    event.listen(Engine, "before_cursor_execute", full)
    try:
        with pytest.raises(OperationalError):
            restoring.restore(small, database_url, jobs=True, progress=quiet)
    finally:
        event.remove(Engine, "before_cursor_execute", full)
    assert left < 0
    assert migrate.check(database_url).schema is Schema.EMPTY
    assert sorted(os.listdir(tmp_path)) == before
    assert restoring.restore(small, database_url, jobs=True, progress=quiet)[1].schema is Schema.CURRENT


def test_jobs_and_logs_of_a_database_that_is_gone_are_not_taken_for_ours(small: Path, tmp_path: Path) -> None:
    for name in ("toolboxai.jobs.db", "toolboxai.jobs.db-wal", "toolboxai.db-wal", "toolboxai.db-shm"):
        (tmp_path / name).write_bytes(b"of another life")
    restoring.restore(small, f"sqlite:///{tmp_path}/toolboxai.db", jobs=True, progress=quiet)
    assert {name for name in os.listdir(tmp_path) if name.startswith("toolboxai")} == {"toolboxai.db"}


def test_what_does_not_belong_together_is_refused(small: Path, database_url: str, tmp_path: Path) -> None:
    engine = create_engine(sync_url(f"sqlite:///{tmp_path}/small.db"))
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO app_keys (app_id, key, secret, created_at) VALUES ('9', 'k', 's', 1)")
        )
    engine.dispose()
    other = tmp_path / "other.backup"
    copy(f"sqlite:///{tmp_path}/small.db", other)
    with pytest.raises((BadArchive, Exception), match="app_keys"):
        restoring.restore(other, database_url, jobs=True, progress=quiet)
    assert migrate.check(database_url).schema is Schema.EMPTY


KILLED = """
import os, signal, sys
from pathlib import Path
from toolboxai.adapters.backup import restore

def progress(part, done, total):
    if not part.startswith("checking") and part == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)

restore.restore(Path(sys.argv[1]), sys.argv[2], jobs=True, progress=progress)
"""


def test_one_that_is_killed_has_not_happened_and_can_be_done_again(small: Path, tmp_path: Path) -> None:
    database_url = f"sqlite:///{tmp_path}/toolboxai.db"
    argv = [sys.executable, "-c", KILLED, str(small), database_url, "application/content_files"]
    assert subprocess.run(argv, timeout=15, check=False).returncode == -signal.SIGKILL
    assert migrate.check(database_url).schema is Schema.EMPTY
    restoring.restore(small, database_url, jobs=True, progress=quiet)
    assert len(everything(database_url)["application/content_files"]) == 1
