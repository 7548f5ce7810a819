"""A teacher's own files as the source of a lesson, sent to a real server: taken, or refused and nothing left behind."""

import asyncio
import base64
import json
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from callers import Http
from forms import FULL
from made_files import (
    bomb_docx,
    docx_file,
    encrypted_pdf,
    endless_pdf,
    entity_docx,
    pdf_file,
    pdf_of_pages,
    raw_pdf,
    scanned_pdf,
    zip_file,
)
from odd_input import assert_refused
from school import Open, a_lesson, calls
from toolboxai.platform.content.sources.files import MAX_SOURCE_FILES_BYTES

pytestmark = pytest.mark.timeout(60)


GENERATE = "/api/v1/content/generate"
SENTENCES = (
    "The water cycle is the movement of water on Earth. Heat from the sun turns water of the sea into vapor. "
    "This change is called evaporation. Vapor rises and cools high above the ground. Cool vapor turns into tiny "
    "drops, and many drops form a cloud. The change from vapor to drops is called condensation. Drops grow until "
    "they fall as rain or snow. Rain and snow are called precipitation. Rivers carry the water back to the sea."
)
FIELDS: dict[str, Any] = {
    "subject": "Science",
    "grade_level": "6-8",
    "learning_objectives": ["Explain evaporation"],
    "num_questions": 3,
}
KINDS = {
    "a.txt": SENTENCES.encode("utf-16"),
    "b.md": f"# Water\n\n{SENTENCES}".encode(),
    "c.html": f"<!doctype html><h1>Water</h1><p>{SENTENCES}</p>".encode(),
    "d.docx": docx_file(("Heading 1", "Water"), ("Normal", SENTENCES)),
    "e.pdf": pdf_file(f"= Water\n{SENTENCES}"),
}
REFUSED = {
    "empty.txt": (b"", "empty"),
    "renamed.txt": (KINDS["e.pdf"], "misnamed"),
    "old.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "other_kind"),
    "letter.rtf": (b"{\\rtf1 words}", "other_kind"),
    "photo.jpg": (b"\xff\xd8\xff\xe0", "other_kind"),
    "files.zip": (zip_file(a_xtxt=b"x"), "other_kind"),
    "macros.docm": (KINDS["d.docx"], "macros"),
    "bytes.txt": (bytes(range(256)), "encoding"),
    "bomb.docx": (bomb_docx(), "hostile"),
    "entities.docx": (entity_docx(), "hostile"),
    "locked.pdf": (encrypted_pdf(user="secret"), "encrypted"),
    "scan.pdf": (scanned_pdf(), "scanned"),
    "blank.html": (b"<html><body><script>render()</script>", "no_text"),
    "cut.docx": (KINDS["d.docx"][:900], "damaged"),
    "book.pdf": (pdf_of_pages(201), "too_many_pages"),
    "novel.txt": (b"word " * 110_000, "too_long"),
    "../../etc/passwd": (b"\x7fELF", "other_kind"),
}


@pytest.fixture
async def jane(opened: Open) -> AsyncIterator[httpx2.AsyncClient]:
    async with calls(opened.server, opened.school["jane"]) as http:
        yield http


def in_json(files: dict[str, bytes], **more: Any) -> dict[str, Any]:
    sent = [
        {"name": name, "content_base64": base64.b64encode(content).decode()}
        for name, content in files.items()
    ]
    return {**FIELDS, "source_files": sent, **more}


def in_form(files: dict[str, bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("source_files", (name, content)) for name, content in files.items()]


async def post(
    http: httpx2.AsyncClient, files: dict[str, bytes], data: dict[str, Any] | None = None, **headers: str
) -> httpx2.Response:
    return await http.post(GENERATE, data=data or FIELDS, files=in_form(files), headers=headers)


async def sessions(http: httpx2.AsyncClient) -> list[str]:
    return [
        each["session_id"] for each in (await http.get("/api/v1/content/sessions?limit=100")).json()["items"]
    ]


async def over(http: httpx2.AsyncClient, accepted: dict[str, Any]) -> dict[str, Any]:
    """The session when it has ended."""
    while True:
        session: dict[str, Any] = (await http.get(accepted["status_url"])).json()
        if session["finished_at"]:
            return session
        await asyncio.sleep(0.05)


def left_behind(school: Open) -> tuple[list[str], int]:
    """Temporary files, and processes that read files."""
    readers = 0
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes()
            parent = int((process.parent / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        readers += b"source_files" in words and parent == school.server.process.pid
    return os.listdir(school.school.home / "tmp"), readers


async def test_files_of_every_kind_make_a_lesson_together(jane: httpx2.AsyncClient, opened: Open) -> None:
    answer = await jane.post(GENERATE, json=in_json(KINDS, source_text="Typed in first."))
    assert answer.status_code == 202, answer.text
    accepted = answer.json()
    assert [(each["name"], each["kind"], each["pages"]) for each in accepted["source_files"]] == [
        ("a.txt", "text", 0),
        ("b.md", "markdown", 0),
        ("c.html", "html", 0),
        ("d.docx", "docx", 1),
        ("e.pdf", "pdf", 1),
    ]
    assert all(each["characters"] > 400 for each in accepted["source_files"])
    assert (await over(jane, accepted))["status"] == "complete"
    lesson = (await jane.get(f"/api/v1/content/download/{accepted['content_id']}?format=md")).text
    assert "evaporation" in lesson
    assert left_behind(opened) == ([], 0)


@pytest.mark.parametrize("name", KINDS if FULL else ["d.docx", "e.pdf"])
async def test_each_kind_alone_makes_one(jane: httpx2.AsyncClient, name: str) -> None:
    answer = await post(jane, {name: KINDS[name]})
    assert answer.status_code == 202, answer.text
    assert (await over(jane, answer.json()))["status"] == "complete"


async def test_notes_of_the_reading_stand_in_the_result_too(jane: httpx2.AsyncClient) -> None:
    old = b"\x84Heat\x93 turns water into vapour.\n\n" + SENTENCES.encode("windows-1252")
    accepted = (await post(jane, {"old.txt": old})).json()
    (note,) = accepted["source_files"][0]["notes"]
    await over(jane, accepted)
    made = (await jane.get(f"/api/v1/content/{accepted['content_id']}")).json()
    assert f"old.txt: {note}" in made["warnings"]


async def test_every_file_that_is_not_taken_is_named_and_nothing_is_left(
    jane: httpx2.AsyncClient, opened: Open
) -> None:
    before = await sessions(jane)
    names = list(REFUSED)
    told = {}
    for some in (names[:9], names[9:]):
        answer = await post(jane, {name: REFUSED[name][0] for name in some})
        assert answer.status_code == 422, answer.text
        assert_refused(answer, some)
        for row in answer.json()["details"]["files"]:
            told[some[row["index"]]] = row["fault"]
            assert f"source_files[{row['index']}] ({row['name']}) " in answer.json()["message"]
    assert told == {name: fault for name, (_content, fault) in REFUSED.items()}
    assert await sessions(jane) == before
    assert left_behind(opened) == ([], 0)


async def test_one_bad_file_among_good_ones_stops_the_request(jane: httpx2.AsyncClient) -> None:
    before = await sessions(jane)
    answer = await post(jane, {"a.txt": KINDS["a.txt"], "bad.pdf": b"%PDF-1.7 nothing"})
    assert [row["name"] for row in answer.json()["details"]["files"]] == ["bad.pdf"]
    assert await sessions(jane) == before


async def test_a_form_has_the_fields_of_the_json(jane: httpx2.AsyncClient) -> None:
    by_form = {
        **FIELDS,
        "learning_objectives": [
            "Explain evaporation",
            '{"title": "Name the stages", "bloom_level": "remember"}',
        ],
        "question_types": '["true_false", "fill_blank"]',
        "duration_minutes": "30",
        "title": "",
    }
    in_the_json = {
        **FIELDS,
        "learning_objectives": [
            "Explain evaporation",
            {"title": "Name the stages", "bloom_level": "remember"},
        ],
        "question_types": ["true_false", "fill_blank"],
        "duration_minutes": 30,
        "source_text": SENTENCES,
    }
    first = await jane.post(GENERATE, json=in_the_json, headers={"Idempotency-Key": "both ways"})
    assert first.status_code == 202, first.text
    again = await post(jane, {"a.txt": SENTENCES.encode()}, by_form, **{"Idempotency-Key": "both ways"})
    assert again.status_code == 202, again.text
    assert again.json()["session_id"] == first.json()["session_id"]
    other = await post(jane, {"a.txt": b"Another text."}, by_form, **{"Idempotency-Key": "both ways"})
    assert (other.status_code, other.json()["error_code"]) == (409, "CONFLICT")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"num_questions": "many"}, "num_questions"),
        ({"num_questons": "3"}, "num_questons"),
        ({"subject": ["Science", "History"]}, "subject"),
        ({"question_types": "[1"}, "question_types"),
        ({"source_files": "notes.pdf"}, "source_files"),
    ],
)
async def test_a_field_at_fault_is_named(jane: httpx2.AsyncClient, data: dict[str, Any], field: str) -> None:
    answer = await post(jane, {"a.txt": SENTENCES.encode()}, {**FIELDS, **data})
    assert answer.status_code == 422
    assert field in answer.json()["details"]["fields"], answer.text


async def test_so_is_a_file_in_the_wrong_place_or_form(jane: httpx2.AsyncClient) -> None:
    wrong = await jane.post(GENERATE, data=FIELDS, files={"file": ("a.txt", b"x")})
    assert "source_files" in wrong.json()["details"]["fields"]["file"]
    for content in ("%%%", "YQ", "YQ==YQ=="):
        sent = {**FIELDS, "source_files": [{"name": "a.txt", "content_base64": content}]}
        answer = await jane.post(GENERATE, json=sent)
        assert "source_files[0].content_base64" in answer.json()["details"]["fields"], answer.text
    for body in (b"", b"--x", b"--x\r\n\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--"):
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        assert_refused(await jane.post(GENERATE, content=body, headers=headers), body)
    assert_refused(await jane.post(GENERATE, content=b"a=b", headers={"Content-Type": "text/plain"}), "text")


async def test_ten_megabytes_of_files_are_taken_in_both_forms_and_no_more(jane: httpx2.AsyncClient) -> None:
    written = f"BT /F1 9 Tf ({SENTENCES}) Tj ET".encode()
    room = MAX_SOURCE_FILES_BYTES - len(raw_pdf(written))
    junk = random.Random(1).randbytes(room).translate(bytes.maketrans(b"\r\n", b"xy"))
    whole = raw_pdf(written, padding=junk)
    whole = raw_pdf(written, padding=junk[: room - (len(whole) - MAX_SOURCE_FILES_BYTES)])
    assert len(whole) == MAX_SOURCE_FILES_BYTES
    answer = await post(jane, {"a.pdf": whole})
    assert answer.status_code == 202, answer.text
    answer = await jane.post(GENERATE, json=in_json({"a.pdf": whole}))
    assert answer.status_code == 202, answer.text
    more = await post(jane, {"a.pdf": whole + b"x"})
    assert (more.status_code, more.json()["error_code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert more.json()["details"]["max_bytes"] == MAX_SOURCE_FILES_BYTES
    eleven = await post(jane, {f"{number}.txt": b"x" for number in range(11)})
    assert "11 files; at most 10" in eleven.json()["message"]


async def test_nobody_reads_the_body_of_who_may_not_generate(opened: Open) -> None:
    async with (
        calls(opened.server) as stranger,
        calls(opened.server, opened.school["sam"]) as sam,
    ):
        for http, status in ((stranger, 401), (sam, 403)):
            for form in ({"files": in_form(KINDS)}, {"content": b"{no json"}):
                assert (await http.post(GENERATE, **form)).status_code == status


async def test_so_many_uploads_of_one_person_at_once_and_others_go_on(
    jane: httpx2.AsyncClient, opened: Open
) -> None:
    port = jane.base_url.port or 0
    head = {
        "Authorization": jane.headers["Authorization"],
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": "5",
    }
    async with Http.opened(port) as first, Http.opened(port) as second:
        for slow in (first, second):
            slow.send(slow.request("POST", GENERATE, headers=head))  # and the five bytes do not come
        async with asyncio.timeout(10):  # until the two have their places
            while (answer := await post(jane, {"a.doc": b"{\\rtf"})).status_code != 429:
                assert answer.status_code == 422, answer.text
        assert answer.headers["Retry-After"] == "5"
        assert answer.json()["error_code"] == "RATE_LIMIT_EXCEEDED"
        async with calls(opened.server, opened.school["john"]) as john:
            assert (await post(john, {"a.txt": SENTENCES.encode()})).status_code == 202
        # A text alone needs no place.
        assert (await jane.post(GENERATE, json=a_lesson(subject=""))).status_code == 422
        for slow in (first, second):
            slow.send(b"--x--")
            assert (await slow.answer()).status == 422
    assert (await post(jane, {"a.doc": b"{\\rtf"})).status_code == 422


async def test_nothing_is_read_on_for_who_has_gone_away(jane: httpx2.AsyncClient, opened: Open) -> None:
    body = json.dumps(in_json({"endless.pdf": endless_pdf()})).encode()
    head = {"Authorization": jane.headers["Authorization"], "Content-Type": "application/json"}
    async with Http.opened(jane.base_url.port or 0) as gone:
        gone.send(gone.request("POST", GENERATE, body, head))
        await until_read_by(opened, 1)
    await until_read_by(opened, 0)  # left alone it takes half a minute


async def until_read_by(school: Open, processes: int) -> None:
    async with asyncio.timeout(10):
        while left_behind(school)[1] != processes:  # noqa: ASYNC110 - a process elsewhere has no event for us
            await asyncio.sleep(0.02)


async def test_random_bytes_under_any_name_never_are_a_fault_of_ours(jane: httpx2.AsyncClient) -> None:
    dice = random.Random(7)
    heads = (b"", b"%PDF-1.4\n", b"PK\x03\x04", b"<html>", b"\xff\xfe", b"{\\rtf")
    for _ in range(8 if FULL else 2):
        files = {
            f"{dice.randrange(100)}\u2603.{dice.choice(('txt', 'md', 'html', 'docx', 'pdf', 'bin'))}": dice.choice(
                heads
            )
            + dice.randbytes(dice.randrange(1, 2000))
            for _ in range(10)
        }
        answer = await post(jane, files)
        assert answer.status_code in (202, 422), answer.text
    described = (await jane.get("/api/openapi.json")).json()["paths"][GENERATE]["post"]["requestBody"][
        "content"
    ]
    assert described.keys() == {"application/json", "multipart/form-data"}
    names = [set(each["schema"]["properties"]) for each in described.values()]
    assert names[0] == names[1] > {"source_text", "source_files"}
    assert "$ref" not in json.dumps(described)
