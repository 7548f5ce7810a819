"""Questions as items of QTI 2.1: one interaction each, the right response declared, scored from 0 to 1."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.question_facts import (
    identifier,
    label,
    shares,
    text_answers,
    tolerance,
)
from toolboxai.platform.content.exports.xml import XSI, Element, element, inline, serialise
from toolboxai.platform.content.model.quiz import BLANK, Question
from toolboxai.platform.content.model.request import QuestionType

__all__ = ["INTERACTIONS", "QTI21", "QTI21_SCHEMA", "item"]

QTI21: Final = "http://www.imsglobal.org/xsd/imsqti_v2p1"
QTI21_SCHEMA: Final = "http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd"

INTERACTIONS: Final[Mapping[QuestionType, str]] = {
    QuestionType.MULTIPLE_CHOICE: "choiceInteraction",
    QuestionType.TRUE_FALSE: "choiceInteraction",
    QuestionType.FILL_BLANK: "textEntryInteraction",
    QuestionType.SHORT_ANSWER: "textEntryInteraction",
    QuestionType.NUMERIC: "textEntryInteraction",
    QuestionType.MATCHING: "matchInteraction",
    QuestionType.ORDERING: "orderInteraction",
}

_TEMPLATES: Final = "http://www.imsglobal.org/question/qti_v2p1/rptemplates"
_RESPONSE: Final = "RESPONSE"
_ASKS: Final = {"responseIdentifier": _RESPONSE}
_RATIONALE: Final = "rationale"


class _Body(NamedTuple):
    """A question's own part of an item: what is right, what is shown, how it is scored."""

    declaration: Element
    shown: tuple[Element, ...]
    processing: Element


def item(document: ContentDocument, question: Question) -> bytes:
    """The item's file."""
    body = _BODIES[question.type](question)
    return serialise(
        element(
            "assessmentItem",
            {
                "xmlns": QTI21,
                "xmlns:xsi": XSI,
                "xsi:schemaLocation": f"{QTI21} {QTI21_SCHEMA}",
                "identifier": identifier(document, question.id),
                "title": label(question),
                "adaptive": "false",
                "timeDependent": "false",
                "xml:lang": document.lesson.language,
            },
            body.declaration,
            _outcome("SCORE", "float", "0"),
            _outcome("FEEDBACK", "identifier", _RATIONALE),  # shown after each try, right or wrong
            element("itemBody", {}, *body.shown),
            body.processing,
            element(
                "modalFeedback",
                {"outcomeIdentifier": "FEEDBACK", "identifier": _RATIONALE, "showHide": "show"},
                element("p", {}, *inline(question.rationale)),
            ),
        )
    )


def _outcome(name: str, base: str, value: str) -> Element:
    return element(
        "outcomeDeclaration",
        {"identifier": name, "cardinality": "single", "baseType": base},
        element("defaultValue", {}, element("value", {}, value)),
    )


def _response(cardinality: str, base: str, values: Iterable[str], mapping: Element | None = None) -> Element:
    return element(
        "responseDeclaration",
        {"identifier": _RESPONSE, "cardinality": cardinality, "baseType": base},
        element("correctResponse", {}, *(element("value", {}, value) for value in values)),
        *([] if mapping is None else [mapping]),
    )


def _choice(question: Question) -> _Body:
    right = _name("option", question.options.index(question.answers[0]))
    shown = element(
        "choiceInteraction",
        {**_ASKS, "shuffle": _shuffle(question), "maxChoices": "1"},
        _prompt(question),
        *_choices(question.options),
    )
    return _Body(_response("single", "identifier", (right,)), (shown,), _template("match_correct"))


def _shuffle(question: Question) -> str:
    return "false" if question.type is QuestionType.TRUE_FALSE else "true"


def _ordering(question: Question) -> _Body:
    order = [_name("option", question.options.index(part)) for part in question.answers]
    shown = element(
        "orderInteraction", {**_ASKS, "shuffle": "true"}, _prompt(question), *_choices(question.options)
    )
    return _Body(_response("ordered", "identifier", order), (shown,), _template("match_correct"))


def _matching(question: Question) -> _Body:
    pairs = [
        f"{_name('prompt', at)} {_name('option', question.options.index(partner))}"
        for at, partner in enumerate(question.answers)
    ]
    parts = shares(1, len(pairs), 6)
    mapping = _mapping(
        element("mapEntry", {"mapKey": pair, "mappedValue": part})
        for pair, part in zip(pairs, parts, strict=True)
    )
    # 0 is any number of times: what two prompts may share, none shows to be used up.
    most = "1" if len(set(question.answers)) == len(question.answers) else "0"
    shown = element(
        "matchInteraction",
        {**_ASKS, "shuffle": "true", "maxAssociations": str(len(pairs))},
        _prompt(question),
        element("simpleMatchSet", {}, *_associable("prompt", question.prompts, "1")),
        element("simpleMatchSet", {}, *_associable("option", question.options, most)),
    )
    declaration = _response("multiple", "directedPair", pairs, mapping)
    return _Body(declaration, (shown,), _template("map_response"))


def _typed(question: Question) -> _Body:
    answers = text_answers(question)
    mapping = _mapping(
        element("mapEntry", {"mapKey": answer, "mappedValue": "1", "caseSensitive": "false"})
        for answer in answers
    )
    declaration = _response("single", "string", answers[:1], mapping)
    return _Body(declaration, _entry(question), _template("map_response"))


def _numeric(question: Question) -> _Body:
    answers = text_answers(question)
    off = tolerance(question)
    mode = {"toleranceMode": "absolute", "tolerance": f"{off} {off}"} if question.tolerance else {}
    tests = (
        element(
            "equal",
            mode or {"toleranceMode": "exact"},
            element("variable", {"identifier": _RESPONSE}),
            element("baseValue", {"baseType": "float"}, answer),
        )
        for answer in answers
    )
    score = element(
        "setOutcomeValue", {"identifier": "SCORE"}, element("baseValue", {"baseType": "float"}, "1")
    )
    condition = element("responseIf", {}, element("or", {}, *tests), score)
    processing = element("responseProcessing", {}, element("responseCondition", {}, condition))
    return _Body(_response("single", "float", answers[:1]), _entry(question), processing)


_BODIES: Final[Mapping[QuestionType, Callable[[Question], _Body]]] = {
    QuestionType.MULTIPLE_CHOICE: _choice,
    QuestionType.TRUE_FALSE: _choice,
    QuestionType.FILL_BLANK: _typed,
    QuestionType.SHORT_ANSWER: _typed,
    QuestionType.NUMERIC: _numeric,
    QuestionType.MATCHING: _matching,
    QuestionType.ORDERING: _ordering,
}


def _entry(question: Question) -> tuple[Element, ...]:
    """The question with a field in its blank, or below it where it has none; a unit stands behind the field."""
    field = element("textEntryInteraction", _ASKS)
    before, blank, after = question.question.partition(BLANK)
    if blank:
        return (element("p", {}, *inline(before), field, *inline(after)),)
    unit = [f" {question.unit}"] if question.unit else []
    return (element("p", {}, *inline(question.question)), element("p", {}, field, *unit))


def _prompt(question: Question) -> Element:
    return element("prompt", {}, *inline(question.question))


def _choices(options: tuple[str, ...]) -> Iterator[Element]:
    for at, option in enumerate(options):
        yield element("simpleChoice", {"identifier": _name("option", at)}, *inline(option))


def _associable(kind: str, texts: tuple[str, ...], most: str) -> Iterator[Element]:
    for at, text in enumerate(texts):
        yield element(
            "simpleAssociableChoice", {"identifier": _name(kind, at), "matchMax": most}, *inline(text)
        )


def _name(kind: str, at: int) -> str:
    return f"{kind}_{at + 1}"


def _mapping(entries: Iterable[Element]) -> Element:
    return element("mapping", {"lowerBound": "0", "upperBound": "1", "defaultValue": "0"}, *entries)


def _template(name: str) -> Element:
    return element("responseProcessing", {"template": f"{_TEMPLATES}/{name}"})
