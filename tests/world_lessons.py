"""Six lessons for worlds: plain, hostile, right to left, long, without questions, and of one question."""

from collections.abc import Sequence
from typing import Any, Final

from small_worlds import NASTY, QUESTIONS, station_question
from toolboxai.platform.roblox.model.spec import LessonBoard, StationQuestion, WorldLesson

__all__ = ["HOSTILE", "LESSONS", "right_answer"]

HOSTILE: Final = (
    "\"quotes\" and 'quotes' [[brackets]] ]=] ]]>",
    "--[[ no comment ]] -- none \\n \\\\ \\u{41} \\",
    "`{script}` ${x} %s %d </script> <b>&amp;</b> <![CDATA[",
    "\U0001f469\u200d\U0001f3eb \U0001f41d e\u0301 \u202e\u05e9\u05dc\u05d5\u05dd\u202c \u0646\u062d\u0644",
)
_ARABIC: Final = "\u062f\u0648\u0631\u0629 \u0627\u0644\u0645\u0627\u0621"


def _lesson(
    title: str, boards: Sequence[LessonBoard], questions: Sequence[StationQuestion], language: str = "en"
) -> WorldLesson:
    return WorldLesson(
        content_id="content_1",
        revision=1,
        title=title,
        language=language,
        boards=tuple(boards),
        questions=tuple(questions),
    )


def _odd(id: str, kind: str, right: str | tuple[str, ...], **changes: Any) -> StationQuestion:
    return station_question(id, kind, right, question=HOSTILE[1], rationale=" ".join(HOSTILE), **changes)


LESSONS: Final = (
    _lesson("The water cycle", [LessonBoard("Rain", ("It rains.", "It snows."))], QUESTIONS),
    _lesson(
        NASTY.replace("\0", ""),
        [LessonBoard(HOSTILE[0], HOSTILE), LessonBoard(HOSTILE[3], HOSTILE[::-1] * 8)],
        [
            _odd('q"1', "multiple_choice", HOSTILE[0], options=HOSTILE),
            _odd("q]]2", "fill_blank", HOSTILE[3], accepted=(HOSTILE[2],)),
            _odd("q--3", "ordering", HOSTILE, options=HOSTILE[::-1]),
            _odd("q\\4", "matching", HOSTILE, prompts=HOSTILE[::-1], options=HOSTILE),
            _odd("q\u05e95", "true_false", "False", options=("True", "False")),
        ],
    ),
    _lesson(
        _ARABIC,
        [LessonBoard(_ARABIC, (_ARABIC, _ARABIC * 40)), LessonBoard("\u05de\u05d9\u05dd", (_ARABIC,))],
        [
            station_question("s1", "true_false", "True", options=("True", "False"), question=_ARABIC),
            station_question("s2", "short_answer", _ARABIC, question=_ARABIC),
            station_question("s3", "multiple_choice", _ARABIC, options=("x", _ARABIC), question=_ARABIC),
        ],
        "ar",
    ),
    _lesson(
        "Everything",
        [LessonBoard(f"Section {number}", ("a word " * 130,)) for number in range(20)],
        [
            station_question(f"n{number}", "numeric", f"{number}.5", tolerance=0.1, unit="km")
            for number in range(50)
        ],
        "de",
    ),
    _lesson("Read alone", [LessonBoard(f"Part {number}", ("Read.",)) for number in range(5)], (), "fr"),
    _lesson("\u6c34", [LessonBoard("\u6c34\u306e\u5faa\u74b0", ("\u96e8" * 300,))], QUESTIONS[:1], "ja"),
)


def right_answer(question: StationQuestion) -> str | list[str]:
    """What is right, as a player's machine sends it."""
    right = question.correct_answer
    return right if isinstance(right, str) else list(right)
