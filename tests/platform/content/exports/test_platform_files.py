"""The files for learning platforms: the same bytes each time, packages that hold together, a table, a zip of all."""

import hashlib
import json
import re

import msgspec
import pytest

from readers.formats import READERS, changed, read_cartridge, written
from readers.moodle import read_moodle
from readers.packages import members
from readers.table import raw_cells
from toolboxai.platform.content.exports.formats import render_all, sheets
from toolboxai.platform.content.exports.html import render_html
from toolboxai.platform.content.model.package import Audience
from whole_documents import whole_document


def test_the_same_content_is_the_same_bytes_and_another_has_other_identifiers() -> None:
    document = whole_document()
    other = msgspec.structs.replace(document, content_id="content_457")
    identifier = re.compile(rb"\bi[0-9a-f]{32}\b")
    for format in (*READERS, "zip"):
        first = written(document, format).content
        assert written(whole_document(), format).content == first
    for format in ("moodle_xml", "gift", "qti12", "qti21", "imscc"):
        ours, theirs = (
            set(
                identifier.findall(
                    b"".join(members(file.content).values()) if file.content[:2] == b"PK" else file.content
                )
            )
            for file in (written(document, format), written(other, format))
        )
        assert ours
        assert not ours & theirs


@pytest.mark.parametrize("format", ["moodle_xml", "gift", "aiken", "qti12", "qti21", "csv"])
def test_a_quiz_without_questions_is_a_file_without_questions(format: str) -> None:
    assert READERS[format](written(changed(), format).content) == []


def test_a_cartridge_without_questions_is_the_page_alone() -> None:
    package = read_cartridge(written(changed(), "imscc").content)
    assert sorted(package.files) == ["imsmanifest.xml", "lesson.html"]
    assert len(package.contents) == 1


def test_moodle_puts_the_questions_in_a_category_of_the_lessons_name() -> None:
    document = msgspec.structs.replace(whole_document(), title="Rates: km/h & <more>")
    assert read_moodle(written(document, "moodle_xml").content)[0] == "$course$/top/Rates: km//h & <more>"


def test_a_cartridge_has_the_pupils_page_and_no_key_beside_the_quiz() -> None:
    document = whole_document()
    package = read_cartridge(written(document, "imscc").content)
    ((page, html),) = package.of_type("webcontent")
    assert html.decode() == render_html(document, Audience.STUDENT)
    assert page.get("href") == "lesson.html"
    assert [title for _, title in package.contents] == [document.title, document.quiz.title]
    assert sorted(package.files) == ["imsmanifest.xml", "lesson.html", "quiz/assessment.xml"]


def test_cells_that_a_spreadsheet_would_run_have_an_apostrophe_and_nothing_is_lost() -> None:
    cells = ("=1+1", "+1", "-1", "@x", "'x", "\uff1dA1", "plain = 1")
    document = changed(q1={"options": cells, "correct_answer": "=1+1"})
    head, row = raw_cells(written(document, "csv").content)
    assert [row[head.index(f"option_{number}")] for number in range(1, 8)] == [
        *("'=1+1", "'+1", "'-1", "'@x", "''x", "'\uff1dA1", "plain = 1")
    ]
    assert READERS["csv"](written(document, "csv").content)[0].options == cells


def test_the_table_has_the_documented_columns() -> None:
    head = raw_cells(written(whole_document(), "csv").content)[0]
    assert head == [
        *("id", "type", "difficulty", "objective", "question"),
        *(f"option_{number}" for number in range(1, 5)),
        *(f"prompt_{number}" for number in range(1, 5)),
        *(f"answer_{number}" for number in range(1, 5)),
        *("accepted_1", "accepted_2", "tolerance", "unit", "rationale", "source_sentence"),
    ]


def test_the_zip_has_every_other_file_and_a_list_with_their_checksums() -> None:
    document = whole_document()
    files = list(render_all(document))
    assert [(file.format, file.audience) for file in files] == list(sheets())
    others, (whole,) = files[:-1], files[-1:]
    assert whole.format == "zip"
    assert whole == written(document, "zip")
    held = members(whole.content)
    listed = json.loads(held.pop("manifest.json"))
    assert listed["content_id"] == "content_456"
    assert list(held) == [each["name"] for each in listed["files"]] == [file.name for file in others]
    for each, file in zip(listed["files"], others, strict=True):
        content = held[each["name"]]
        assert content == file.content
        assert (each["sha256"], each["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
        assert (each["format"], each["audience"], each["notes"]) == (
            file.format,
            file.audience,
            list(file.notes),
        )
