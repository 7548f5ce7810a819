"""Questions as items of QTI 1.2, for its own package and for Common Cartridge, whose profile of it knows fewer kinds."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.question_facts import (
    identifier,
    label,
    numeric_answers,
    objective_title,
    shares,
    text_answers,
)
from toolboxai.platform.content.exports.xml import XSI, Element, as_html, element, serialise
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import QuestionType

__all__ = ["QTI12", "Profile", "field", "item", "questestinterop"]

QTI12: Final = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"

_RESPONSE: Final = "response1"
_FEEDBACK: Final = "general_fb"
_WHOLE: Final = 100
# Canvas keeps identifiers of answers only when they are whole numbers.
_FIRST: Final = 1001


class Profile(NamedTuple):
    """A use of QTI 1.2.

    Args:
        kind_field: name of the metadata field that tells the kind of question.
        kinds: its value for each kind; a kind that is not in it cannot be carried.
        full: whether objectives, difficulty and points have a place.
    """

    kind_field: str
    kinds: Mapping[QuestionType, str]
    full: bool


class _Body(NamedTuple):
    """What is asked, after the question's text, and how it is scored."""

    responses: tuple[Element, ...]
    conditions: tuple[Element, ...]


def questestinterop(
    ident: str, title: str, schema: str, metadata: tuple[Element, ...], items: list[Element]
) -> bytes:
    """The document with one assessment of one section."""
    return serialise(
        element(
            "questestinterop",
            {"xmlns": QTI12, "xmlns:xsi": XSI, "xsi:schemaLocation": f"{QTI12} {schema}"},
            element(
                "assessment",
                {"ident": ident, "title": title},
                element("qtimetadata", {}, *metadata),
                element("section", {"ident": "root_section"}, *items),
            ),
        )
    )


def field(label: str, entry: str) -> Element:
    """One field of metadata."""
    return element("qtimetadatafield", {}, element("fieldlabel", {}, label), element("fieldentry", {}, entry))


def item(document: ContentDocument, question: Question, profile: Profile) -> Element:
    """The question, whose kind is one of the profile's."""
    body = _BODIES[question.type](question)
    title = objective_title(document, question) if profile.full else None
    objectives = [] if title is None else [element("objectives", {}, _material(title))]
    return element(
        "item",
        {"ident": identifier(document, question.id), "title": label(question)},
        element("itemmetadata", {}, element("qtimetadata", {}, *_metadata(document, question, profile))),
        *objectives,
        element("presentation", {}, _material_html(question.question), *body.responses),
        element(
            "resprocessing",
            {},
            element("outcomes", {}, element("decvar", _SCORE)),
            _always_feedback(),
            *body.conditions,
        ),
        element(
            "itemfeedback",
            {"ident": _FEEDBACK},
            element("flow_mat", {}, _material_html(question.rationale)),
        ),
    )


_SCORE: Final = {"maxvalue": str(_WHOLE), "minvalue": "0", "varname": "SCORE", "vartype": "Decimal"}


def _metadata(document: ContentDocument, question: Question, profile: Profile) -> Iterator[Element]:
    yield field(profile.kind_field, profile.kinds[question.type])
    if profile.full:
        yield field("points_possible", "1.0")
        if question.options:
            yield field("original_answer_ids", ",".join(_answer_idents(question)))
        yield field("assessment_question_identifierref", identifier(document, question.id, "bank"))
        yield field("qmd_levelofdifficulty", question.difficulty.value)


def _choice(question: Question) -> _Body:
    right = question.options.index(question.answers[0])
    return _Body(
        (
            element(
                "response_lid",
                {"ident": _RESPONSE, "rcardinality": "Single"},
                element("render_choice", {}, *_labels(question.options)),
            ),
        ),
        (_condition(_equal(_idents(question.options)[right])),),
    )


def _typed(question: Question) -> _Body:
    return _Body(
        (_entry({}),),
        tuple(_condition(_equal(answer, case="No")) for answer in text_answers(question)),
    )


def _numeric(question: Question) -> _Body:
    conditions = []
    for answer, least, most in numeric_answers(question):
        between = element(
            "and",
            {},
            element("vargte", {"respident": _RESPONSE}, least),
            element("varlte", {"respident": _RESPONSE}, most),
        )
        conditions.append(_condition(element("or", {}, _equal(answer), between)))
    return _Body((_entry({"fibtype": "Decimal"}),), tuple(conditions))


def _matching(question: Question) -> _Body:
    idents = _idents(question.options)
    parts = shares(_WHOLE, len(question.prompts), 2)
    responses, conditions = [], []
    pairs = zip(question.prompts, question.answers, parts, strict=True)
    for number, (prompt, partner, part) in zip(_answer_idents(question), pairs, strict=True):
        ident = f"response_{number}"
        responses.append(
            element(
                "response_lid",
                {"ident": ident, "rcardinality": "Single"},
                _material(prompt),
                element("render_choice", {}, *_labels(question.options)),
            )
        )
        right = _equal(idents[question.options.index(partner)], respident=ident)
        conditions.append(_condition(right, action="Add", score=part))
    return _Body(tuple(responses), tuple(conditions))


def _ordering(question: Question) -> _Body:
    idents = _idents(question.options)
    order = (idents[question.options.index(part)] for part in question.answers)
    return _Body(
        (
            element(
                "response_lid",
                {"ident": _RESPONSE, "rcardinality": "Ordered"},
                element(
                    "render_extension",
                    {},
                    element("ims_render_object", {"shuffle": "Yes"}, *_labels(question.options)),
                ),
            ),
        ),
        (_condition(*map(_equal, order)),),
    )


_BODIES: Final[Mapping[QuestionType, Callable[[Question], _Body]]] = {
    QuestionType.MULTIPLE_CHOICE: _choice,
    QuestionType.TRUE_FALSE: _choice,
    QuestionType.FILL_BLANK: _typed,
    QuestionType.SHORT_ANSWER: _typed,
    QuestionType.NUMERIC: _numeric,
    QuestionType.MATCHING: _matching,
    QuestionType.ORDERING: _ordering,
}


def _idents(options: tuple[str, ...]) -> list[str]:
    return [str(_FIRST + at) for at in range(len(options))]


def _answer_idents(question: Question) -> list[str]:
    """What Canvas numbers the answers by: of a matching question these are the prompts, beside the partners' numbers."""
    if question.type is not QuestionType.MATCHING:
        return _idents(question.options)
    first = _FIRST + len(question.options)
    return [str(first + at) for at in range(len(question.prompts))]


def _labels(options: tuple[str, ...]) -> Iterator[Element]:
    for ident, option in zip(_idents(options), options, strict=True):
        yield element("response_label", {"ident": ident}, _material(option))


def _entry(rendering: Mapping[str, str]) -> Element:
    return element(
        "response_str",
        {"ident": _RESPONSE, "rcardinality": "Single"},
        element("render_fib", rendering, element("response_label", {"ident": "answer1", "rshuffle": "No"})),
    )


def _equal(value: str, *, respident: str = _RESPONSE, case: str | None = None) -> Element:
    return element("varequal", {"respident": respident, **({"case": case} if case else {})}, value)


def _condition(*tests: Element, action: str = "Set", score: str = str(_WHOLE)) -> Element:
    return element(
        "respcondition",
        {"continue": "Yes" if action == "Add" else "No"},
        element("conditionvar", {}, *tests),
        element("setvar", {"action": action, "varname": "SCORE"}, score),
    )


def _always_feedback() -> Element:
    return element(
        "respcondition",
        {"continue": "Yes"},
        element("conditionvar", {}, element("other")),
        element("displayfeedback", {"feedbacktype": "Response", "linkrefid": _FEEDBACK}),
    )


def _material(text: str) -> Element:
    return element("material", {}, element("mattext", {"texttype": "text/plain"}, text))


def _material_html(text: str) -> Element:
    return element("material", {}, element("mattext", {"texttype": "text/html"}, as_html(text)))
