"""The log of webhooks, by the operator's commands."""

import asyncio
import json
from pathlib import Path

import pytest

from toolboxai.adapters.database.engine import open_engine
from toolboxai.adapters.database.migrate import upgrade
from toolboxai.adapters.database.webhooks import DatabaseWebhookStore
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import run
from toolboxai.node.webhooks.store import Delivery, Outcome, State

NOW = 1_780_000_000.0


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A database with one delivery of each kind."""
    url = f"sqlite:///{tmp_path}/webhooks.db"
    monkeypatch.setenv("TOOLBOXAI_DATABASE_URL", url)
    upgrade(url)

    async def fill() -> None:
        async with open_engine(url) as engine:
            store = DatabaseWebhookStore(engine)
            body = '{"time_ms":1,"events":[{"name":"cache_miss","channel":"a"}]}'
            where = "https://school.example/hook?token=secret"
            await store.write(
                [
                    Delivery(f"wh_{number}", app_id, where, ("a",), body, "k", NOW, NOW, State.PENDING)
                    for number, app_id in enumerate(["3", "3", "3", "4"])
                ],
                [],
            )
            await store.record([Outcome("wh_0", State.DELIVERED, 1, NOW, 200, delivered_at=NOW)])
            await store.record([Outcome("wh_1", State.DEAD, 9, NOW, 500, "it answered 500")])
            await store.record([Outcome("wh_3", State.DEAD, 9, NOW, None, "no answer within 10 s")])

    asyncio.run(fill())
    return url


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def states(url: str) -> dict[str, str]:
    async def read() -> dict[str, str]:
        async with open_engine(url) as engine:
            found = await DatabaseWebhookStore(engine).page(app_id=None, state=None, before=None, limit=9)
        return {each.id: each.state.value for each in found}

    return asyncio.run(read())


def test_they_are_listed_newest_first_and_filtered(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["webhooks", "list", "--json"]) == ExitCode.OK
    found = lines(capsys)
    assert [each["id"] for each in found] == ["wh_3", "wh_2", "wh_1", "wh_0"]
    assert found[2] == {
        "id": "wh_1",
        "app_id": "3",
        "url": "https://school.example/hook",
        "state": "dead",
        "events": ["cache_miss"],
        "channels": ["a"],
        "created_at": "2026-05-28T20:26:40.000Z",
        "attempts": 9,
        "next_attempt_at": None,
        "last_status": 500,
        "last_error": "it answered 500",
        "delivered_at": None,
    }
    assert run(["webhooks", "list", "--json", "--app", "3", "--state", "dead"]) == ExitCode.OK
    assert [each["id"] for each in lines(capsys)] == ["wh_1"]
    assert run(["webhooks", "list", "--limit", "1"]) == ExitCode.OK
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "wh_3  dead       app 4" in said
    assert "cache_miss on a" in said
    assert "secret" not in said
    assert run(["webhooks", "list", "--app", "9"]) == ExitCode.OK
    assert capsys.readouterr().out == "none\n"


def test_one_is_shown_with_its_body(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["webhooks", "show", "wh_1"]) == ExitCode.OK
    assert 'body: {"time_ms":1,"events":[{"name":"cache_miss","channel":"a"}]}' in capsys.readouterr().out
    assert run(["webhooks", "show", "wh_9"]) == ExitCode.FAILED
    assert "there is no webhook 'wh_9'" in capsys.readouterr().err


def test_named_ones_are_replayed(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["webhooks", "replay", "wh_0", "wh_1"]) == ExitCode.OK
    assert states(url) == {"wh_0": "pending", "wh_1": "pending", "wh_2": "pending", "wh_3": "dead"}
    assert run(["webhooks", "replay", "wh_2", "wh_9", "wh_3"]) == ExitCode.FAILED
    said = capsys.readouterr().err
    assert "wh_2 is still being tried" in said
    assert "there is no webhook 'wh_9'" in said
    assert states(url)["wh_3"] == "pending", "what can be replayed is"


def test_all_that_were_given_up_are_replayed(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["webhooks", "replay", "--dead", "--app", "4"]) == ExitCode.OK
    assert states(url)["wh_1"] == "dead"
    capsys.readouterr()
    assert run(["webhooks", "replay", "--dead", "--json"]) == ExitCode.OK
    assert lines(capsys)[-1] == {"id": "wh_1", "state": "pending"}
    assert "dead" not in states(url).values()
    assert run(["webhooks", "replay", "--dead"]) == ExitCode.OK
    assert "none were given up" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "--state", "lost"],
        ["replay"],
        ["replay", "wh_1", "--dead"],
        ["replay", "wh_1", "--app", "3"],
    ],
)
def test_what_makes_no_sense_is_told(url: str, arguments: list[str]) -> None:
    assert run(["webhooks", *arguments]) == ExitCode.USAGE
