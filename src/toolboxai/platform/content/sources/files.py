"""A teacher's own files as the source of a lesson: what is taken, how much of it, and what is wrong with the rest.

The reading itself is done behind ``reader.SourceReader``; what comes of it is Markdown, which goes where a text that was
typed in goes: into ``GenerationRequest.source_text``.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from toolboxai.errors import PayloadTooLarge, ValidationError
from toolboxai.platform.content.model.request import MAX_SOURCE_CHARS

__all__ = [
    "MAX_SOURCE_FILES",
    "MAX_SOURCE_FILES_BYTES",
    "MAX_SOURCE_PAGES",
    "Fault",
    "SourceFile",
    "SourceKind",
    "SourceText",
    "SourceUnreadable",
    "check_files",
    "join_sources",
    "refuse_files",
]

MAX_SOURCE_FILES: Final = 10
MAX_SOURCE_FILES_BYTES: Final = 10 * 1024 * 1024
MAX_SOURCE_PAGES: Final = 200
_NAME_CHARS: Final = 120


class SourceKind(StrEnum):
    """What is taken."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    DOCX = "docx"
    PDF = "pdf"


class Fault(StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    NO_TEXT = "no_text"
    SCANNED = "scanned"
    ENCRYPTED = "encrypted"
    MACROS = "macros"
    OTHER_KIND = "other_kind"
    MISNAMED = "misnamed"
    ENCODING = "encoding"
    DAMAGED = "damaged"
    HOSTILE = "hostile"
    TOO_LONG = "too_long"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_MUCH_WORK = "too_much_work"


class SourceUnreadable(Exception):
    """A file is not taken.

    Args:
        fault: why, in one word.
        message: why and what to do, to stand behind the name of the file: "is protected by a password; …".
    """

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault
        self.message = message


class SourceFile(Struct, frozen=True):
    """A file as it was sent.

    Args:
        name: what the sender calls it: a label, never a path. ``label`` is its safe form.
        content: its bytes.
        media_type: what the sender says of it; it counts only where neither bytes nor name tell.
    """

    name: str
    content: bytes
    media_type: str = ""

    @property
    def label(self) -> str:
        """The last part of the name, on one line and of a bearable length; empty when nothing of it is left."""
        last = self.name.replace("\\", "/").rsplit("/", 1)[-1]
        shown = "".join(character for character in last if character.isprintable()).strip()
        if len(shown) <= _NAME_CHARS:
            return shown
        return f"{shown[: _NAME_CHARS // 2]}…{shown[-_NAME_CHARS // 2 :]}"


class SourceText(Struct, frozen=True):
    """What stood in a file.

    Args:
        kind: what it turned out to be.
        text: Markdown: headings, lists and paragraphs.
        pages: how many it has; 0 for kinds without pages.
        notes: what the teacher should know of the reading, one sentence each.
    """

    kind: SourceKind
    text: str
    pages: int = 0
    notes: tuple[str, ...] = ()


def check_files(files: Sequence[SourceFile]) -> None:
    """Number and size.

    Raises:
        ValidationError: there are too many.
        PayloadTooLarge: they hold too much together.
    """
    if len(files) > MAX_SOURCE_FILES:
        fault = f"{len(files)} files; at most {MAX_SOURCE_FILES} are taken at once"
        raise ValidationError(f"source_files: {fault}", details={"fields": {"source_files": fault}})
    size = sum(len(file.content) for file in files)
    if size > MAX_SOURCE_FILES_BYTES:
        raise PayloadTooLarge(
            f"the files have {size:,} bytes together; at most {MAX_SOURCE_FILES_BYTES:,} are taken: send one "
            "chapter at a time, or leave out pictures",
            details={"max_bytes": MAX_SOURCE_FILES_BYTES},
        )


def refuse_files(files: Sequence[SourceFile], faults: Mapping[int, SourceUnreadable]) -> ValidationError:
    """The error for files that are not taken.

    ``details.fields`` has a sentence for each by its place (``source_files[1]``), ``details.files`` its name and the
    word for what is wrong.
    """
    told, fields, rows = [], {}, []
    for place, fault in sorted(faults.items()):
        name = files[place].label
        fields[f"source_files[{place}]"] = fault.message
        rows.append({"index": place, "name": name, "fault": fault.fault.value})
        told.append(f"source_files[{place}] ({name or 'without a name'}) {fault.message}")
    return ValidationError(". ".join(told), details={"fields": fields, "files": rows})


def join_sources(text: str, files: Sequence[SourceFile], read: Sequence[SourceText]) -> str:
    """One source: what was typed in first, then the files in their order.

    Raises:
        ValidationError: there are too many pages, or too much text.
    """
    pages = sum(each.pages for each in read)
    if pages > MAX_SOURCE_PAGES:
        each_has = ", ".join(
            f"{file.label} {each.pages}" for file, each in zip(files, read, strict=True) if each.pages
        )
        fault = f"{pages} pages together ({each_has}); at most {MAX_SOURCE_PAGES} are taken: send fewer files"
        raise ValidationError(f"source_files: {fault}", details={"fields": {"source_files": fault}})
    whole = "\n\n".join(part for part in (text.strip(), *(each.text.strip() for each in read)) if part)
    if len(whole) > MAX_SOURCE_CHARS:
        fault = (
            f"the text of all files, and source_text, has {len(whole):,} characters; at most "
            f"{MAX_SOURCE_CHARS:,} are taken: send one chapter at a time"
        )
        raise ValidationError(f"source_files: {fault}", details={"fields": {"source_files": fault}})
    return whole
