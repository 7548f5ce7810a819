"""``users create`` and ``token``: from nothing to an access token, with no app and no server."""

import io
import json
import logging
from pathlib import Path

import pytest

from cli_places import JWT
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import run


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setenv("TOOLBOXAI_JWT_SECRET", JWT)
    monkeypatch.setenv("TOOLBOXAI_DATABASE_URL", f"sqlite:///{tmp_path}/accounts.db")
    return monkeypatch


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def create(monkeypatch: pytest.MonkeyPatch, *arguments: str, password: str = "correct horse\n") -> int:
    typed(monkeypatch, password)
    return run(["users", "create", *arguments, "--password-stdin"])


def test_an_account_and_its_token(environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        create(environ, "jane", "--role", "teacher", "--email", "jane@school.example", "--json")
        == ExitCode.OK
    )
    made = json.loads(capsys.readouterr().out)
    assert (made["username"], made["role"], made["email"]) == ("jane", "teacher", "jane@school.example")
    assert run(["token", "jane"]) == ExitCode.OK
    token = capsys.readouterr().out.strip()
    assert token.count(".") == 2
    assert "\n" not in token


def test_an_account_is_taken_out_of_use_and_into_use_again(
    environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    environ.setattr(root, "handlers", root.handlers[:])  # the command sets up its own
    environ.setattr(root, "level", root.level)
    create(environ, "jane", "--role", "teacher")
    capsys.readouterr()
    assert run(["users", "disable", "jane", "--json"]) == ExitCode.OK
    told = capsys.readouterr()
    assert json.loads(told.out)["disabled"] is True
    assert "account taken out of use" in told.err
    assert run(["token", "jane"]) == ExitCode.FAILED
    assert "out of use" in capsys.readouterr().err
    assert run(["users", "enable", "jane"]) == ExitCode.OK
    assert run(["token", "jane"]) == ExitCode.OK
    assert run(["users", "disable", "nobody"]) == ExitCode.FAILED


def test_the_same_name_twice_is_told(environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    create(environ, "jane", "--role", "teacher")
    assert create(environ, "jane", "--role", "teacher") == ExitCode.FAILED


@pytest.mark.parametrize(
    ("arguments", "password", "status"),
    [
        (["jane", "--role", "headmaster"], "correct horse\n", ExitCode.USAGE),
        (["jane", "--role", "service"], "correct horse\n", ExitCode.USAGE),
        (["jane", "--role", "teacher"], "", ExitCode.USAGE),
        (["jane", "--role", "teacher"], "short\n", ExitCode.FAILED),
        (["two words", "--role", "teacher"], "correct horse\n", ExitCode.FAILED),
    ],
)
def test_what_cannot_be_an_account_is_refused(
    environ: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    password: str,
    status: ExitCode,
) -> None:
    assert create(environ, *arguments, password=password) == status
    assert capsys.readouterr().err
    assert run(["token", "jane"]) == ExitCode.FAILED


def test_a_token_for_nobody_says_how_to_make_an_account(
    environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["token", "nobody"]) == ExitCode.FAILED
    assert "toolboxai users create nobody" in capsys.readouterr().err


def test_without_a_signing_secret_there_are_no_tokens(
    environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environ.delenv("TOOLBOXAI_JWT_SECRET")
    assert run(["token", "jane"]) == ExitCode.CONFIGURATION
    assert "make one: export TOOLBOXAI_JWT_SECRET" in capsys.readouterr().err


def test_without_a_terminal_a_password_must_be_piped(
    environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(environ, "correct horse\n")
    assert run(["users", "create", "jane", "--role", "teacher"]) == ExitCode.USAGE
    assert "--password-stdin" in capsys.readouterr().err


class TestSchema:
    def test_an_empty_database_is_told_and_brought_up_to_date(
        self, environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["db", "check"]) == ExitCode.CONFIGURATION
        assert "toolboxai db upgrade" in capsys.readouterr().out
        assert run(["db", "upgrade", "--json"]) == ExitCode.OK
        assert json.loads(capsys.readouterr().out)["schema"] == "current"
        assert run(["db", "check"]) == ExitCode.OK

    def test_a_database_that_does_not_answer_is_told_without_its_password(
        self, environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        environ.setenv("TOOLBOXAI_DATABASE_URL", "postgresql://teacher:hunter2@127.0.0.1:1/school")
        assert run(["db", "check"]) == ExitCode.CONFIGURATION
        assert "hunter2" not in capsys.readouterr().err
