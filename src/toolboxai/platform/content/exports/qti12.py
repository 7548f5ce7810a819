"""The quiz as a package of QTI 1.2: what Canvas imports, and many others read.

Each question names its kind as Canvas does, so that Canvas makes of it a question of that kind.
"""

from typing import Final

from toolboxai.platform.content.exports.archive import pack
from toolboxai.platform.content.exports.content_package import (
    CONTENT_PACKAGING,
    MANIFEST,
    Resource,
    manifest,
)
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.qti12_items import QTI12, Profile, field, item, questestinterop
from toolboxai.platform.content.exports.question_facts import identifier, unit_note
from toolboxai.platform.content.exports.written import Written
from toolboxai.platform.content.exports.xml import element
from toolboxai.platform.content.model.package import Audience
from toolboxai.platform.content.model.request import QuestionType

__all__ = ["write_qti12"]

_SCHEMA: Final = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2p1.xsd"
_PROFILE: Final = Profile(
    kind_field="question_type",
    kinds={
        QuestionType.MULTIPLE_CHOICE: "multiple_choice_question",
        QuestionType.TRUE_FALSE: "true_false_question",
        QuestionType.FILL_BLANK: "short_answer_question",
        QuestionType.SHORT_ANSWER: "short_answer_question",
        QuestionType.NUMERIC: "numerical_question",
        QuestionType.MATCHING: "matching_question",
        QuestionType.ORDERING: "ordering_question",
    },
    full=True,
)


def write_qti12(document: ContentDocument, _: Audience) -> Written:
    """The manifest and one assessment with every question."""
    questions = document.quiz.questions
    ident = identifier(document, "assessment")
    href = f"{ident}/{ident}.xml"
    assessment = questestinterop(
        ident,
        document.title,
        _SCHEMA,
        (field("cc_maxattempts", "1"),),
        [item(document, question, _PROFILE) for question in questions],
    )
    described = manifest(
        identifier(document, "qti12"),
        CONTENT_PACKAGING,
        {CONTENT_PACKAGING: "http://www.imsglobal.org/xsd/imscp_v1p1.xsd", QTI12: _SCHEMA},
        (element("schema", {}, "IMS Content"), element("schemaversion", {}, "1.1.3")),
        element("organizations"),
        (Resource(ident, "imsqti_xmlv1p2", href),),
    )
    notes = tuple(note for question in questions if (note := unit_note(question)))
    return Written(pack([(MANIFEST, described), (href, assessment)]), notes)
