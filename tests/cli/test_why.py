"""``why`` against a real server: from a publish to the reason why one client did not get it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from cli_places import APP, Served
from doc_snippets import ROOT
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import run
from toolboxai.cli.why import account_lines

Said = pytest.CaptureFixture[str]


@pytest.fixture
def here(app_environ: pytest.MonkeyPatch, channels_server: Served) -> pytest.MonkeyPatch:
    app_environ.setenv("TOOLBOXAI_URL", channels_server.url)
    return app_environ


@contextmanager
def client(server: Served) -> Iterator[tuple[ClientConnection, str]]:
    url = server.url.replace("http", "ws", 1) + f"/app/{APP['PUSHER_KEY']}?protocol=7"
    with connect(url, proxy=None, compression=None) as wire:
        established = json.loads(wire.recv())
        yield wire, json.loads(established["data"])["socket_id"]


def subscribe(wire: ClientConnection, channel: str) -> None:
    wire.send(json.dumps({"event": "pusher:subscribe", "data": {"channel": channel}}))
    assert json.loads(wire.recv(5))["event"] == "pusher_internal:subscription_succeeded"


def told(capsys: Said, *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == ExitCode.OK
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_from_a_publish_to_the_reason(
    here: pytest.MonkeyPatch, channels_server: Served, capsys: Said
) -> None:
    with client(channels_server) as (alice, alices), client(channels_server) as (_bob, bobs):
        subscribe(alice, "news")
        published = told(capsys, "trigger", "news", "greeting", "hello")["publication_id"]
        assert told(capsys, "why", published, alices)["socket"]["verdict"] == "written"
        assert told(capsys, "why", published)["subscribers"] == 1
        assert run(["why", published, bobs]) == ExitCode.OK
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith(
            f"{published}: greeting on news, 5 bytes, published over the signed API at 20"
        )
        assert lines[1:] == [
            "  subscribers then: 1",
            "  1 sent it",
            f"{bobs}: not_subscribed: it was not subscribed to news",
        ]


def test_the_example_of_the_page_is_what_is_said(
    here: pytest.MonkeyPatch, channels_server: Served, capsys: Said
) -> None:
    section = (ROOT / "docs/troubleshooting.md").read_text().split("### A client did not get an event", 1)[1]
    commands = section.split("```console\n", 1)[1].split("```", 1)[0].splitlines()
    shown = section.split("```text\n", 1)[1].split("```", 1)[0].splitlines()
    (socket_id,) = set(re.findall(r"\d+\.\d{7}\b", "\n".join(shown)))
    (publication,) = set(re.findall(r"\w{8}\.\d+:\d+", "\n".join(shown)))
    with client(channels_server) as (alice, _alices), client(channels_server) as (bob, bobs):
        for wire in (alice, bob):
            subscribe(wire, "news")
        bob.send(json.dumps({"event": "pusher:unsubscribe", "data": {"channel": "news"}}))
        bob.send(json.dumps({"event": "pusher:ping", "data": {}}))
        assert json.loads(bob.recv(5))["event"] == "pusher:pong"
        capsys.readouterr()
        said: list[str] = []
        published = ""
        for command in commands:
            arguments = command.removeprefix("toolboxai ").split()
            real = [{socket_id: bobs, publication: published}.get(each, each) for each in arguments]
            assert run(real) == ExitCode.OK
            printed = capsys.readouterr().out
            published = published or printed.split()[-1]
            said += printed.replace(bobs, socket_id).replace(published, publication).splitlines()
    times = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
    assert [times.sub("TIME", line) for line in said] == [times.sub("TIME", line) for line in shown]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["gone.1:7"], ExitCode.FAILED, "No publication gone.1:7 is remembered here"),
        (["no id"], ExitCode.FAILED, "is no id of a publication"),
        (["../channels"], ExitCode.FAILED, "is no id of a publication"),
        (["a.1:1", "nobody"], ExitCode.FAILED, "use digits.digits"),
        ([], ExitCode.USAGE, "Missing argument 'publication'"),
    ],
)
def test_what_cannot_be_told(
    here: pytest.MonkeyPatch, capsys: Said, arguments: list[str], status: ExitCode, words: str
) -> None:
    assert run(["why", *arguments]) == status
    assert words in capsys.readouterr().err


def test_it_needs_the_apps_secret(here: pytest.MonkeyPatch, capsys: Said) -> None:
    here.setenv("PUSHER_SECRET", "another")
    assert run(["why", "a.1:1"]) == ExitCode.REFUSED
    here.delenv("PUSHER_SECRET")
    assert run(["why", "a.1:1"]) == ExitCode.CONFIGURATION


def test_everything_that_is_known_is_shown_and_moves_no_cursor() -> None:
    counted = dict.fromkeys(
        [
            "subscribers",
            "written",
            "waiting",
            "conflated",
            "dropped",
            "known",
            "slow",
            "unsent",
            "failed",
            "handed_later",
            "acknowledged",
            "webhooks",
            "bytes",
        ],
        2,
    )
    facts = {"id": "a.1:1", "app_id": "3", "at": "2026-05-28T20:26:40.000Z", "origin": "client"}
    socket = {"socket_id": "1.1", "verdict": "gone", "text": "closed with \x1b[31m"}
    more = {"channel": "news", "event": "e\x9b2J", "excluded": "1.2", "complete": False, "socket": socket}
    assert account_lines({**counted, **facts, **more}) == [
        'a.1:1: "e\\u009b2J" on news, 2 bytes, published by a client at 2026-05-28T20:26:40.000Z',
        "  subscribers then: 2",
        "  not for 1.2",
        "  2 sent it",
        "  2 for which it waits until they have read on",
        "  2 left out: a newer event of its kind took its place",
        "  2 left out: their queue was full",
        "  2 left out: they had it already",
        "  2 closed for reading too slowly, or ending",
        "  2 ended before they had read so far",
        "  2 whose write failed",
        "  2 have acknowledged it",
        "  2 were handed it later, when they subscribed",
        "  webhooks to 2 addresses",
        "  since then more has happened than is remembered: the numbers may be off",
        '1.1: gone: "closed with \\u001b[31m"',
    ]
