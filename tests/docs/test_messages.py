"""The tables of messages in the documentation are the registry."""

import runpy

from doc_snippets import ROOT
from toolboxai.platform.messages.registry import FAMILIES

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "write_messages.py"), run_name="writing")


def test_every_table_is_written_as_the_registry_is() -> None:
    page = SCRIPT["PAGE"].read_text(encoding="utf-8")
    assert page.count("<!-- messages: ") == len(FAMILIES)
    assert page == SCRIPT["written"](page), "run: .venv-dev/bin/python scripts/write_messages.py"
