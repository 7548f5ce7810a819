"""The lesson and its quiz as a Common Cartridge 1.3: a page for the class and an assessment.

The page is the pupils' one: platforms show pupils every page of a cartridge, so the key is not in it.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from toolboxai.platform.content.exports.archive import pack
from toolboxai.platform.content.exports.content_package import MANIFEST, Resource, manifest
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.html import render_html
from toolboxai.platform.content.exports.qti12_items import Profile, field, item, questestinterop
from toolboxai.platform.content.exports.question_facts import identifier, unit_note
from toolboxai.platform.content.exports.written import Written, left_out
from toolboxai.platform.content.exports.xml import Element, element
from toolboxai.platform.content.model.package import Audience
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import QuestionType

__all__ = ["write_common_cartridge"]

_PACKAGING: Final = "http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1"
_LOM: Final = "http://ltsc.ieee.org/xsd/imsccv1p3/LOM/manifest"
_SCHEMAS: Final = {
    _PACKAGING: "http://www.imsglobal.org/profile/cc/ccv1p3/ccv1p3_imscp_v1p2_v1p0.xsd",
    _LOM: "http://www.imsglobal.org/profile/cc/ccv1p3/LOM/ccv1p3_lommanifest_v1p0.xsd",
}
_QTI_SCHEMA: Final = "http://www.imsglobal.org/profile/cc/ccv1p3/ccv1p3_qtiasiv1p2p1_v1p0.xsd"
_PROFILE: Final = Profile(
    kind_field="cc_profile",
    kinds={
        QuestionType.MULTIPLE_CHOICE: "cc.multiple_choice.v0p1",
        QuestionType.TRUE_FALSE: "cc.true_false.v0p1",
        QuestionType.FILL_BLANK: "cc.fib.v0p1",
        QuestionType.SHORT_ANSWER: "cc.fib.v0p1",
    },
    full=False,
)
_NO_PLACE: Final = "Common Cartridge has no place in a question for objectives and difficulty: they are left out of the quiz."
_PAGE: Final = "lesson.html"
_QUIZ: Final = "quiz/assessment.xml"
_ASSESSMENT: Final = "imsqti_xmlv1p2/imscc_xmlv1p3/assessment"


def write_common_cartridge(document: ContentDocument, _: Audience) -> Written:
    """The manifest, the page, and the assessment with the kinds of question that the profile knows."""
    items, notes = [], [_NO_PLACE]
    for question in document.quiz.questions:
        if reason := _reason(question):
            notes.append(left_out(question, reason))
            continue
        items.append(item(document, _as_carried(question), _PROFILE))
        if note := unit_note(question):
            notes.append(note)
    files = [(_PAGE, "webcontent", document.title, render_html(document, Audience.STUDENT).encode())]
    if items:
        files.append((_QUIZ, _ASSESSMENT, document.quiz.title, _assessment(document, items)))
    described = manifest(
        identifier(document, "cc"),
        _PACKAGING,
        _SCHEMAS,
        (
            element("schema", {}, "IMS Common Cartridge"),
            element("schemaversion", {}, "1.3.0"),
            _lom(document),
        ),
        _organizations(document, {href: title for href, _, title, _ in files}),
        (Resource(identifier(document, "cc", href), kind, href) for href, kind, _, _ in files),
    )
    members = [(MANIFEST, described), *((href, content) for href, _, _, content in files)]
    return Written(pack(members), tuple(notes))


def _reason(question: Question) -> str | None:
    if question.type is QuestionType.NUMERIC and question.tolerance:
        return "Common Cartridge has no numbers with a tolerance"
    if _as_carried(question).type not in _PROFILE.kinds:
        return "Common Cartridge has no such questions"
    return None


def _as_carried(question: Question) -> Question:
    """The question; a number that must be exact is digits to fill in."""
    if question.type is QuestionType.NUMERIC:
        return msgspec.structs.replace(question, type=QuestionType.FILL_BLANK)
    return question


def _lom(document: ContentDocument) -> Element:
    def string(text: str) -> Element:
        return element("string", {"language": document.lesson.language}, text)

    return element(
        "lom",
        {"xmlns": _LOM},
        element(
            "general",
            {},
            element("title", {}, string(document.title)),
            element("language", {}, document.lesson.language),
            element("description", {}, string(document.lesson.subject)),
            *(element("keyword", {}, string(entry.term)) for entry in document.lesson.vocabulary),
        ),
    )


def _organizations(document: ContentDocument, titles: Mapping[str, str]) -> Element:
    items = (
        element(
            "item",
            {
                "identifier": identifier(document, "cc", "item", href),
                "identifierref": identifier(document, "cc", href),
            },
            element("title", {}, title),
        )
        for href, title in titles.items()
    )
    return element(
        "organizations",
        {},
        element(
            "organization",
            {"identifier": identifier(document, "cc", "organization"), "structure": "rooted-hierarchy"},
            element("item", {"identifier": identifier(document, "cc", "root")}, *items),
        ),
    )


def _assessment(document: ContentDocument, items: list[Element]) -> bytes:
    fields = (
        field("cc_profile", "cc.exam.v0p1"),
        field("qmd_assessmenttype", "Examination"),
        field("qmd_scoretype", "Percentage"),
        field("cc_maxattempts", "1"),
    )
    ident = identifier(document, "cc", "assessment")
    return questestinterop(ident, document.quiz.title, _QTI_SCHEMA, fields, items)
