"""Stage packaging: the files to download.

What stands in them is what the summary says, because both come from one document.
"""

import hashlib
import re
import unicodedata
from typing import Final

import msgspec

from toolboxai.platform.content.coverage import coverage, coverage_warnings
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.html import render_html
from toolboxai.platform.content.exports.json import render_json
from toolboxai.platform.content.exports.markdown import render_markdown
from toolboxai.platform.content.model import (
    Analysis,
    Audience,
    ContentFile,
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

__all__ = ["make_package"]

_SLUG_CHARS: Final = 60
_FILES: Final = 5


def make_package(
    request: GenerationRequest,
    analysis: Analysis,
    lesson: Lesson,
    quiz: Quiz,
    content_id: str,
    report: Report,
) -> Package:
    """Render all files."""
    progress = Progress(report, _FILES, "Writing the files")
    rows = coverage(lesson, quiz)
    warnings = (*analysis.warnings, *lesson.warnings, *quiz.warnings, *coverage_warnings(rows))
    summary = Summary(
        len(lesson.sections), len(quiz.questions), sum(s.duration_minutes for s in lesson.sections)
    )
    document = ContentDocument(
        content_id=content_id,
        title=lesson.title,
        summary=summary,
        request=_cleaned(request),
        analysis=analysis,
        lesson=lesson,
        quiz=quiz,
        coverage=rows,
        warnings=warnings,
    )
    slug = _slug(lesson.title)
    made = []
    for audience in Audience:
        name = f"{slug}-{audience.value}"
        made.append(
            _file(f"{name}.md", audience, "text/markdown; charset=utf-8", render_markdown(document, audience))
        )
        progress.advance()
        made.append(
            _file(f"{name}.html", audience, "text/html; charset=utf-8", render_html(document, audience))
        )
        progress.advance()
    made.append(_file(f"{slug}-lesson.json", Audience.TEACHER, "application/json", render_json(document)))
    progress.finish(f"Wrote {len(made)} files")
    return Package(
        content_id=content_id,
        title=lesson.title,
        summary=summary,
        coverage=rows,
        files=tuple(made),
        warnings=warnings,
    )


def _cleaned(request: GenerationRequest) -> GenerationRequest:
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


def _file(name: str, audience: Audience, media_type: str, content: str | bytes) -> ContentFile:
    data = content.encode() if isinstance(content, str) else content
    extension = name.rsplit(".", 1)[1]
    return ContentFile(name, extension, audience, media_type, data, hashlib.sha256(data).hexdigest())


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG_CHARS].strip("-") or "lesson"
