"""The walk from a text to a world is gone as it is written, and what the page says of worlds is so."""

import re
import subprocess
from pathlib import Path

import pytest

from camera import ANEW, IMAGES
from doc_snippets import ROOT, snippets
from docs.conftest import Reader
from docs.test_reference import code, rows
from toolboxai.platform.roblox.budgets import BUDGETS
from toolboxai.platform.roblox.model.files import WorldFormat
from toolboxai.platform.roblox.model.spec import Theme

pytestmark = [pytest.mark.timeout(90), pytest.mark.xdist_group("docs")]

PAGE = ROOT / "docs" / "worlds.md"
PICTURES = ("world-plan.svg", "world-section.svg")


@pytest.fixture(scope="module")
def walk(reader: Reader, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of somebody who typed in all that the page shows, in its order, in one shell."""
    folder = tmp_path_factory.mktemp("walk")
    steps = [each.text for each in snippets("bash") if each.page == "docs/worlds.md"]
    reader.run("bash", "".join(steps), folder)
    return folder


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_are_of_the_world_of_the_walk(name: str, walk: Path) -> None:
    drawn = (walk / name).read_bytes()
    if ANEW:
        (IMAGES / name).write_bytes(drawn)
    assert (IMAGES / name).read_bytes() == drawn, "the world is another by now: make pictures"


def test_what_was_changed_stands_in_the_file_that_is_fetched_again(walk: Path) -> None:
    [first] = (walk / "world").glob("*.rbxlx")
    before, after = first.read_text(encoding="utf-8"), (walk / "again.rbxlx").read_text(encoding="utf-8")
    assert after == before.replace("EVERY_SECONDS = 2", "EVERY_SECONDS = 1") != before


@pytest.mark.peers
def test_pusher_js_is_told_of_the_world_by_the_example(walk: Path, reader: Reader, tmp_path: Path) -> None:
    [file] = (walk / "world").glob("*.rbxlx")
    text = (ROOT / "examples/world.mjs").read_text(encoding="utf-8")
    done = subprocess.run(
        [*reader.command("js", text, tmp_path), file.stem],
        cwd=tmp_path,
        env=reader.env,
        capture_output=True,
        text=True,
        timeout=15,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "0 % queued: terrain pending, buildings pending, scripts pending"
    assert any(re.fullmatch(r"script for server, SHA-256 [0-9a-f]{64}", line) for line in lines)
    assert lines[-2].startswith("file soil.zip: /api/v1/roblox/environments/")
    assert lines[-1] == "100 % ready: terrain complete, buildings complete, scripts complete"
    assert done.stderr == ""


def test_the_sizes_are_those_that_are_kept() -> None:
    kept = [
        [
            f"`{size.value}`",
            f"{budget.studs} × {budget.studs}",  # noqa: RUF001 - as it is written
            "{} to {}".format(*budget.usual_rooms),
            *(f"{each:,}" for each in (budget.rooms, budget.boards, budget.stations, budget.parts)),
        ]
        for size, budget in BUDGETS.items()
    ]
    assert rows("worlds.md", "Sizes") == kept


def test_every_theme_and_every_format_is_named() -> None:
    [told] = re.findall(
        r"^\*\*Themes\*\* are (.*?):", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert code(told) == [theme.value for theme in Theme]
    formats = {code(row[0])[0] for row in rows("worlds.md", "5. The files")}
    assert formats == {each.value for each in WorldFormat}
