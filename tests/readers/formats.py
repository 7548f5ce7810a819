"""What comes out of each format, read by its own reader, and what should come out of it."""

import dataclasses
from collections.abc import Callable

import msgspec
import pytest

from readers.aiken import read_aiken
from readers.gift import read_gift
from readers.moodle import read_moodle
from readers.packages import Packed, read_package
from readers.qti12 import read_qti12
from readers.qti21 import read_qti21
from readers.quiz import ReadQuestion
from readers.table import read_table
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.formats import render
from toolboxai.platform.content.model.package import Audience, ContentFile
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.model.request import QuestionType
from whole_documents import whole_document

__all__ = ["KIND", "READERS", "assert_same", "changed", "left_out", "read_cartridge", "written"]


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


def read_cartridge(content: bytes) -> Packed:
    return read_package(content, CARTRIDGE, CARTRIDGE_LOM)


def cartridge(content: bytes) -> list[ReadQuestion]:
    package = read_cartridge(content)
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
