"""``python -m bench.worlds``: what a world costs to make, as CPU of each component, for each size and theme.

One process, nothing else in it; of each world the least of some rounds. What the server adds, its database and the check
of scripts that somebody has changed, is no part of it.
"""

import argparse
import time
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from toolboxai.platform.roblox.engine import OfflineWorlds
from toolboxai.platform.roblox.model.spec import (
    Features,
    LessonBoard,
    Size,
    StationQuestion,
    Theme,
    WorldLesson,
    WorldSpec,
)

SECTIONS, QUESTIONS = 20, 50  # the longest lesson that has its place in every size


T = TypeVar("T")


class Cost(NamedTuple):
    """Seconds of CPU by component, and bytes of all files; buildings are planned and checked."""

    terrain: float
    buildings: float
    scripts: float
    files: float
    size: int

    @property
    def whole(self) -> float:
        return self.terrain + self.buildings + self.scripts + self.files


def wish(theme: Theme, size: Size) -> WorldSpec:
    """A world with everything, for a long lesson."""
    return WorldSpec(
        environment_id="env_1",
        name="A world",
        theme=theme,
        size=size,
        features=Features(npcs=True),
        seed=1,
        max_players=30,
        lesson=WorldLesson(
            content_id="content_1",
            revision=1,
            title="A lesson",
            language="en",
            boards=tuple(LessonBoard(f"Section {at}", ("a word " * 130,)) for at in range(SECTIONS)),
            questions=tuple(_question(at) for at in range(QUESTIONS)),
        ),
    )


def _question(number: int) -> StationQuestion:
    return StationQuestion(
        id=f"q{number}",
        type="multiple_choice",
        question=f"Which of these is number {number}?",
        options=("one", "another", "a third", "a fourth"),
        prompts=(),
        correct_answer="another",
        accepted=(),
        tolerance=0.0,
        unit="",
        rationale="So says the text.",
    )


def measured(spec: WorldSpec, rounds: int) -> Cost:
    """The least of some rounds."""
    return min((_round(spec) for _ in range(rounds)), key=lambda cost: cost.whole)


def _round(spec: WorldSpec) -> Cost:
    engine = OfflineWorlds()
    land, terrain = _timed(lambda: engine.terrain(spec))
    plan, buildings = _timed(lambda: engine.buildings(spec, land))
    made, scripts = _timed(lambda: engine.scripts(spec, plan))
    written, files = _timed(lambda: engine.files(spec, plan, made))
    return Cost(terrain, buildings, scripts, files, sum(len(file.content) for file in written))


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    begin = time.process_time()
    result = work()
    return result, time.process_time() - begin


HEAD: Final = (
    "| world | terrain | buildings | scripts | files | all, ms of CPU | kB |\n|---|---|---|---|---|---|---|"
)


def row(theme: Theme, size: Size, cost: Cost) -> str:
    parts = (cost.terrain, cost.buildings, cost.scripts, cost.files, cost.whole)
    return f"| {theme}, {size} | {' | '.join(f'{1000 * each:.0f}' for each in parts)} | {cost.size // 1000} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.worlds", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(HEAD)
    for size in Size:
        for theme in Theme:
            print(row(theme, size, measured(wish(theme, size), options.rounds)), flush=True)


if __name__ == "__main__":
    main()
