"""``config``: written with fresh secrets, checked, shown without them."""

import json
import stat
from pathlib import Path

import pytest

from cli_places import JWT
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import run
from toolboxai.config import load_settings


def test_what_init_writes_passes_the_check_and_is_for_its_owner_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["config", "init"]) == ExitCode.OK
    file = Path("toolboxai.toml")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run(["config", "check"]) == ExitCode.OK
    assert "the settings are good" in capsys.readouterr().out


def test_two_files_share_no_secret() -> None:
    run(["config", "init", "one.toml"])
    run(["config", "init", "two.toml"])
    one, two = (load_settings({}, file=Path(name)) for name in ("one.toml", "two.toml"))
    assert one.jwt_secret != two.jwt_secret
    assert one.own_app is not None
    assert two.own_app is not None
    assert one.own_app.active_keys() != two.own_app.active_keys()


def test_a_file_that_is_there_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Path("toolboxai.toml").write_text("[server]\n")
    assert run(["config", "init"]) == ExitCode.FAILED
    assert Path("toolboxai.toml").read_text() == "[server]\n"
    assert "is there already" in capsys.readouterr().err


def test_check_lists_every_fault_and_leaves_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    Path("toolboxai.toml").write_text("[server]\nprot = 1\nport = 70000\n")
    assert run(["config", "check"]) == ExitCode.CONFIGURATION
    said = capsys.readouterr().err
    for part in (
        "did you mean 'port'?",
        "less than or equal to 65535",
        "PUSHER_APP_ID",
        "TOOLBOXAI_JWT_SECRET",
    ):
        assert part in said


def test_show_tells_values_and_sources_and_no_secret(
    capsys: pytest.CaptureFixture[str], app_environ: pytest.MonkeyPatch
) -> None:
    Path("toolboxai.toml").write_text("[server]\nport = 6001\n")
    app_environ.setenv("TOOLBOXAI_JWT_SECRET", JWT)
    assert run(["config", "show", "--sources"]) == ExitCode.OK
    said = capsys.readouterr().out
    lines = {line.split(" = ")[0]: line for line in said.splitlines()}
    assert lines["server.port"].split() == ["server.port", "=", "6001", "#", "toolboxai.toml"]
    assert lines["server.host"].endswith("# default")
    assert lines["apps.0.key"].endswith("# environment PUSHER_KEY")
    assert "school-secret" not in said
    assert JWT not in said


def test_show_speaks_json(capsys: pytest.CaptureFixture[str], app_environ: pytest.MonkeyPatch) -> None:
    assert run(["config", "show", "--sources", "--json"]) == ExitCode.OK
    rows = {row["path"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert rows["server.port"] == {"path": "server.port", "value": 8009, "source": "default"}
    assert rows["apps.0.secret"]["value"] == "********"
