"""Fifty worlds from fifty seeds and six lessons, all themes and sizes among them: made twice, read back, run and walked.

The full form takes all of them; the usual one a few of the smallest.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from fake_roblox import FakeRoblox
from forms import FULL
from luau import machine
from readers.roblox_xml import ReadInstance, read_roblox_xml
from readers.rojo import read_project
from toolboxai.platform.roblox.budgets import BUDGETS, parts_needed
from toolboxai.platform.roblox.checks import faults
from toolboxai.platform.roblox.files.made import world_files
from toolboxai.platform.roblox.files.parts import PART_CLASSES, part_count, parts
from toolboxai.platform.roblox.layout.world import plan_world
from toolboxai.platform.roblox.luau.report import SOURCE_BYTES
from toolboxai.platform.roblox.luau.scripts import scripts
from toolboxai.platform.roblox.luau.words import player_words
from toolboxai.platform.roblox.model.files import WorldFile, WorldFormat
from toolboxai.platform.roblox.model.instances import Instance, Script, ScriptKind
from toolboxai.platform.roblox.model.plan import WorldPlan
from toolboxai.platform.roblox.model.spec import Size, StationQuestion, Theme, WorldLesson, WorldSpec
from world_ground import in_the_way, not_water
from world_lessons import HOSTILE, LESSONS, right_answer
from world_plans import wish
from world_solids import Solids, hidden
from world_walks import bare, holes, standing_in_the_way

NUMBERS = range(50) if FULL else (1, 2, 4, 5)


class Made(Struct):
    """A world with all that comes of it."""

    spec: WorldSpec
    plan: WorldPlan
    scripts: Sequence[Script]
    parts: Instance
    files: Mapping[WorldFormat, WorldFile]


@lru_cache(maxsize=1)
def made(number: int) -> Made:
    """The world of a number: seven and eight are worlds of one size on, so that all themes meet all lessons and sizes."""
    theme, size = list(Theme)[number % 8], list(Size)[number // 8 % 4] if FULL else Size.SMALL
    spec = wish(theme, size, 1000 + number, of=LESSONS[number % 6])
    plan = plan_world(spec)
    found = scripts(spec, plan)
    files = {file.format: file for file in world_files(spec, plan, found)}
    return Made(spec=spec, plan=plan, scripts=found, parts=parts(spec, plan), files=files)


def taught(world: Made) -> WorldLesson:
    assert world.spec.lesson is not None
    return world.spec.lesson


def asked(world: Made) -> dict[str, StationQuestion]:
    return {each.id: each for each in taught(world).questions}


def members(file: WorldFile) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("number", NUMBERS)
def test_the_same_seed_makes_the_same_bytes_and_another_seed_others(number: int) -> None:
    world = made(number)
    again = plan_world(world.spec)
    assert [file.content for file in world_files(world.spec, again, scripts(world.spec, again))] == [
        file.content for file in world.files.values()
    ]
    assert plan_world(replace(world.spec, seed=2000 + number)) != world.plan


@pytest.mark.parametrize("number", NUMBERS)
def test_it_is_walked_from_the_spawn_to_everything_dry_and_over_the_ground(number: int) -> None:
    world = made(number)
    plan, solids = world.plan, Solids(world.parts)
    assert (faults(plan), plan.left_out) == ([], ())
    assert standing_in_the_way(plan, solids) == []
    assert bare(plan, solids) == []
    assert list(holes(plan, solids)) == []
    assert hidden(solids) == []
    assert part_count(world.parts) <= parts_needed(plan) <= BUDGETS[world.spec.size].parts


@pytest.mark.parametrize("number", NUMBERS)
def test_other_readers_find_everything_in_its_files_and_its_texts_unchanged(number: int) -> None:
    world = made(number)
    place = ReadInstance("DataModel", "", children=read_roblox_xml(world.files[WorldFormat.RBXLX].content))
    [model] = read_roblox_xml(world.files[WorldFormat.RBXMX].content)
    rojo = members(world.files[WorldFormat.ROJO])
    read_project(rojo)
    [synced] = read_roblox_xml(rojo["models/World.rbxmx"])
    for root in (place.at("Workspace/World"), model, synced):
        assert sum(each.class_name in PART_CLASSES for each in root.all()) == part_count(world.parts)
        assert [_shown(board) for board in root.at("Boards").children] == [
            (board.title, "\n".join(board.lines)) for board in taught(world).boards
        ]
        assert all(each.properties["Anchored"] for each in root.all() if each.class_name in PART_CLASSES)
        stations = root.at("Stations").children
        assert [each.attributes["QuestionId"] for each in stations] == list(asked(world))
        assert all(each.properties["PrimaryPart"] is each.at("Screen") for each in stations)
    for script in world.scripts:
        assert place.at(f"{script.parent}/{script.name}").properties["Source"] == script.source
    bundle = json.loads(world.files[WorldFormat.BUNDLE].content)
    assert [each["source"] for each in bundle["scripts"]] == [each.source for each in world.scripts]
    assert bundle["counts"]["parts"] == part_count(world.parts)
    inside = members(world.files[WorldFormat.ZIP])
    for kind in (WorldFormat.RBXLX, WorldFormat.RBXMX, WorldFormat.BUNDLE):
        assert inside[world.files[kind].name] == world.files[kind].content
    assert json.loads(inside["manifest.json"])["spec"]["lesson"]["title"] == taught(world).title


def _shown(board: ReadInstance) -> tuple[str, str]:
    labels = [each.properties["Text"] for each in board.all() if each.class_name == "TextLabel"]
    return labels[0], "".join(labels[1:])


@pytest.mark.parametrize("number", NUMBERS)
def test_its_scripts_compile_and_run_from_the_first_station_to_the_open_door(number: int) -> None:
    world = made(number)
    for script in world.scripts:
        machine().load_chunk(script.source, name=f"={script.id}")
        assert len(script.source) <= SOURCE_BYTES
    game = FakeRoblox(world.scripts)
    game.build(world.parts)
    game.start()
    assert in_the_way(game, world.plan) == []
    assert not_water(game, world.plan) == []
    player = game.join()
    opened = []
    for each in world.plan.stations:
        question = asked(world)[each.question]
        game.do("fake.stand(...)", player, each.stand.x, each.stand.y, each.stand.z)
        game.advance(2)
        assert set(_texts(question, taught(world).language)) <= set(
            _on_the_screen(game, player, each.question)
        )
        told = game.call(player, each.question, right_answer(question))
        assert (told["accepted"], told["correct"], told["rationale"]) == (True, True, question.rationale)
        opened.append(game.do("return (...):GetAttribute('DoorOpen') == true", player))
    gate = world.plan.gate
    assert opened == [gate is not None and at >= gate.needed for at in range(1, len(opened) + 1)]
    assert game.warned == []


def _texts(question: StationQuestion, language: str) -> list[str]:
    """What of a question has to stand on the screen as it is; partners of a matching are chosen one by one."""
    words = player_words(language)
    if question.type == "true_false":
        return [question.question, words["is_true"], words["is_false"]]
    if question.type == "ordering":
        return [question.question, *(f"{at}.  {each}" for at, each in enumerate(question.options, 1))]
    if question.type == "matching":
        return [question.question, *question.prompts]
    return [question.question, *question.options]


def _on_the_screen(game: FakeRoblox, player: Any, question: str) -> list[str]:
    found = game.do(
        """
        local player, question = ...
        for _, station in game:GetService("Workspace").World.Stations:GetChildren() do
            if station:GetAttribute("QuestionId") == question then
                fake.trigger(station.Screen.Prompt, player)
            end
        end
        local texts = {}
        for _, each in player.PlayerGui.QuizGui:GetDescendants() do
            if each:IsA("TextLabel") or each:IsA("TextButton") then
                assert(each.RichText == false)
                table.insert(texts, each.Text)
            end
        end
        return texts
        """,
        player,
        game.value(question),
    )
    return [str(each) for each in found]


MADE_UP: Sequence[Sequence[Any]] = (
    (),
    (float("nan"), float("inf")),
    ("x" * 100_000, "x"),
    (b"\xff\xfe\x00", b"\xff"),
    ({"a": [{}] * 30}, {1: {2: {3: 4}}}),
    (True, False, True),
    *((text, text) for text in HOSTILE),
)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_server_checks_every_call_that_a_client_can_make_up(number: int) -> None:
    world = made(number)
    game = FakeRoblox(world.scripts)
    game.build(world.parts)
    game.start()
    player = game.join()
    remotes = game.do(
        """
        local found = {}
        for _, each in game:GetService("ReplicatedStorage"):GetDescendants() do
            if each:IsA("RemoteEvent") or each:IsA("RemoteFunction") then
                table.insert(found, each.ClassName .. " " .. each.Name)
            end
        end
        return found
        """
    )
    assert remotes == (
        ["RemoteFunction SubmitAnswer", "RemoteEvent OpenStation"] if world.plan.stations else []
    )
    clients = "".join(each.source for each in world.scripts if each.kind is ScriptKind.CLIENT)
    assert clients.count("InvokeServer") == bool(world.plan.stations)
    assert "FireServer" not in clients
    if not world.plan.stations:
        return
    first = world.plan.stations[0]
    for words in (
        *MADE_UP,
        *((first.question, *words) for words in MADE_UP),
        (first.question, first.question, 1),
    ):
        game.advance(10)
        told = game.call(player, *words)
        assert told["accepted"] is False
        assert told["reason"] in {"unknown", "no_answer", "too_far"}
    game.advance(10)
    # From the spawn, however right it is.
    assert game.call(player, first.question, right_answer(asked(world)[first.question])) == {
        "accepted": False,
        "reason": "too_far",
    }
    game.advance(10)
    reasons = [game.call(player, first.question).get("reason") for _ in range(9)]
    assert reasons == ["no_answer"] * 6 + ["too_fast"] * 3
    other = game.join("Heron", 8)
    assert game.call(other, first.question)["reason"] == "no_answer"
    game.advance(20)
    assert game.do("return (...):GetAttribute('QuizAnswered')", player) == 0
    assert game.warned == []
