"""Environments, agents, plugins and shares, by the operator's commands."""

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cli_places import JWT
from toolboxai.adapters.database.migrate import upgrade
from toolboxai.app import identity_for
from toolboxai.app.resources import rooms_on_disk
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import run
from toolboxai.config import Purpose, load_settings
from toolboxai.platform.audit.entry import By
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.policy import ChannelPolicy

Lines = Callable[[], list[dict[str, str]]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A school with people in it, and their ids by name; passwords are slow to hash."""
    file = tmp_path_factory.mktemp("filled") / "school.db"
    upgrade(f"sqlite:///{file}")
    env = {"TOOLBOXAI_DATABASE_URL": f"sqlite:///{file}", "TOOLBOXAI_JWT_SECRET": JWT}

    async def fill() -> dict[str, str]:
        made = {}
        async with identity_for(load_settings(env, purpose=Purpose.TOKENS)) as identity:
            for name, role, school in (
                ("anna", Role.TEACHER, "North"),
                ("sam", Role.STUDENT, "North"),
                ("olga", Role.TEACHER, "South"),
            ):
                user = await identity.create_user(name, role, "correct horse battery", organization=school)
                made[name] = user.id
        return made

    return file, asyncio.run(fill())


@pytest.fixture(autouse=True)
def people(
    filled: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> dict[str, str]:
    """A school of the test's own; the ids of its people by name."""
    file, made = filled
    shutil.copy(file, tmp_path)
    monkeypatch.setenv("TOOLBOXAI_JWT_SECRET", JWT)
    monkeypatch.setenv("TOOLBOXAI_DATABASE_URL", f"sqlite:///{tmp_path}/school.db")
    return made


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def allowed(token: str, channel: str) -> bool:
    async def ask() -> bool:
        async with rooms_on_disk(load_settings(purpose=Purpose.TOKENS)) as rooms:
            principal = await rooms.identity.authenticate(token)
            return (await ChannelPolicy(rooms.owners).decide(principal, channel)).allowed

    return asyncio.run(ask())


def noted(of: str) -> list[tuple[str, str | None, str]]:
    """What stands in the audit of somebody's school: what, by whom, with whom."""

    async def look() -> list[tuple[str, str | None, str]]:
        async with rooms_on_disk(load_settings(purpose=Purpose.TOKENS)) as rooms:
            school = (await rooms.identity.user_named(of)).organization_id
            entries = await rooms.audit.entries(By(school), limit=9)
            return [(each.action.value, each.user_id, each.details["with"]) for each in entries][::-1]

    return asyncio.run(look())


def a_token(*command: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert run([*command]) == ExitCode.OK
    return capsys.readouterr().out.strip()


def test_they_are_made_listed_and_removed(people: dict[str, str], lines: Lines) -> None:
    made = [
        "resources",
        "add",
        "environment",
        "--owner",
        "anna",
        "--id",
        "env_456",
        "--name",
        "Space",
        "--json",
    ]
    assert run(made) == ExitCode.OK
    assert run(["resources", "add", "agent", "--owner", "anna", "--json"]) == ExitCode.OK
    first, second = lines()
    assert first["channel"] == "private-roblox-sync-env_456"
    assert (first["owner_id"], first["name"]) == (people["anna"], "Space")
    assert second["id"].startswith("agent_")
    assert second["channel"] == f"private-agent-{second['id']}"
    assert run(["resources", "list", "--json"]) == ExitCode.OK
    assert lines() == [first, second]
    assert run(["resources", "list", "--kind", "environment", "--json"]) == ExitCode.OK
    assert lines() == [first]
    assert run(["resources", "remove", "environment", "env_456", "--json"]) == ExitCode.OK
    assert lines() == [{"kind": "environment", "id": "env_456"}]
    assert run(["resources", "remove", "environment", "env_456"]) == ExitCode.FAILED


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["add", "world", "--owner", "anna"], ExitCode.USAGE, "'world' is no kind"),
        (["add", "agent", "--owner", "nobody"], ExitCode.FAILED, "there is no user 'nobody'"),
        (["add", "agent", "--owner", "anna", "--id", "env_1"], ExitCode.FAILED, "begin it with agent_"),
        (["add", "plugin", "--owner", "anna", "--id", "plugin_"], ExitCode.FAILED, "begin it with plugin_"),
        (["add", "plugin", "--owner", "anna", "--id", "plugin_a-b"], ExitCode.FAILED, "letters, digits"),
        (["add", "agent", "--owner", "anna", "--id", "agent_" + "x" * 123], ExitCode.FAILED, "at most 128"),
        (["add", "agent", "--owner", "anna", "--name", "x" * 201], ExitCode.FAILED, "at most 200"),
        (["list", "--kind", "class"], ExitCode.USAGE, "'class' is no kind"),
        (["remove", "agent", "plugin_1"], ExitCode.FAILED, "there is no agent 'plugin_1'"),
        (["share", "plugin", "plugin_1", "--with", "sam"], ExitCode.FAILED, "cannot be shared"),
        (["share", "environment", "env_1", "--with", "sam"], ExitCode.FAILED, "there is no environment"),
        (
            ["share", "agent", "agent_1", "--with", "sam", "--role", "owner"],
            ExitCode.USAGE,
            "use one of viewer, editor",
        ),
        (["unshare", "content_session", "gen_1", "--with", "sam"], ExitCode.FAILED, "there is no content_"),
        (["token", "plugin_1"], ExitCode.FAILED, "there is no plugin 'plugin_1'"),
        (["token", "plugin_1", "--days", "0"], ExitCode.USAGE, "days"),
    ],
)
def test_what_cannot_be_is_told(
    arguments: list[str], status: ExitCode, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["resources", *arguments]) == status
    assert told in capsys.readouterr().err


def test_an_id_is_given_once(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["resources", "add", "plugin", "--owner", "anna", "--id", "plugin_7"]
    assert run(command) == ExitCode.OK
    assert run(command) == ExitCode.FAILED
    assert "plugin_7 is taken" in capsys.readouterr().err


def test_what_is_shared_may_be_followed(people: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    run(["resources", "add", "environment", "--owner", "anna", "--id", "env_456"])
    capsys.readouterr()
    sam = a_token("token", "sam", capsys=capsys)
    channel = "private-roblox-sync-env_456"
    assert not allowed(sam, channel)
    share = ["environment", "env_456", "--with", "sam"]
    assert run(["resources", "share", *share, "--json"]) == ExitCode.OK
    made = json.loads(capsys.readouterr().out)
    assert (made["user_id"], made["role"]) == (people["sam"], "viewer")
    assert allowed(sam, channel)
    assert run(["resources", "share", *share, "--role", "editor"]) == ExitCode.FAILED
    assert "a student cannot be an editor" in capsys.readouterr().err
    assert run(["resources", "share", "environment", "env_456", "--with", "olga"]) == ExitCode.FAILED
    assert "no user 'olga' in the organisation" in capsys.readouterr().err
    assert run(["resources", "unshare", *share]) == ExitCode.OK
    assert not allowed(sam, channel)
    assert run(["resources", "unshare", *share]) == ExitCode.FAILED
    assert noted("anna") == [("shared", None, people["sam"]), ("unshared", None, people["sam"])]


def test_a_plugins_token_opens_its_own_channel_as_long_as_there_is_the_plugin(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for plugin_id in ("plugin_7", "plugin_8"):
        run(["resources", "add", "plugin", "--owner", "anna", "--id", plugin_id])
    capsys.readouterr()
    assert run(["resources", "token", "plugin_7", "--days", "2"]) == ExitCode.OK
    said = capsys.readouterr()
    token = said.out.strip()
    audited = json.loads(said.err)
    assert audited["logger"] == "toolboxai.audit"
    assert (audited["plugin_id"], audited["days"]) == ("plugin_7", 2)
    assert token not in said.err
    assert allowed(token, "private-plugin-plugin_7")
    assert not allowed(token, "private-plugin-plugin_8")
    run(["resources", "remove", "plugin", "plugin_7"])
    assert not allowed(token, "private-plugin-plugin_7")


def test_a_plugins_token_needs_the_secret_that_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOOLBOXAI_JWT_SECRET")
    assert run(["resources", "token", "plugin_7"]) == ExitCode.CONFIGURATION
