"""Stage packaging: the files to download.

What stands in them is what the summary says, because both come from one document.
"""

import msgspec

from toolboxai.platform.content.coverage import coverage, coverage_warnings
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.formats import left_out, render_all, sheets
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.generator import GENERATOR
from toolboxai.platform.content.model.lesson import Lesson
from toolboxai.platform.content.model.package import Package, Summary
from toolboxai.platform.content.model.quiz import Quiz
from toolboxai.platform.content.model.report import Report
from toolboxai.platform.content.model.request import GenerationRequest, Objective
from toolboxai.platform.content.progress import Progress
from toolboxai.platform.content.sources.text import normalise, one_line

__all__ = ["cleaned", "make_package", "whole", "with_source"]


def make_package(
    request: GenerationRequest,
    analysis: Analysis,
    lesson: Lesson,
    quiz: Quiz,
    content_id: str,
    report: Report,
) -> Package:
    """Render all files; those that this installation has no library for are left out, with a warning."""
    progress = Progress(report, len(sheets()), "Writing the files")
    document = whole(request, analysis, lesson, quiz, content_id)
    made = []
    for file in render_all(document):
        made.append(file)
        progress.advance()
    progress.finish(f"Wrote {len(made)} files")
    return Package(
        content_id=content_id,
        title=document.title,
        generator=document.generator,
        summary=document.summary,
        coverage=document.coverage,
        files=tuple(made),
        warnings=(*document.warnings, *left_out()),
    )


def whole(
    request: GenerationRequest, analysis: Analysis, lesson: Lesson, quiz: Quiz, content_id: str
) -> ContentDocument:
    """All that the stages made, as one document, with its coverage."""
    rows = coverage(lesson, quiz)
    return ContentDocument(
        content_id=content_id,
        title=lesson.title,
        generator=_made_by(analysis, lesson, quiz),
        summary=Summary(
            len(lesson.sections),
            len(quiz.questions),
            sum(section.duration_minutes for section in lesson.sections),
        ),
        request=cleaned(with_source(request, analysis)),
        analysis=analysis,
        lesson=lesson,
        quiz=quiz,
        coverage=rows,
        warnings=(*analysis.warnings, *lesson.warnings, *quiz.warnings, *coverage_warnings(rows)),
    )


def _made_by(*parts: Analysis | Lesson | Quiz) -> str:
    """The models that had a part in it; the offline engine alone where there is none."""
    names = dict.fromkeys(part.generator for part in parts)
    return ", ".join([name for name in names if name != GENERATOR] or [GENERATOR])


def with_source(request: GenerationRequest, analysis: Analysis) -> GenerationRequest:
    """The request with the text that was written for it, where it had none."""
    if not analysis.written_source:
        return request
    return msgspec.structs.replace(request, source_text=analysis.written_source)


def cleaned(request: GenerationRequest) -> GenerationRequest:
    """The request without characters that no file may hold."""
    return msgspec.structs.replace(
        request,
        subject=one_line(request.subject),
        learning_objectives=[
            Objective(one_line(one.title), one.bloom_level) for one in request.learning_objectives
        ],
        source_text=normalise(request.source_text),
        title=None if request.title is None else one_line(request.title),
    )
