"""Wishes and plans of worlds for tests: by the layout, and one made by hand."""

from toolboxai.platform.roblox.model.instances import Script, ScriptKind
from toolboxai.platform.roblox.model.plan import (
    Board,
    Cells,
    Corridor,
    Door,
    Facing,
    Gate,
    Land,
    Place,
    Ramp,
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

__all__ = ["ASKING", "handmade", "lesson", "wish"]

ASKING = Script(
    id="quiz_server",
    kind=ScriptKind.SERVER,
    name="QuizServer",
    parent="ServerScriptService",
    source='print("]]> \U0001f41d")\n',
)
"""A script whose text would end an XML section."""

SIDE = 84
"""Cells of a small world's land."""


def lesson(boards: int = 4, questions: int = 8, *, letters: int = 200, language: str = "en") -> WorldLesson:
    """So many sections with as many letters each, and so many questions."""
    return WorldLesson(
        content_id="content_1",
        revision=1,
        title="Bees",
        language=language,
        boards=tuple(LessonBoard(f"Section {number}", ("x" * letters,)) for number in range(1, boards + 1)),
        questions=tuple(
            StationQuestion(
                id=f"q{number}",
                type="true_false",
                question=f"Is {number} right?",
                options=("true", "false"),
                prompts=(),
                correct_answer="true",
                accepted=(),
                tolerance=0.0,
                unit="",
                rationale="",
            )
            for number in range(1, questions + 1)
        ),
    )


def wish(
    theme: Theme = Theme.CLASSROOM,
    size: Size = Size.SMALL,
    seed: int = 1,
    *,
    of: WorldLesson | None = None,
    features: Features | None = None,
) -> WorldSpec:
    """A world with everything, unless said otherwise."""
    return WorldSpec(
        environment_id="env_1",
        name="A world",
        theme=theme,
        size=size,
        features=features or Features(npcs=True),
        seed=seed,
        max_players=30,
        lesson=of,
    )


def studs(column: int, row: int) -> tuple[int, int]:
    """The middle of a cell of a small world."""
    return column * 4 + 2 - SIDE * 2, row * 4 + 2 - SIDE * 2


def place(column: int, row: int, floor: int, facing: Facing) -> Place:
    """On a cell of a small world."""
    x, z = studs(column, row)
    return Place(x, floor, z, facing)


def handmade() -> WorldPlan:
    """Three rooms from west to east on level land: r1 at 17, up an open ramp to r2 at 21, a covered way on to the dome r3.

    r1 has columns 10 to 19 and rows 30 to 39, r2 columns 28 to 37 and the same rows, r3 columns 44 to 53.
    """
    raised = Cells(28, 30, 10, 10), Cells(38, 34, 6, 2), Cells(44, 30, 10, 10)
    heights = [16] * SIDE**2
    for area in raised:
        for row in range(area.z, area.z + area.depth):
            for column in range(area.x, area.x + area.width):
                heights[row * SIDE + column] = 20
    return WorldPlan(
        land=Land(
            width=SIDE,
            depth=SIDE,
            heights=tuple(heights),
            materials="0" * SIDE**2,
            palette=("Grass",),
            water=None,
        ),
        rooms=(
            Room(
                id="r1", title="Hall", shape=RoomShape.BOX, cells=Cells(10, 30, 10, 10), floor=17, height=14
            ),
            Room(id="r2", title="Lab", shape=RoomShape.BOX, cells=raised[0], floor=21, height=14),
            Room(id="r3", title="Dome", shape=RoomShape.DOME, cells=raised[2], floor=21, height=16),
        ),
        doors=(
            Door(room="r1", side=Facing.EAST, cells=Cells(19, 34, 1, 2)),
            Door(room="r2", side=Facing.WEST, cells=Cells(28, 34, 1, 2)),
            Door(room="r2", side=Facing.EAST, cells=Cells(37, 34, 1, 2)),
            Door(room="r3", side=Facing.WEST, cells=Cells(44, 34, 1, 2)),
        ),
        corridors=(
            Corridor(id="c1", rooms=("r1", "r2"), cells=(Cells(20, 34, 4, 2),), floor=17, covered=False),
            Corridor(id="c2", rooms=("r2", "r3"), cells=(raised[1],), floor=21, covered=True),
        ),
        ramps=(Ramp(cells=Cells(24, 34, 4, 2), low=17, high=21, facing=Facing.EAST),),
        spawn=place(15, 35, 17, Facing.EAST),
        boards=(
            Board(room="r1", section=0, place=place(14, 31, 17, Facing.SOUTH)),
            Board(room="r2", section=1, place=place(33, 31, 21, Facing.SOUTH), width=20, height=10),
        ),
        stations=(
            Station(
                room="r2",
                question="q1",
                place=place(33, 38, 21, Facing.NORTH),
                stand=place(33, 37, 21, Facing.SOUTH),
            ),
            Station(
                room="r3",
                question="q2",
                place=place(49, 38, 21, Facing.NORTH),
                stand=place(49, 37, 21, Facing.SOUTH),
            ),
        ),
        gate=Gate(room="r3", cells=Cells(44, 34, 1, 2), floor=21, height=8, needed=1),
        guide=place(17, 32, 17, Facing.SOUTH),
    )
