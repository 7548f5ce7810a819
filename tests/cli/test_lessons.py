"""``generate`` against a running server, by a teacher whom the command line made."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli_places import APP, JWT, clean_environ
from made_files import docx_file
from server_process import PROGRAM, serving
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.lessons import request_for
from toolboxai.cli.main import run
from toolboxai.platform.content.samples import sample_text
from warm_start import run as in_a_process

# A whole generation runs; the server that makes it begins once.
pytestmark = [pytest.mark.timeout(60), pytest.mark.xdist_group("lessons")]


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server with an account on it: its address and an access token."""
    place = tmp_path_factory.mktemp("school")
    environ = (
        clean_environ() | APP | {"TOOLBOXAI_JWT_SECRET": JWT, "TOOLBOXAI_PORT": "0", "TOOLBOXAI_DRAIN_S": "0"}
    )
    made = ["users", "create", "jane", "--role", "teacher", "--password-stdin"]
    in_a_process(made, env=environ, cwd=place, given="correct horse\n").check_returncode()
    issued = in_a_process(["token", "jane"], env=environ, cwd=place)
    with serving([*PROGRAM, "serve"], env=environ, cwd=place) as server:
        yield server.url, issued.stdout.strip()


@pytest.fixture
def here(app_environ: pytest.MonkeyPatch, school: tuple[str, str], tmp_path: Path) -> pytest.MonkeyPatch:
    url, token = school
    app_environ.setenv("TOOLBOXAI_URL", url)
    app_environ.setenv("TOOLBOXAI_TOKEN", token)
    (tmp_path / "water.md").write_text(sample_text())
    return app_environ


def test_a_text_becomes_files_with_the_stages_shown(
    here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        run(["generate", "water.md", "--out", "lesson", "--questions", "5", "--minutes", "30"]) == ExitCode.OK
    )
    said = capsys.readouterr().out
    assert "Progress: 100%" in said
    assert "Stage complete: packaging" in said
    with open("lesson/lesson-and-quiz.json") as file:
        content = json.load(file)
    assert 1 <= len(content["quiz"]["questions"]) <= 5


def test_formats_are_chosen_and_unknown_ones_refused_before_anything_is_made(
    here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ["--format", "gift", "--format", "zip"]
    assert run(["generate", "water.md", "--out", "chosen", "--questions", "3", *chosen]) == ExitCode.OK
    assert {path.name for path in Path("chosen").iterdir()} == {
        "lesson-and-quiz-gift.txt",
        "lesson-and-quiz-all.zip",
    }
    capsys.readouterr()
    assert run(["generate", "water.md", "--out", "none", "--format", "odt"]) == ExitCode.USAGE
    assert "there is no format odt; there are md, html, docx" in capsys.readouterr().err
    assert not Path("none").exists()


def test_without_following_it_says_how_to_follow(
    here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["generate", "water.md", "--json"]) == ExitCode.OK
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert run(["tail", row["channel"], "--since", "0", "--count", "2", "--json"]) == ExitCode.OK
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["seq"] for event in events] == [1, 2]


def test_a_request_that_cannot_be_served_is_told_with_the_field(
    here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["generate", "water.md", "--grade", "forty"]) == ExitCode.FAILED
    assert "grade_level" in capsys.readouterr().err


def test_a_bad_token_is_refused(here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    here.setenv("TOOLBOXAI_TOKEN", "eyJhbGciOiJIUzI1NiJ9.e30.x")
    assert run(["generate", "water.md"]) == ExitCode.REFUSED
    assert "eyJ" not in capsys.readouterr().err


def test_without_a_token_it_says_how_to_get_one(
    here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here.delenv("TOOLBOXAI_TOKEN")
    assert run(["generate", "water.md"]) == ExitCode.CONFIGURATION
    assert "export TOOLBOXAI_TOKEN=$(toolboxai token NAME)" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_told(
    here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["generate", "bad.md"]) == ExitCode.USAGE
    assert "bad.md" in capsys.readouterr().err


def test_a_file_that_is_no_text_is_told(here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.md").write_bytes(b"\xff\xfe\x00")
    assert run(["generate", "bad.md"]) == ExitCode.FAILED
    assert "bad.md" in capsys.readouterr().err


def test_files_of_several_kinds_make_one_lesson(
    here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("notes.docx").write_bytes(
        docx_file(("Heading 1", "Clouds"), ("Normal", "A cloud is a group of drops."))
    )
    assert run(["generate", "water.md", "notes.docx", "--json"]) == ExitCode.OK
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert row["session_id"].startswith("gen_")
    assert run(["generate", "notes.docx", "-"]) == ExitCode.USAGE


def test_the_subject_is_the_first_heading_unless_one_is_given() -> None:
    more: dict[str, Any] = {"fallback": "file", "grade": "6-8", "objectives": []}
    assert request_for("# The Moon\ntext", subject=None, **more)["subject"] == "The Moon"
    assert request_for("text", subject=None, **more)["subject"] == "file"
    assert request_for("# The Moon", subject="Science", **more)["subject"] == "Science"


def test_a_world_is_built_and_its_files_are_written(
    here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "world"
    command = ["world", "--size", "small", "--theme", "underwater", "--out", str(out)]
    assert run([*command, "--format", "rbxlx", "--format", "zip"]) == ExitCode.OK
    said = capsys.readouterr().out
    assert "is queued" in said
    assert "scripts complete" in said
    place, package = sorted(out.iterdir())
    assert place.read_bytes().startswith(b"<roblox")
    assert package.read_bytes().startswith(b"PK")
    assert run([*command, "--format", "pdf"]) == ExitCode.USAGE
    assert run(["world", "content_none", "--out", str(out)]) == ExitCode.FAILED
