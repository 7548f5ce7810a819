"""The offline engine: four pure functions from a teacher's text to files. No network, no model, no clock.

The same request gives the same bytes on every machine and in every process. What a stage returns is all that the
next one needs, so that stages can be run, stored and resumed one by one.
"""

from typing import Any, Final

from toolboxai.platform.content.analysis.analyse import analyse
from toolboxai.platform.content.analysis.proposals import propose
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.formats import render
from toolboxai.platform.content.lesson.compose import make_lesson
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.generator import GENERATOR
from toolboxai.platform.content.model.lesson import Lesson, LessonSection
from toolboxai.platform.content.model.package import Audience, ContentFile, Package
from toolboxai.platform.content.model.proposal import Proposals
from toolboxai.platform.content.model.quiz import Question, Quiz
from toolboxai.platform.content.model.report import Report
from toolboxai.platform.content.model.request import GenerationRequest
from toolboxai.platform.content.package import make_package
from toolboxai.platform.content.questions.quiz import make_quiz
from toolboxai.platform.content.remaking import another_question, another_section
from toolboxai.platform.content.validation import check_request

__all__ = ["OfflineEngine", "stage_results"]


class OfflineEngine:
    """Holds nothing; every call stands alone and may run in any thread.

    Every method calls ``report`` while its work advances, with growing ``done`` up to ``total``; what ``report``
    raises passes through.
    """

    generator: Final = GENERATOR

    def propose(self, source_text: str, language: str | None, report: Report) -> Proposals:
        """Subject, grade and objectives that a checked text offers; without a language it is found out.

        Raises:
            SourceTooShort: the text has too few whole sentences for a lesson.
        """
        return propose(source_text, language, report)

    def analyse(self, request: GenerationRequest, report: Report) -> Analysis:
        """Stage content_analysis: sentences, concepts, definitions, quantities, readability.

        Raises:
            ValidationError: a field of the request cannot be served; ``details.fields`` names each.
            SourceRequired: there is no text.
            SourceTooShort: the text has too few whole sentences for a lesson.
        """
        check_request(request)
        return analyse(request, report)

    def lesson(self, request: GenerationRequest, analysis: Analysis, report: Report) -> Lesson:
        """Stage lesson_generation: timed sections out of the text's own sentences."""
        return make_lesson(request, analysis, report)

    def quiz(self, request: GenerationRequest, analysis: Analysis, lesson: Lesson, report: Report) -> Quiz:
        """Stage quiz_generation: questions that the text answers; fewer than asked rather than weak ones."""
        return make_quiz(request, analysis, lesson, report)

    def package(
        self,
        request: GenerationRequest,
        analysis: Analysis,
        lesson: Lesson,
        quiz: Quiz,
        content_id: str,
        report: Report,
    ) -> Package:
        """Stage packaging: the files to download, with their checksums."""
        return make_package(request, analysis, lesson, quiz, content_id, report)

    def render(self, document: ContentDocument, format: str, audience: Audience) -> ContentFile:
        """One file of a document.

        Raises:
            ResourceNotFound: there is no such format for these readers.
        """
        return render(document, format, audience)

    def another_section(
        self, document: ContentDocument, section_id: str, seed: int, report: Report
    ) -> LessonSection | None:
        """Other statements for one section, or None when the text carries no other."""
        return another_section(document, section_id, seed, report)

    def another_question(
        self, document: ContentDocument, question_id: str, seed: int, report: Report
    ) -> Question | None:
        """Another question for the place of one, or None when the text carries no other good one."""
        return another_question(document, question_id, seed, report)


def stage_results(result: Analysis | Lesson | Quiz | Package) -> dict[str, Any]:
    """The small JSON object that ``stage_complete`` carries: counts only, no word of the teacher's text."""
    match result:
        case Analysis():
            return {
                "concepts_identified": result.concepts_identified,
                "difficulty_level": result.difficulty_level.value,
                "sentences": len(result.sentences),
                "words": result.readability.words,
                "definitions": len(result.definitions),
                "reading_grade": result.readability.grade,
                "warnings": len(result.warnings),
            }
        case Lesson():
            return {
                "sections": len(result.sections),
                "duration_minutes": sum(section.duration_minutes for section in result.sections),
                "vocabulary": len(result.vocabulary),
                "warnings": len(result.warnings),
            }
        case Quiz():
            return {
                "questions": len(result.questions),
                "requested": result.requested,
                "by_type": result.by_type(),
                "warnings": len(result.warnings),
            }
        case Package():
            return {
                "files": len(result.files),
                "bytes": sum(len(file.content) for file in result.files),
                "warnings": len(result.warnings),
            }
