"""The quiz in Moodle XML: every kind of question has a type of Moodle's own (ordering from Moodle 4.4 on).

Question texts are HTML, so that Moodle's filters draw formulas; answers to type in are plain text, in which Moodle takes
a star for any characters, unless a backslash stands before it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.question_facts import (
    identifier,
    label,
    numeric_answers,
    objective_title,
    text_answers,
    tolerance,
)
from toolboxai.platform.content.exports.written import Written
from toolboxai.platform.content.exports.xml import Element, as_html, element, serialise
from toolboxai.platform.content.model.package import Audience
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import QuestionType

__all__ = ["write_moodle_xml"]

_TYPES: Final[Mapping[QuestionType, str]] = {
    QuestionType.MULTIPLE_CHOICE: "multichoice",
    QuestionType.TRUE_FALSE: "truefalse",
    QuestionType.FILL_BLANK: "shortanswer",
    QuestionType.SHORT_ANSWER: "shortanswer",
    QuestionType.NUMERIC: "numerical",
    QuestionType.MATCHING: "matching",
    QuestionType.ORDERING: "ordering",
}
_FEEDBACKS: Final = ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")
_PLAIN: Final = {"format": "moodle_auto_format"}
_HTML: Final = {"format": "html"}


def write_moodle_xml(document: ContentDocument, _: Audience) -> Written:
    """The whole quiz, in a category of the lesson's name below the top of the course's question bank."""
    questions = [_question(document, question) for question in document.quiz.questions]
    return Written(serialise(element("quiz", {}, _category(document), *questions)))


def _category(document: ContentDocument) -> Element:
    name = document.title.replace("/", "//")
    return element(
        "question",
        {"type": "category"},
        element("category", {}, _text(f"$course$/top/{name}")),
        element("info", {"format": "plain_text"}, _text("")),
        element("idnumber", {}, document.content_id),
    )


def _question(document: ContentDocument, question: Question) -> Element:
    return element(
        "question",
        {"type": _TYPES[question.type]},
        element("name", {}, _text(label(question))),
        _html("questiontext", question.question),
        _html("generalfeedback", question.rationale),
        element("defaultgrade", {}, "1"),
        element("penalty", {}, "1" if question.type is QuestionType.TRUE_FALSE else "0.3333333"),
        element("hidden", {}, "0"),
        element("idnumber", {}, identifier(document, question.id)),
        *_BODIES[question.type](question),
        element("tags", {}, *(element("tag", {}, _text(tag)) for tag in _tags(document, question))),
    )


def _tags(document: ContentDocument, question: Question) -> Iterator[str]:
    yield f"difficulty: {question.difficulty.value}"
    if title := objective_title(document, question):
        yield f"objective: {title}"


def _multiple_choice(question: Question) -> Iterator[Element]:
    yield element("single", {}, "true")
    yield element("shuffleanswers", {}, "true")
    yield element("answernumbering", {}, "abc")
    yield element("showstandardinstruction", {}, "0")
    yield from _feedbacks()
    for option in question.options:
        yield _answer(as_html(option), "100" if option in question.answers else "0", _HTML)


def _true_false(question: Question) -> Iterator[Element]:
    true = question.options[0] in question.answers
    yield _answer("true", "100" if true else "0", _PLAIN)
    yield _answer("false", "0" if true else "100", _PLAIN)


def _typed(question: Question) -> Iterator[Element]:
    yield element("usecase", {}, "0")
    for answer in text_answers(question):
        yield _answer(answer.replace("*", "\\*"), "100", _PLAIN)


def _numeric(question: Question) -> Iterator[Element]:
    for answer, _, _ in numeric_answers(question):
        made = _answer(answer, "100", _PLAIN)
        made.append(element("tolerance", {}, tolerance(question)))
        yield made
    if question.unit:  # may be typed as well, and costs nothing when it is not
        unit = (element("multiplier", {}, "1"), element("unit_name", {}, question.unit))
        yield element("units", {}, element("unit", {}, *unit))
    yield element("unitgradingtype", {}, "0")
    yield element("unitpenalty", {}, "0.1")
    yield element("showunits", {}, "0" if question.unit else "3")
    yield element("unitsleft", {}, "0")


def _matching(question: Question) -> Iterator[Element]:
    yield element("shuffleanswers", {}, "true")
    yield from _feedbacks()
    for prompt, partner in zip(question.prompts, question.answers, strict=True):
        yield _pair(prompt, partner)
    for option in question.options:
        if option not in question.answers:  # a partner of none
            yield _pair("", option)


def _pair(prompt: str, partner: str) -> Element:
    return element("subquestion", _HTML, _text(as_html(prompt)), element("answer", {}, _text(partner)))


def _ordering(question: Question) -> Iterator[Element]:
    yield element("layouttype", {}, "VERTICAL")
    yield element("selecttype", {}, "ALL")
    yield element("selectcount", {}, str(len(question.answers)))
    yield element("gradingtype", {}, "ABSOLUTE_POSITION")
    yield element("showgrading", {}, "SHOW")
    yield element("numberingstyle", {}, "none")
    yield from _feedbacks()
    yield element("shownumcorrect", {}, "1")
    for place, item in enumerate(question.answers, start=1):
        yield _answer(as_html(item), str(place), _HTML)


_BODIES: Final[Mapping[QuestionType, Callable[[Question], Iterator[Element]]]] = {
    QuestionType.MULTIPLE_CHOICE: _multiple_choice,
    QuestionType.TRUE_FALSE: _true_false,
    QuestionType.FILL_BLANK: _typed,
    QuestionType.SHORT_ANSWER: _typed,
    QuestionType.NUMERIC: _numeric,
    QuestionType.MATCHING: _matching,
    QuestionType.ORDERING: _ordering,
}


def _answer(text: str, fraction: str, format: Mapping[str, str]) -> Element:
    return element("answer", {"fraction": fraction, **format}, _text(text), _html("feedback", ""))


def _feedbacks() -> Iterator[Element]:
    return (_html(name, "") for name in _FEEDBACKS)


def _html(tag: str, text: str) -> Element:
    return element(tag, _HTML, _text(as_html(text)))


def _text(text: str) -> Element:
    return element("text", {}, text)
