"""What one meets in a world: stations, the gate, the guide, the spawn."""

from typing import Final

from toolboxai.platform.roblox.files.shapes import AHEAD, Area, area_of, box, looking, model, part
from toolboxai.platform.roblox.files.signs import floating, ink_on, sign_text
from toolboxai.platform.roblox.files.words import ANSWER, QUESTION, TALK
from toolboxai.platform.roblox.looks import Finish, Look
from toolboxai.platform.roblox.model.instances import Instance, InstanceRef, Value
from toolboxai.platform.roblox.model.names import (
    ANSWER_PROMPT,
    BARRIER,
    GATE,
    GUIDE,
    GUIDE_ROOT,
    NEEDED,
    NUMBER,
    QUESTION_ID,
    SCREEN,
    SPAWN,
    STATIONS,
    TITLE,
    WORLD,
    station_name,
)
from toolboxai.platform.roblox.model.plan import Gate, Land, Place, Station
from toolboxai.platform.roblox.room_names import in_language

__all__ = ["gate_model", "guide_model", "spawn_part", "station_model"]

_REACH: Final = 10
"""Studs from which a prompt can be used: two cells and a half."""
_PAD: Final = 0.2


def spawn_part(place: Place, look: Look) -> Instance:
    """Where pupils come in: a flat pad, which looks where they shall look."""
    return part(
        SPAWN,
        look.trim,
        (place.x, place.y + _PAD / 2, place.z),
        (4, _PAD, 4),
        looking(place.facing),
        class_name="SpawnLocation",
        AllowTeamChangeOnTouch=False,
        Duration=0,
        Enabled=True,
        Neutral=True,
    )


def station_model(number: int, station: Station, look: Look, language: str) -> Instance:
    """A pillar with a screen that shows the question's number; what is asked is the scripts' business."""
    place, turn = station.place, looking(station.place.facing)
    x, z = AHEAD[place.facing]
    title = f"{in_language(QUESTION, language)} {number}"
    screen = part(
        SCREEN,
        look.board,
        (place.x + 0.6 * x, place.y + 4.2, place.z + 0.6 * z),
        (2.6, 1.8, 0.3),
        turn,
        children=[sign_text(str(number), look.board), _prompt(in_language(ANSWER, language), title)],
    )
    parts = [
        part("Base", look.trim, (place.x, place.y + 0.25, place.z), (3, 0.5, 3), turn),
        part("Pillar", look.station, (place.x, place.y + 2.75, place.z), (1.6, 4.5, 1), turn),
        screen,
        part("Top", look.trim, (place.x, place.y + 5.15, place.z), (2, 0.3, 1.4), turn),
    ]
    name = station_name(number)
    return Instance(
        class_name="Model",
        name=name,
        properties={"PrimaryPart": InstanceRef(f"Workspace/{WORLD}/{STATIONS}/{name}/{SCREEN}")},
        attributes={NUMBER: number, QUESTION_ID: station.question},
        children=tuple(parts),
    )


def _prompt(action: str, about: str) -> Instance:
    """Switched off: a script that answers it switches it on, and where none does, no key is offered in vain."""
    properties: dict[str, Value] = {
        "ActionText": action,
        "AutoLocalize": False,
        "Enabled": False,
        "HoldDuration": 0,
        "MaxActivationDistance": _REACH,
        "ObjectText": about,
        "RequiresLineOfSight": False,
    }
    return Instance(class_name="ProximityPrompt", name=ANSWER_PROMPT, properties=properties)


def gate_model(land: Land, gate: Gate, look: Look) -> Instance:
    """What shuts the last room's door until enough is answered."""
    area = area_of(land, gate.cells)
    # In the middle of the wall, as thin as a door, and as wide and high as the gap.
    x, z = area.middle
    if gate.cells.width > gate.cells.depth:
        leaf = Area(area.west, area.east, z - 0.5, z + 0.5)
    else:
        leaf = Area(x - 0.5, x + 0.5, area.north, area.south)
    barrier = box(BARRIER, look.gate, leaf, gate.floor, gate.floor + gate.height)
    return model(GATE, [barrier], **{NEEDED: gate.needed})


def guide_model(place: Place, look: Look, language: str) -> Instance:
    """A figure of blocks, about as high as a pupil's own, with its name over it."""
    title = in_language(look.guide.names, language)
    turn = looking(place.facing)
    x, z = AHEAD[place.facing]
    right = (-z, x)
    skin, cloth = Finish("SmoothPlastic", look.guide.head), look.guide.body
    legs = Finish(cloth.material, look.guide.legs)

    def limb(
        name: str, finish: Finish, aside: float, height: float, size: tuple[float, float, float]
    ) -> Instance:
        at = (place.x + aside * right[0], place.y + height, place.z + aside * right[1])
        return part(name, finish, at, size, turn)

    root = part(
        GUIDE_ROOT,
        Finish(cloth.material, cloth.color, 1.0),
        (place.x, place.y + 3, place.z),
        (2, 2, 1),
        turn,
        children=[_prompt(in_language(TALK, language), title)],
        solid=False,
    )
    head = part(
        "Head",
        skin,
        (place.x, place.y + 4.6, place.z),
        (1.2, 1.2, 1.2),
        turn,
        children=[floating("Name", title, ink_on(Finish("Plastic", look.ambient)))],
    )
    return Instance(
        class_name="Model",
        name=GUIDE,
        properties={"PrimaryPart": InstanceRef(f"Workspace/{WORLD}/{GUIDE}/{GUIDE_ROOT}")},
        attributes={TITLE: title},
        children=(
            root,
            head,
            limb("Torso", cloth, 0, 3, (2, 2, 1)),
            limb("Left Arm", skin, -1.5, 3, (1, 2, 1)),
            limb("Right Arm", skin, 1.5, 3, (1, 2, 1)),
            limb("Left Leg", legs, -0.5, 1, (1, 2, 1)),
            limb("Right Leg", legs, 0.5, 1, (1, 2, 1)),
        ),
    )
