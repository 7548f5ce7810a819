"""Files are read in a process of their own, which may use so much and no more, and leaves nothing behind."""

import asyncio
import json
import random
import time
import zipfile
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callers import until
from forms import FULL
from made_files import (
    CONTENT_TYPES,
    W,
    bomb_docx,
    docx_file,
    encrypted_pdf,
    endless_pdf,
    entity_docx,
    looping_pdf,
    packed_docx,
    pdf_of_pages,
    raw_pdf,
    scanned_pdf,
    with_part,
    zip_file,
)
from toolboxai.adapters.source_files.processes import SourceFileProcesses
from toolboxai.adapters.source_files.worker import read_file
from toolboxai.errors import ProviderUnavailable, ValidationError
from toolboxai.platform.content.model.request import MAX_SOURCE_CHARS
from toolboxai.platform.content.sources.body import SentBody
from toolboxai.platform.content.sources.files import SourceFile

TEXT = SourceFile("a.txt", b"Words of a text.")
MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"
ENDLESS = SourceFile("endless.pdf", endless_pdf())


@pytest.fixture
async def reader() -> AsyncIterator[SourceFileProcesses]:
    processes = SourceFileProcesses()
    yield processes
    processes.close()


def body_of(*files: SourceFile) -> SentBody:
    sent = [{"name": file.name, "content_base64": b64encode(file.content).decode()} for file in files]
    return SentBody("application/json", [json.dumps({"source_files": sent}).encode()])


async def refused(reader: SourceFileProcesses, *files: SourceFile) -> ValidationError:
    refusal = (await reader.read(body_of(*files))).refusal
    assert refusal is not None
    return refusal


async def test_several_files_are_read_in_their_order(reader: SourceFileProcesses) -> None:
    files = [
        TEXT,
        SourceFile("b.html", b"<p>Words of a page."),
        SourceFile("c.pdf", raw_pdf(b"BT /F1 9 Tf (Words of a PDF.) Tj ET")),
    ]
    assert [each.text for each in (await reader.read(body_of(*files))).texts] == [
        "Words of a text.",
        "Words of a page.",
        "Words of a PDF.",
    ]


async def test_every_file_that_is_not_taken_is_told_with_its_reason(reader: SourceFileProcesses) -> None:
    whole = docx_file(("Normal", "Text."))
    files = {
        "damaged.docx": (whole[: len(whole) // 2], "damaged"),
        "archive.docx": (zip_file(a_xtxt=b"x"), "other_kind"),
        "sheet.docx": (zip_file(xl__workbook_xxml=b"<a/>"), "other_kind"),
        "macros.docx": (with_part(whole, word__vbaProject_xbin=b"x"), "macros"),
        "bomb.docx": (bomb_docx(), "hostile"),
        "entities.docx": (entity_docx(), "hostile"),
        "locked.pdf": (encrypted_pdf(user="secret"), "encrypted"),
        "scan.pdf": (scanned_pdf(), "scanned"),
        "long.pdf": (pdf_of_pages(201), "too_many_pages"),
        "cut.pdf": (b"%PDF-1.7\nnothing of it", "damaged"),
    }
    error = await refused(reader, *(SourceFile(name, content) for name, (content, _fault) in files.items()))
    assert {row["name"]: row["fault"] for row in error.details["files"]} == {
        name: fault for name, (_content, fault) in files.items()
    }


async def test_so_is_every_other(reader: SourceFileProcesses) -> None:
    whole = docx_file(("Normal", "Text."))
    types = with_part(b"", word__document_xxml=b"<d/>", types=f'<T><O ContentType="{MACROS}"/></T>'.encode())
    files = {
        "macros.docx": (types, "macros"),
        "nested.pdf": (raw_pdf(bytes(90 << 20), packed=2), "hostile"),
        "empty.pdf": (pdf_of_pages(1), "scanned"),
        "empty.docx": (docx_file(), "no_text"),
        "script.html": (b"<html><body><script>render()</script>", "no_text"),
        "long.txt": (b"x " * MAX_SOURCE_CHARS, "too_long"),
        "mixed.txt": (b"\x81\x8d words", "encoding"),
        "bad.docx": (with_part(whole, word__styles_xxml=b"<a>"), "damaged"),
    }
    error = await refused(reader, *(SourceFile(name, content) for name, (content, _fault) in files.items()))
    assert {row["name"]: row["fault"] for row in error.details["files"]} == {
        name: fault for name, (_content, fault) in files.items()
    }
    assert "it is a scan" not in error.message


async def test_a_file_that_takes_too_much_work_ends_its_process_and_is_named() -> None:
    reader = SourceFileProcesses(cpu_s=1)
    error = await refused(reader, TEXT, ENDLESS, TEXT)
    reader.close()
    assert error.details["files"] == [{"index": 1, "name": "endless.pdf", "fault": "too_much_work"}]
    assert "more than 1 s of work" in error.message


async def test_one_that_takes_too_long_does_too() -> None:
    reader = SourceFileProcesses(wall_s=1)
    error = await refused(reader, ENDLESS)
    reader.close()
    assert error.details["files"][0]["fault"] == "too_much_work"


async def test_one_that_takes_too_much_memory_is_named_and_the_next_is_read() -> None:
    reader = SourceFileProcesses(memory_bytes=140 << 20)
    error = await refused(reader, SourceFile("large.pdf", raw_pdf(bytes(70 << 20), packed=1)), TEXT)
    reader.close()
    assert [(row["name"], row["fault"]) for row in error.details["files"]] == [("large.pdf", "too_much_work")]


async def test_what_is_being_read_is_given_up_when_the_server_ends() -> None:
    reader = SourceFileProcesses()
    reading = asyncio.create_task(refused_or_gone(reader))
    await until(lambda: bool(reader.running))
    await asyncio.to_thread(reader.close)
    assert await reading
    with pytest.raises(RuntimeError, match="shutdown"):
        await reader.read(body_of(TEXT))


async def refused_or_gone(reader: SourceFileProcesses) -> bool:
    try:
        return (await reader.read(body_of(ENDLESS))).refusal is not None
    except (ValidationError, ProviderUnavailable):
        return True


async def test_without_the_library_of_a_kind_it_is_said_what_is_missing(
    reader: SourceFileProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for library in ("lxml", "pypdf"):
        (tmp_path / f"{library}.py").write_text(f"raise ModuleNotFoundError('gone', name='{library}')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    for name, content, library in (
        ("a.pdf", b"%PDF-1.7", "pypdf"),
        ("a.html", b"<p>Words.", "lxml"),
        ("a.docx", b"PK\x03\x04", "lxml"),
    ):
        with pytest.raises(ProviderUnavailable, match=rf"{library} is not installed.*toolboxai\[sources\]"):
            await reader.read(body_of(SourceFile(name, content)))
    assert (await reader.read(body_of(TEXT))).texts[0].text == "Words of a text."


MADE_TO_HARM: Mapping[str, tuple[Callable[[], bytes], set[str]]] = {
    "swelling.docx": (lambda: packed_docx(zipfile.ZIP_BZIP2, bytes(64 << 20)), {"hostile"}),
    "zip_in_zip.docx": (lambda: zip_file(types=CONTENT_TYPES, word__document_xxml=bomb_docx()), {"damaged"}),
    "ebcdic.docx": (lambda: entity_docx(encoding="cp037"), {"hostile", "damaged"}),
    "wide.docx": (lambda: entity_docx(encoding="utf-16"), {"hostile"}),
    "deep.docx": (lambda: zip_file(types=CONTENT_TYPES, word__document_xxml=b"<p>" * 300_000), {"damaged"}),
    "crowd.docx": (lambda: zip_file(**{f"p{number}": b"" for number in range(2_001)}), {"hostile"}),
    "cycle.pdf": (looping_pdf, {"damaged", "hostile"}),
    "parent.pdf": (lambda: raw_pdf(b"BT ET", parent=3), {"hostile", "scanned"}),
    "branches.pdf": (lambda: raw_pdf(b"BT ET", kids="3 0 R " * 200_000), {"damaged", "hostile", "scanned"}),
    "open.pdf": (lambda: raw_pdf(b"[" * 1_000_000, packed=1), {"damaged"}),
    "one_line.html": (lambda: b"<html><p>" + b"word " * 2_020_000, {"too_long"}),
    "lines.html": (lambda: b"<html>" + b"<p>words a word" * 50_000, {"too_long"}),
    "deep.html": (lambda: b"<html>" + b"<div>" * 1_000_000 + b"words", {"hostile"}),
    "tables.html": (lambda: b"<html>" + b"<table><tr><td>" * 300_000, {"hostile"}),
}


@pytest.mark.parametrize("name", MADE_TO_HARM)
def test_a_file_that_is_made_to_do_harm_is_told_soon(name: str) -> None:
    made, faults = MADE_TO_HARM[name]
    file = SourceFile(name, made())
    begun = time.thread_time()
    reply = read_file(file)
    assert reply.fault in faults, reply
    assert reply.message
    assert time.thread_time() - begun < 5


def test_styles_in_a_chain_of_thousands_take_no_longer_for_it() -> None:
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="S{number}"><w:basedOn w:val="S{number + 1}"/></w:style>'
        for number in range(20_000)
    )
    content = with_part(
        docx_file(("Normal", "Text.")),
        word__styles_xxml=f'<w:styles xmlns:w="{W}">{styles}</w:styles>'.encode(),
    )
    begun = time.thread_time()
    reply = read_file(SourceFile("a.docx", content))
    assert reply.text is not None
    assert reply.text.text == "Text."
    assert time.thread_time() - begun < 3  # each anew down to the end would be minutes


HEADS = st.sampled_from(
    [
        b"",
        b"%PDF-1.7\n",
        b"PK\x03\x04",
        b"<html>",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\x00\x00\xfe\xff",
        b"{\\rtf",
        b"<?xml ",
    ]
)
NAMES = st.one_of(
    st.text(max_size=20), st.sampled_from([f"a.{each}" for each in ("txt", "md", "html", "docx", "pdf")])
)


@settings(max_examples=300 if FULL else 40, deadline=2_000, database=None)
@given(name=NAMES, head=HEADS, rest=st.binary(max_size=300), media_type=st.text(max_size=10))
def test_whatever_the_bytes_are_there_is_an_answer(
    name: str, head: bytes, rest: bytes, media_type: str
) -> None:
    reply = read_file(SourceFile(name, head + rest, media_type))
    assert (reply.text is None) is (reply.fault is not None)
    assert bool(reply.message) is (reply.fault is not None)


@settings(max_examples=200 if FULL else 30, deadline=2_000, database=None)
@given(seed=st.integers(0, 10**6), kind=st.sampled_from(["docx", "pdf"]))
def test_so_there_is_for_a_good_file_with_bytes_that_have_changed(seed: int, kind: str) -> None:
    dice = random.Random(seed)
    content = bytearray(GOOD[kind])
    for _ in range(dice.randint(1, 30)):
        content[dice.randrange(len(content))] = dice.randrange(256)
    reply = read_file(SourceFile(f"a.{kind}", bytes(content)))
    assert (reply.text is None) is (reply.fault is not None)


GOOD = {
    "docx": docx_file(("Heading 1", "Water"), ("Normal", "Text.")),
    "pdf": raw_pdf(b"BT /F1 9 Tf (Words.) Tj ET", packed=1),
}
