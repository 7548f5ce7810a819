"""What a format for learning platforms cannot carry is left out, and said."""

import re

import pytest

from doc_snippets import ROOT
from readers.aiken import read_aiken
from readers.formats import KIND, READERS, changed, left_out, written
from readers.gift import read_gift
from readers.packages import members
from toolboxai.platform.content.model.request import USUAL_QUESTION_TYPES
from whole_documents import whole_document


def test_what_is_left_out_is_said_in_one_sentence_that_names_the_question_and_why() -> None:
    document = whole_document()
    assert written(document, "aiken").notes == (
        "Aiken carries questions and right answers alone: why an answer is right, objectives and difficulty are left out.",
        "Question q3 (fill blank) is left out: Aiken has only questions with choices.",
        "Question q4 (matching) is left out: Aiken has only questions with choices.",
        "Question q5 (ordering) is left out: Aiken has only questions with choices.",
        "Question q6 (short answer) is left out: Aiken has only questions with choices.",
        "Question q7 (numeric) is left out: Aiken has only questions with choices.",
        "Question q8 (numeric) is left out: Aiken has only questions with choices.",
    )
    assert written(document, "imscc").notes == (
        "Common Cartridge has no place in a question for objectives and difficulty: they are left out of the quiz.",
        "Question q4 (matching) is left out: Common Cartridge has no such questions.",
        "Question q5 (ordering) is left out: Common Cartridge has no such questions.",
        "Question q7 (numeric) is left out: Common Cartridge has no numbers with a tolerance.",
    )
    assert (
        "Question q5 (ordering) is left out: GIFT has no such questions." in written(document, "gift").notes
    )
    for format in ("moodle_xml", "qti12", "qti21", "csv", "zip"):
        assert written(document, format).notes == ()


@pytest.mark.parametrize("format", ["moodle_xml", "gift", "qti12", "qti21", "imscc", "csv"])
def test_the_kinds_that_a_quiz_has_when_none_are_named_are_carried_whole(format: str) -> None:
    usual: dict[str, object] = {
        each.id: {} for each in whole_document().quiz.questions if each.type in USUAL_QUESTION_TYPES
    }
    notes = written(changed(**usual), format).notes
    assert not [note for note in notes if note.startswith("Question ")]


@pytest.mark.parametrize("format", ["gift", "qti12", "imscc"])
def test_a_unit_that_only_the_answer_names_is_said_to_be_left_out(format: str) -> None:
    document = changed(q8={"unit": "degrees"})
    assert (
        "Of question q8 the unit (degrees) is left out: the format has no place for it."
        in written(document, format).notes
    )
    assert not any("unit" in note for note in written(changed(q7={"tolerance": 0.0}), format).notes)


@pytest.mark.parametrize("format", ["moodle_xml", "qti21", "csv"])
def test_a_unit_stands_where_the_format_has_a_place_for_it(format: str) -> None:
    content = written(changed(q8={"unit": "degrees"}), format).content
    held = b"".join(members(content).values()) if content.startswith(b"PK") else content
    assert b"degrees<" in held or b",degrees," in held


def test_an_answer_with_an_arrow_is_left_out_of_gift_with_its_question_or_alone() -> None:
    arrow = "in GIFT an answer to type in cannot have an arrow (->) in it."
    file = written(changed(q6={"correct_answer": "a->b", "accepted": ()}), "gift")
    assert file.notes == (f"Question q6 (short answer) is left out: {arrow}",)
    assert read_gift(file.content) == []
    file = written(changed(q6={"objective": None, "accepted": ("a->b", "c")}), "gift")
    assert file.notes == (f"Of question q6 the accepted answer \u201ca->b\u201d is left out: {arrow}",)
    assert read_gift(file.content)[0].right == ("caf\u00e9 na\u00efve Stra\u00dfe \u00bfse\u00f1or?", "c")


def test_aiken_leaves_out_what_its_readers_would_take_for_something_else() -> None:
    for question in ("A) or B)?", "answer: C", "ANSWER: D", "?"):
        file = written(changed(q1={"question": question}), "aiken")
        assert read_aiken(file.content) == []
        assert file.notes[1:] == (
            "Question q1 (multiple choice) is left out: Aiken would take its first line for a choice or an answer.",
        )


def test_a_partner_of_none_is_there_to_choose_but_belongs_to_no_prompt() -> None:
    document = changed(
        q4={"options": ("one", "two", "three"), "prompts": ("1", "2"), "correct_answer": ("one", "two")}
    )
    for format in ("moodle_xml", "gift", "qti12", "qti21", "csv"):
        (read,) = READERS[format](written(document, format).content)
        assert sorted(read.options) == ["one", "three", "two"]
        assert read.right == (("1", "one"), ("2", "two"))


def test_two_prompts_may_share_a_partner() -> None:
    document = changed(
        q4={"options": ("yes", "no"), "prompts": ("1", "2", "3"), "correct_answer": ("yes", "no", "yes")}
    )
    for format in ("moodle_xml", "gift", "qti12", "qti21", "csv"):
        (read,) = READERS[format](written(document, format).content)
        assert read.right == (("1", "yes"), ("2", "no"), ("3", "yes"))


def our_section() -> str:
    page = (ROOT / "docs" / "lessons.md").read_text()
    return page.partition("\n## Formats for learning platforms\n")[2].partition("\n## ")[0]


def test_the_page_says_what_each_format_carries() -> None:
    page = our_section()
    head, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.partition("| `format=` |")[2].partition("\n\n")[0].splitlines()
    ]
    columns = dict(
        zip(
            ("multiple choice", "true or false", "fill in", "short answer", "number", "matching", "ordering"),
            KIND,
            strict=True,
        )
    )
    assert head == list(columns)
    said = {name.strip("`"): dict(zip(head, cells, strict=True)) for name, *cells in rows[1:]}
    document = whole_document()
    assert list(said) == list(READERS)
    for format, cells in said.items():
        file = written(document, format)
        for column, cell in cells.items():
            out = {left_out(file, each) for each in document.quiz.questions if each.type is columns[column]}
            assert cell == {(False,): "yes", (True,): "no", (False, True): "some"}[tuple(sorted(out))]


def test_the_page_says_how_each_format_is_taken_in() -> None:
    page = our_section()
    described = re.findall(r"^- `(\w+)`: \S", page, re.MULTILINE)
    assert [*READERS, "zip"] == described
