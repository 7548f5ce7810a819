"""What somebody watching reads of an answer that is being written."""

import json
from typing import Any

import pytest

from toolboxai.adapters.shown_words import ShownWords

STATEMENTS = [
    {"text": "Listen for: it falls.", "sentence": None, "for_teacher": True},
    {"text": "Look up.", "sentence": None, "for_teacher": False},
]
QUESTION = {"type": "ordering", "question": "In which order?", "options": ["b", "a"], "answer": ["a", "b"]}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"sections": [{"kind": "hook", "title": "Rain", "statements": STATEMENTS}]}, "Rain\nLook up."),
        ({"questions": [QUESTION]}, "In which order?\nb\na"),
    ],
)
def test_neither_right_answers_nor_lines_for_the_teacher_are_read(written: dict[str, Any], read: str) -> None:
    shown, text = ShownWords(), json.dumps(written)
    assert "".join(shown.more(text[:end]) for end in range(len(text) + 1)) == read
