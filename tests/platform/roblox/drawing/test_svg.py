"""SVG as text: escaped, legible, without what a strict policy refuses."""

from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from toolboxai.platform.roblox.drawing.svg import document, element, legible, text

SVG = "{http://www.w3.org/2000/svg}"


def test_attributes_are_escaped_and_numbers_short() -> None:
    assert element("rect", x=1, y=2.5, width=1 / 3, height=-0.004, class_="a", stroke_width=3.0) == (
        '<rect x="1" y="2.5" width="0.33" height="0" class="a" stroke-width="3"/>'
    )
    assert element("path", d='<"&') == "<path d='&lt;\"&amp;'/>"


def test_inner_elements_stand_between_the_tags() -> None:
    assert element("g", element("b"), element("c"), id="x") == '<g id="x"><b/><c/></g>'


def test_words_are_one_line_without_what_xml_cannot_say() -> None:
    assert legible("a\x00b\n c\ud800\t d￿") == "ab c d"
    assert ElementTree.fromstring(text("]]> <b> & “x”", 0, 0, 4)).text == "]]> <b> & “x”"


@settings(max_examples=40)
@given(st.text(), st.text())
def test_any_title_and_description_come_back(title: str, description: str) -> None:
    root = ElementTree.fromstring(document("plan", title, description, (0, 0, 10, 10)))
    assert root.findtext(f"{SVG}title") == legible(title)
    assert root.findtext(f"{SVG}desc") == legible(description)


def test_a_document_says_what_it_shows() -> None:
    root = ElementTree.fromstring(document("plan", "A plan", "Rooms.", (-5, -10, 20, 30), element("g")))
    assert root.get("role") == "img"
    named = root.get("aria-labelledby")
    assert named == "plan-title plan-desc"
    assert [each.get("id") for each in root][:2] == named.split()
    assert root.get("viewBox") == "-5 -10 20 30"
