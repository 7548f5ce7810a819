"""HTML that is well-formed, self-contained and accessible, and in which no word of the source is markup."""

import itertools
import re
from xml.etree import ElementTree as Xml

import pytest

from content_runs import Run, run, source, water_request
from toolboxai.platform.content.exports.html import render_html
from toolboxai.platform.content.model.package import Audience
from toolboxai.platform.content.model.request import Objective, QuestionType
from whole_documents import whole_document

HOSTILE = (
    "# <script>alert('title')</script>\n\n"
    + source("water_cycle")
    + "\n\nA <b>bold</b> claim & an <img src=x onerror=alert(1)> picture is a thing that nobody wants in a page. "
    'Evaporation is the "process" <!-- by which --> liquid {{ 7*7 }} water {% raw %} becomes ]]> vapour &amp; more.'
)


def inside(root: Xml.Element, path: str) -> str:
    """All text of the first element of a path, which must be there."""
    found = root.find(path)
    assert found is not None
    return "".join(found.itertext())


def parsed(html: str) -> Xml.Element:
    return Xml.fromstring(html)


@pytest.fixture(scope="module", params=list(Audience))
def page(request: pytest.FixtureRequest) -> tuple[Run, Xml.Element, Audience]:
    made = run(
        water_request(
            source_text=HOSTILE,
            subject="<i>Science</i>",
            learning_objectives=[Objective("Explain <u>clouds</u> & 'rain'")],
        )
    )
    return made, parsed(made.text("html", request.param)), request.param


def test_no_word_of_the_source_becomes_markup(page: tuple[Run, Xml.Element, Audience]) -> None:
    made, root, _ = page
    assert {element.tag for element in root.iter()} <= {
        "html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "h3", "dl", "dt", "dd", "section", "ol",
        "ul", "li", "p", "strong", "q", "blockquote", "fieldset", "legend", "label", "input", "span", "table", "caption",
        "thead", "tbody", "tr", "th", "td", "time", "bdi",
    }  # fmt: skip
    assert "<!--" not in made.text("html")
    assert root.findtext(".//h1") == "<script>alert('title')</script>" == made.lesson.title
    assert root.findtext(".//dd") == "<i>Science</i>"
    assert "49" not in inside(root, ".//main")


def test_the_page_loads_and_runs_nothing(page: tuple[Run, Xml.Element, Audience]) -> None:
    _, root, _ = page
    for element in root.iter():
        assert not {
            name
            for name in element.attrib
            if name.startswith("on") or name in ("src", "href", "action", "style")
        }
    assert "url(" not in inside(root, ".//style")
    assert "@import" not in inside(root, ".//style")


def test_the_page_is_accessible(page: tuple[Run, Xml.Element, Audience]) -> None:
    _, root, _ = page
    assert root.get("lang") == "en"
    assert root.findtext(".//title")
    levels = [int(element.tag[1]) for element in root.iter() if re.fullmatch(r"h\d", element.tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for section in root.iter("section"):
        assert section.get("aria-labelledby") in ids
    labelled = [field for label in root.iterfind(".//fieldset/label") for field in label.iter("input")]
    assert [field for field in root.iter("input") if not field.get("aria-label")] == labelled
    landmarks = [element.tag for element in root.iterfind("body/*")]
    assert landmarks == ["header", "main"]
    assert all(cell.get("scope") for cell in root.iter("th"))


def test_questions_options_and_answers_are_read_back(page: tuple[Run, Xml.Element, Audience]) -> None:
    made, root, audience = page
    legends = [element.text for element in root.iter("legend")]
    assert legends == [question.question for question in made.quiz.questions]
    for element, question in zip(
        root.iterfind(".//section[@class='question']"), made.quiz.questions, strict=True
    ):
        options = ["".join(label.itertext()).strip() for label in element.iter("label")]
        if question.type is QuestionType.MULTIPLE_CHOICE:
            assert options == [
                f"{letter}) {option}" for letter, option in zip("ABCD", question.options, strict=False)
            ]
        if audience is Audience.TEACHER:
            told = ["".join(each.itertext()).strip() for each in element.iterfind(".//dd[@class='answer']")]
            shown = [f"{answer} {question.unit}".strip() for answer in question.answers]
            assert len(told) == len(shown)
            assert all(line.endswith(answer) for line, answer in zip(told, shown, strict=True)), told
        else:
            assert element.find(".//dd[@class='answer']") is None
            assert question.rationale not in "".join(element.itertext())


@pytest.mark.parametrize(
    ("language", "page", "quote"), [("es-MX", "es-MX", None), ("de", "de", None), ("fr", "en", "fr")]
)
def test_page_and_quotes_are_marked_with_their_languages(language: str, page: str, quote: str | None) -> None:
    root = parsed(render_html(whole_document(language), Audience.TEACHER))
    assert root.get("lang") == page
    assert {element.get("lang") for element in root.iter("blockquote")} == {quote}


def test_every_colour_stands_out_from_what_is_behind_it() -> None:
    css = inside(parsed(render_html(whole_document(), Audience.TEACHER)), ".//style")
    behind = re.findall(r"background: (#[0-9a-f]{6})", css)
    text = re.findall(r"[ {]color: (#[0-9a-f]{6})", css)
    edges = re.findall(r"solid (#[0-9a-f]{6})", css)
    assert (len(behind), len(text)) == (2, 2)
    assert all(contrast(one, other) >= 7 for one in text for other in behind)
    assert edges
    assert all(contrast(edge, "#ffffff") >= 3 for edge in edges)


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2."""
    lights = sorted(map(luminance, (one, other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
