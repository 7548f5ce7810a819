"""``apps``: the operator's way to the apps of the database, without a running server."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli_places import APP
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import run


@pytest.fixture(autouse=True)
def database(app_environ: pytest.MonkeyPatch, tmp_path: Path) -> None:
    app_environ.setenv("TOOLBOXAI_DATABASE_URL", f"sqlite:///{tmp_path}/apps.db")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Any:
    def lines(*words: str) -> list[dict[str, Any]]:
        assert run(["apps", *words, "--json"]) == ExitCode.OK
        captured = capsys.readouterr()
        assert captured.err == ""
        return [json.loads(line) for line in captured.out.splitlines()]

    return lines


def test_an_app_from_its_making_to_its_end(said: Any) -> None:
    (made,) = said("create", "--id", "7", "--name", "Club", "--set", "event_bytes=20480")
    assert (made["id"], made["name"]) == ("7", "Club")
    (rotated,) = said("rotate", "7")
    assert rotated["key"] != made["key"]
    listed = said("list")
    assert listed == [
        {
            "id": APP["PUSHER_APP_ID"],
            "name": "",
            "source": "file",
            "enabled": True,
            "keys": [APP["PUSHER_KEY"]],
        },
        {
            "id": "7",
            "name": "Club",
            "source": "database",
            "enabled": True,
            "keys": [made["key"], rotated["key"]],
        },
    ]
    assert said("revoke", "7", made["key"]) == [{"id": "7", "revoked": made["key"]}]
    assert said("disable", "7") == [{"id": "7", "enabled": False}]
    assert said("list")[1]["enabled"] is False
    assert said("list")[1]["keys"] == [rotated["key"]]
    assert said("enable", "7") == [{"id": "7", "enabled": True}]
    assert said("delete", "7") == [{"id": "7", "deleted": True}]
    assert len(said("list")) == 1


def test_the_secret_is_printed_once_and_the_reload_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["apps", "create", "--id", "7"]) == ExitCode.OK
    printed = capsys.readouterr()
    secret = next(line for line in printed.out.splitlines() if line.startswith("secret")).split()[1]
    assert printed.out.count(secret) == 1
    assert "kill -HUP" in printed.out
    assert printed.err == ""
    assert run(["apps", "list"]) == ExitCode.OK
    assert secret not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["create", "--set", "event_bytes=0"], ExitCode.FAILED, "event_bytes"),
        (["create", "--set", "nonsense=1"], ExitCode.FAILED, "'nonsense' is not a setting"),
        (["create", "--set", "event_bytes"], ExitCode.USAGE, "NAME=VALUE"),
        (["create", "--id", "3"], ExitCode.FAILED, "choose another id"),
        (["disable", "3"], ExitCode.FAILED, "stands in the settings file"),
        (["rotate", "9"], ExitCode.FAILED, "there is no app 9"),
        (["revoke", "9", "k"], ExitCode.FAILED, "there is no app 9"),
        (["delete", "9"], ExitCode.FAILED, "there is no app 9"),
    ],
)
def test_what_cannot_be_done_is_told(
    capsys: pytest.CaptureFixture[str], words: list[str], status: ExitCode, text: str
) -> None:
    assert run(["apps", *words]) == status
    told = capsys.readouterr()
    assert text in told.err
    assert told.out == ""


def test_a_setting_is_a_number_a_list_or_a_text(said: Any) -> None:
    (made,) = said("create", "--set", 'allowed_origins=["https://a.example"]', "--set", "client_events=false")
    assert made["id"].isdecimal()
