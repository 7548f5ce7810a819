"""What becomes of each kind of file: headings and lists are kept, what is no text goes."""

import io

import docx
import pytest
from docx.enum.text import WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from made_files import docx_file, encrypted_pdf, pdf_file, raw_pdf, saved, with_part
from toolboxai.adapters.source_files.extraction import extract
from toolboxai.adapters.source_files.markdown import MarkdownText
from toolboxai.platform.content.sources.files import SourceFile, SourceKind, SourceText
from toolboxai.platform.content.sources.text import BlockKind, blocks, normalise


def read(name: str, content: bytes) -> SourceText:
    return extract(SourceFile(name, content))


# ---- text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "notes"),
    [
        pytest.param("Größe: 3 \u20ac".encode(), 0, id="UTF-8"),
        pytest.param("Größe: 3 \u20ac".encode("utf-8-sig"), 0, id="UTF-8 with a mark"),
        pytest.param("Größe: 3 \u20ac".encode("utf-16"), 0, id="UTF-16 with a mark"),
        pytest.param(b"\xfe\xff" + "Größe: 3 \u20ac".encode("utf-16-be"), 0, id="UTF-16, big end first"),
        pytest.param("Größe: 3 \u20ac".encode("windows-1252"), 1, id="windows-1252"),
    ],
)
def test_a_text_may_be_in_the_usual_encodings_and_a_guess_is_told(content: bytes, notes: int) -> None:
    made = read("size.txt", content)
    assert (made.kind, made.text, len(made.notes)) == (SourceKind.TEXT, "Größe: 3 \u20ac", notes)


def test_markdown_stays_as_it_is() -> None:
    text = "# Clouds\n\n- one\n- two\n\nA *cloud* is a group of drops."
    assert read("clouds.md", text.encode()).text == text


# ---- HTML ---------------------------------------------------------------------------------------------------

PAGE = """<!DOCTYPE html><html><head><title>Not this</title><style>p {color: red}</style></head><body>
<nav><a href="/">Home</a></nav><script>document.write("no")</script>
<main><h1>The <em>water</em> cycle</h1><p>Heat turns water into va&shy;por.<br>It rises.</p>
<h3></h3><p hidden>Not seen</p><p style="display: none">nor this</p>
<ul><li>rain<ul><li>heavy</li></ul></li><li><p>snow</p></li></ul>
<ol start="4"><li>rivers</li><li>seas</li></ol>
<table><tr><th>Place</th><th>Water</th></tr><tr><td>Sea</td><td>97 %</td></tr></table>
<blockquote>A word of another.</blockquote></main><footer>Imprint</footer></body></html>"""


def test_of_a_page_the_text_is_read_with_its_headings_lists_and_rows() -> None:
    assert read("page.html", PAGE.encode()).text == "\n".join(
        [
            "# The water cycle",
            "",
            "Heat turns water into va\xadpor. It rises.",
            "",
            "- rain",
            "  - heavy",
            "- snow",
            "4. rivers",
            "5. seas",
            "- Place; Water",
            "- Sea; 97 %",
            "",
            "A word of another.",
        ]
    )


def test_of_a_table_all_that_is_seen_is_read_once() -> None:
    page = """<html><table><caption>Seas</caption><tr><td>Before <div><p>A <b>cold</b> one.</p><p>A
    warm one.</p></div> after</td></tr><tr style="display:none"><td>Not</td></tr>
    <tr><td>seen<span hidden>not</span></td><td><button>Buy</button> 7 %</td></tr></table></html>"""
    assert read("page.html", page.encode()).text.split("\n\n") == [
        "Seas",
        "Before",
        "A cold one.",
        "A warm one.",
        "after",
        "- seen; 7 %",
    ]


def test_a_page_may_say_in_which_encoding_it_is() -> None:
    page = '<html><meta charset="iso-8859-2"><p>Dvo\u0159\u00e1k wrote music.</p></html>'
    made = read("page.html", page.encode("iso-8859-2"))
    assert (made.text, made.notes) == ("Dvo\u0159\u00e1k wrote music.", ())


def test_nesting_without_end_is_no_matter() -> None:
    page = "<div>" * 20_000 + "<p>deep</p>"
    assert "<" not in read("page.html", f"<p>first</p>{page}".encode()).text


# ---- DOCX ---------------------------------------------------------------------------------------------------


def test_of_a_document_headings_go_by_style_and_lists_by_numbering() -> None:
    content = docx_file(
        ("Title", "Water"),
        ("Heading 1", "The cycle"),
        ("Normal", "Heat turns water into vapor."),
        ("List Bullet", "rain"),
        ("List Bullet 2", "heavy rain"),
        ("List Number", "rivers"),
        ("List Number", "seas"),
        ("Heading 2", "Clouds"),
    )
    made = read("water.docx", content)
    assert made.kind is SourceKind.DOCX
    assert made.pages == 1
    assert made.text == (
        "# Water\n\n# The cycle\n\nHeat turns water into vapor.\n\n"
        "- rain\n- heavy rain\n1. rivers\n2. seas\n\n## Clouds"
    )


def test_a_heading_may_be_one_by_its_outline_level_alone() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Own look")
    level = OxmlElement("w:outlineLvl")
    level.set(qn("w:val"), "2")
    paragraph._p.get_or_add_pPr().append(level)
    document.add_paragraph("Text below.")
    assert read("a.docx", saved(document)).text == "### Own look\n\nText below."


def test_what_was_struck_out_or_hidden_is_not_read_and_tables_are() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Seen. ")
    paragraph.add_run("Hidden.").font.hidden = True
    struck = OxmlElement("w:del")
    struck.append(paragraph.add_run("Struck.")._r)
    paragraph._p.append(struck)
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ("Planet", "Moons", "Mars", "2"), strict=True):
        cell.text = text
    assert read("a.docx", saved(document)).text == "Seen.\n\n- Planet; Moons\n- Mars; 2"


def test_a_table_within_a_table_is_read_once() -> None:
    document = docx.Document()
    outer = document.add_table(rows=1, cols=2)
    outer.cell(0, 0).text = "Left"
    outer.cell(0, 1).text = "Right"
    inner = outer.cell(0, 1).add_table(rows=1, cols=2)
    inner.cell(0, 0).text = "Salt"
    inner.cell(0, 1).text = "3 %"
    text = read("tables.docx", saved(document)).text
    assert [text.count(word) for word in ("Left", "Right", "Salt", "3 %")] == [1, 1, 1, 1]


def test_page_breaks_of_a_document_are_counted() -> None:
    document = docx.Document()
    for _ in range(3):
        document.add_paragraph("A page.")
        document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    assert read("a.docx", saved(document)).pages == 4


def test_styles_that_are_based_on_each_other_in_a_circle_end() -> None:
    with io.BytesIO(docx_file(("Normal", "Text."))) as file:
        document = docx.Document(file)
    styles = document.styles.element
    for name, base in (("A", "B"), ("B", "A")):
        style = OxmlElement("w:style")
        style.set(qn("w:type"), "paragraph")
        style.set(qn("w:styleId"), name)
        based = OxmlElement("w:basedOn")
        based.set(qn("w:val"), base)
        style.append(based)
        styles.append(style)
    assert read("a.docx", saved(document)).text == "Text."


def test_other_parts_of_a_document_are_left_packed() -> None:
    content = with_part(docx_file(("Normal", "Text.")), nested_xzip=b"PK\x03\x04" + bytes(1 << 20))
    assert read("a.docx", content).text == "Text."


# ---- PDF ----------------------------------------------------------------------------------------------------

LETTER = """
#set page(width: 12cm, height: 9cm, header: [Rivers of Europe #h(1fr) Grade 7], numbering: "1 / 1")
#set text(hyphenate: true, lang: "en", size: 10pt)
#set par(justify: true)
= The water cycle
== Evaporation
Heat from the sun turns water of the sea into vapor. This extraordinarily slow transformation is called evaporation.

A second paragraph follows. It is a well-known fact.
- rain falls on the hills and runs down into the rivers of the country beside the sea
- snow
+ first
+ second
#pagebreak()
== Condensation
Incomprehensibilities notwithstanding, internationalisation characterises meteorological counterrevolutionaries.
The last word of the page
#pagebreak()
goes on here. Well-known.
"""


@pytest.fixture(scope="module")
def letter() -> SourceText:
    return read("water.pdf", pdf_file(LETTER))


def test_headings_of_a_pdf_go_by_the_size_of_their_letters(letter: SourceText) -> None:
    assert [line for line in letter.text.splitlines() if line.startswith("#")] == [
        "# The water cycle",
        "## Evaporation",
        "## Condensation",
    ]
    assert (letter.kind, letter.pages, letter.notes) == (SourceKind.PDF, 3, ())


def test_words_that_a_line_end_broke_are_whole_again_and_compounds_keep_their_hyphen(
    letter: SourceText,
) -> None:
    for word in (
        "extraordinarily",
        "Incomprehensibilities",
        "internationalisation",
        "counterrevolutionaries",
    ):
        assert word in letter.text
    assert "well-known" in letter.text


def test_running_heads_and_page_numbers_are_gone(letter: SourceText) -> None:
    for gone in ("Rivers of Europe", "Grade 7", "1 / 3", "3 / 3"):
        assert gone not in letter.text


def test_paragraphs_and_lists_of_a_pdf_are_whole_also_over_a_page_end(letter: SourceText) -> None:
    kinds = [(block.kind, block.text) for block in blocks(normalise(letter.text))]
    items = [text for kind, text in kinds if kind is BlockKind.ITEM]
    assert items == [
        "rain falls on the hills and runs down into the rivers of the country beside the sea",
        "snow",
        "first",
        "second",
    ]
    prose = [text for kind, text in kinds if kind is BlockKind.PROSE]
    assert prose[0].endswith("is called evaporation.")
    assert prose[1] == "A second paragraph follows. It is a well-known fact."
    assert prose[-1].endswith("The last word of the page goes on here. Well-known.")


def test_a_pdf_that_opens_without_a_password_is_read() -> None:
    assert "The words of the text" in read("a.pdf", encrypted_pdf(user="")).text


def test_pages_without_text_are_named() -> None:
    made = read("a.pdf", pdf_file("Words stand here.\n#pagebreak()\n#pagebreak()\nAnd here again."))
    assert made.notes == ("Without text, perhaps a picture, and passed over: page 2.",)


def test_a_pdf_from_other_hands_is_read_too() -> None:
    content = b"BT /F1 12 Tf 10 280 Td (Heat turns water into va-) Tj 0 -14 Td (por. It rises.) Tj ET"
    assert read("a.pdf", raw_pdf(content, packed=1)).text == "Heat turns water into vapor. It rises."


def test_halves_of_pairs_become_whole_and_no_character_stays_that_no_database_keeps() -> None:
    made = MarkdownText()
    made.paragraph("A fish \ud83d\udc1f swims\x00 \ud83d alone.")
    assert made.text() == "A fish \U0001f41f swims \ufffd alone."


def test_titles_of_chapters_are_no_running_heads() -> None:
    weather = enumerate(("Rain", "Snow", "Wind", "Fog"), 1)
    pages = "#pagebreak()".join(
        f"\n= Chapter {number}\n{word} comes.\n\n{word} stays a while.\n\n{word} goes.\n"
        for number, word in weather
    )
    assert read("a.pdf", pdf_file(pages)).text.count("# Chapter") == 4


def test_one_paragraph_as_long_as_a_book_takes_no_longer_for_it() -> None:
    written = b"BT /F1 9 Tf 10 280 Td " + b"(words without an end) Tj 0 -1 Td " * 4_000 + b"ET"
    assert len(read("a.pdf", raw_pdf(written, packed=1)).text) > 75_000
