"""Files are read in a process of their own, which may use so much and no more, and leaves nothing behind."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callers import until
from made_files import (
    bomb_docx,
    docx_file,
    encrypted_pdf,
    entity_docx,
    looping_pdf,
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
from toolboxai.platform.content.sources.files import SourceFile

TEXT = SourceFile("a.txt", b"Words of a text.")
MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"
# Half a million words written one by one: a minute of work.
ENDLESS = SourceFile("endless.pdf", raw_pdf(b"BT /F1 9 Tf " + b"(a) Tj 1 1 Td " * 500_000 + b"ET", packed=1))


@pytest.fixture
async def reader() -> AsyncIterator[SourceFileProcesses]:
    processes = SourceFileProcesses()
    yield processes
    processes.close()


async def refused(reader: SourceFileProcesses, *files: SourceFile) -> ValidationError:
    with pytest.raises(ValidationError) as error:
        await reader.read(files)
    return error.value


async def test_several_files_are_read_in_their_order(reader: SourceFileProcesses) -> None:
    files = [
        TEXT,
        SourceFile("b.html", b"<p>Words of a page."),
        SourceFile("c.pdf", raw_pdf(b"BT /F1 9 Tf (Words of a PDF.) Tj ET")),
    ]
    assert [each.text for each in await reader.read(files)] == [
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
        "crowd.docx": (zip_file(**{f"p{number}": b"" for number in range(2_001)}), "hostile"),
        "loop.pdf": (looping_pdf(), None),
        "nested.pdf": (raw_pdf(bytes(90 << 20), packed=2), "hostile"),
        "empty.pdf": (pdf_of_pages(1), "scanned"),
        "empty.docx": (docx_file(), "no_text"),
        "script.html": (b"<html><body><script>render()</script>", "no_text"),
        "long.txt": (b"x " * MAX_SOURCE_CHARS, "too_long"),
        "mixed.txt": (b"\x81\x8d words", "encoding"),
        "bad.docx": (with_part(whole, word__styles_xxml=b"<a>"), "damaged"),
    }
    error = await refused(reader, *(SourceFile(name, content) for name, (content, _fault) in files.items()))
    told = {row["name"]: row["fault"] for row in error.details["files"]}
    assert told.pop("loop.pdf") in ("damaged", "scanned", "hostile")
    assert told == {name: fault for name, (_content, fault) in files.items() if fault is not None}
    assert "it is a scan" not in error.message


async def test_a_file_that_takes_too_much_work_ends_its_process_and_is_named() -> None:
    reader = SourceFileProcesses(cpu_s=1)
    error = await refused(reader, TEXT, ENDLESS, TEXT)
    reader.close()
    assert error.details["files"] == [{"index": 1, "name": "endless.pdf", "fault": "too_much_work"}]
    assert "more than 1 s of work" in error.message


async def test_one_that_takes_too_long_does_too() -> None:
    reader = SourceFileProcesses(wall_s=2)
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
        await reader.read([TEXT])


async def refused_or_gone(reader: SourceFileProcesses) -> bool:
    try:
        await reader.read([ENDLESS])
    except (ValidationError, ProviderUnavailable):
        return True
    return False


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
            await reader.read([SourceFile(name, content)])
    assert (await reader.read([TEXT]))[0].text == "Words of a text."


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


@settings(max_examples=100, deadline=2_000, database=None)
@given(name=NAMES, head=HEADS, rest=st.binary(max_size=300), media_type=st.text(max_size=10))
def test_whatever_the_bytes_are_there_is_an_answer(
    name: str, head: bytes, rest: bytes, media_type: str
) -> None:
    reply = read_file(SourceFile(name, head + rest, media_type))
    assert (reply.text is None) is (reply.fault is not None)
    assert bool(reply.message) is (reply.fault is not None)


@settings(max_examples=60, deadline=2_000, database=None)
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
