"""The HTML form: one file that needs nothing else, for screen, print and screen readers.

The template escapes every value; no word of the source ever becomes markup. The page has no script and loads nothing.
"""

from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.model import Audience, QuestionType, SectionKind

__all__ = ["render_html"]


@lru_cache(maxsize=1)
def _template() -> Template:
    source = files(__package__ or "").joinpath("templates", "document.html.j2").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source)


def render_html(document: ContentDocument, audience: Audience) -> str:
    """The document for the teacher (plan, quiz, answers, coverage) or for the student (no answers)."""
    return _template().render(
        document=document,
        lesson=document.lesson,
        quiz=document.quiz,
        teacher=audience is Audience.TEACHER,
        vocabulary_kind=SectionKind.VOCABULARY,
        choice=QuestionType.MULTIPLE_CHOICE,
        letters="ABCDEFGH",
    )
