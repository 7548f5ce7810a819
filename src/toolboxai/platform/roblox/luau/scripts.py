"""The scripts of a world.

A script is a template of ``templates/`` and a value. The template is Luau that never changes; the value stands before it
as a literal, under the name ``DATA``. No word of a lesson is ever pasted into code.

=================  ===================  ==========================================================================
id                 where it stands      there for
=================  ===================  ==========================================================================
terrain_builder    ServerScriptService  a world with land
buildings_check    ServerScriptService  floors, and who falls off the world
board_pages        StarterPlayer/…      a world with boards
pupil_records      ServerStorage        a world with stations, as all that follow but the last two
text_folding       ServerStorage        letters, numbers and marks as grading reads them
grading            ServerStorage        what an answer is worth
quiz_answers       ServerStorage        what is right
quiz_questions     ReplicatedStorage    what pupils read
quiz_server        ServerScriptService  takes answers
score_reporter     ServerScriptService  posts them
quiz_controls      ReplicatedStorage    buttons and lines to answer with
quiz_client        StarterPlayer/…      shows questions
progress_door      ServerScriptService  a world with a gate
guide_hints        StarterPlayer/…      a world with a guide
=================  ===================  ==========================================================================
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from toolboxai.platform.roblox.luau.folding import folding_tables
from toolboxai.platform.roblox.luau.land_data import land_data
from toolboxai.platform.roblox.luau.literals import Data, literal
from toolboxai.platform.roblox.luau.quiz_data import answers_data, parted, questions_data
from toolboxai.platform.roblox.luau.words import player_words
from toolboxai.platform.roblox.model.instances import Script, ScriptKind
from toolboxai.platform.roblox.model.names import (
    ANSWER_PROMPT,
    BOARD_BODY,
    BOARD_GUI,
    BOARD_PANEL,
    BOARDS,
    GUIDE,
    GUIDE_ROOT,
    PAGES,
    SCREEN,
    STATIONS,
    WORLD,
    station_name,
)
from toolboxai.platform.roblox.model.plan import CELL, Gate, Land, Place, Room, Station, WorldPlan
from toolboxai.platform.roblox.model.spec import StationQuestion, WorldSpec

__all__ = ["script_source", "scripts"]

REACH: Final = 12
"""Studs: three cells; a tablet's thumb does not stop on the spot, and stations stand further apart."""

TRIES: Final = 10
"""Answers of one player to one question. The first counts; the others are practice."""

_FALLEN: Final = -60
"""Studs: whoever is that far below the world is brought back, long before Roblox itself takes them away at -500."""

_PLACES: Final[Mapping[ScriptKind, str]] = {
    ScriptKind.SERVER: "ServerScriptService",
    ScriptKind.CLIENT: "StarterPlayer/StarterPlayerScripts",
    ScriptKind.MODULE: "ServerStorage",
}


def scripts(spec: WorldSpec, plan: WorldPlan) -> tuple[Script, ...]:
    """All scripts of a world, in an order in which each comes after those it needs.

    Raises:
        ValueError: the plan asks a question that the lesson does not have, or that nobody can grade; or its land does not
            lie on Roblox's grid.
    """
    return tuple(_scripts(spec, plan))


def script_source(template: str, data: Data | None) -> str:
    """A template with its data: what the template says of itself, the data, the code."""
    text = _template(template)
    if data is None:
        return text
    lines = text.splitlines(keepends=True)
    head = next(at for at, line in enumerate(lines) if not line.startswith("--"))
    return f"{''.join(lines[:head])}\nlocal DATA = {literal(data)}\n{''.join(lines[head:])}"


@cache
def _template(name: str) -> str:
    return files(__package__ or "").joinpath("templates", f"{name}.luau").read_text(encoding="utf-8")


def _script(
    id: str, kind: ScriptKind, data: Data | None = None, parent: str = "", *, template: str = ""
) -> Script:
    name = "".join(word.capitalize() for word in id.split("_"))
    source = script_source(template or id, data)
    return Script(id=id, kind=kind, name=name, parent=parent or _PLACES[kind], source=source)


def _scripts(spec: WorldSpec, plan: WorldPlan) -> Iterator[Script]:
    words = player_words(spec.lesson.language if spec.lesson else "en")
    if spec.features.terrain:
        yield _script("terrain_builder", ScriptKind.SERVER, land_data(plan.land))
    yield _script("buildings_check", ScriptKind.SERVER, _buildings(plan))
    if plan.boards:
        yield _script("board_pages", ScriptKind.CLIENT, _boards(words))
    asked = _asked(spec, plan)
    if asked:
        yield from _quiz_scripts(spec, plan, asked, words)
    if plan.guide is not None:
        yield _script("guide_hints", ScriptKind.CLIENT, _guide(plan, plan.guide, words))


def _quiz_scripts(
    spec: WorldSpec, plan: WorldPlan, asked: Sequence[StationQuestion], words: Mapping[str, str]
) -> Iterator[Script]:
    assert spec.lesson is not None
    yield _script("pupil_records", ScriptKind.MODULE)
    yield _script("text_folding", ScriptKind.MODULE, folding_tables())
    yield _script("grading", ScriptKind.MODULE)
    yield from _in_parts("quiz_answers", answers_data(asked, words), "ServerStorage", {})
    yield from _in_parts(
        "quiz_questions", questions_data(asked, words), "ReplicatedStorage", {"words": words}
    )
    stations: list[Data] = [
        _station(station, number, words) for number, station in enumerate(plan.stations, 1)
    ]
    server: Data = {"reach": REACH, "tries": TRIES, "action": words["answer"], "stations": stations}
    yield _script("quiz_server", ScriptKind.SERVER, server)
    yield _script("score_reporter", ScriptKind.SERVER)
    yield _script("quiz_controls", ScriptKind.MODULE, parent="ReplicatedStorage")
    yield _script("quiz_client", ScriptKind.CLIENT)
    if plan.gate is not None:
        yield _script("progress_door", ScriptKind.SERVER, _door(plan.gate, plan.land))


def _in_parts(id: str, items: Sequence[Data], parent: str, beside: Mapping[str, Data]) -> Iterator[Script]:
    first, *others = parted(items)
    yield _script(id, ScriptKind.MODULE, {"items": first, "parts": 1 + len(others), **beside}, parent)
    for number, part in enumerate(others, 2):
        yield _script(f"{id}_{number}", ScriptKind.MODULE, {"items": part}, parent, template="quiz_part")


# ---- data ---------------------------------------------------------------------------------------------------------


def _asked(spec: WorldSpec, plan: WorldPlan) -> Sequence[StationQuestion]:
    known = {each.id: each for each in spec.lesson.questions} if spec.lesson else {}
    for station in plan.stations:
        if station.question not in known:
            raise ValueError(f"a station asks {station.question!r}, which is no question of the lesson")
    return [known[station.question] for station in plan.stations]


def _buildings(plan: WorldPlan) -> Data:
    places = [_middle(room, plan.land) for room in plan.rooms]
    places += [_named(f"station {each.question}", each.stand) for each in plan.stations]
    places.append(_named("the spawn", plan.spawn))
    return {"places": places, "spawn": _point(plan.spawn), "fallen": _FALLEN}


def _middle(room: Room, land: Land) -> Data:
    x, z = (
        _centre(room.cells.x, room.cells.width, land.width),
        _centre(room.cells.z, room.cells.depth, land.depth),
    )
    return {"name": f"room {room.id}", "x": x, "y": room.floor, "z": z}


def _centre(first: int, cells: int, land: int) -> float:
    """Studs from the middle of the land to that of some cells side by side."""
    return (first + cells / 2 - land / 2) * CELL


def _named(name: str, place: Place) -> Data:
    return {"name": name, "x": place.x, "y": place.y, "z": place.z}


def _point(place: Place) -> Data:
    return {"x": place.x, "y": place.y, "z": place.z}


def _boards(words: Mapping[str, str]) -> Data:
    return {
        "world": WORLD,
        "boards": BOARDS,
        "panel": BOARD_PANEL,
        "gui": BOARD_GUI,
        "body": BOARD_BODY,
        "pages": PAGES,
        "turn": words["turn"],
        "reach": REACH,
    }


def _station(station: Station, number: int, words: Mapping[str, str]) -> Data:
    return {
        "question": station.question,
        "title": f"{words['question']} {number}",
        "prompt": [WORLD, STATIONS, station_name(number), SCREEN, ANSWER_PROMPT],
        "place": _point(station.place),
        "stand": _point(station.stand),
    }


def _door(gate: Gate, land: Land) -> Data:
    return {
        "x": _centre(gate.cells.x, gate.cells.width, land.width),
        "y": gate.floor,
        "z": _centre(gate.cells.z, gate.cells.depth, land.depth),
        "width": gate.cells.width * CELL,
        "height": gate.height,
        "depth": gate.cells.depth * CELL,
        "needed": gate.needed,
    }


def _guide(plan: WorldPlan, guide: Place, words: Mapping[str, str]) -> Data:
    titles = {room.id: room.title for room in plan.rooms}
    return {
        "words": {
            name: words[name]
            for name in ("ask", "guide", "next_question", "all_done", "door_open", "look_around")
        },
        "guide": _point(guide),
        "prompt": [WORLD, GUIDE, GUIDE_ROOT, ANSWER_PROMPT],
        "rooms": [room.title for room in plan.rooms],
        "last": plan.rooms[-1].title if plan.rooms else "",
        "stations": [
            {
                "question": station.question,
                "title": f"{words['question']} {number}",
                "room": titles.get(station.room, ""),
            }
            for number, station in enumerate(plan.stations, 1)
        ],
    }
