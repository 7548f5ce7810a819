"""The PDF form as a reader of PDF files finds it."""

import io
from typing import Any

import msgspec
import pypdf
import pytest

from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.pdf import UNSHOWN, render_pdf
from toolboxai.platform.content.model.lesson import Statement
from toolboxai.platform.content.model.package import Audience
from whole_documents import whole_document


def opened(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content), strict=True)


def retitled(title: str, *lines: str, language: str = "en") -> ContentDocument:
    """The whole content with another title, and with these lines in its first section."""
    document = whole_document(language)
    first, *others = document.lesson.sections
    first = msgspec.structs.replace(first, statements=tuple(Statement(line) for line in lines))
    lesson = msgspec.structs.replace(document.lesson, title=title, sections=(first, *others))
    return msgspec.structs.replace(document, title=title, lesson=lesson)


@pytest.mark.parametrize("audience", list(Audience))
def test_it_is_tagged_to_the_standard_for_screen_readers(audience: Audience) -> None:
    content, _ = render_pdf(whole_document("de"), audience)
    pdf = opened(content)
    root: Any = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "de"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.xmp_metadata is not None
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf.xmp_metadata.stream.get_data()
    tags = tagged(root["/StructTreeRoot"])
    assert {"/H1", "/H2", "/H3", "/P", "/L", "/LI", "/Table", "/TR", "/TH", "/TD"} <= set(tags)
    assert tags.count("/H1") == 1


def tagged(node: Any) -> list[str]:
    """All tags of a tree, in order."""
    node = node.get_object()
    if isinstance(node, list):
        return [tag for child in node for tag in tagged(child)]
    if not isinstance(node, dict):
        return []
    own = [str(node["/S"])] if "/S" in node else []
    return own + (tagged(node["/K"]) if "/K" in node else [])


def test_title_and_page_numbers_are_there_and_no_time() -> None:
    content, _ = render_pdf(whole_document(), Audience.TEACHER)
    pdf = opened(content)
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Roots & <ice>"
    assert pdf.metadata.creation_date is None
    for number, page in enumerate(pdf.pages, start=1):
        assert f"Page {number} / {len(pdf.pages)}" in page.extract_text()
    assert render_pdf(whole_document(), Audience.TEACHER)[0] == content


@pytest.mark.parametrize("audience", list(Audience))
def test_each_row_of_a_matching_question_has_its_item_and_a_partner_with_a_letter(audience: Audience) -> None:
    content, _ = render_pdf(whole_document(), audience)
    lines = "\n".join(page.extract_text() for page in opened(content).pages).splitlines()
    start = lines.index("Item Letter Partner")
    assert lines[start + 1 : start + 5] == [
        f"1. Arabic A) {UNSHOWN}",
        f"2. Hebrew B) {UNSHOWN}",
        "3. Japanese C) \u05de\u05d9\u05dd",
        "4. a message D) \u0627\u0644\u0645\u0627\u0621",
    ]


def test_every_font_is_inside_and_is_one_of_the_compilers() -> None:
    content, _ = render_pdf(whole_document(), Audience.TEACHER)
    families = set()
    for page in opened(content).pages:
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            (descendant,) = font.get_object()["/DescendantFonts"]
            descriptor = descendant.get_object()["/FontDescriptor"]
            assert {"/FontFile2", "/FontFile3"} & set(descriptor)
            families.add(str(descriptor["/FontName"]).partition("+")[2].partition("-")[0])
    assert families <= {"LibertinusSerif", "NewCMMath", "DejaVuSansMono"}


MARKUP = (
    '#read("/etc/passwd") #sys.version $x^2$ *bold* @ref <label> `raw` \\frac{a}{b} // gone /* gone */ = #"'
)


def test_no_word_of_the_source_is_markup() -> None:
    content, notes = render_pdf(retitled(MARKUP, MARKUP, "= no heading"), Audience.STUDENT)
    first = opened(content).pages[0].extract_text().replace("\n", "").replace(" ", "")
    assert first.count(MARKUP.replace(" ", "")) == 2
    assert "=noheading" in first
    assert len(notes) == 1  # of the signs that no font has, in other sections


def test_what_no_font_has_is_named_and_a_box_stands_for_it() -> None:
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
    content, notes = render_pdf(retitled("\u6c34\u5faa\u74b0", f"See {family} here."), Audience.STUDENT)
    text = opened(content).pages[0].extract_text()
    assert text.startswith(UNSHOWN * 3)
    assert "\u6c34 \u5faa \u74b0" in notes[0]
    assert "\U0001f469" in notes[0]
    assert "The Word and HTML forms have them." in notes[0]
    assert "\x00" not in text


def test_of_many_signs_without_a_glyph_the_first_are_named() -> None:
    many = "".join(chr(0x4E00 + at) for at in range(300))
    _, (note,) = render_pdf(retitled(many), Audience.STUDENT)
    assert " and 282 more: " in note  # these, and two of other sections


@pytest.mark.parametrize(
    "text",
    [
        "\u2200x \u2208 \u211d: \u222b\u2080^\u221e e\u207b\u02e3 dx \u2264 \u221a\u03c0 \u00b7 10\u207b\u00b3 \u2248 \u00bd",
        "\u041f\u0440\u0438\u0432\u0435\u0442, \u039a\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1, \u0141\u00f3d\u017a, \u0130stanbul, Ti\u1ebfng Vi\u1ec7t",
        "\u20ac \u00a3 \u00b0C \u2192 \u201equote\u201c \u2026 \u2013 \u2014 \u00bf\u00a1",
    ],
)
def test_mathematics_and_european_writing_are_shown(text: str) -> None:
    content, notes = render_pdf(retitled("Signs", text), Audience.STUDENT)
    shown = opened(content).pages[0].extract_text()
    assert text.replace(" ", "") in shown.replace("\n", "").replace(" ", "")
    assert notes == render_pdf(whole_document(), Audience.STUDENT)[1]


@pytest.mark.parametrize("language", ["ar", "he", "zh-Hant-TW", "xx", "qaa"])
def test_any_language_tag_will_do(language: str) -> None:
    content, _ = render_pdf(whole_document(language), Audience.STUDENT)
    assert opened(content).pages
