"""What the instances are called that scripts look for: said once, for the tree and for the scripts.

- ``Workspace/World``: a model of all that is built
- ``Spawn``: the spawn location; ``Ground``: a part, where there is no terrain
- ``Rooms/r1``, ``Corridors/c1``, ``Ramps/Ramp1``, …: a model of each; rooms have the attribute ``Title``
- ``Boards/Board1``, …: a model of each, attributes ``Section`` and ``Pages``; in it ``Panel/Text/Title``, and
  ``Panel/Text/Body/Page1``, …, labels as high as the scrolling frame that they are in
- ``Stations/Station1``, …: a model of each in the order of the plan, attributes ``QuestionId`` and ``Number``; in it
  ``Screen/Prompt``, a proximity prompt, switched off until a script has a use for it
- ``Gate/ProgressDoor``: a part in a model with the attribute ``Needed``
- ``Guide``: a model with the attribute ``Title``; in it ``HumanoidRootPart/Prompt``, switched off as well
"""

from typing import Final

__all__ = [
    "ANSWER_PROMPT",
    "BARRIER",
    "BOARDS",
    "BOARD_BODY",
    "BOARD_GUI",
    "BOARD_PANEL",
    "BOARD_TITLE",
    "CORRIDORS",
    "GATE",
    "GROUND",
    "GUIDE",
    "GUIDE_ROOT",
    "NEEDED",
    "NUMBER",
    "PAGES",
    "QUESTION_ID",
    "RAMPS",
    "ROOMS",
    "SCREEN",
    "SECTION",
    "SPAWN",
    "STATIONS",
    "TITLE",
    "WORLD",
    "board_name",
    "page_name",
    "ramp_name",
    "station_name",
]

WORLD: Final = "World"
SPAWN: Final = "Spawn"
GROUND: Final = "Ground"
ROOMS: Final = "Rooms"
CORRIDORS: Final = "Corridors"
RAMPS: Final = "Ramps"
BOARDS: Final = "Boards"
STATIONS: Final = "Stations"
GATE: Final = "Gate"
GUIDE: Final = "Guide"

BOARD_PANEL: Final = "Panel"
BOARD_GUI: Final = "Text"
BOARD_TITLE: Final = "Title"
BOARD_BODY: Final = "Body"
SCREEN: Final = "Screen"
ANSWER_PROMPT: Final = "Prompt"
BARRIER: Final = "ProgressDoor"
GUIDE_ROOT: Final = "HumanoidRootPart"

TITLE: Final = "Title"
SECTION: Final = "Section"
PAGES: Final = "Pages"
QUESTION_ID: Final = "QuestionId"
NUMBER: Final = "Number"
NEEDED: Final = "Needed"


def board_name(number: int) -> str:
    """Of the board with a number from 1 on."""
    return f"Board{number}"


def page_name(number: int) -> str:
    """Of a page of a board."""
    return f"Page{number}"


def ramp_name(number: int) -> str:
    """Of a ramp."""
    return f"Ramp{number}"


def station_name(number: int) -> str:
    """Of the station with a number from 1 on, in the order of the plan."""
    return f"Station{number}"
