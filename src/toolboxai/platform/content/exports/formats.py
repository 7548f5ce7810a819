"""The formats in which content can be had, and the one way to write it in each."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from toolboxai.errors import ResourceNotFound
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.html import render_html
from toolboxai.platform.content.exports.json import render_json
from toolboxai.platform.content.exports.markdown import render_markdown
from toolboxai.platform.content.model import Audience, ContentFile

__all__ = ["FORMATS", "Format", "Written", "file_name", "render", "sheets"]

_SLUG_CHARS: Final = 60
_BOTH: Final = (Audience.TEACHER, Audience.STUDENT)
_TEACHER: Final = (Audience.TEACHER,)


class Written(NamedTuple):
    """A file's bytes, and what its format cannot carry: one sentence for each thing that was left out."""

    content: bytes
    notes: tuple[str, ...] = ()


class Format(NamedTuple):
    """One value of ``?format=``.

    Args:
        media_type: for ``Content-Type``.
        ending: of the file's name, with its dot, such as ``-moodle.xml``.
        audiences: for whom there is such a file.
        write: makes it; pure, the same bytes for the same document.
    """

    media_type: str
    ending: str
    audiences: tuple[Audience, ...]
    write: Callable[[ContentDocument, Audience], Written]


def _markdown(document: ContentDocument, audience: Audience) -> Written:
    return Written(render_markdown(document, audience).encode())


def _html(document: ContentDocument, audience: Audience) -> Written:
    return Written(render_html(document, audience).encode())


def _json(document: ContentDocument, _: Audience) -> Written:
    return Written(render_json(document))


FORMATS: Final[Mapping[str, Format]] = {
    "md": Format("text/markdown; charset=utf-8", ".md", _BOTH, _markdown),
    "html": Format("text/html; charset=utf-8", ".html", _BOTH, _html),
    "json": Format("application/json", ".json", _TEACHER, _json),
}


def sheets() -> tuple[tuple[str, Audience], ...]:
    """Every file that there is of a content, by format and readers."""
    return tuple((name, audience) for name, each in FORMATS.items() for audience in each.audiences)


def render(document: ContentDocument, format: str, audience: Audience) -> ContentFile:
    """One file.

    Raises:
        ResourceNotFound: there is no such format for these readers; the text names those there are.
    """
    known = FORMATS.get(format)
    if known is None or audience not in known.audiences:
        have = ", ".join(f"{name} ({readers})" for name, readers in sheets())
        raise ResourceNotFound(f"there is no {format[:20]!r} for the {audience}; there are {have}")
    written = known.write(document, audience)
    return ContentFile(
        name=file_name(document.title, format, audience),
        format=format,
        audience=audience,
        media_type=known.media_type,
        content=written.content,
        sha256=hashlib.sha256(written.content).hexdigest(),
        notes=written.notes,
    )


def file_name(title: str, format: str, audience: Audience) -> str:
    """What a file of ``FORMATS`` is called."""
    known = FORMATS[format]
    whom = f"-{audience.value}" if len(known.audiences) > 1 else ""
    return f"{_slug(title)}{whom}{known.ending}"


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG_CHARS].strip("-") or "lesson"
