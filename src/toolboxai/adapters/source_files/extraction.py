"""One file, whatever its kind, to Markdown. What a kind needs is imported only when one comes."""

import re
from collections.abc import Mapping
from typing import Final

from toolboxai.adapters.source_files.markdown import too_long
from toolboxai.adapters.source_files.plain import decoded
from toolboxai.platform.content.model.request import MAX_SOURCE_CHARS
from toolboxai.platform.content.sources.files import (
    Fault,
    SourceFile,
    SourceKind,
    SourceText,
    SourceUnreadable,
)
from toolboxai.platform.content.sources.kinds import kind_of

__all__ = ["LIBRARIES", "extract"]

# Our modules that read a kind, and with them the libraries that they are made with.
LIBRARIES: Final[Mapping[SourceKind, tuple[str, ...]]] = {
    SourceKind.TEXT: (),
    SourceKind.MARKDOWN: (),
    SourceKind.HTML: ("toolboxai.adapters.source_files.html",),
    SourceKind.DOCX: ("toolboxai.adapters.source_files.docx",),
    SourceKind.PDF: ("toolboxai.adapters.source_files.pdf",),
}
_CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]{1,30})", re.IGNORECASE)
_HEAD: Final = 2048


def extract(file: SourceFile) -> SourceText:
    """What stands in the file.

    Raises:
        SourceUnreadable: it is not taken.
        ModuleNotFoundError: the library that reads this kind is not installed.
    """
    kind = kind_of(file)
    if kind is SourceKind.PDF:
        from toolboxai.adapters.source_files.pdf import pdf_markdown

        pdf = pdf_markdown(file.content)
        return SourceText(kind, pdf.text, pdf.pages, pdf.notes)
    if kind is SourceKind.DOCX:
        from toolboxai.adapters.source_files.docx import docx_markdown

        document = docx_markdown(file.content)
        return SourceText(kind, document.text, document.pages)
    if kind is SourceKind.HTML:
        from toolboxai.adapters.source_files.html import html_markdown

        declared = _CHARSET.search(file.content[:_HEAD])
        text, notes = decoded(file.content, declared=declared[1].decode() if declared else "")
        return SourceText(kind, html_markdown(text), notes=notes)
    text, notes = decoded(file.content)
    if len(text) > MAX_SOURCE_CHARS:
        raise too_long()
    if not any(map(str.isalnum, text)):
        raise SourceUnreadable(
            Fault.NO_TEXT, "has no letters in it; look whether it was saved, and send it again"
        )
    return SourceText(kind, text.strip(), notes=notes)
