"""``tail`` and ``trigger`` against a real server."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli_places import APP, Served, clean_environ
from toolboxai.cli.channels import event_line
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import run
from toolboxai.client import Event
from warm_start import run as in_a_process


@pytest.fixture
def here(app_environ: pytest.MonkeyPatch, channels_server: Served) -> pytest.MonkeyPatch:
    app_environ.setenv("TOOLBOXAI_URL", channels_server.url)
    return app_environ


def tail(url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    words = ["tail", *arguments, "--url", url, "--since", "0"]
    return in_a_process(words, cwd=Path.cwd(), env=clean_environ() | APP)


@pytest.mark.parametrize("channel", ["content-generation-x", "private-content-generation-x"])
def test_what_is_triggered_is_printed_by_tail(
    here: pytest.MonkeyPatch, channels_server: Served, channel: str
) -> None:
    envelope = {"type": "step", "data": {"n": 1}, "timestamp": "2025-01-21T10:00:00Z", "seq": 1}
    assert run(["trigger", channel, "step", json.dumps(envelope)]) == ExitCode.OK
    heard = tail(channels_server.url, channel, "--count", "1", "--json")  # kept history reaches latecomers
    assert heard.returncode == ExitCode.OK, heard.stderr
    assert json.loads(heard.stdout) == {"channel": channel, "event": "step", "data": envelope, "seq": 1}


def test_people_get_a_line(here: pytest.MonkeyPatch, channels_server: Served) -> None:
    run(["trigger", "content-generation-y", "greeting", "Guten Tag"])
    heard = tail(channels_server.url, "content-generation-y", "--count", "1")
    assert heard.stdout == "content-generation-y greeting Guten Tag\n"


@pytest.mark.parametrize("data", ["two\nlines", "red \x1b[31m", "csi \x9b2J"])
def test_what_would_move_the_cursor_is_written_as_json(data: str) -> None:
    assert event_line(Event("greeting", "news", data)) == f"news greeting {json.dumps(data)}"


def test_data_may_come_from_standard_input(
    here: pytest.MonkeyPatch, channels_server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("from a pipe"))
    assert run(["trigger", "content-generation-z", "e", "-"]) == ExitCode.OK
    assert tail(channels_server.url, "content-generation-z", "--count", "1").stdout.endswith("from a pipe\n")


def test_a_wrong_secret_is_refused_with_the_servers_words(
    here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here.setenv("PUSHER_SECRET", "another")
    assert run(["trigger", "news", "e", "{}"]) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert "Invalid signature" in said
    assert "another" not in said


def test_a_wrong_key_is_refused_with_where_to_look(
    here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["tail", "news", "--key", "other-key"]) == ExitCode.REFUSED
    assert "Does PUSHER_KEY name an app of that server?" in capsys.readouterr().err


def test_without_an_app_nothing_can_be_signed(
    here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here.delenv("PUSHER_SECRET")
    assert run(["trigger", "news", "e", "{}"]) == ExitCode.CONFIGURATION


def test_without_a_key_nobody_connects(here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in APP:
        here.delenv(name)
    assert run(["tail", "news"]) == ExitCode.CONFIGURATION
    assert "set PUSHER_KEY" in capsys.readouterr().err


def test_a_name_that_is_no_channel_is_a_wrong_command_line(
    here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["tail", "two words"]) == ExitCode.USAGE
    assert run(["trigger", "two words", "e", "{}"]) == ExitCode.FAILED


@pytest.mark.parametrize("command", [["tail", "news"], ["trigger", "news", "e"]])
@pytest.mark.parametrize(
    "address", ["localhost:8009", "http://", "http://[::1", "http://here:port", "ftp://here"]
)
def test_an_address_that_is_none_is_a_wrong_command_line(
    here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str], address: str
) -> None:
    assert run([*command, "--url", address]) == ExitCode.USAGE
    assert "http://HOST:PORT" in capsys.readouterr().err


def test_ctrl_c_ends_tail_without_a_trace(here: pytest.MonkeyPatch, channels_server: Served) -> None:
    words = ["tail", "content-generation-w", "--url", channels_server.url, "--since", "0"]
    with subprocess.Popen(
        [sys.executable, "-m", "toolboxai", *words],
        env=clean_environ() | APP,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as reader:
        run(["trigger", "content-generation-w", "e", "ready"])
        assert reader.stdout is not None
        reader.stdout.readline()
        reader.send_signal(signal.SIGINT)
        _said, log = reader.communicate(timeout=15)
    assert reader.returncode == ExitCode.INTERRUPTED
    assert "Traceback" not in log
