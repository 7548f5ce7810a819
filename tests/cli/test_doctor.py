"""``doctor``: each fault has its line, and what to do."""

import json
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest

from cli_places import APP, Served, clean_environ
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import run


class Findings(Protocol):
    """Runs ``doctor`` with more arguments: its status, and what it says of each check."""

    def __call__(self, *arguments: str) -> tuple[int, dict[str, dict[str, str]]]: ...


@pytest.fixture
def findings(capsys: pytest.CaptureFixture[str]) -> Findings:
    def examine(*arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
        status = run(["doctor", "--json", *arguments])
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return status, {row["check"]: row for row in rows}

    return examine


@pytest.fixture
def environ(app_environ: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    app_environ.setenv("TOOLBOXAI_JWT_SECRET", secrets.token_urlsafe(48))
    app_environ.setenv("TOOLBOXAI_PORT", "0")
    return app_environ


def test_everything_good(environ: pytest.MonkeyPatch, findings: Findings, channels_server: Served) -> None:
    status, found = findings("--url", channels_server.url)
    expected = dict.fromkeys(
        [
            "settings",
            "port",
            "database",
            "disk",
            "name",
            "reached",
            "server",
            "ready",
            "clock",
            "websocket",
            "subscription",
            "event",
            "streams",
        ],
        "ok",
    )
    expected |= {"open files": "ok", "app secret": "ok", "jwt secret": "ok"}
    assert {check: row["verdict"] for check, row in found.items()} == expected | {
        "app secret strength": "warning",  # that of this test is typed
        "text provider": "note",
        "address": "note",
    }
    assert status == ExitCode.OK


def test_faults_of_the_settings_are_told(environ: pytest.MonkeyPatch, findings: Findings) -> None:
    environ.setenv("TOOLBOXAI_DRAIN", "1")
    status, found = findings()
    assert status == ExitCode.FAILED
    assert "did you mean 'TOOLBOXAI_DRAIN_S'?" in found["settings"]["text"]


def test_a_server_of_ours_on_the_port_is_told(
    environ: pytest.MonkeyPatch, findings: Findings, channels_server: Served
) -> None:
    environ.setenv("TOOLBOXAI_PORT", channels_server.url.rsplit(":", 1)[1])
    _status, found = findings()
    assert found["port"]["verdict"] == "ok"
    assert found["server"]["verdict"] == "ok"
    assert found["open files of the server"]["verdict"] == "ok"


def test_a_named_server_must_answer(environ: pytest.MonkeyPatch, findings: Findings) -> None:
    status, found = findings("--url", "http://127.0.0.1:1")
    assert (status, found["reached"]["verdict"]) == (ExitCode.FAILED, "fault")
    assert "toolboxai serve" in found["reached"]["text"]


def test_without_a_server_the_rest_is_still_looked_at(
    environ: pytest.MonkeyPatch, findings: Findings
) -> None:
    environ.setenv("TOOLBOXAI_PORT", "1")
    _status, found = findings()
    assert found["server"]["verdict"] == "note"


def test_a_key_that_the_server_does_not_know_is_told(
    environ: pytest.MonkeyPatch, findings: Findings, channels_server: Served
) -> None:
    status, found = findings("--url", channels_server.url, "--key", "another")
    assert (status, found["websocket"]["verdict"]) == (ExitCode.FAILED, "fault")
    assert "4001" in found["websocket"]["text"]


def test_a_wrong_secret_is_told(
    environ: pytest.MonkeyPatch, findings: Findings, channels_server: Served
) -> None:
    environ.setenv("PUSHER_SECRET", "another")
    _status, found = findings("--url", channels_server.url)
    assert found["app secret"]["verdict"] == "fault"
    assert "PUSHER_SECRET here and there differ" in found["app secret"]["text"]


def test_a_database_of_a_newer_version_is_told(
    environ: pytest.MonkeyPatch, findings: Findings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import sqlite3

    run(["db", "upgrade"])
    capsys.readouterr()
    environ.setenv("TOOLBOXAI_DATABASE_URL", f"sqlite:///{tmp_path}/toolboxai.db")
    with sqlite3.connect(tmp_path / "toolboxai.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    _status, found = findings()
    assert found["database"]["verdict"] == "fault"
    assert "newer" in found["database"]["text"]


def test_an_open_file_limit_that_is_too_low_is_told(tmp_path: Path) -> None:
    limited = f"ulimit -n 1024; exec {sys.executable} -m toolboxai doctor"
    done = subprocess.run(
        ["/bin/sh", "-c", limited], env=clean_environ() | APP, cwd=tmp_path, capture_output=True, text=True
    )
    assert "!!  open files: up to 1024" in done.stdout
    assert done.returncode == ExitCode.FAILED
    assert "raise it" in done.stdout


def test_people_get_lines_with_a_sign(
    environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environ.setenv("TOOLBOXAI_PORT", "1")
    run(["doctor"])
    assert capsys.readouterr().out.startswith("ok  settings: good")


def test_warnings_alone_are_no_failure(
    environ: pytest.MonkeyPatch, findings: Findings, capsys: pytest.CaptureFixture[str]
) -> None:
    environ.setenv("TOOLBOXAI_PORT", "1")
    environ.setenv("TOOLBOXAI_JWT_SECRET", "j" * 40)
    status, found = findings()
    assert (status, found["jwt secret"]["verdict"]) == (ExitCode.OK, "warning")
    run(["doctor"])
    assert "\n!   jwt secret: " in capsys.readouterr().out


def test_no_secret_is_told(
    environ: pytest.MonkeyPatch, channels_server: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    environ.setenv("PUSHER_SECRET", "a-secret-that-does-not-hold")
    environ.setenv("TOOLBOXAI_JWT_SECRET", "q" * 40)
    environ.setenv("TOOLBOXAI_TOKEN", "a-token-that-does-not-hold")
    environ.setenv("TOOLBOXAI_DATABASE_URL", "postgresql://jane:a-password@127.0.0.1:1/none")
    run(["doctor", "--url", channels_server.url])
    said = capsys.readouterr()
    for secret in ("a-secret-that", "qqqq", "a-token-that", "a-password"):
        assert secret not in said.out + said.err
