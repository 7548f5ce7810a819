"""``serve``: what scripts see of it."""

import resource
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from certificates import Authority
from cli_places import APP, Served, clean_environ
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import run


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


def test_with_a_certificate_it_speaks_tls_and_takes_a_new_one_on_sighup_and_tells_who_started_it(
    tmp_path: Path, app_environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = Authority(tmp_path)
    files = authority.issue()
    app_environ.setenv("TOOLBOXAI_TLS_CERTIFICATE", str(files.certificate))
    app_environ.setenv("TOOLBOXAI_TLS_KEY", str(files.key))
    assert run(["config", "check", "--channels-only"]) == ExitCode.OK
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(15)

        def told() -> str:
            return manager.recv(1000).decode()

        environ = {
            **clean_environ(),
            **APP,
            "TOOLBOXAI_TLS_CERTIFICATE": str(files.certificate),
            "TOOLBOXAI_TLS_KEY": str(files.key),
            "TOOLBOXAI_DRAIN_S": "0",
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
        }
        with serve("--channels-only", "--port", "0", environ=environ, cwd=tmp_path) as server:
            assert server.stdout is not None
            url = server.stdout.readline().removeprefix("listening on ").rstrip("\n")
            assert told() == f"READY=1\nSTATUS=listening on {url}"
            app_environ.setenv(
                "TOOLBOXAI_PORT", url.rpartition(":")[2]
            )  # where it is, is known from the settings
            assert url.startswith("https://127.0.0.1:")
            assert run(["trigger", "news", "e", "1"]) == ExitCode.UNREACHABLE
            assert "SSL_CERT_FILE names" in capsys.readouterr().err
            app_environ.setenv("SSL_CERT_FILE", str(files.authority))
            assert run(["trigger", "news", "e", "1"]) == ExitCode.OK
            assert "ok  websocket: connected" in said_by_doctor(capsys)

            before = shown_at(url)
            authority.issue().copy_over(files)
            server.send_signal(signal.SIGHUP)
            assert told().startswith("RELOADING=1\nMONOTONIC_USEC=")
            assert told().startswith("READY=1\n")
            assert shown_at(url) != before
            server.terminate()
            assert told() == "STOPPING=1\nSTATUS=leaving"
            server.communicate(timeout=15)
            assert server.returncode == 0


def said_by_doctor(capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    run(["doctor"])
    return capsys.readouterr().out


def shown_at(url: str) -> str:
    host, _, port = url.removeprefix("https://").rpartition(":")
    return ssl.get_server_certificate((host, int(port)))


def test_a_certificate_that_cannot_be_used_is_a_fault_of_the_settings(
    tmp_path: Path, app_environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app_environ.setenv("TOOLBOXAI_TLS_CERTIFICATE", str(tmp_path / "none.pem"))
    app_environ.setenv("TOOLBOXAI_TLS_KEY", str(tmp_path / "none.pem"))
    for command in ("config check", "serve --port 0"):
        assert run([*command.split(), "--channels-only"]) == ExitCode.CONFIGURATION
        assert "none.pem (server.tls_certificate) cannot be read (No such file" in capsys.readouterr().err
