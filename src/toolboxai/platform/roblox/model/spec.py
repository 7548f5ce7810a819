"""What somebody wants built."""

from enum import StrEnum

from msgspec import Struct

__all__ = [
    "Component",
    "Features",
    "LessonBoard",
    "Size",
    "StationQuestion",
    "Theme",
    "WorldLesson",
    "WorldSpec",
]


class Theme(StrEnum):
    """How a world looks, and what kinds of rooms it has."""

    CLASSROOM = "classroom"
    LABORATORY = "laboratory"
    OUTDOOR = "outdoor"
    HISTORICAL = "historical"
    FUTURISTIC = "futuristic"
    UNDERWATER = "underwater"
    SPACE_STATION = "space_station"
    FANTASY = "fantasy"


class Size(StrEnum):
    """How large a world is; ``budgets.BUDGETS`` says in studs, rooms and parts."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"
    XLARGE = "xlarge"


class Component(StrEnum):
    """The parts of a world that are built one after the other, each able to fail alone."""

    TERRAIN = "terrain"
    BUILDINGS = "buildings"
    SCRIPTS = "scripts"


class Features(Struct, frozen=True, kw_only=True):
    """What a world has; what is not wanted is told as skipped.

    Args:
        terrain: land around the buildings; else a plain base plate.
        buildings: rooms, corridors, domes and ramps; else one open floor.
        quiz_stations: a station for each question that can be asked in a world.
        npcs: a guide at the spawn, who says where to go.
    """

    terrain: bool = True
    buildings: bool = True
    quiz_stations: bool = True
    npcs: bool = False


class LessonBoard(Struct, frozen=True):
    """A section of a lesson as it stands on an info board; ``lines`` are for pupils, none is empty."""

    title: str
    lines: tuple[str, ...]


class StationQuestion(Struct, frozen=True, kw_only=True):
    """A question at a station.

    Args:
        id: that of the quiz.
        type: that of the quiz; see ``content.model.quiz.Question``.
        question: what the pupil reads.
        options: to choose from, to order, or partners.
        prompts: of a matching question.
        correct_answer: a text, or texts; never leaves the server side of a world.
        accepted: other right answers.
        tolerance: of a numeric question.
        unit: of a numeric question.
        rationale: shown after the answer.
    """

    id: str
    type: str
    question: str
    options: tuple[str, ...]
    prompts: tuple[str, ...]
    correct_answer: str | tuple[str, ...]
    accepted: tuple[str, ...]
    tolerance: float
    unit: str
    rationale: str


class WorldLesson(Struct, frozen=True, kw_only=True):
    """What a world takes from a content at one revision.

    Args:
        content_id: whose.
        revision: as it was.
        title: of the content.
        language: BCP 47.
        boards: the sections in order.
        questions: the quiz in order.
    """

    content_id: str
    revision: int
    title: str
    language: str
    boards: tuple[LessonBoard, ...]
    questions: tuple[StationQuestion, ...]


class WorldSpec(Struct, frozen=True, kw_only=True):
    """The whole wish: the same spec gives the same bytes.

    Args:
        environment_id: part of the files' manifest and of where scores go.
        name: of the world, for people.
        theme: how it looks.
        size: how large it is.
        features: what it has.
        seed: 0 to 2**53 - 1.
        max_players: 1 to 200.
        lesson: what is taught in it, or None for a world without lesson.
    """

    environment_id: str
    name: str
    theme: Theme
    size: Size
    features: Features
    seed: int
    max_players: int
    lesson: WorldLesson | None = None
