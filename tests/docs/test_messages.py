"""The tables of messages in the documentation are the registry."""

import json
import runpy
from collections.abc import Iterator
from typing import Any

import pytest

from doc_snippets import ROOT, snippets
from toolboxai.platform.messages.registry import FAMILIES, MESSAGES, validate

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "write_messages.py"), run_name="writing")


def test_every_table_is_written_as_the_registry_is() -> None:
    page = SCRIPT["PAGE"].read_text(encoding="utf-8")
    assert page.count("<!-- messages: ") == len(FAMILIES)
    assert page == SCRIPT["written"](page), "run: .venv-dev/bin/python scripts/write_messages.py"


def samples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every message that stands in a JSON block, by itself or as the data of an event."""
    for snippet in snippets("json"):
        shown = json.loads(snippet.text)
        for message in (shown, shown.get("data") if isinstance(shown, dict) else None):
            if isinstance(message, dict) and message.get("type") in MESSAGES:
                yield snippet.name, message


@pytest.mark.parametrize(
    ("where", "message"), list(samples()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_message_that_a_page_shows_is_one_of_the_registry(where: str, message: dict[str, Any]) -> None:
    assert validate(message) == [], where


def test_messages_are_shown() -> None:
    assert {message["type"] for _, message in samples()} >= {"auth", "progress_update", "system_notification"}
