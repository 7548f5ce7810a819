"""The command line as a whole: help without weight, and a status for each way of ending."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from toolboxai.cli.exits import EXIT_HELP, ExitCode
from toolboxai.cli.main import run

HEAVY = (
    "sqlalchemy",
    "dbos",
    "fastapi",
    "alembic",
    "uvicorn",
    "websockets",
    "httpx2",
    "pydantic",
    "rich",
    "asyncio",
)

COMMANDS = [
    ["demo"],
    ["serve"],
    ["generate"],
    ["tail"],
    ["trigger"],
    ["users", "create"],
    ["token"],
    ["db", "upgrade"],
    ["db", "check"],
    ["config", "init"],
    ["config", "check"],
    ["config", "show"],
    ["doctor"],
]


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from toolboxai.cli.main import run; status = run(['--help']); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "serve" in done.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith(f"Usage: toolboxai {' '.join(command)}")


def test_help_documents_every_status(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    said = capsys.readouterr().out
    for code in ExitCode:
        assert f"  {code.value:<4} {EXIT_HELP[code]}\n" in said


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    from toolboxai import __version__

    assert run(["--version"]) == ExitCode.OK
    assert capsys.readouterr().out == f"toolboxai {__version__}\n"


@pytest.mark.parametrize("line", [["serv"], ["serve", "--prot", "1"], ["tail"], ["serve", "--port", "http"]])
def test_a_wrong_command_line_is_status_2(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line) == ExitCode.USAGE
    assert "Usage: toolboxai" in capsys.readouterr().err


def test_settings_that_cannot_work_are_status_3_with_every_fault(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLBOXAI_PROT", "1")
    assert run(["serve"]) == ExitCode.CONFIGURATION
    said = capsys.readouterr()
    assert said.out == ""
    assert "did you mean 'TOOLBOXAI_PORT'?" in said.err
    assert "TOOLBOXAI_JWT_SECRET is not set" in said.err
    assert "no app is configured" in said.err


def test_nobody_there_is_status_4(
    capsys: pytest.CaptureFixture[str], app_environ: pytest.MonkeyPatch, closed_port: int
) -> None:
    assert run(["tail", "news", "--url", f"http://127.0.0.1:{closed_port}"]) == ExitCode.UNREACHABLE
    assert "toolboxai serve" in capsys.readouterr().err


@pytest.fixture
def closed_port() -> Iterator[int]:
    import socket

    with socket.socket() as held:  # bound and not listening: whoever connects is refused
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
