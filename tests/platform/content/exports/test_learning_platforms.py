"""The formats for learning platforms: each read back by a reader of its own, written from its specification."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms import FULL
from readers.formats import READERS, assert_same, changed, left_out, written
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.model.request import Difficulty
from whole_documents import whole_document

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


def test_difficulties_are_those_of_the_quiz_in_each_format_that_tells_them() -> None:
    for difficulty in Difficulty:
        document = changed(q1={"difficulty": difficulty})
        for format in ("moodle_xml", "gift", "qti12", "qti21", "csv"):
            assert READERS[format](written(document, format).content)[0].difficulty == difficulty


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
@settings(max_examples=25 if FULL else 10, deadline=None)  # each is a document in seven formats
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


def test_a_question_that_is_but_a_blank_gets_no_spaces_around_it() -> None:
    document = changed(q3={"question": "_____"})
    (read,) = READERS["qti21"](written(document, "qti21").content)
    assert read.question == "_____"
