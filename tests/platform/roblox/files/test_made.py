"""All files of a world: whole, safe, and the same bytes every time."""

import io
import json
import os
import subprocess
import sys
import zipfile
from hashlib import sha256

import pytest
from msgspec.structs import replace

from doc_snippets import ROOT
from readers.roblox_xml import ReadInstance, read_roblox_xml
from readers.rojo import read_project
from toolboxai.platform.roblox.files.made import world_files
from toolboxai.platform.roblox.files.parts import part_count, parts
from toolboxai.platform.roblox.layout.world import plan_world
from toolboxai.platform.roblox.model.files import FORMATS, WorldFile, WorldFormat
from toolboxai.platform.roblox.model.instances import Script, ScriptKind
from toolboxai.platform.roblox.model.plan import WorldPlan
from toolboxai.platform.roblox.model.spec import Features, LessonBoard, Size, Theme, WorldSpec
from world_plans import ASKING, handmade, lesson, wish

SCRIPTS = (
    ASKING,
    Script(
        id="answers",
        kind=ScriptKind.MODULE,
        name="Answers",
        parent="ServerStorage",
        source='return { "left" }\n',
    ),
)
HOSTILE = (
    "\"quotes\" and 'quotes' [[brackets]] ]]>",
    "-- comment \\n \\\\ <b>&amp;</b>",
    "\U0001f41d \u0646\u062d\u0644 \u202eabc\u202c \u05d3\u05d1",
)


def hostile_world() -> tuple[WorldSpec, WorldPlan]:
    taught = lesson(2, 2)
    boards = (LessonBoard(HOSTILE[0], HOSTILE), LessonBoard("\u202e" + HOSTILE[1], HOSTILE[::-1]))
    return replace(wish(of=replace(taught, boards=boards)), name='../"Bees" & \U0001f41d'), handmade()


def files_of(
    spec: WorldSpec, plan: WorldPlan, scripts: tuple[Script, ...] = SCRIPTS
) -> dict[WorldFormat, WorldFile]:
    return {file.format: file for file in world_files(spec, plan, scripts)}


def members(file: WorldFile) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def place_of(files: dict[WorldFormat, WorldFile]) -> ReadInstance:
    return ReadInstance("DataModel", "", children=read_roblox_xml(files[WorldFormat.RBXLX].content))


def shown(board: ReadInstance) -> tuple[str, str]:
    """Title and text of a board."""
    labels = [each for each in board.all() if each.class_name == "TextLabel"]
    return labels[0].properties["Text"], "".join(label.properties["Text"] for label in labels[1:])


def test_there_is_one_file_of_each_format_with_a_safe_name() -> None:
    files = world_files(*hostile_world(), SCRIPTS)
    assert sorted(file.format for file in files) == sorted(FORMATS)
    assert [(file.name, file.media_type) for file in files] == [
        ("bees.rbxlx", "application/xml"),
        ("bees.rbxmx", "application/xml"),
        ("bees.bundle.json", "application/json"),
        ("bees.rojo.zip", "application/zip"),
        ("bees.zip", "application/zip"),
    ]
    for file in files:
        assert file.sha256 == sha256(file.content).hexdigest()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("\u0646\u062d\u0644", "world"),
        ("\u00c9t\u00e9 2", "ete-2"),
        ("-" * 80, "world"),
        ("a" * 80, "a" * 60),
    ],
)
def test_any_name_of_a_world_makes_a_files_name(name: str, safe: str) -> None:
    files = files_of(replace(wish(of=lesson(2, 2)), name=name), handmade())
    assert files[WorldFormat.ZIP].name == f"{safe}.zip"


def test_hostile_text_shows_unchanged_in_every_form() -> None:
    spec, plan = hostile_world()
    assert spec.lesson is not None
    wanted = [(board.title, "\n".join(board.lines)) for board in spec.lesson.boards]
    files = files_of(spec, plan)
    place = place_of(files).at("Workspace/World/Boards")
    [model] = read_roblox_xml(files[WorldFormat.RBXMX].content)
    [project_model] = read_roblox_xml(members(files[WorldFormat.ROJO])["models/World.rbxmx"])
    for boards in (place, model.at("Boards"), project_model.at("Boards")):
        assert [shown(board) for board in boards.children] == wanted
    bundle = json.dumps(json.loads(files[WorldFormat.BUNDLE].content), ensure_ascii=False)
    for title, text in wanted:
        for line in (title, text):
            assert json.dumps(line, ensure_ascii=False)[1:-1] in bundle
    assert json.loads(members(files[WorldFormat.ZIP])["manifest.json"])["name"] == spec.name


def test_nul_is_told_where_it_cannot_be_carried_and_kept_where_it_can() -> None:
    taught = lesson(2, 2)
    boards = (LessonBoard("a\x00b", ("c\x0bd",)), taught.boards[1])
    files = files_of(wish(of=replace(taught, boards=boards)), handmade())
    note = "2 characters that XML cannot carry became U+FFFD in the place and in models."
    assert shown(place_of(files).at("Workspace/World/Boards/Board1")) == ("a\ufffdb", "c\ufffdd")
    for kind in (WorldFormat.RBXLX, WorldFormat.RBXMX, WorldFormat.ROJO, WorldFormat.ZIP):
        assert note in files[kind].notes
    assert note in json.loads(members(files[WorldFormat.ZIP])["manifest.json"])["notes"]
    assert files[WorldFormat.BUNDLE].notes == ()
    assert b"a\\u0000b" in files[WorldFormat.BUNDLE].content


def test_scripts_come_back_from_the_place_as_they_were() -> None:
    place = place_of(files_of(*hostile_world()))
    for script in SCRIPTS:
        assert place.at(f"{script.parent}/{script.name}").properties["Source"] == script.source


def test_a_models_scripts_are_off_until_they_are_moved() -> None:
    files = files_of(*hostile_world())
    [model] = read_roblox_xml(files[WorldFormat.RBXMX].content)
    server = model.at("Scripts/ServerScriptService/QuizServer")
    assert server.properties["Disabled"] is True
    assert model.at("Scripts/ServerStorage/Answers").properties["Source"] == SCRIPTS[1].source
    assert any("switched off" in note and "answers too" in note for note in files[WorldFormat.RBXMX].notes)
    assert files[WorldFormat.RBXLX].notes == ()


def test_without_scripts_all_else_is_there() -> None:
    files = files_of(*hostile_world(), scripts=())
    [model] = read_roblox_xml(files[WorldFormat.RBXMX].content)
    assert "Scripts" not in [child.name for child in model.children]
    assert files[WorldFormat.RBXMX].notes == ()
    read_project(members(files[WorldFormat.ROJO]))


def test_the_manifest_lists_what_is_in_the_zip_with_its_sums() -> None:
    spec, plan = hostile_world()
    plan = replace(plan, left_out=("One board found no place.",))
    inside = members(files_of(spec, plan)[WorldFormat.ZIP])
    manifest = json.loads(inside.pop("manifest.json"))
    assert [file["name"] for file in manifest["files"]] == list(inside)
    for file in manifest["files"]:
        content = inside[file["name"]]
        assert (file["bytes"], file["sha256"]) == (len(content), sha256(content).hexdigest())
        assert file["about"].endswith(".")
    assert manifest["left_out"] == ["One board found no place."]
    assert (manifest["seed"], manifest["environment_id"]) == (1, "env_1")
    assert manifest["spec"]["lesson"] == {
        "content_id": "content_1",
        "revision": 1,
        "title": "Bees",
        "language": "en",
        "boards": 2,
        "questions": 2,
    }
    assert manifest["counts"]["parts"] == part_count(parts(spec, plan))


def test_what_is_in_the_zip_is_what_is_served_alone() -> None:
    spec, plan = hostile_world()
    files = files_of(spec, plan)
    inside = members(files[WorldFormat.ZIP])
    for kind in (WorldFormat.RBXLX, WorldFormat.RBXMX, WorldFormat.BUNDLE):
        assert inside[files[kind].name] == files[kind].content
    project = members(files[WorldFormat.ROJO])
    project.pop("terrain/height-map.json")
    assert {
        name.removeprefix("rojo/"): content for name, content in inside.items() if name.startswith("rojo/")
    } == project


def test_land_that_is_not_wanted_is_in_no_zip() -> None:
    spec = wish(of=lesson(4, 4), features=Features(terrain=False))
    files = files_of(spec, plan_world(spec))
    for kind in (WorldFormat.ZIP, WorldFormat.ROJO):
        assert "terrain/height-map.json" not in members(files[kind])


def test_no_answer_stands_where_pupils_machines_read() -> None:
    taught = lesson(2, 2)
    asked = tuple(replace(each, correct_answer="SECRET", rationale="SECRET") for each in taught.questions)
    spec = wish(of=replace(taught, questions=asked))
    for file in world_files(spec, handmade(), ()):
        contents = members(file).values() if file.media_type == "application/zip" else [file.content]
        assert all(b"SECRET" not in content for content in contents)


PROGRAM = """
import sys
sys.path.insert(0, "tests")
from world_plans import ASKING, lesson, wish
from toolboxai.platform.roblox.files.made import world_files
from toolboxai.platform.roblox.layout.world import plan_world
from toolboxai.platform.roblox.model.spec import Theme
spec = wish(Theme.UNDERWATER, of=lesson(6, 8))
print(*[file.sha256 for file in world_files(spec, plan_world(spec), ())])
"""


def test_two_processes_make_the_same_bytes() -> None:
    made = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT / "src")},
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout.split()
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    assert made[0] == made[1]
    spec = wish(Theme.UNDERWATER, of=lesson(6, 8))
    assert made[0] == [file.sha256 for file in world_files(spec, plan_world(spec), ())]


def test_the_largest_world_is_made_within_its_bounds() -> None:
    """Of a place with the most that a lesson can have: measured 1.2 MB in 0.4 s on the machine of the tests."""
    spec = wish(Theme.UNDERWATER, Size.XLARGE, 3, of=lesson(24, 40, letters=1500))
    files = files_of(spec, plan_world(spec))
    assert len(files[WorldFormat.RBXLX].content) < 8_000_000
    assert len(files[WorldFormat.ZIP].content) < 2_000_000
    # The most that Open Cloud takes as a model.
    assert len(files[WorldFormat.RBXMX].content) < 20_000_000
