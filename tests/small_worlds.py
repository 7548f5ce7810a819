"""A small world planned by hand: two rooms with a gate between them, a station for each kind of question."""

from collections.abc import Sequence
from typing import Any

from toolboxai.platform.roblox.model.plan import (
    Board,
    Cells,
    Facing,
    Gate,
    Land,
    Place,
    Room,
    RoomShape,
    Station,
    WorldPlan,
)
from toolboxai.platform.roblox.model.spec import (
    Features,
    LessonBoard,
    Size,
    StationQuestion,
    Theme,
    WorldLesson,
    WorldSpec,
)

__all__ = ["NASTY", "QUESTIONS", "small_land", "small_plan", "small_spec", "station_question"]

FLOOR = 17

NASTY = 'It said "]] --[[ \\n" \\\\ `{x}` \'; end) \U0001f469\u200d\U0001f3eb \u202e\u05e9\u05dc\u05d5\u05dd\u202c\r\n\0 %d ]==]'


def station_question(id: str, kind: str, right: str | tuple[str, ...], **changes: Any) -> StationQuestion:
    """A question of a kind; what is not said is empty."""
    values: dict[str, Any] = {
        "question": f"What about {id}?",
        "options": (),
        "prompts": (),
        "accepted": (),
        "tolerance": 0.0,
        "unit": "",
        "rationale": f"So says the text of {id}.",
    }
    return StationQuestion(**{**values, "id": id, "type": kind, "correct_answer": right, **changes})


QUESTIONS = (
    station_question("q1", "multiple_choice", "Condensation", options=("Runoff", "Condensation")),
    station_question("q2", "true_false", "True", options=("True", "False")),
    station_question("q3", "fill_blank", "water vapour", accepted=("water vapor",)),
    station_question("q4", "numeric", "3.2", tolerance=0.1, unit="km"),
    station_question("q5", "ordering", ("rain", "river", "sea"), options=("sea", "rain", "river")),
    station_question("q6", "matching", ("sky", "land"), prompts=("cloud", "lake"), options=("land", "sky")),
    station_question("q7", "short_answer", "Kurt Gödel", accepted=("Straße", "12")),
)


def small_spec(
    questions: Sequence[StationQuestion] = QUESTIONS,
    *,
    language: str = "en",
    board: str = "It rains.",
    without: Sequence[str] = (),
) -> WorldSpec:
    """The wish for it; ``without`` names features."""
    return WorldSpec(
        environment_id="env_small",
        name=NASTY,
        theme=Theme.LABORATORY,
        size=Size.SMALL,
        features=Features(
            terrain="terrain" not in without,
            buildings="buildings" not in without,
            quiz_stations="quiz_stations" not in without,
            npcs="npcs" not in without,
        ),
        seed=7,
        max_players=30,
        lesson=WorldLesson(
            content_id="content_water",
            revision=3,
            title=NASTY,
            language=language,
            boards=(LessonBoard("Water", (board,)),),
            questions=tuple(questions),
        ),
    )


def small_land(**changes: Any) -> Land:
    """Level grass, 40 cells square."""
    values: dict[str, Any] = {"width": 40, "depth": 40, "palette": ("Grass",), "water": None}
    cells = changes.get("width", 40) * changes.get("depth", 40)
    return Land(**{**values, "heights": (FLOOR - 1,) * cells, "materials": "0" * cells, **changes})


def small_plan(questions: Sequence[StationQuestion] = QUESTIONS, **changes: Any) -> WorldPlan:
    """Where everything stands: stations along the north wall of the first room, six studs from one another."""
    stations = tuple(
        Station(
            room="r1",
            question=each.id,
            place=Place(-56 + 8 * at, FLOOR, -56, Facing.SOUTH),
            stand=Place(-56 + 8 * at, FLOOR, -52, Facing.NORTH),
        )
        for at, each in enumerate(questions)
    )
    values: dict[str, Any] = {
        "land": small_land(),
        "rooms": (
            Room(
                id="r1",
                title="Pump room",
                shape=RoomShape.BOX,
                cells=Cells(4, 4, 16, 12),
                floor=FLOOR,
                height=12,
            ),
            Room(
                id="r2",
                title="Tower",
                shape=RoomShape.DOME,
                cells=Cells(26, 4, 12, 12),
                floor=FLOOR,
                height=16,
            ),
        ),
        "doors": (),
        "corridors": (),
        "ramps": (),
        "spawn": Place(-32, FLOOR, -40, Facing.EAST),
        "stations": stations,
        "gate": Gate(room="r2", cells=Cells(26, 9, 1, 2), floor=FLOOR, height=8, needed=3)
        if stations
        else None,
        "boards": (Board(room="r1", section=0, place=Place(-20, FLOOR, -56, Facing.SOUTH)),),
        "guide": Place(-24, FLOOR, -40, Facing.WEST),
    }
    return WorldPlan(**{**values, **changes})
