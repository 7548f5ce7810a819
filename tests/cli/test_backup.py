"""`backup` and `restore`, as an operator types them."""

import json
import os
import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cli_places import clean_environ
from forms import FULL
from small_disks import makes_disks, on_a_small_disk
from toolboxai.adapters.database.migrate import upgrade
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with an organisation and 300 kB that cannot be made smaller."""
    monkeypatch.setenv("TOOLBOXAI_DATABASE_URL", f"sqlite:///{tmp_path}/school.db")
    upgrade(f"sqlite:///{tmp_path}/school.db")
    with closing(sqlite3.connect(tmp_path / "school.db")) as database:
        database.execute("PRAGMA journal_mode=WAL")  # as a server leaves it
        database.execute("INSERT INTO organizations VALUES ('org_1', 'School')")
        noise = random.Random(1).randbytes(300_000)
        database.execute(
            "INSERT INTO kept_state (whence, app_id, form, body) VALUES ('left', '3', 1, ?)", (noise,)
        )
        database.commit()
    return tmp_path


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and settings that name a database in it."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.setenv("TOOLBOXAI_DATABASE_URL", f"sqlite:///{folder}/school.db")
    return folder


def made(home: Path) -> Path:
    assert run(["backup", str(home / "school.backup"), "--wait", "0"]) == ExitCode.OK
    return home / "school.backup"


def test_a_backup_says_what_is_in_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "school.backup"
    assert run(["backup", str(path), "--wait", "0", "--json"]) == ExitCode.OK
    said = json.loads(capsys.readouterr().out)
    assert said["rows"] == {"application/kept_state": 1, "application/organizations": 1}
    assert said["memory"] == "nobody"
    assert said["bytes"] == path.stat().st_size
    assert said["writers_held_ms"] < 1000
    assert run(["backup", str(path), "--wait", "0"]) == ExitCode.FAILED
    assert "--replace" in capsys.readouterr().err
    assert run(["backup", str(path), "--wait", "0", "--replace"]) == ExitCode.OK
    assert "no running server answered" in capsys.readouterr().out
    assert run(["restore", str(path), "--check", "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["rows"] == said["rows"]


def test_it_is_restored_into_an_empty_folder_and_never_over_anything(
    home: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    path = made(home)
    folder: Path = request.getfixturevalue("elsewhere")
    assert run(["restore", str(path)]) == ExitCode.OK
    assert "up to date" in capsys.readouterr().out
    assert os.listdir(folder) == ["school.db"]
    before = (folder / "school.db").read_bytes()
    assert run(["restore", str(path)]) == ExitCode.CONFIGURATION
    assert "not empty" in capsys.readouterr().err
    assert (folder / "school.db").read_bytes() == before


def test_what_cannot_be_copied_or_read_is_told(
    tmp_path: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["backup", str(tmp_path / "a.backup")]) == ExitCode.CONFIGURATION
    assert "empty" in capsys.readouterr().err
    assert os.listdir(elsewhere) == []
    assert run(["restore", str(tmp_path / "none.backup")]) == ExitCode.FAILED
    assert "No such file" in capsys.readouterr().err
    (tmp_path / "text.backup").write_text("hello")
    assert run(["restore", str(tmp_path / "text.backup")]) == ExitCode.FAILED
    assert "no backup" in capsys.readouterr().err
    assert run(["backup", str(tmp_path / "nowhere" / "a.backup")]) == ExitCode.CONFIGURATION


def toolboxai(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "toolboxai", *arguments]


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
def test_a_disk_that_is_full_leaves_nothing_behind_and_says_so(home: Path) -> None:
    """Of the backup in the middle of its writing, and of the restore in the middle of its own."""
    path, small = made(home), home / "small"
    small.mkdir()
    size, env = 128 * 1024, clean_environ() | {"TOOLBOXAI_DATABASE_URL": f"sqlite:///{home}/school.db"}
    went = on_a_small_disk(
        toolboxai("backup", f"{small}/a.backup", "--wait", "0"), small, size, env=env, cwd=home
    )
    assert went.returncode == ExitCode.FAILED, went.stderr
    assert "no backup was made" in went.stderr
    assert ("No space left" if makes_disks() else "File too large") in went.stderr
    assert went.stdout.splitlines()[-1] == "left:"
    assert "Traceback" not in went.stderr

    env["TOOLBOXAI_DATABASE_URL"] = f"sqlite:///{small}/school.db"
    went = on_a_small_disk(toolboxai("restore", str(path)), small, size, env=env, cwd=home)
    assert went.returncode == ExitCode.FAILED, went.stderr
    assert "was not restored" in went.stderr
    assert went.stdout.splitlines()[-1] == "left:"
    assert "Traceback" not in went.stderr
