"""What the instances are called that scripts look for: said once, for the tree and for the scripts.

    Workspace
      World                      Model
        Spawn                    SpawnLocation
        Ground                   Part, where there is no terrain
        Rooms/r1 …               Model per room; attribute Title
        Corridors/c1 …           Model per corridor
        Ramps/Ramp1 …            Model per ramp
        Boards/Board1 …          Model per board; attributes Section, Pages
          Panel/Text             Part and SurfaceGui
            Title                TextLabel
            Body/Page1 …         TextLabel in a ScrollingFrame, each as high as the frame
        Stations/Station1 …      Model per station; attributes QuestionId, Number; the order is the plan's
          Screen/Prompt          Part and ProximityPrompt
        Gate                     Model; attribute Needed
          Barrier                Part
        Guide                    Model; attribute Title
          HumanoidRootPart/Prompt
"""

from typing import Final

__all__ = [
    "ANSWER_PROMPT",
    "BARRIER",
    "BOARD_BODY",
    "BOARD_GUI",
    "BOARD_PANEL",
    "BOARD_TITLE",
    "BOARDS",
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
BARRIER: Final = "Barrier"
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
