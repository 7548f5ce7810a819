"""``serve``: what scripts see of it."""

import resource
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from cli_places import APP, Served, clean_environ


def serve(*arguments: str, environ: dict[str, str], cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "toolboxai", "serve", *arguments],
        env=environ,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_says_one_line_when_it_answers_and_ends_with_0_on_sigterm(tmp_path: Path) -> None:
    with serve("--channels-only", "--port", "0", environ=clean_environ() | APP, cwd=tmp_path) as server:
        assert server.stdout is not None
        said = server.stdout.readline()
        url = said.removeprefix("listening on ").rstrip("\n")
        assert said == f"listening on {url}\n"
        with urllib.request.urlopen(f"{url}/healthz") as answer:
            assert answer.status == 200
        server.terminate()
        rest, log = server.communicate(timeout=15)
        assert (server.returncode, rest) == (0, "")
        assert "school-secret" not in log


def test_channels_alone_leave_no_database_behind(tmp_path: Path) -> None:
    with serve("--channels-only", "--port", "0", environ=clean_environ() | APP, cwd=tmp_path) as server:
        assert server.stdout is not None
        server.stdout.readline()
        server.terminate()
        server.communicate(timeout=15)
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_a_fault_of_the_settings_and_says_what_to_do(
    tmp_path: Path, channels_server: Served
) -> None:
    port = channels_server.url.rsplit(":", 1)[1]
    with serve("--channels-only", "--port", port, environ=clean_environ() | APP, cwd=tmp_path) as server:
        said, log = server.communicate(timeout=15)
    assert (server.returncode, said) == (3, "")
    assert "choose another with --port" in log


@pytest.mark.parametrize("name", ["PUSHER_APP_KEY", "PUSHER_APP_SECRET"])
def test_the_other_names_of_the_app_serve_too(tmp_path: Path, name: str) -> None:
    environ = clean_environ() | APP
    environ[name] = environ.pop(name.replace("_APP_", "_"))
    with serve("--channels-only", "--port", "0", environ=environ, cwd=tmp_path) as server:
        assert server.stdout is not None
        assert server.stdout.readline().startswith("listening on ")
        server.terminate()
        server.communicate(timeout=15)


def test_it_takes_all_the_open_files_it_may(tmp_path: Path) -> None:
    limited = f"ulimit -Sn 256; exec {sys.executable} -m toolboxai serve --channels-only --port 0"
    with subprocess.Popen(
        ["/bin/sh", "-c", limited], env=clean_environ() | APP, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        server.stdout.readline()
        soft, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        server.terminate()
        server.communicate(timeout=15)
    assert soft == hard
