"""Who still uses the old sockets, by the operator's command."""

import asyncio
import csv
import io
import json
import time
from pathlib import Path

import pytest

from toolboxai.adapters.database.engine import open_engine
from toolboxai.adapters.database.migrate import upgrade
from toolboxai.adapters.database.old_socket_uses import DatabaseUsageStore
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import run
from toolboxai.platform.migration.store import UsageRow, Use
from toolboxai.platform.migration.usage import UsageLedger
from toolboxai.testing.clock import ManualClock

DAY_S = 86400.0
NOW = time.time()


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A client of 30 days ago, one of 3 days ago with two users, and an echo of today."""
    url = f"sqlite:///{tmp_path}/uses.db"
    monkeypatch.setenv("TOOLBOXAI_DATABASE_URL", url)
    upgrade(url)

    async def fill() -> None:
        async with open_engine(url) as engine:
            clock = ManualClock(NOW - 30 * DAY_S)
            ledger = UsageLedger(DatabaseUsageStore(engine), clock)
            old = {"endpoint": "content", "user_agent": "=HYPERLINK(1)", "client": "old page"}
            ledger.opened(**old, user_id="user_1", organization_id="org_1")
            ledger.closed(0, **old, user_id="user_1", organization_id="org_1")
            clock.advance(27 * DAY_S)
            for number in (1, 2):
                who = {"user_id": f"user_{number}", "organization_id": f"org_{number}"}
                ledger.opened(endpoint="content", user_agent="websockets/15", client="", **who)
                ledger.closed(4, endpoint="content", user_agent="websockets/15", client="", **who)
            clock.advance(3 * DAY_S)
            ledger.opened(endpoint="native", user_agent="", client="", user_id="", organization_id="")
            await ledger.flush()

    asyncio.run(fill())


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["migration", "report", *arguments]) == ExitCode.OK
    return capsys.readouterr().out


def test_people_read_it_endpoint_by_endpoint(capsys: pytest.CaptureFixture[str]) -> None:
    said = report(capsys)
    content, roblox, _, _, native = said.split("\n\n")
    assert content.startswith("/ws/content/{session_id}  mode warn, sunset ")
    assert "use instead: private-content-generation-{session_id}" in content
    assert "2 clients, 3 connections, 8 messages, 2 users" in content
    assert content.index("- websockets/15") < content.index("- =HYPERLINK(1) as 'old page'"), (
        "the last seen first"
    )
    assert "1 day, 2 connections, 8 messages, 2 users" in content
    assert "user_1" not in content
    assert "nobody was seen" in roblox
    assert "use instead: private-roblox-sync-{environment_id}" in roblox
    assert "- (no user agent)" in native


def test_it_is_filtered_and_split(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--since", "7d", "--endpoint", "content", "--users", "--json")
    lines = [json.loads(line) for line in report(capsys, *arguments).splitlines()]
    assert [(line["user_id"], line["organization_id"], line["messages"]) for line in lines] == [
        ("user_1", "org_1", 4),
        ("user_2", "org_2", 4),
    ]
    assert lines[0]["replacement"] == {
        "channel": "private-content-generation-{session_id}",
        "public_channel": "content-generation-{session_id}",
    }
    both = report(capsys, "--endpoint", "native", "--endpoint", "agent")
    assert [part.split()[0] for part in both.split("\n\n")] == ["/ws/agent/{agent_id}", "/ws/native"]


def test_a_spreadsheet_takes_no_name_for_a_formula(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(report(capsys, "--csv"))))
    assert [row["user_agent"] for row in rows] == ["'=HYPERLINK(1)", "websockets/15", ""]
    assert rows[1]["replacement"] == "private-content-generation-{session_id}"
    assert (rows[1]["connections"], rows[1]["users"]) == ("2", "2")


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        (["--fail-if-seen-since", "7d"], 2),
        (["--fail-if-seen-since", "5w"], 3),
        (["--fail-if-seen-since", "7d", "--endpoint", "content"], 1),
        (["--fail-if-seen-since", "2d", "--endpoint", "content"], 0),
        (["--fail-if-seen-since", "7d", "--endpoint", "roblox"], 0),
        (["--fail-if-seen-since", "7d", "--since", "1h", "--csv"], 2),
    ],
)
def test_a_script_learns_who_would_break(
    arguments: list[str], seen: int, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(["migration", "report", *arguments])
    said = capsys.readouterr()
    assert status == (ExitCode.STILL_USED if seen else ExitCode.OK)
    assert (f"{seen} client" in said.err) == bool(seen)
    assert said.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--csv", "--json"],
        ["--endpoint", "lesson"],
        ["--since", "yesterday"],
        ["--since", "0d"],
        ["--fail-if-seen-since", "7"],
    ],
)
def test_what_makes_no_sense_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["migration", "report", *arguments]) == ExitCode.USAGE
    assert capsys.readouterr().err


def test_a_row_of_another_version_stops_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The endpoints are those of this version; the table may know more of an older one."""

    async def fill() -> None:
        async with open_engine(f"sqlite:///{tmp_path}/uses.db") as engine:
            await DatabaseUsageStore(engine).add(
                [UsageRow(Use("gone", "a", "", "", ""), "2026-05-28", 1, 0, NOW, NOW)]
            )

    asyncio.run(fill())
    assert "gone" not in report(capsys)
