"""Whether a request can be served; every fault at once, before any work."""

import re
from typing import Final

from toolboxai.errors import SourceRequired, ValidationError
from toolboxai.platform.content.model.request import (
    MAX_SOURCE_CHARS,
    SUPPORTED_QUESTION_TYPES,
    Difficulty,
    GenerationRequest,
    Objective,
)

__all__ = ["BLOOM_LEVELS", "check_request", "check_source", "grade_band"]

BLOOM_LEVELS: Final = ("remember", "understand", "apply", "analyze", "evaluate", "create")
_MAX_GRADE: Final = 16  # the last year of a first degree
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
_BAND: Final = re.compile("(?:grades? *)?(k|[0-9]{1,2})(?: *(?:-|\u2013|to) *(k|[0-9]{1,2}))?", re.IGNORECASE)
_LINE_CHARS: Final = 200
_OBJECTIVE_CHARS: Final = 300


def grade_band(grade_level: str | int) -> tuple[int, int]:
    """First and last school year of ``7``, ``"6-8"``, ``"K-2"`` or ``"Grade 5"``; kindergarten is 0.

    Raises:
        ValueError: it is none of these, runs backwards, or goes beyond year 16.
    """
    found = _BAND.fullmatch(str(grade_level).strip())
    if found is None:
        raise ValueError(f"{grade_level!r} is no grade; use a year such as 7, or a band such as 6-8 or K-2")
    years = [0 if year in "kK" else int(year) for year in found.groups() if year]
    first, last = years[0], years[-1]
    if not first <= last <= _MAX_GRADE:
        raise ValueError(
            f"{grade_level!r} is no band; the first year comes first and the last is at most {_MAX_GRADE}"
        )
    return first, last


def check_request(request: GenerationRequest, *, source_needed: bool = True) -> None:
    """Tell everything that is wrong with a request.

    Args:
        request: of a teacher.
        source_needed: False where a language model writes the text that is missing.

    Raises:
        SourceRequired: the text is missing or blank; without one nothing is invented.
        ValidationError: ``details.fields`` has one sentence per field at fault.
    """
    faults: dict[str, str] = {}
    _check_lines(request, faults)
    _check_objectives(request.learning_objectives, faults)
    _check_numbers(request, faults)
    _check_types(request.question_types, faults)
    try:
        grade_band(request.grade_level)
    except ValueError as fault:
        faults["grade_level"] = str(fault)
    _check_text(request.source_text, faults)
    _refuse(faults)
    if source_needed and not request.source_text.strip():
        raise _no_text()


def check_source(source_text: str, language: str | None) -> None:
    """Tell what is wrong with a text alone; without a language it is to be found out.

    Raises:
        SourceRequired, ValidationError: as for ``check_request``.
    """
    faults: dict[str, str] = {}
    if language is not None:
        _check_language(language, faults)
    _check_text(source_text, faults)
    _refuse(faults)
    if not source_text.strip():
        raise _no_text()


def _refuse(faults: dict[str, str]) -> None:
    if faults:
        named = "; ".join(f"{name}: {fault}" for name, fault in faults.items())
        raise ValidationError(f"The request cannot be served. {named}", details={"fields": faults})


def _no_text() -> SourceRequired:
    return SourceRequired(
        "There is no text. A lesson is made from one, never invented: send source_text, source_files, or both."
    )


def _check_text(text: str, faults: dict[str, str]) -> None:
    if len(text) > MAX_SOURCE_CHARS:
        faults["source_text"] = (
            f"{len(text):,} characters; at most {MAX_SOURCE_CHARS:,} are allowed: send one chapter at a time"
        )


def _check_language(language: str, faults: dict[str, str]) -> None:
    if not _LANGUAGE.fullmatch(language):
        faults["language"] = f"{language[:40]!r} is no language tag; use one such as en or es-MX"


def _check_lines(request: GenerationRequest, faults: dict[str, str]) -> None:
    if not request.subject.strip() or len(request.subject) > _LINE_CHARS:
        faults["subject"] = f"1 to {_LINE_CHARS} characters, such as Science"
    if request.title is not None and (not request.title.strip() or len(request.title) > _LINE_CHARS):
        faults["title"] = f"1 to {_LINE_CHARS} characters, or leave it out"
    _check_language(request.language, faults)
    if request.difficulty is not None and request.difficulty not in tuple(Difficulty):
        faults["difficulty"] = (
            f"{request.difficulty[:40]!r} is not one of {', '.join(Difficulty)}; or leave it out"
        )


def _check_objectives(objectives: list[Objective], faults: dict[str, str]) -> None:
    if not 1 <= len(objectives) <= 10:
        faults["learning_objectives"] = f"{len(objectives)} objectives; 1 to 10 are allowed"
        return
    for number, objective in enumerate(objectives):
        name = f"learning_objectives[{number}]"
        if not objective.title.strip() or len(objective.title) > _OBJECTIVE_CHARS:
            faults[name] = f"a title has 1 to {_OBJECTIVE_CHARS} characters"
        elif objective.bloom_level is not None and objective.bloom_level.lower() not in BLOOM_LEVELS:
            faults[name] = (
                f"bloom_level {objective.bloom_level[:40]!r} is not one of {', '.join(BLOOM_LEVELS)}"
            )


def _check_numbers(request: GenerationRequest, faults: dict[str, str]) -> None:
    if not 5 <= request.duration_minutes <= 120:
        faults["duration_minutes"] = f"{request.duration_minutes}; 5 to 120 are allowed"
    if not 1 <= request.num_questions <= 50:
        faults["num_questions"] = f"{request.num_questions}; 1 to 50 are allowed"
    if not 0 <= request.seed < 2**53:
        # 53 bits: the largest whole numbers that every JSON reader keeps exact.
        faults["seed"] = f"{request.seed}; 0 to 2^53 - 1 are allowed"


def _check_types(types: list[str], faults: dict[str, str]) -> None:
    allowed = ", ".join(SUPPORTED_QUESTION_TYPES)
    if not types:
        faults["question_types"] = f"none given; choose from {allowed}"
    elif unknown := [kind for kind in types if kind not in SUPPORTED_QUESTION_TYPES]:
        faults["question_types"] = (
            f"unknown: {', '.join(repr(kind[:40]) for kind in unknown[:5])}; choose from {allowed}"
        )
