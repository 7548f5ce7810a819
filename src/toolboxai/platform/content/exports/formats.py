"""The formats in which content can be had, and the one way to write it in each."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from typing import Final, NamedTuple

from toolboxai.errors import ResourceNotFound
from toolboxai.platform.content.exports.aiken import write_aiken
from toolboxai.platform.content.exports.common_cartridge import write_common_cartridge
from toolboxai.platform.content.exports.csv import write_csv
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.gift import write_gift
from toolboxai.platform.content.exports.html import render_html
from toolboxai.platform.content.exports.json import render_json
from toolboxai.platform.content.exports.markdown import render_markdown
from toolboxai.platform.content.exports.moodle_xml import write_moodle_xml
from toolboxai.platform.content.exports.qti12 import write_qti12
from toolboxai.platform.content.exports.qti21 import write_qti21
from toolboxai.platform.content.exports.written import Written
from toolboxai.platform.content.exports.zip import write_zip
from toolboxai.platform.content.model.package import Audience, ContentFile

__all__ = ["FORMATS", "Format", "file_name", "left_out", "render", "render_all", "sheets"]

_SLUG_CHARS: Final = 60
_BOTH: Final = (Audience.TEACHER, Audience.STUDENT)
_TEACHER: Final = (Audience.TEACHER,)


class Format(NamedTuple):
    """One value of ``?format=``.

    Args:
        media_type: for ``Content-Type``.
        ending: of the file's name, with its dot, such as ``-moodle.xml``.
        audiences: for whom there is such a file.
        write: makes it; pure, the same bytes for the same document.
        library: the module of the extra ``export`` that it needs; empty when it needs none.
    """

    media_type: str
    ending: str
    audiences: tuple[Audience, ...]
    write: Callable[[ContentDocument, Audience], Written]
    library: str = ""

    @property
    def ready(self) -> bool:
        """Whether its library is installed."""
        return not self.library or find_spec(self.library) is not None


def _markdown(document: ContentDocument, audience: Audience) -> Written:
    return Written(render_markdown(document, audience).encode())


def _html(document: ContentDocument, audience: Audience) -> Written:
    return Written(render_html(document, audience).encode())


# What writes Word and PDF files comes with an extra, and is loaded when the first such file is made.


def _docx(document: ContentDocument, audience: Audience) -> Written:
    from toolboxai.platform.content.exports.docx import render_docx

    return Written(render_docx(document, audience))


def _pdf(document: ContentDocument, audience: Audience) -> Written:
    from toolboxai.platform.content.exports.pdf import render_pdf

    return Written(*render_pdf(document, audience))


def _json(document: ContentDocument, _: Audience) -> Written:
    return Written(render_json(document))


def _zip(document: ContentDocument, _: Audience) -> Written:
    return write_zip(
        document.content_id, [render(document, *sheet) for sheet in sheets() if sheet[0] != "zip"]
    )


FORMATS: Final[Mapping[str, Format]] = {
    "md": Format("text/markdown; charset=utf-8", ".md", _BOTH, _markdown),
    "html": Format("text/html; charset=utf-8", ".html", _BOTH, _html),
    "docx": Format(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ".docx",
        _BOTH,
        _docx,
        "docx",
    ),
    "pdf": Format("application/pdf", ".pdf", _BOTH, _pdf, "typst"),
    "json": Format("application/json", ".json", _TEACHER, _json),
    "moodle_xml": Format("application/xml", "-moodle.xml", _TEACHER, write_moodle_xml),
    "gift": Format("text/plain; charset=utf-8", "-gift.txt", _TEACHER, write_gift),
    "aiken": Format("text/plain; charset=utf-8", "-aiken.txt", _TEACHER, write_aiken),
    "qti12": Format("application/zip", "-qti12.zip", _TEACHER, write_qti12),
    "qti21": Format("application/zip", "-qti21.zip", _TEACHER, write_qti21),
    "imscc": Format("application/vnd.ims.imsccv1p3", ".imscc", _TEACHER, write_common_cartridge),
    "csv": Format("text/csv; charset=utf-8; header=present", ".csv", _TEACHER, write_csv),
    "zip": Format("application/zip", "-all.zip", _TEACHER, _zip),
}


def sheets() -> tuple[tuple[str, Audience], ...]:
    """Every file that there is of a content, by format and readers; those that cannot be written here are left out."""
    return tuple(
        (name, audience) for name, each in FORMATS.items() if each.ready for audience in each.audiences
    )


def left_out() -> tuple[str, ...]:
    """What this installation cannot write, and how to come by it: one sentence for each format."""
    return tuple(_not_ready(name) for name, each in FORMATS.items() if not each.ready)


def _not_ready(format: str) -> str:
    return f"This server cannot write {format} files: install toolboxai[export] there, then ask again."


def render(document: ContentDocument, format: str, audience: Audience) -> ContentFile:
    """One file.

    Raises:
        ResourceNotFound: there is no such format for these readers; the text names those there are. Or the library
            that writes it is not installed; the text says what to do.
    """
    known = FORMATS.get(format)
    if known is None or audience not in known.audiences:
        have = ", ".join(f"{name} ({readers})" for name, readers in sheets())
        raise ResourceNotFound(f"there is no {format[:20]!r} for the {audience}; there are {have}")
    if not known.ready:
        raise ResourceNotFound(_not_ready(format))
    return _file(document, format, audience, known.write(document, audience))


def render_all(document: ContentDocument) -> Iterator[ContentFile]:
    """Every file, in the order of ``sheets``. The zip takes in those before it, so that none is made twice."""
    made: list[ContentFile] = []
    for name, audience in sheets():
        if name == "zip":
            yield _file(document, name, audience, write_zip(document.content_id, made))
        else:
            made.append(render(document, name, audience))
            yield made[-1]


def _file(document: ContentDocument, format: str, audience: Audience, written: Written) -> ContentFile:
    return ContentFile(
        name=file_name(document.title, format, audience),
        format=format,
        audience=audience,
        media_type=FORMATS[format].media_type,
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
