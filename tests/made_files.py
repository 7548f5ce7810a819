"""Files as teachers send them, made by real writers, and files as nobody should, made by hand."""

import io
import zipfile
import zlib
from functools import cache

import docx
import pypdf
import typst

__all__ = [
    "CONTENT_TYPES",
    "PICTURE",
    "W",
    "bomb_docx",
    "docx_file",
    "encrypted_pdf",
    "endless_pdf",
    "entity_docx",
    "looping_pdf",
    "packed_docx",
    "pdf_file",
    "pdf_of_pages",
    "raw_pdf",
    "scanned_pdf",
    "with_part",
    "zip_file",
]

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DOCUMENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    f'<Override PartName="/word/document.xml" ContentType="{DOCUMENT_TYPE}"/></Types>'
).encode()
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


def docx_file(*paragraphs: tuple[str, str]) -> bytes:
    """A document of python-docx: pairs of a style's name and a text."""
    document = docx.Document()
    for style, text in paragraphs:
        document.add_paragraph(text, style=style)
    return saved(document)


def saved(document: "docx.document.Document") -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def zip_file(**parts: bytes) -> bytes:
    return with_part(b"", **parts)


def with_part(content: bytes, /, **parts: bytes) -> bytes:
    """A zip file with some parts more, or in the place of others; ``__`` in a name is a slash, ``_x`` a point."""
    made = io.BytesIO()
    named = {name.replace("__", "/").replace("_x", "."): part for name, part in parts.items()}
    named = {"[Content_Types].xml" if name == "types" else name: part for name, part in named.items()}
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        if content:
            with zipfile.ZipFile(io.BytesIO(content)) as source:
                for name in source.namelist():
                    if name not in named:
                        target.writestr(name, source.read(name))
        for name, part in named.items():
            target.writestr(name, part)
    return made.getvalue()


@cache
def bomb_docx() -> bytes:
    """A document of a few kilobytes that unpacks to 64 MB of one paragraph."""
    body = f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>'.encode() + b"a" * (64 << 20)
    return zip_file(types=CONTENT_TYPES, word__document_xxml=body)


def packed_docx(packing: int, content: bytes) -> bytes:
    """A document whose text is packed in one of the other ways of zip files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        target.writestr("[Content_Types].xml", CONTENT_TYPES)
        target.writestr("word/document.xml", content, packing)
    return made.getvalue()


def entity_docx(*, levels: int = 9, encoding: str = "utf-8") -> bytes:
    """A document whose one word stands for a billion others."""
    entities = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, levels + 1))
    document = (
        f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE d [<!ENTITY e0 "ha">{entities}'
        f'<!ENTITY file SYSTEM "file:///etc/passwd">]>'
        f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>&e{levels};&file;</w:t></w:r></w:p></w:body></w:document>'
    )
    return zip_file(types=CONTENT_TYPES, word__document_xxml=document.encode(encoding))


@cache
def pdf_file(markup: str) -> bytes:
    """A PDF that typst sets."""
    made: bytes = typst.compile(markup.encode())
    return made


@cache
def encrypted_pdf(*, user: str, owner: str = "owner") -> bytes:
    writer = pypdf.PdfWriter(
        clone_from=io.BytesIO(pdf_file("= Locked\nThe words of the text are locked in."))
    )
    writer.encrypt(user_password=user, owner_password=owner, algorithm="AES-256")
    return written(writer)


def pdf_of_pages(count: int) -> bytes:
    """A PDF with so many empty pages."""
    writer = pypdf.PdfWriter()
    for _ in range(count):
        writer.add_blank_page(100, 100)
    return written(writer)


def written(writer: pypdf.PdfWriter) -> bytes:
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


@cache
def scanned_pdf() -> bytes:
    """Two pages that are pictures."""
    scan = f'#image(bytes({tuple(PICTURE)}), format: "png")'
    made: bytes = typst.compile(f"{scan}\n#pagebreak()\n{scan}".encode())
    return made


def raw_pdf(
    content: bytes, *, packed: int = 0, kids: str = "3 0 R", parent: int = 2, padding: bytes = b""
) -> bytes:
    """A PDF written by hand, its page's content packed so many times, a remark of `padding` bytes before it."""
    for _ in range(packed):
        content = zlib.compress(content, 1)
    filters = "/Filter [" + "/FlateDecode " * packed + "]" if packed else ""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count 1 >>".encode(),
        f"<< /Type /Page /Parent {parent} 0 R /MediaBox [0 0 300 300] /Contents 4 0 R ".encode()
        + b"/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(content)} {filters} >>\nstream\n".encode() + content + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    made = bytearray(b"%PDF-1.4\n%" + padding + b"\n")
    places = []
    for number, each in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n".encode() + each + b"\nendobj\n"
    start = len(made)
    made += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    made += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    made += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF".encode()
    return bytes(made)


@cache
def endless_pdf() -> bytes:
    """Half a million words written one by one: a minute of work."""
    return raw_pdf(b"BT /F1 9 Tf " + b"(a) Tj 1 1 Td " * 500_000 + b"ET", packed=1)


def looping_pdf() -> bytes:
    """A tree of pages that is its own branch."""
    return raw_pdf(b"BT /F1 12 Tf (never) Tj ET", kids="2 0 R 2 0 R")
