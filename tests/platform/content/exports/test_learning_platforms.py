"""The formats for learning platforms: each read back by a reader of its own, written from its specification."""

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers.aiken import read_aiken
from readers.gift import read_gift
from readers.moodle import read_moodle
from readers.packages import members, read_package
from readers.qti12 import read_qti12
from readers.qti21 import read_qti21
from readers.quiz import ReadQuestion
from readers.table import raw_cells, read_table
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.formats import render, render_all, sheets
from toolboxai.platform.content.exports.html import render_html
from toolboxai.platform.content.model import Audience, ContentFile, Difficulty, Question, QuestionType
from whole_documents import whole_document

PACKAGING = "http://www.imsglobal.org/xsd/imscp_v1p1"
CARTRIDGE = "http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1"
LOM = "http://ltsc.ieee.org/xsd/LOM"
CARTRIDGE_LOM = "http://ltsc.ieee.org/xsd/imsccv1p3/LOM/manifest"
KIND = {
    QuestionType.MULTIPLE_CHOICE: "choice",
    QuestionType.TRUE_FALSE: "true_false",
    QuestionType.FILL_BLANK: "typed",
    QuestionType.SHORT_ANSWER: "typed",
    QuestionType.NUMERIC: "numeric",
    QuestionType.MATCHING: "matching",
    QuestionType.ORDERING: "ordering",
}


def qti12(content: bytes) -> list[ReadQuestion]:
    package = read_package(content, PACKAGING, LOM)
    assert package.schema == ("IMS Content", "1.1.3")
    ((_, assessment),) = package.of_type("imsqti_xmlv1p2")
    return read_qti12(assessment)[1]


def qti21(content: bytes) -> list[ReadQuestion]:
    package = read_package(content, PACKAGING, LOM)
    assert package.schema == ("QTIv2.1 Package", "1.0.0")
    return read_qti21(package)[1]


def cartridge(content: bytes) -> list[ReadQuestion]:
    package = read_package(content, CARTRIDGE, CARTRIDGE_LOM)
    assert package.schema == ("IMS Common Cartridge", "1.3.0")
    ((_, assessment),) = package.of_type("imsqti_xmlv1p2/imscc_xmlv1p3/assessment")
    return read_qti12(assessment, common_cartridge=True)[1]


READERS: dict[str, Callable[[bytes], list[ReadQuestion]]] = {
    "moodle_xml": lambda content: read_moodle(content)[1],
    "gift": read_gift,
    "aiken": read_aiken,
    "qti12": qti12,
    "qti21": qti21,
    "imscc": cartridge,
    "csv": read_table,
}


def written(document: ContentDocument, format: str) -> ContentFile:
    return render(document, format, Audience.TEACHER)


def asked(document: ContentDocument, question: Question) -> ReadQuestion:
    """What a platform shall have of the question."""
    kind = KIND[question.type]
    typed = (*question.answers, *question.accepted)
    rights = {
        "choice": question.correct_answer,
        "true_false": question.correct_answer == question.options[0] if question.options else None,
        "typed": typed,
        "matching": tuple(zip(question.prompts, question.correct_answer, strict=False)),
        "ordering": question.correct_answer,
    }
    right = (
        tuple((float(each) - question.tolerance, float(each) + question.tolerance) for each in typed)
        if kind == "numeric"
        else rights[kind]
    )
    objective = None if question.objective is None else document.lesson.objectives[question.objective].title
    options = () if kind == "true_false" else question.options
    return ReadQuestion(
        kind, question.question, options, right, question.rationale, objective, question.difficulty.value
    )


def left_out(file: ContentFile, question: Question) -> bool:
    return any(note.startswith(f"Question {question.id} (") for note in file.notes)


def as_format_has_it(format: str, document: ContentDocument, question: Question) -> ReadQuestion:
    """``asked``, but for what the documentation says that the format has another way."""
    whole = asked(document, question)
    changes: dict[str, object] = {}
    if format == "aiken":
        changes = {"kind": "choice", "rationale": None, "objective": None, "difficulty": None}
        if question.type is QuestionType.TRUE_FALSE:
            changes |= {"options": question.options, "right": question.correct_answer}
    elif format == "imscc":
        changes = {"objective": None, "difficulty": None}
        if question.type is QuestionType.NUMERIC:
            changes |= {"kind": "typed", "right": (*question.answers, *question.accepted)}
    elif format == "gift":
        if whole.objective and set("<>`") & set(whole.objective):
            changes["objective"] = None
        if whole.kind == "typed":
            changes["right"] = tuple(each for each in whole.right if "->" not in each)
    return dataclasses.replace(whole, **changes)  # type: ignore[arg-type]


def assert_same(format: str, document: ContentDocument, file: ContentFile) -> None:
    carried = [each for each in document.quiz.questions if not left_out(file, each)]
    for question, read in zip(carried, READERS[format](file.content), strict=True):
        want = as_format_has_it(format, document, question)
        if want.kind == "numeric":
            for span, wanted in zip(read.right, want.right, strict=True):
                assert span == pytest.approx(wanted, rel=1e-9, abs=1e-12)
            read = dataclasses.replace(read, right=want.right)
        if want.kind in ("matching", "ordering"):  # which platforms shuffle by themselves
            assert sorted(read.options) == sorted(want.options)
            read = dataclasses.replace(read, options=want.options)
        assert read == want


# ---- the same questions and right answers --------------------------------------------------------------------------

LEFT_OUT = {
    "moodle_xml": [],
    "gift": ["q5"],
    "aiken": ["q3", "q4", "q5", "q6", "q7", "q8"],
    "qti12": [],
    "qti21": [],
    "imscc": ["q4", "q5", "q7"],
    "csv": [],
}


@pytest.mark.parametrize("language", ["en", "es", "de"])
@pytest.mark.parametrize("format", READERS)
def test_the_same_questions_and_right_answers_stand_in_each_format(format: str, language: str) -> None:
    document = whole_document(language)
    file = written(document, format)
    assert [each.id for each in document.quiz.questions if left_out(file, each)] == LEFT_OUT[format]
    assert_same(format, document, file)


def changed(**changes: object) -> ContentDocument:
    """The whole document with one quiz, whose questions are changed by id."""
    document = whole_document()
    questions = [
        msgspec.structs.replace(each, **changes.get(each.id, {}))  # type: ignore[arg-type]
        for each in document.quiz.questions
        if each.id in changes
    ]
    return msgspec.structs.replace(
        document, quiz=msgspec.structs.replace(document.quiz, questions=tuple(questions))
    )


MARKS = "ab1 ~=#{}:\\\"'<>&;|*_`%@+-$^()[]/,.!?"
NASTY = (
    st.one_of(
        st.text(alphabet=st.sampled_from(MARKS), min_size=1, max_size=16),
        st.text(
            alphabet=st.characters(exclude_categories=("Cc", "Cs", "Co", "Cf", "Cn")), min_size=1, max_size=8
        ),
        st.sampled_from(
            (
                *(
                    "$x^2 + \\frac{a}{b}$",
                    "\\(x \\ne 1\\)",
                    "%50%half",
                    "[html]<b>",
                    "[plain]x",
                    "::name::",
                    "a->b",
                    "//",
                    "T",
                ),
                *(
                    "####",
                    "=SUM(A1)",
                    "'quoted",
                    "]]>",
                    "&amp;",
                    "&&058;",
                    "<br>",
                    "ANSWER: B",
                    "A) no",
                    "\u05de\u05d9\u05dd",
                ),
                *(
                    "\U0001f4a7",
                    "-12",
                    "@home",
                    "\uff1dA1",
                    "{#3:1}",
                    'a, "b"',
                    "\\n",
                    "~%100%x",
                    "$CATEGORY: x",
                ),
            )
        ),
    )
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)
NUMBERS = st.decimals(-(10**6), 10**6, places=3).map(str)


@st.composite
def nasty_documents(draw: st.DrawFn) -> ContentDocument:
    def texts(least: int, most: int) -> tuple[str, ...]:
        return tuple(draw(st.lists(NASTY, min_size=least, max_size=most, unique=True)))

    choices, items, partners = texts(2, 5), texts(2, 4), texts(2, 4)
    prompts = texts(2, len(partners))
    true_and_false = texts(2, 2)
    answers: dict[str, dict[str, object]] = {
        "q1": {"options": choices, "correct_answer": choices[-1]},
        "q2": {"options": true_and_false, "correct_answer": true_and_false[draw(st.integers(0, 1))]},
        "q3": {"correct_answer": draw(NASTY), "accepted": ()},
        "q4": {"options": partners, "prompts": prompts, "correct_answer": partners[::-1][: len(prompts)]},
        "q5": {"options": items, "correct_answer": items[::-1]},
        "q6": {"correct_answer": "plain", "accepted": tuple(each for each in texts(0, 3) if each != "plain")},
        "q7": {"correct_answer": draw(NUMBERS), "tolerance": draw(st.sampled_from((0.0, 0.1, 1e-7, 2.5)))},
    }
    words = {
        each: {"question": draw(NASTY), "rationale": draw(NASTY), **fields}
        for each, fields in answers.items()
    }
    return changed(**words)


@given(nasty_documents())
@settings(max_examples=25, deadline=None)
def test_any_words_come_back_from_each_format_or_are_said_to_be_left_out(document: ContentDocument) -> None:
    for format in ("moodle_xml", "gift", "aiken", "qti12", "qti21", "imscc", "csv"):
        assert_same(format, document, written(document, format))


@pytest.mark.parametrize(
    "words", ["$x^2 + \\frac{a}{b}$", "\\(a_1 < b\\)", "\\[\\sum_{i=1}^n i = \\text{~}\\]"]
)
@pytest.mark.parametrize("format", READERS)
def test_mathematics_survives_in_questions_answers_and_reasons(format: str, words: str) -> None:
    document = changed(
        q1={"question": words, "options": (words, "no"), "correct_answer": words, "rationale": words}
    )
    (read,) = READERS[format](written(document, format).content)
    assert (read.question, read.right, read.options) == (words, words, (words, "no"))
    assert read.rationale == (None if format == "aiken" else words)


@pytest.mark.parametrize("format", READERS)
def test_words_on_two_lines_and_characters_that_xml_forbids_break_nothing(format: str) -> None:
    document = changed(q1={"question": "first\nsecond \x0b", "rationale": "one\ntwo"})
    file = written(document, format)
    read = READERS[format](file.content)
    if format == "aiken":
        assert not read
        assert left_out(file, document.quiz.questions[0])
    else:
        assert read[0].question.startswith("first\nsecond ")
        assert read[0].rationale == "one\ntwo"


# ---- what is left out, and said ------------------------------------------------------------------------------------


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


# ---- the files -----------------------------------------------------------------------------------------------------


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
    package = read_package(written(changed(), "imscc").content, CARTRIDGE, CARTRIDGE_LOM)
    assert sorted(package.files) == ["imsmanifest.xml", "lesson.html"]
    assert len(package.contents) == 1


def test_moodle_puts_the_questions_in_a_category_of_the_lessons_name() -> None:
    document = msgspec.structs.replace(whole_document(), title="Rates: km/h & <more>")
    assert read_moodle(written(document, "moodle_xml").content)[0] == "$course$/top/Rates: km//h & <more>"


def test_a_cartridge_has_the_pupils_page_and_no_key_beside_the_quiz() -> None:
    document = whole_document()
    package = read_package(written(document, "imscc").content, CARTRIDGE, CARTRIDGE_LOM)
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


def test_difficulties_are_those_of_the_quiz_in_each_format_that_tells_them() -> None:
    for difficulty in Difficulty:
        document = changed(q1={"difficulty": difficulty})
        for format in ("moodle_xml", "gift", "qti12", "qti21", "csv"):
            assert READERS[format](written(document, format).content)[0].difficulty == difficulty
