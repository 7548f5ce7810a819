"""Ways to break the plan made by hand, each with what has to be told of it."""

from collections.abc import Callable

from msgspec.structs import replace

from toolboxai.platform.roblox.model.plan import (
    Cells,
    Door,
    Dry,
    Facing,
    RoomShape,
    WorldPlan,
)
from world_changes import (
    board,
    bridge_away,
    corridors,
    doors,
    gate,
    ground,
    land,
    pit,
    ramp,
    rooms,
    sea,
    station,
)
from world_plans import SIDE, place

__all__ = ["BREAKS"]

BREAKS: dict[str, tuple[Callable[[WorldPlan], WorldPlan], str]] = {
    # the land
    "land that is no square": (lambda plan: land(plan, depth=SIDE - 2), "has to be a square"),
    "a height too few": (lambda plan: land(plan, heights=plan.land.heights[1:]), "heights and"),
    "a material that is not there": (lambda plan: land(plan, palette=()), "not in its palette"),
    "land of no size": (
        lambda plan: land(plan, width=82, depth=82, heights=(16,) * 82**2, materials="0" * 82**2),
        "no size has land of 82 cells",
    ),
    "a hole to the bottom of the world": (lambda plan: ground(plan, {(1, 1): 3}), "lower than 4"),
    "a mountain": (lambda plan: ground(plan, {(1, 1): 97}), "higher than 96"),
    "a hill in a room": (lambda plan: ground(plan, {(12, 32): 17}), "the ground under r1 is not level"),
    "a hill through a floor": (lambda plan: ground(plan, {(22, 34): 17}), "reaches through the floor of c1"),
    "a hill through a ramp": (
        lambda plan: ground(plan, {(25, 34): 21}),
        "reaches through the floor of ramp 1",
    ),
    "a pit beside the open way": (lambda plan: ground(plan, pit()), "there is no way back to the spawn"),
    # rooms
    "no rooms": (lambda plan: replace(plan, rooms=()), "there is no room"),
    "two rooms of one name": (lambda plan: rooms(plan, 2, id="r1"), "no two share an id"),
    "a first room of another name": (lambda plan: rooms(plan, 1, id="r9"), "the first is r1"),
    "a room beyond the land": (
        lambda plan: rooms(plan, 3, cells=Cells(80, 30, 10, 10)),
        "r3 does not lie on the land",
    ),
    "a room without cells": (lambda plan: rooms(plan, 1, cells=Cells(10, 30, 10, 0)), "r1 has no cells"),
    "a room that is all wall": (
        lambda plan: rooms(plan, 1, cells=Cells(10, 33, 10, 4)),
        "no inside to speak of",
    ),
    "rooms on one another": (lambda plan: rooms(plan, 1, cells=Cells(25, 30, 10, 10)), "r1 and r2 overlap"),
    "an oval dome": (lambda plan: rooms(plan, 3, cells=Cells(44, 30, 10, 12)), "no even square"),
    "a room of no way": (lambda plan: rooms(plan, 2, floor=25), "door 2 of r2 meets no corridor and no ramp"),
    # doors
    "a room without a door": (lambda plan: replace(plan, doors=plan.doors[1:]), "r1 has no door"),
    "a door of a room that is not there": (
        lambda plan: doors(plan, 1, room="r7"),
        "r7 is named, and is no room",
    ),
    "a narrow door": (lambda plan: doors(plan, 1, cells=Cells(19, 34, 1, 1)), "no gap of two cells"),
    "a door in the corner": (lambda plan: doors(plan, 1, cells=Cells(19, 38, 1, 2)), "no gap of two cells"),
    "a door in the middle of the room": (
        lambda plan: doors(plan, 1, cells=Cells(15, 34, 1, 2)),
        "no gap of two cells in the east wall",
    ),
    "a door in the wrong wall": (lambda plan: doors(plan, 1, side=Facing.WEST), "in the west wall"),
    "a door beside the corridor": (
        lambda plan: doors(plan, 1, cells=Cells(19, 36, 1, 2)),
        "door 1 of r1 meets no corridor",
    ),
    "a dome's door where there is no wall": (
        lambda plan: doors(plan, 4, cells=Cells(44, 33, 1, 2)),
        "not in the middle",
    ),
    "a door of an open floor": (
        lambda plan: rooms(plan, 1, shape=RoomShape.OPEN),
        "r1 has no walls, and a door",
    ),
    # corridors
    "a corridor through a room": (
        lambda plan: corridors(plan, 2, cells=(Cells(36, 34, 8, 2),)),
        "r2 and c2, part 1 overlap",
    ),
    "corridors across one another": (
        lambda plan: replace(plan, corridors=(*plan.corridors, replace(plan.corridors[0], id="c3"))),
        "c1, part 1 and c3, part 1 overlap",
    ),
    "a narrow corridor": (
        lambda plan: corridors(plan, 1, cells=(Cells(20, 34, 4, 1),)),
        "c1 is narrower than a door",
    ),
    "a corridor in pieces": (
        lambda plan: corridors(plan, 1, cells=(Cells(20, 34, 1, 2), Cells(22, 34, 2, 2))),
        "parts that do not touch",
    ),
    "a corridor whose parts touch at a corner": (
        lambda plan: corridors(plan, 1, cells=(Cells(20, 34, 2, 2), Cells(22, 36, 2, 2))),
        "parts that do not touch",
    ),
    "a corridor to nowhere": (
        lambda plan: corridors(plan, 2, rooms=("r2", "r1")),
        "c2 does not lead to a door of r1",
    ),
    "a corridor too high": (lambda plan: corridors(plan, 2, floor=22), "meets no corridor"),
    "an open way under water": (lambda plan: land(plan, water=40), "c1 is open, and under water"),
    "a covered way under water": (
        lambda plan: land(plan, water=40),
        "c2 is under water: nothing keeps it out of 12 cells",
    ),
    "a room under water": (lambda plan: land(plan, water=40), "r3 is under water: nothing keeps it out of"),
    "a room half under water": (
        lambda plan: sea(plan, Dry(Cells(10, 30, 5, 10), 16, 32)),
        "r1 is under water: nothing keeps it out of 34 cells, as (15, 31)",
    ),
    "a room whose water stands to the knees": (
        lambda plan: sea(plan, Dry(Cells(10, 30, 10, 10), 20, 32)),
        "r1 is under water: nothing keeps it out of 66 cells",
    ),
    "a room whose water stands over the head": (
        lambda plan: sea(plan, Dry(Cells(10, 30, 10, 10), 16, 24)),
        "r1 is under water: nothing keeps it out of 66 cells",
    ),
    "a ramp under water": (lambda plan: land(plan, water=18), "ramp 1 is open, and under water"),
    "a hole in the sea": (
        lambda plan: sea(plan, Dry(Cells(9, 30, 11, 10), 16, 32)),
        "water is kept out of 10 cells, as (9, 30), which have no walls and no roof",
    ),
    "a dry place between voxels": (
        lambda plan: sea(plan, Dry(Cells(10, 30, 10, 10), 17, 32)),
        "what is dry at cell (10, 30) lies from 17 to 32 studs: not on whole voxels",
    ),
    "a place that is dry twice": (
        lambda plan: sea(plan, Dry(Cells(10, 30, 1, 1), 16, 32), Dry(Cells(10, 30, 1, 2), 16, 32)),
        "water is kept out of cell (10, 30) twice",
    ),
    "a dry place without water": (
        lambda plan: land(plan, dry=(Dry(Cells(10, 30, 10, 10), 16, 32),)),
        "water is kept out, and there is none",
    ),
    # ramps
    "a steep ramp": (lambda plan: ramp(plan, low=1, high=21), "steeper than 45 degrees"),
    "a ramp downwards": (lambda plan: ramp(plan, low=21, high=17), "does not rise"),
    "a ramp the wrong way": (lambda plan: ramp(plan, facing=Facing.WEST), "meets nothing at its upper end"),
    "a ramp that ends too low": (
        lambda plan: ramp(plan, high=20),
        "meets nothing at its upper end, 20 studs",
    ),
    "a ramp that begins too high": (lambda plan: ramp(plan, low=18), "meets nothing at its lower end"),
    "a ramp in the corridor": (
        lambda plan: ramp(plan, cells=Cells(23, 34, 5, 2)),
        "c1, part 1 and ramp 1 overlap",
    ),
    "no ramp": (lambda plan: replace(plan, ramps=()), "cannot be walked to"),
    # what stands somewhere
    "a spawn in the air": (
        lambda plan: replace(plan, spawn=place(15, 35, 20, Facing.EAST)),
        "the spawn is not on the floor",
    ),
    "a spawn in the wall": (
        lambda plan: replace(plan, spawn=place(10, 35, 17, Facing.EAST)),
        "the spawn is not on the floor",
    ),
    "a spawn in the doorway": (
        lambda plan: replace(plan, spawn=place(18, 35, 17, Facing.EAST)),
        "the spawn is in a doorway",
    ),
    "a board in the wall": (
        lambda plan: board(plan, place=place(11, 31, 17, Facing.SOUTH)),
        "board 0 stands in a wall",
    ),
    "a station with its side in a round wall": (
        lambda plan: station(
            plan, 2, place=place(52, 33, 21, Facing.SOUTH), stand=place(52, 34, 21, Facing.NORTH)
        ),
        "station q2 has an end in the round wall of r3",
    ),
    "a board in another room": (
        lambda plan: board(plan, room="r2"),
        "board 0 stands in a wall, or outside of r2",
    ),
    "a board in a doorway": (
        lambda plan: board(plan, place=place(18, 33, 17, Facing.WEST)),
        "board 0 stands in the doorway of r1",
    ),
    "a board that looks at the wall": (
        lambda plan: board(plan, place=place(14, 31, 17, Facing.NORTH)),
        "whoever is to use board 0 has no place",
    ),
    "a board of half a cell more": (lambda plan: board(plan, width=14), "not an odd number of cells"),
    "a board twice": (
        lambda plan: replace(
            plan, boards=(*plan.boards, replace(plan.boards[0], place=place(14, 38, 17, Facing.NORTH)))
        ),
        "board 0 is there more than once",
    ),
    "a board on the guide": (
        lambda plan: board(plan, place=place(16, 32, 17, Facing.SOUTH)),
        "the guide and board 0 stand on the same cell",
    ),
    "a board over the floor": (
        lambda plan: board(plan, place=place(14, 31, 18, Facing.SOUTH)),
        "board 0 stands 18 studs high",
    ),
    "a station in the edge of a dome": (
        lambda plan: station(
            plan, 2, place=place(45, 31, 21, Facing.EAST), stand=place(46, 31, 21, Facing.WEST)
        ),
        "station q2 stands in a wall",
    ),
    "who answers far from the station": (
        lambda plan: station(plan, stand=place(33, 36, 21, Facing.SOUTH)),
        "does not stand right before it",
    ),
    "who answers with the back to it": (
        lambda plan: station(plan, stand=place(33, 37, 21, Facing.NORTH)),
        "does not stand right before it",
    ),
    "who answers on a step": (
        lambda plan: station(plan, stand=place(33, 37, 22, Facing.SOUTH)),
        "stands higher or lower",
    ),
    "a station where a board is read": (
        lambda plan: station(
            plan, place=place(33, 32, 21, Facing.SOUTH), stand=place(33, 33, 21, Facing.NORTH)
        ),
        "station q1 stands where board 1 is used from",
    ),
    "a guide in the wall": (
        lambda plan: replace(plan, guide=place(19, 32, 17, Facing.WEST)),
        "the guide stands in a wall",
    ),
    # the gate
    "a gate beside the door": (
        lambda plan: gate(plan, cells=Cells(44, 32, 1, 2)),
        "the gate does not close r3",
    ),
    "a gate before a room in between": (
        lambda plan: gate(plan, room="r2", cells=Cells(28, 34, 1, 2)),
        "not the last of several",
    ),
    "a second way past the gate": (
        lambda plan: replace(
            plan, doors=(*plan.doors, Door(room="r3", side=Facing.NORTH, cells=Cells(48, 30, 2, 1)))
        ),
        "the gate does not close r3: the room has 2 doors",
    ),
    "a gate in the air": (lambda plan: gate(plan, floor=17), "the gate stands 17 studs high"),
    "a gate that never opens": (lambda plan: gate(plan, needed=2), "wants 2 answers, and 1 stations"),
    "a gate that is always open": (lambda plan: gate(plan, needed=0), "wants 0 answers"),
    # ways on foot
    "a way with a gap": (bridge_away, "cannot be walked to from the spawn"),
    "a question before the gate that is behind it": (
        lambda plan: gate(replace(plan, rooms=(*plan.rooms[:1], plan.rooms[2], plan.rooms[1])), room="r2"),
        "station q2 in r3 cannot be walked to",
    ),
}
