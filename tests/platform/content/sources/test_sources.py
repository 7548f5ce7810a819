"""What is taken as a source, by bytes and name, and how much of it."""

import pytest

from toolboxai.errors import PayloadTooLarge, ValidationError
from toolboxai.platform.content.model.request import MAX_SOURCE_CHARS
from toolboxai.platform.content.sources.files import (
    Fault,
    SourceFile,
    SourceKind,
    SourceText,
    SourceUnreadable,
    check_files,
    join_sources,
    refuse_files,
)
from toolboxai.platform.content.sources.kinds import kind_of


@pytest.mark.parametrize(
    ("name", "content", "media_type", "kind"),
    [
        ("a.txt", b"words", "", SourceKind.TEXT),
        ("a.MD", b"# words", "", SourceKind.MARKDOWN),
        ("a.htm", b"<p>words", "", SourceKind.HTML),
        ("a.docx", b"PK\x03\x04...", "", SourceKind.DOCX),
        ("a.pdf", b"%PDF-1.7 ...", "", SourceKind.PDF),
        ("a.pdf", b"\r\nmail\r\n%PDF-1.7 ...", "", SourceKind.PDF),
        ("", b"%PDF-1.7 ...", "", SourceKind.PDF),
        ("notes", b"words", "", SourceKind.TEXT),
        ("notes", b"words", "text/markdown; charset=utf-8", SourceKind.MARKDOWN),
        ("notes", b"\n<!DOCTYPE html><p>words", "text/plain", SourceKind.HTML),
        ("chapter.2", b"words", "", SourceKind.TEXT),
        ("../../etc/a.txt", b"words", "", SourceKind.TEXT),
    ],
)
def test_a_kind_is_found_by_bytes_and_name(
    name: str, content: bytes, media_type: str, kind: SourceKind
) -> None:
    assert kind_of(SourceFile(name, content, media_type)) is kind


@pytest.mark.parametrize(
    ("name", "content", "fault", "told"),
    [
        ("a.txt", b"", Fault.EMPTY, "0 bytes"),
        ("a.txt", b" \r\n\t", Fault.EMPTY, "empty space"),
        ("a.txt", b"%PDF-1.7", Fault.MISNAMED, "named as plain text, and its content is PDF"),
        ("a.txt", b"<html><p>x", Fault.MISNAMED, "its content is HTML"),
        ("a.pdf", b"PK\x03\x04", Fault.MISNAMED, "its content is DOCX"),
        ("a.pdf", b"words", Fault.MISNAMED, "does not begin as one"),
        ("a.docm", b"PK\x03\x04", Fault.MACROS, "save it as docx"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Fault.OTHER_KIND, "save it as docx"),
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            Fault.ENCRYPTED,
            "password",
        ),
        ("a.rtf", b"{\\rtf1 words}", Fault.OTHER_KIND, "RTF"),
        ("a.png", b"\x89PNG\r\n", Fault.OTHER_KIND, "a picture"),
        ("a.txt", b"\xff\xd8\xff\xe0", Fault.OTHER_KIND, "a picture"),
        ("a.gz", b"\x1f\x8b\x08", Fault.OTHER_KIND, "an archive"),
        ("a.exe", b"MZ\x90", Fault.OTHER_KIND, "a program"),
        ("a.xml", b"<?xml version='1.0'?><a/>", Fault.OTHER_KIND, "XML"),
        ("a.csv", b"a,b", Fault.OTHER_KIND, ".csv; txt, md, html, docx and pdf are taken"),
    ],
)
def test_what_is_not_taken_is_told_with_what_to_do(
    name: str, content: bytes, fault: Fault, told: str
) -> None:
    with pytest.raises(SourceUnreadable) as refused:
        kind_of(SourceFile(name, content))
    assert refused.value.fault is fault
    assert told in refused.value.message


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("notes.pdf", "notes.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\school\\notes.pdf", "notes.pdf"),
        ("a\x00b\r\nX: 1\u202e.txt", "abX: 1.txt"),
        ("\ud800.txt", ".txt"),
        ("x" * 200 + ".txt", "x" * 60 + "…" + "x" * 56 + ".txt"),
        ("", ""),
    ],
)
def test_a_name_is_a_label_and_no_path(name: str, label: str) -> None:
    assert SourceFile(name, b"").label == label


def test_only_so_many_files_with_so_many_bytes_are_taken() -> None:
    check_files([SourceFile("a", bytes(1 << 20))] * 10)
    with pytest.raises(ValidationError, match="11 files; at most 10"):
        check_files([SourceFile("a", b"x")] * 11)
    with pytest.raises(PayloadTooLarge, match="at most 10,485,760"):
        check_files([SourceFile("a", bytes(1 << 20))] * 9 + [SourceFile("b", bytes((1 << 20) + 1))])


def test_the_text_comes_first_and_files_follow_in_their_order() -> None:
    files = [SourceFile("a", b""), SourceFile("b", b"")]
    read = [SourceText(SourceKind.TEXT, "# A\n"), SourceText(SourceKind.PDF, "B", 2)]
    assert join_sources(" typed \n", files, read) == "typed\n\n# A\n\nB"
    assert join_sources("", files, read) == "# A\n\nB"


def test_all_together_have_so_many_pages_and_so_much_text() -> None:
    files = [SourceFile("a.pdf", b""), SourceFile("b.txt", b""), SourceFile("c.pdf", b"")]
    read = [
        SourceText(SourceKind.PDF, "A", 120),
        SourceText(SourceKind.TEXT, "B"),
        SourceText(SourceKind.PDF, "C", 81),
    ]
    with pytest.raises(ValidationError, match=r"201 pages together \(a.pdf 120, c.pdf 81\); at most 200"):
        join_sources("", files, read)
    half = SourceText(SourceKind.TEXT, "x" * (MAX_SOURCE_CHARS // 2))
    with pytest.raises(ValidationError, match="500,003 characters; at most 500,000"):
        join_sources("y", files[:2], [half, SourceText(SourceKind.TEXT, half.text[:-2])])


def test_every_file_at_fault_is_named() -> None:
    files = [SourceFile("a.pdf", b""), SourceFile("b.txt", b""), SourceFile("", b"")]
    error = refuse_files(
        files,
        {2: SourceUnreadable(Fault.EMPTY, "has 0 bytes"), 0: SourceUnreadable(Fault.SCANNED, "is a scan")},
    )
    assert error.message == "source_files[0] (a.pdf) is a scan. source_files[2] (without a name) has 0 bytes"
    assert error.details == {
        "fields": {"source_files[0]": "is a scan", "source_files[2]": "has 0 bytes"},
        "files": [
            {"index": 0, "name": "a.pdf", "fault": "scanned"},
            {"index": 2, "name": "", "fault": "empty"},
        ],
    }
