"""What a file is, by its bytes and its name together.

A name alone is anybody's word, and bytes alone do not tell Markdown from plain text.
"""

from typing import Final

from toolboxai.platform.content.sources.files import Fault, SourceFile, SourceKind, SourceUnreadable

__all__ = ["kind_of"]

_BY_ENDING: Final = {
    "txt": SourceKind.TEXT,
    "text": SourceKind.TEXT,
    "md": SourceKind.MARKDOWN,
    "markdown": SourceKind.MARKDOWN,
    "html": SourceKind.HTML,
    "htm": SourceKind.HTML,
    "xhtml": SourceKind.HTML,
    "docx": SourceKind.DOCX,
    "pdf": SourceKind.PDF,
}
_BY_MEDIA_TYPE: Final = {
    "text/plain": SourceKind.TEXT,
    "text/markdown": SourceKind.MARKDOWN,
    "text/html": SourceKind.HTML,
    "application/xhtml+xml": SourceKind.HTML,
}
_TAKEN: Final = "txt, md, html, docx and pdf are taken"
_PDF: Final = b"%PDF-"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The format lets a PDF begin a little later, and scanners' mail gateways make use of it.
_PDF_WITHIN: Final = 1024
_PICTURES: Final = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"II*\x00",
    b"MM\x00*",
    b"BM",
    b"\x00\x00\x00\x0cjP",
)
_ARCHIVES: Final = (
    b"\x1f\x8b",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\xfd7zXZ",
    b"BZh",
    b"\x28\xb5\x2f\xfd",
)
_PROGRAMS: Final = (b"\x7fELF", b"MZ", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
_UTF_BOMS: Final = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
# Word writes the names of its streams in UTF-16.
_ENCRYPTED_PACKAGE: Final = "EncryptedPackage".encode("utf-16-le")
_OOXML_ENDINGS: Final = {
    "docm": "a document with macros; save it as docx, which has none, and send that",
    "dotm": "a template with macros; save it as docx, which has none, and send that",
}


def kind_of(file: SourceFile) -> SourceKind:
    """What it is.

    Raises:
        SourceUnreadable: it is empty, of no kind that is taken, or not what its name says.
    """
    content = file.content
    if not content.strip(b"\x00 \t\r\n\f"):
        size = "0 bytes" if not content else "nothing but empty space"
        raise SourceUnreadable(Fault.EMPTY, f"has {size}; look whether it was saved, and send it again")
    ending = _ending(file.label)
    if ending in _OOXML_ENDINGS:
        raise SourceUnreadable(Fault.MACROS, f"is {_OOXML_ENDINGS[ending]}")
    found = _by_bytes(content)
    named = _BY_ENDING.get(ending)
    if found is None:
        found = _of_text(file, ending, named)
    if named is not None and named is not found:
        raise SourceUnreadable(
            Fault.MISNAMED,
            f"is named as {_called(named)}, and its content is {_called(found)}; give it the right name, or "
            "save it anew, and send it again",
        )
    return found


def _ending(label: str) -> str:
    stem, dot, ending = label.rpartition(".")
    return ending.lower() if dot and stem else ""


def _called(kind: SourceKind) -> str:
    return {SourceKind.TEXT: "plain text", SourceKind.MARKDOWN: "Markdown"}.get(kind, kind.value.upper())


def _by_bytes(content: bytes) -> SourceKind | None:
    """The kind that the first bytes tell; None: they may be text."""
    if content.startswith(_ZIP):
        return SourceKind.DOCX  # the reader looks what is in it
    if content.startswith(_OLE):
        raise _old_office(content)
    if content.startswith(b"{\\rtf"):
        raise _other("RTF; open it in a word processor and save it as docx")
    if content.startswith(_PICTURES) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP"):
        raise _other("a picture, and text in pictures is not read; send the text itself")
    if content[4:8] == b"ftyp":
        raise _other("a picture or a film; send the text itself")
    if content.startswith(_ARCHIVES) or content[257:262] == b"ustar":
        raise _other("an archive; take the files out of it and send them one by one")
    if content.startswith(_PROGRAMS):
        raise _other(f"a program; {_TAKEN}")
    if content.startswith(_UTF_BOMS):
        return None
    if _PDF in content[:_PDF_WITHIN]:
        return SourceKind.PDF
    return None


def _of_text(file: SourceFile, ending: str, named: SourceKind | None) -> SourceKind:
    """The kind of something that may be text."""
    head = file.content[:_PDF_WITHIN].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return SourceKind.HTML
    if named in (SourceKind.TEXT, SourceKind.MARKDOWN, SourceKind.HTML):
        return named
    if named is not None:
        raise SourceUnreadable(
            Fault.MISNAMED,
            f"is named as {_called(named)} and does not begin as one; it is damaged or something else: open it, "
            "save it anew, and send it again",
        )
    if head.startswith(b"<?xml"):
        raise _other(f"XML; {_TAKEN}")
    if ending and not ending.isdecimal():
        raise _other(f"named .{ending[:20]}; {_TAKEN}")
    media_type = file.media_type.partition(";")[0].strip().lower()
    return _BY_MEDIA_TYPE.get(media_type, SourceKind.TEXT)


def _other(what: str) -> SourceUnreadable:
    return SourceUnreadable(Fault.OTHER_KIND, f"is {what}")


def _old_office(content: bytes) -> SourceUnreadable:
    if _ENCRYPTED_PACKAGE in content:
        return SourceUnreadable(
            Fault.ENCRYPTED, "is protected by a password; save a copy without one and send that"
        )
    return _other("of an old office program (.doc, .xls, .ppt); save it as docx and send that")
