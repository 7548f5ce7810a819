"""Plans of worlds: whole for every seed, theme and size, and the same for the same wish."""

import time
from random import Random

import msgspec
import pytest
from msgspec.structs import replace

from forms import FULL
from toolboxai.platform.roblox.budgets import BUDGETS
from toolboxai.platform.roblox.checks import faults
from toolboxai.platform.roblox.layout.world import plan_world
from toolboxai.platform.roblox.model.plan import RoomShape, WorldPlan
from toolboxai.platform.roblox.model.spec import Features, Size, Theme, WorldLesson, WorldSpec
from world_plans import lesson, wish

# In the usual form two seeds of each theme, each in another size; in the full form fifty seeds of each theme and size.
CASES = (
    [(theme, size, range(50)) for theme in Theme for size in Size]
    if FULL
    else [
        (theme, size, range(number, number + 1))
        for number, theme in enumerate(Theme)
        for size in (tuple(Size)[number % 4],)
    ]
)
LESSONS = (
    None,
    lesson(1, 1),
    lesson(6, 10),
    lesson(20, 50),
    lesson(20, 50, letters=900),
    lesson(8, 20, letters=3000),
)


def any_wish(theme: Theme, size: Size, seed: int) -> WorldSpec:
    """A lesson and features by chance, and most often everything."""
    dice = Random(f"{theme} {size} {seed}")
    features = Features(
        terrain=dice.random() < 0.8,
        buildings=dice.random() < 0.85,
        quiz_stations=dice.random() < 0.9,
        npcs=dice.random() < 0.5,
    )
    return wish(theme, size, seed, of=dice.choice(LESSONS), features=features)


def inner(plan: WorldPlan) -> list[str]:
    """The ids of rooms before the last."""
    return [room.id for room in plan.rooms[:-1]]


@pytest.mark.parametrize(("theme", "size", "seeds"), CASES)
def test_no_world_has_a_fault_and_nothing_is_left_out(theme: Theme, size: Size, seeds: range) -> None:
    for seed in seeds:
        plan = plan_world(any_wish(theme, size, seed))
        assert (faults(plan), plan.left_out) == ([], ()), f"seed {seed}"


@pytest.mark.parametrize("theme", Theme if FULL else [Theme.OUTDOOR])
def test_the_same_wish_has_the_same_bytes_and_another_seed_another_plan(theme: Theme) -> None:
    made = [
        msgspec.json.encode(plan_world(wish(theme, seed=seed, of=lesson()))) for seed in (7, 7, 8, 2**53 - 1)
    ]
    assert made[0] == made[1]
    assert len(set(made)) == 3


def test_another_name_or_more_players_change_nothing() -> None:
    spec = wish(of=lesson())
    renamed = replace(spec, name="Another", environment_id="env_2", max_players=200)
    assert plan_world(renamed) == plan_world(spec)


def test_a_medium_world_takes_far_less_than_half_a_second() -> None:
    spec = wish(Theme.FANTASY, Size.MEDIUM, of=lesson(20, 50, letters=900))
    plan_world(spec)
    taken = []
    for _ in range(3):
        begin = time.process_time()
        plan_world(spec)
        taken.append(time.process_time() - begin)
    assert min(taken) < 0.5


@pytest.mark.parametrize("size", Size)
def test_a_lesson_of_twenty_sections_and_fifty_questions_finds_its_place_in_every_size(size: Size) -> None:
    for theme in Theme if FULL else (Theme.CLASSROOM, Theme.UNDERWATER):
        plan = plan_world(wish(theme, size, of=lesson(20, 50, letters=900)))
        assert plan.left_out == ()
        assert [board.section for board in plan.boards] == list(range(20))
        assert [station.question for station in plan.stations] == [f"q{number}" for number in range(1, 51)]
        assert len(plan.rooms) <= BUDGETS[size].rooms


def test_a_larger_lesson_has_more_rooms() -> None:
    def rooms(of: WorldLesson) -> int:
        return len(plan_world(wish(of=of)).rooms)

    assert rooms(lesson(2, 4)) < rooms(lesson(20, 50))


def test_what_finds_no_place_is_told_and_the_rest_stands() -> None:
    plan = plan_world(wish(of=lesson(40, 400)))
    stood = len(plan.boards) + len(plan.stations)
    assert len(plan.left_out) == 440 - stood
    assert stood > 60
    assert plan.left_out[-1] == (
        "The question “Is 400 right?” has no station: there is no place for it in a small world."
    )
    assert faults(plan) == []


def test_boards_have_the_room_that_their_texts_need() -> None:
    plan = plan_world(wish(Theme.HISTORICAL, Size.LARGE, of=lesson(6, 6, letters=800)))
    assert {(board.width, board.height) for board in plan.boards} == {(20, 10)}
    plan = plan_world(wish(Theme.HISTORICAL, Size.LARGE, of=lesson(6, 6, letters=200)))
    assert {(board.width, board.height) for board in plan.boards} == {(12, 8)}


def test_without_a_lesson_there_are_no_boards_no_stations_and_no_gate() -> None:
    plan = plan_world(wish(Theme.OUTDOOR))
    assert (plan.boards, plan.stations, plan.gate) == ((), (), None)
    assert plan.guide is not None


def test_without_stations_the_boards_stay_and_no_gate_is_shut() -> None:
    plan = plan_world(wish(of=lesson(), features=Features(quiz_stations=False)))
    assert (len(plan.boards), plan.stations, plan.gate, plan.guide) == (4, (), None, None)


def test_the_last_room_is_behind_the_gate_and_has_questions_but_nothing_to_read() -> None:
    plan = plan_world(wish(Theme.UNDERWATER, of=lesson(8, 16)))
    last = plan.rooms[-1].id
    assert plan.gate is not None
    assert plan.gate.room == last
    before = sum(station.room != last for station in plan.stations)
    assert (before + 1) // 2 <= plan.gate.needed <= before < len(plan.stations)
    assert {board.room for board in plan.boards} <= set(inner(plan))


def test_one_question_stands_before_the_gate() -> None:
    plan = plan_world(wish(of=lesson(1, 1)))
    assert plan.gate is not None
    assert plan.gate.needed == 1
    assert plan.stations[0].room in inner(plan)


def test_texts_and_questions_are_met_in_the_order_of_the_lesson() -> None:
    plan = plan_world(wish(Theme.UNDERWATER, Size.MEDIUM, of=lesson(10, 20)))
    number = {room.id: at for at, room in enumerate(plan.rooms)}
    for things in (
        [number[board.room] for board in plan.boards],
        [number[each.room] for each in plan.stations],
    ):
        assert things == sorted(things)


def test_the_spawn_is_in_the_middle_of_the_first_room_and_looks_to_its_door() -> None:
    plan = plan_world(wish(Theme.SPACE_STATION))
    first = plan.rooms[0]
    assert first.id == "r1"
    assert plan.spawn.y == first.floor
    assert plan.spawn.facing in {door.side for door in plan.doors if door.room == "r1"}


def test_rooms_are_called_in_the_language_of_the_lesson_and_in_english_where_there_is_none() -> None:
    def first_and_last(language: str) -> tuple[str, str]:
        plan = plan_world(wish(of=lesson(language=language)))
        return plan.rooms[0].title, plan.rooms[-1].title

    assert first_and_last("de-AT") == ("Schulhalle", "Prüfungsraum")
    assert first_and_last("es") == ("Vestíbulo", "Sala de examen")
    assert first_and_last("fr") == ("School hall", "Examination room")


@pytest.mark.parametrize("theme", Theme)
def test_without_buildings_everything_stands_on_one_open_floor(theme: Theme) -> None:
    features = Features(buildings=False, npcs=True)
    plan = plan_world(wish(theme, of=lesson(20, 50, letters=900), features=features))
    assert faults(plan) == []
    assert [room.shape for room in plan.rooms] == [RoomShape.OPEN]
    assert (plan.doors, plan.corridors, plan.ramps, plan.gate, plan.left_out) == ((), (), (), None, ())
    assert (len(plan.boards), len(plan.stations)) == (20, 50)
    assert plan.guide is not None


def test_without_terrain_the_land_is_a_level_plate_and_so_is_the_building() -> None:
    plan = plan_world(wish(Theme.FANTASY, Size.LARGE, features=Features(terrain=False)))
    assert set(plan.land.heights) == {16}
    assert len(plan.land.palette) == 1
    assert (plan.land.water, plan.ramps) == (None, ())
    assert {room.floor for room in plan.rooms} == {17}
