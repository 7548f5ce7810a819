"""The port to a language model: a question goes out, text comes back."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct

__all__ = ["Asked", "Heard", "Refused", "Unavailable", "Writer", "Written"]


class Asked(Struct, frozen=True):
    """What the model is asked. It is given no tool, and nothing but this.

    Args:
        system: what holds for every call; no word of a teacher or of a text stands in it.
        data: the teacher's wishes and the text, marked as data.
        schema: JSON Schema of the answer.
        name: of the schema.
        max_tokens: the answer may have.
        within_s: seconds for the whole answer, all tries included.
        all_tokens: that all tries together may read and write, where one breaks off and is asked for anew.
        tries: at most so many requests are sent for this answer; nobody else tries again.
        earlier: an answer that did not hold, and what was wrong with it; empty at first.
    """

    system: str
    data: str
    schema: Mapping[str, Any]
    name: str
    max_tokens: int
    within_s: float
    all_tokens: int
    tries: int = 1
    earlier: tuple[str, str] | None = None


class Written(Struct, frozen=True):
    """An answer.

    Args:
        text: JSON, as it should be.
        input_tokens, output_tokens: as the provider counts them, of all tries; 0 where it does not say.
        whole: False when it was cut off at its length or its time.
        tries: requests that were sent for it.
    """

    text: str
    input_tokens: int = 0
    output_tokens: int = 0
    whole: bool = True
    tries: int = 1


Heard = Callable[[str, bool, int], None]
"""Called at least once a second while the model writes: the next words for whoever watches, whether the writing begins
anew with them, and how many parts (sections, questions, paragraphs) have been begun. What it raises ends the call."""


class Unavailable(Exception):
    """The provider does not answer, or lets nobody in, however often it was tried. The text has no secret in it."""


class Refused(Exception):
    """The provider answers, and does not take this request. The text has no secret in it."""


class Writer(Protocol):
    """A language model. Its method blocks: call it in a thread."""

    @property
    def name(self) -> str:
        """As ``generator`` tells it: ``openai:MODEL`` or ``anthropic:MODEL``."""
        ...

    def write(self, asked: Asked, heard: Heard) -> Written:
        """Ask, and wait for the answer.

        Raises:
            Unavailable: see there.
            Refused: see there.
        """
        ...
