"""``demo``: from nothing to a lesson, and nothing left running."""

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from cli_places import clean_environ
from forms import FULL
from toolboxai.cli.demo_process import DemoServer, free_port
from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.main import run

pytestmark = pytest.mark.timeout(90)  # a server is started, and a whole generation runs


def demo(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "toolboxai", "demo", *arguments],
        env=clean_environ(),
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False


def test_a_lesson_is_made_live_and_left_in_files(tmp_path: Path) -> None:
    with demo(cwd=tmp_path) as process:
        said, log = process.communicate(timeout=80)
    assert process.returncode == ExitCode.OK, log
    stages = [
        line.split(": ")[1].split(" (")[0]
        for line in said.splitlines()
        if line.startswith("Stage complete: ")
    ]
    assert stages == ["content_analysis", "lesson_generation", "quiz_generation", "packaging"]
    percents = [
        int(line.split()[1].rstrip("%")) for line in said.splitlines() if line.startswith("Progress: ")
    ]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    out = tmp_path / "demo-output"
    assert "The Water Cycle" in (out / "lesson-and-quiz.md").read_text()
    assert "<html" in (out / "lesson-and-quiz.html").read_text()
    content = json.loads((out / "lesson-and-quiz.json").read_text())
    assert content["lesson"]["sections"]
    assert content["quiz"]["questions"]
    for form in ("md", "html", "json"):
        assert f"wrote demo-output/lesson-and-quiz.{form}" in said
    url = next(line.removeprefix("server: ") for line in said.splitlines() if line.startswith("server: "))
    assert not answers(url)


def test_programs_get_one_object_a_line_and_a_taken_port_is_said_aloud(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with demo("--json", "--port", str(port), "--out", "lesson", cwd=tmp_path) as process:
            said, log = process.communicate(timeout=80)
    assert process.returncode == ExitCode.OK, log
    rows = [json.loads(line) for line in said.splitlines()]
    assert rows[0]["port"] > port
    assert [row["seq"] for row in rows if "seq" in row] == list(
        range(1, sum("seq" in row for row in rows) + 1)
    )
    assert (tmp_path / "lesson" / "lesson-and-quiz.json").is_file()


def test_with_serve_it_stays_with_a_link_that_signs_in_once(tmp_path: Path) -> None:
    with demo("--serve", "--json", cwd=tmp_path) as process:
        assert process.stdout is not None
        rows = (json.loads(line) for line in process.stdout)
        page = next(row["page"] for row in rows if "page" in row)
        url, code = page.split("/#code=")
        assert answers(url)
        ask = urllib.request.Request(
            f"{url}/api/v1/auth/one-time",
            data=json.dumps({"code": code}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(ask) as answer:
            assert json.load(answer)["user"]["role"] == "teacher"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(ask)
        assert refused.value.code == 401
        refused.value.close()
        process.send_signal(signal.SIGTERM)
        _said, log = process.communicate(timeout=30)
    assert process.returncode == ExitCode.OK, log
    assert not answers(url)


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
def test_the_server_ends_with_the_demo_even_when_that_is_killed(tmp_path: Path) -> None:
    with demo("--serve", "--json", cwd=tmp_path) as process:
        assert process.stdout is not None
        rows = (json.loads(line) for line in process.stdout)
        url = next(row["page"] for row in rows if "page" in row).split("/#")[0]
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection(
            (host, int(port))
        ) as watcher:  # an idle connection, which the server closes
            process.kill()
            watcher.settimeout(30)
            assert watcher.recv(1) == b""


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert run(["demo", "--out", str(tmp_path / "file")]) == ExitCode.FAILED
    assert "name another with --out" in capsys.readouterr().err


def test_a_server_that_does_not_start_shows_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with (
        pytest.raises(CommandFailed, match="ended while starting"),
        DemoServer(tmp_path / "log", first_port=8009),
    ):
        pass


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
def test_a_port_that_somebody_took_in_the_last_moment_is_left_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look says free, the listening says taken."""
    from toolboxai.cli import demo_process

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        looks = iter([taken])
        look = demo_process.free_port
        monkeypatch.setattr(demo_process, "free_port", lambda first: next(looks, None) or look(first))
        with DemoServer(tmp_path / "log", first_port=taken) as server:
            assert server.port > taken
            assert answers(server.url)


def test_no_free_port_is_told() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 65535))
        with pytest.raises(CommandFailed, match="give another with --port"):
            free_port(65535)
