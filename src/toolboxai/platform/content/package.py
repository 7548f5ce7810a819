"""Stage packaging: the files to download.

What stands in them is what the summary says, because both come from one document.
"""

import msgspec

from toolboxai.platform.content.coverage import coverage, coverage_warnings
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.formats import render, sheets
from toolboxai.platform.content.model import (
    Analysis,
    GenerationRequest,
    Lesson,
    Objective,
    Package,
    Quiz,
    Report,
    Summary,
)
from toolboxai.platform.content.progress import Progress
from toolboxai.platform.content.text import normalise, one_line

__all__ = ["cleaned", "make_package"]


def make_package(
    request: GenerationRequest,
    analysis: Analysis,
    lesson: Lesson,
    quiz: Quiz,
    content_id: str,
    report: Report,
) -> Package:
    """Render all files."""
    progress = Progress(report, len(sheets()), "Writing the files")
    rows = coverage(lesson, quiz)
    warnings = (*analysis.warnings, *lesson.warnings, *quiz.warnings, *coverage_warnings(rows))
    summary = Summary(
        len(lesson.sections), len(quiz.questions), sum(s.duration_minutes for s in lesson.sections)
    )
    document = ContentDocument(
        content_id=content_id,
        title=lesson.title,
        summary=summary,
        request=cleaned(request),
        analysis=analysis,
        lesson=lesson,
        quiz=quiz,
        coverage=rows,
        warnings=warnings,
    )
    made = []
    for format, audience in sheets():
        made.append(render(document, format, audience))
        progress.advance()
    progress.finish(f"Wrote {len(made)} files")
    return Package(
        content_id=content_id,
        title=lesson.title,
        summary=summary,
        coverage=rows,
        files=tuple(made),
        warnings=warnings,
    )


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
