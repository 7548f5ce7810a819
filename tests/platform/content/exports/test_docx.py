"""The Word form as a word processor and a screen reader find it."""

import io
import itertools
import zipfile

import msgspec
import pytest
from lxml import etree

from sheet_readers import WORD, body_of
from toolboxai.platform.content.exports.docx import render_docx
from toolboxai.platform.content.model.package import Audience
from whole_documents import whole_document


@pytest.fixture(scope="module", params=list(Audience))
def made(request: pytest.FixtureRequest) -> tuple[bytes, Audience]:
    return render_docx(whole_document("es-MX"), request.param), request.param


def text(element: etree._Element) -> str:
    return "".join(each.text or "" for each in element.iter(f"{WORD}t"))


def styles(content: bytes) -> list[tuple[str, str]]:
    """Each paragraph's style and text."""
    found = []
    for paragraph in body_of(content).iter(f"{WORD}p"):
        style = paragraph.find(f"{WORD}pPr/{WORD}pStyle")
        found.append(("Normal" if style is None else style.get(f"{WORD}val", ""), text(paragraph)))
    return found


def test_headings_are_headings_one_of_them_the_title_and_no_level_is_left_out(
    made: tuple[bytes, Audience],
) -> None:
    content, _ = made
    known = {
        style.get(f"{WORD}styleId"): style.find(f"{WORD}name").get(f"{WORD}val")
        for style in body_of(content, "word/styles.xml").iter(f"{WORD}style")
    }
    named = [(known.get(style, style), text) for style, text in styles(content)]
    headings = [(int(style[-1]), text) for style, text in named if style.lower().startswith("heading ")]
    assert [text for level, text in headings if level == 1] == ["Roots & <ice>"]
    assert headings[0][0] == 1
    assert all(after[0] - before[0] <= 1 for before, after in itertools.pairwise(headings))
    assert [text for _, text in headings if text.startswith("Pregunta")] == [
        f"Pregunta {number}" for number in range(1, 9)
    ]
    assert {style for style, _ in styles(content)} <= {*known, "Normal"}


def test_header_rows_of_tables_are_marked_and_no_other_row(made: tuple[bytes, Audience]) -> None:
    content, audience = made
    tables = list(body_of(content).iter(f"{WORD}tbl"))
    headers = []
    for table in tables:
        rows = list(table.iter(f"{WORD}tr"))
        assert [row.find(f"{WORD}trPr/{WORD}tblHeader") is not None for row in rows] == [
            True,
            *[False] * (len(rows) - 1),
        ]
        headers.append([text(cell) for cell in rows[0].iter(f"{WORD}tc")])
    coverage = [["Objetivo", "Secciones", "Preguntas"]] if audience is Audience.TEACHER else []
    assert headers == [["Elemento", "Letra", "Pareja"], *coverage]


def test_the_language_of_the_document_is_set(made: tuple[bytes, Audience]) -> None:
    content, _ = made
    language = body_of(content, "word/styles.xml").find(f".//{WORD}rPrDefault/{WORD}rPr/{WORD}lang")
    assert language is not None
    assert set(language.attrib.values()) == {"es-MX"}
    properties = body_of(content, "docProps/core.xml")
    found = {etree.QName(one).localname: one.text for one in properties}
    assert found["language"] == "es-MX"
    assert found["title"] == "Roots & <ice>"
    assert found["created"] == found["modified"] == "1980-01-01T00:00:00Z"
    assert not found.get("creator")


def test_quotations_of_a_text_in_another_language_are_marked_with_it() -> None:
    body = body_of(render_docx(whole_document("fr"), Audience.STUDENT))
    marked = [
        text(run)
        for run in body.iter(f"{WORD}r")
        for language in run.iter(f"{WORD}lang")
        if "fr" in language.attrib.values()
    ]
    assert whole_document().analysis.sentences[0].text in marked


def test_what_runs_from_the_right_is_marked_so() -> None:
    document = whole_document("ar")
    arabic = "\u0627\u0644\u0645\u0627\u0621 (H\u2082O)"
    lesson = msgspec.structs.replace(document.lesson, title=arabic)
    paragraphs = body_of(
        render_docx(msgspec.structs.replace(document, lesson=lesson), Audience.STUDENT)
    ).iter(f"{WORD}p")
    from_the_right = [one for one in paragraphs if one.find(f"{WORD}pPr/{WORD}bidi") is not None]
    assert [text(one) for one in from_the_right] == [arabic]
    run = from_the_right[0].find(f"{WORD}r/{WORD}rPr")
    assert run is not None
    assert run.find(f"{WORD}rtl") is not None
    assert run.find(f"{WORD}lang").get(f"{WORD}bidi") == "ar"


def test_no_clock_and_no_machine_has_a_part_in_the_file(made: tuple[bytes, Audience]) -> None:
    content, audience = made
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.testzip() is None
    assert render_docx(whole_document("es-MX"), audience) == content


def test_pages_are_numbered(made: tuple[bytes, Audience]) -> None:
    content, _ = made
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (footer,) = (name for name in archive.namelist() if name.startswith("word/footer"))
    (field,) = body_of(content, footer).iter(f"{WORD}fldSimple")
    assert field.get(f"{WORD}instr") == "PAGE"
