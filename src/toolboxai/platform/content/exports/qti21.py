"""The quiz as a package of QTI 2.1: a test, and a file for each of its items. Every kind of question has its interaction."""

from collections.abc import Mapping
from typing import Final

from toolboxai.platform.content.exports.archive import pack
from toolboxai.platform.content.exports.content_package import (
    CONTENT_PACKAGING,
    MANIFEST,
    Resource,
    manifest,
)
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.qti21_items import INTERACTIONS, QTI21, QTI21_SCHEMA, item
from toolboxai.platform.content.exports.question_facts import identifier, objective_title
from toolboxai.platform.content.exports.written import Written
from toolboxai.platform.content.exports.xml import XSI, Element, element, serialise
from toolboxai.platform.content.model.package import Audience
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import Difficulty

__all__ = ["write_qti21"]

_LOM: Final = "http://ltsc.ieee.org/xsd/LOM"
_QTI_METADATA: Final = "http://www.imsglobal.org/xsd/imsqti_metadata_v2p1"
_SCHEMAS: Final = {
    CONTENT_PACKAGING: "http://www.imsglobal.org/xsd/qti/qtiv2p1/qtiv2p1_imscpv1p2_v1p0.xsd",
    _LOM: "http://www.imsglobal.org/xsd/imsmd_loose_v1p3p2.xsd",
    _QTI_METADATA: "http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_metadata_v2p1p1.xsd",
}
_TEST: Final = "assessment.xml"
# The words that Learning Object Metadata has for it.
_DIFFICULTY: Final[Mapping[Difficulty, str]] = {
    Difficulty.EASY: "easy",
    Difficulty.MEDIUM: "medium",
    Difficulty.HARD: "difficult",
    Difficulty.EXPERT: "very difficult",
}


def write_qti21(document: ContentDocument, _: Audience) -> Written:
    """The manifest, the test and the items."""
    hrefs = {identifier(document, each.id): f"items/{each.id}.xml" for each in document.quiz.questions}
    items = [
        Resource(ident, "imsqti_item_xmlv2p1", href, metadata=_described(document, question))
        for (ident, href), question in zip(hrefs.items(), document.quiz.questions, strict=True)
    ]
    test = Resource(identifier(document, "qti21", "test"), "imsqti_test_xmlv2p1", _TEST, tuple(hrefs))
    described = manifest(
        identifier(document, "qti21"),
        CONTENT_PACKAGING,
        _SCHEMAS,
        (element("schema", {}, "QTIv2.1 Package"), element("schemaversion", {}, "1.0.0")),
        element("organizations"),
        (test, *items),
    )
    files = zip(hrefs.values(), document.quiz.questions, strict=True)
    return Written(
        pack(
            [
                (MANIFEST, described),
                (_TEST, _test(document, test.identifier, hrefs)),
                *((href, item(document, question)) for href, question in files),
            ]
        )
    )


def _test(document: ContentDocument, ident: str, hrefs: Mapping[str, str]) -> bytes:
    references = (
        element("assessmentItemRef", {"identifier": name, "href": href}) for name, href in hrefs.items()
    )
    section = element(
        "assessmentSection",
        {"identifier": "section_1", "title": document.quiz.title, "visible": "true"},
        *references,
    )
    total = element(
        "setOutcomeValue",
        {"identifier": "SCORE"},
        element("sum", {}, element("testVariables", {"variableIdentifier": "SCORE"})),
    )
    return serialise(
        element(
            "assessmentTest",
            {
                "xmlns": QTI21,
                "xmlns:xsi": XSI,
                "xsi:schemaLocation": f"{QTI21} {QTI21_SCHEMA}",
                "identifier": ident,
                "title": document.title,
            },
            element(
                "outcomeDeclaration", {"identifier": "SCORE", "cardinality": "single", "baseType": "float"}
            ),
            element(
                "testPart",
                {"identifier": "part_1", "navigationMode": "nonlinear", "submissionMode": "individual"},
                section,
            ),
            element("outcomeProcessing", {}, total),
        )
    )


def _described(document: ContentDocument, question: Question) -> tuple[Element, ...]:
    parts = [element("educational", {}, _term("difficulty", _DIFFICULTY[question.difficulty]))]
    if title := objective_title(document, question):
        said = element("string", {"language": document.lesson.language}, title)
        purpose = _term("purpose", "educational objective")
        parts.append(element("classification", {}, purpose, element("description", {}, said)))
    return (
        element("lom", {"xmlns": _LOM}, *parts),
        element(
            "qtiMetadata",
            {"xmlns": _QTI_METADATA},
            element("timeDependent", {}, "false"),
            element("interactionType", {}, INTERACTIONS[question.type]),
            element("feedbackType", {}, "nonadaptive"),
            element("solutionAvailable", {}, "true"),
        ),
    )


def _term(tag: str, value: str) -> Element:
    return element(tag, {}, element("source", {}, "LOMv1.0"), element("value", {}, value))
