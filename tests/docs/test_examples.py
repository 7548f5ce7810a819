"""The examples of the README, together: who listens hears what is published, whichever library either uses."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docs.conftest import PRODUCT, Reader
from server_process import ROOT, credentials, serving

pytestmark = [pytest.mark.timeout(60), pytest.mark.xdist_group("docs")]

LANGUAGES = {".py": "python", ".sh": "bash", ".mjs": "js"}
HEADLINES = {"examples/publish.py": "It rains", "examples/publish.sh": "The sun shines"}


@pytest.fixture(scope="module")
def newcomer(toolboxai: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """The server that the README tells to start, nothing else set."""
    home = tmp_path_factory.mktemp("newcomer")
    app = credentials()
    with serving([toolboxai, "serve", "--channels-only", "--port", "0"], cwd=home, env=app) as server:
        path = f"{PRODUCT}:{os.environ['PATH']}"
        yield Reader(server.port, {**app, "PATH": path, "HOME": str(home)})


@contextmanager
def listening(reader: Reader, example: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run an example that listens, until it says so."""
    folder.mkdir()
    language = LANGUAGES[Path(example).suffix]
    command = reader.command(language, (ROOT / example).read_text(encoding="utf-8"), folder)
    with subprocess.Popen(command, cwd=folder, env=reader.env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "listening\n"
            yield process
        finally:
            process.kill()


@pytest.mark.peers
@pytest.mark.parametrize("published", HEADLINES)
@pytest.mark.parametrize("heard", ["examples/subscribe.mjs", "examples/subscribe.py"])
def test_who_listens_hears_what_is_published(
    heard: str, published: str, newcomer: Reader, tmp_path: Path
) -> None:
    text = (ROOT / published).read_text(encoding="utf-8")
    with listening(newcomer, heard, tmp_path / "heard") as listener:
        newcomer.run(LANGUAGES[Path(published).suffix], text, tmp_path)
        assert listener.stdout is not None
        assert listener.stdout.readline() == f"{HEADLINES[published]}\n"


@pytest.mark.peers
def test_pusher_js_is_shown_a_generation_by_its_owner(reader: Reader, tmp_path: Path) -> None:
    text = (ROOT / "examples/lesson.mjs").read_text(encoding="utf-8")
    command = [*reader.command("js", text, tmp_path), reader.env["SESSION"]]
    done = subprocess.run(
        command, cwd=tmp_path, env=reader.env, capture_output=True, text=True, timeout=15, check=True
    )
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("done: /api/v1/content/download/content_")
    assert any(line.startswith("0 % content_analysis: ") or " % content_analysis: " in line for line in lines)
    assert done.stderr == ""
