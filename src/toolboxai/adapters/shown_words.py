"""The words of an answer that is still being written in JSON, as somebody watching would read them.

Pupils with whom the lesson is shared may watch too: no right answer is among them, and no line for the teacher.
"""

from collections.abc import Iterator
from typing import Any, Final

from pydantic_core import from_json

__all__ = ["ShownWords"]

# What stands in these fields is text for people; the rest are numbers and names of kinds.
_READ: Final = frozenset({"title", "text", "question", "options", "prompts", "term", "meaning", "paragraphs"})
_LISTS: Final = ("sections", "questions", "paragraphs")


class ShownWords:
    """Follows one answer.

    Attributes:
        begun: how many sections, questions or paragraphs have been begun.
    """

    def __init__(self) -> None:
        self.begun = 0
        self._told = ""

    def more(self, json_text: str) -> str:
        """What is new of it; nothing while it cannot be read."""
        begin = json_text.find("{")
        if begin < 0:
            return ""
        try:
            value = from_json(json_text[begin:], allow_partial="trailing-strings")
        except ValueError:
            return ""
        if isinstance(value, dict):
            lists = (value.get(name) for name in _LISTS)
            self.begun = max((len(each) for each in lists if isinstance(each, list)), default=0)
        now = "\n".join(_texts(value, shown=False))
        if not now.startswith(self._told):
            return ""
        new, self._told = now[len(self._told) :], now
        return new


def _texts(value: Any, *, shown: bool) -> Iterator[str]:
    if isinstance(value, str):
        if shown:
            yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, shown=shown)
    elif isinstance(value, dict):
        for name, each in value.items():
            # A statement says last for whom it is; until then nobody reads it.
            known = name != "text" or value.get("for_teacher") is False
            yield from _texts(each, shown=known and name in _READ)
