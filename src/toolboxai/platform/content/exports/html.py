"""The HTML form: one file that needs nothing else, for screen, print and screen readers.

The template escapes every value; no word of the source ever becomes markup. The page has no script and loads nothing.
"""

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.sheet import make_sheet
from toolboxai.platform.content.model.package import Audience

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["render_html"]


@lru_cache(maxsize=1)
def _template() -> "Template":
    from jinja2 import (
        Environment,
        StrictUndefined,
    )  # the server names the formats; only its engine's process writes

    source = files(__package__ or "").joinpath("templates", "document.html.j2").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source)


def render_html(document: ContentDocument, audience: Audience) -> str:
    """The document for the teacher (plan, quiz, answers, coverage) or for the student (no answers)."""
    sheet = make_sheet(document, audience)
    return _template().render(sheet=sheet, words=sheet.words)
