"""How a check came out."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Verdict", "fault", "note", "ok", "warning"]


class Verdict(StrEnum):
    """How it is."""

    OK = "ok"
    WARNING = "warning"  # it works, and will not for ever or for everybody
    FAULT = "fault"  # it does not work
    NOTE = "note"  # neither good nor bad


@dataclass(frozen=True, slots=True)
class Finding:
    """One check.

    Args:
        check: what was looked at.
        verdict: how it is.
        text: the fact, and what to do about it; no secret stands in it.
    """

    check: str
    verdict: Verdict
    text: str


def ok(check: str, text: str) -> Finding:
    """It is as it should be."""
    return Finding(check, Verdict.OK, text)


def warning(check: str, text: str) -> Finding:
    """It works for now."""
    return Finding(check, Verdict.WARNING, text)


def fault(check: str, text: str) -> Finding:
    """It does not work."""
    return Finding(check, Verdict.FAULT, text)


def note(check: str, text: str) -> Finding:
    """Neither good nor bad."""
    return Finding(check, Verdict.NOTE, text)
