"""What a writer of a format hands back, and the sentences for what the format cannot carry."""

from typing import NamedTuple

from toolboxai.platform.content.model.quiz import Question

__all__ = ["Written", "left_out"]


class Written(NamedTuple):
    """A file's bytes, and what its format cannot carry: one sentence for each thing that was left out."""

    content: bytes
    notes: tuple[str, ...] = ()


def left_out(question: Question, reason: str) -> str:
    """The sentence for a question that the format cannot carry; ``reason`` is a clause without its full stop."""
    return f"Question {question.id} ({question.type.value.replace('_', ' ')}) is left out: {reason}."
