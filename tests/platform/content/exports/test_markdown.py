"""Markdown that shows what the source says, whatever marks are in it; read back by another parser."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from content_runs import run, water_request
from toolboxai.platform.content.exports.markdown import escape
from toolboxai.platform.content.model.package import Audience
from toolboxai.platform.content.model.request import QuestionType
from toolboxai.platform.content.sources.text import one_line

PARSER = MarkdownIt("commonmark").enable("table").enable("strikethrough")


def shown(tokens: list[Token]) -> str:
    return "".join(
        token.content
        if token.type in ("text", "code_inline", "text_special")
        else shown(token.children or [])
        for token in tokens
    )


@given(
    st.text(alphabet=st.sampled_from("ab1 \\`*_[](){}<>#+-.!|~&;=:'\"/\u201c\u201d"), min_size=1, max_size=60)
)
def test_any_line_is_shown_as_it_is(text: str) -> None:
    line = " ".join(text.split())
    if not line:
        return
    for prefix in ("", "- ", "> ", "1. ", "- **Why:** "):
        tokens = PARSER.parse(prefix + escape(line))
        inline = [token for token in tokens if token.type == "inline"]
        assert [shown([token]) for token in inline] == [line if prefix != "- **Why:** " else f"Why: {line}"]
        assert not any(
            token.type in ("heading_open", "hr", "code_block", "fence", "html_block") for token in tokens
        )
        assert all(
            child.type in ("text", "text_special", "strong_open", "strong_close")
            for one in inline
            for child in one.children or []
        )


@given(st.text(max_size=80))
def test_any_clean_line_of_unicode_is_shown_as_it_is(text: str) -> None:
    line = one_line(text)
    if line:
        inline = [token for token in PARSER.parse(f"> {escape(line)}") if token.type == "inline"]
        assert [shown([token]) for token in inline] == [line]


def test_a_blank_stays_readable_in_the_raw_text() -> None:
    assert escape("\u201c_____ is a gas.\u201d") == "\u201c_____ is a gas.\u201d"
    assert escape("snake_case_name") == r"snake\_case\_name"


@pytest.mark.parametrize("audience", list(Audience))
def test_quiz_and_lesson_are_read_back(audience: Audience) -> None:
    made = run(water_request())
    tokens = PARSER.parse(made.text("md", audience))
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings[0] == "The Water Cycle"
    assert [h for h in headings if re.match(r"\d+\. ", h)] == [
        f"{number}. {section.title} ({section.duration_minutes} min)"
        for number, section in enumerate(made.lesson.sections, start=1)
    ]
    body = [shown([token]) for token in tokens if token.type == "inline"]
    for question in made.quiz.questions:
        assert question.question in body
        if question.type is QuestionType.MULTIPLE_CHOICE:
            for letter, option in zip("ABCD", question.options, strict=False):
                assert f"{letter}) {option}" in body
        assert (f"Why: {question.rationale}" in body) is (audience is Audience.TEACHER)


def test_the_student_file_has_no_answers() -> None:
    made = run(water_request())
    student = made.text("md", Audience.STUDENT)
    assert "**Answer" not in student
    assert "Listen for" not in student
    assert "Coverage" not in student
    for question in made.quiz.questions:
        assert question.rationale not in student
