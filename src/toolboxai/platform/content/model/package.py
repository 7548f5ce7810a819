"""What a finished generation is: its files, what is covered, and a summary."""

from enum import StrEnum

from msgspec import Struct

from toolboxai.platform.content.model.generator import GENERATOR

__all__ = [
    "Audience",
    "ContentFile",
    "CoverageRow",
    "Package",
    "Summary",
]


class Audience(StrEnum):
    """Who may read a file: the student's has no answers."""

    TEACHER = "teacher"
    STUDENT = "student"


class ContentFile(Struct, frozen=True):
    """One file to download.

    Args:
        name: safe as a file name: ASCII letters, digits, ``-`` and one ``.``.
        format: as in ``?format=``; one of ``exports.formats.FORMATS``.
        media_type: for ``Content-Type``.
        content: its bytes (base64 text in JSON).
        sha256: lower-case hex digits of ``content``'s SHA-256.
        notes: what the format cannot carry and was left out, one sentence each.
    """

    name: str
    format: str
    audience: Audience
    media_type: str
    content: bytes
    sha256: str
    notes: tuple[str, ...] = ()


class CoverageRow(Struct, frozen=True):
    """Which sections (indexes) and questions (ids) serve an objective; none of either is a gap."""

    objective: str
    sections: tuple[int, ...]
    questions: tuple[str, ...]


class Summary(Struct, frozen=True):
    """The three counts of ``generation_complete``."""

    lesson_sections: int
    quiz_questions: int
    duration_minutes: int


class Package(Struct, frozen=True, kw_only=True):
    """The files, and what stands in them. ``warnings`` are those of all stages, in order."""

    content_id: str
    title: str
    summary: Summary
    coverage: tuple[CoverageRow, ...]
    files: tuple[ContentFile, ...]
    warnings: tuple[str, ...] = ()
    generator: str = GENERATOR

    def find(self, format: str, audience: Audience = Audience.TEACHER) -> ContentFile | None:
        """The file of this format for these readers, or None where there is none."""
        for file in self.files:
            if file.format == format and file.audience is audience:
                return file
        return None
