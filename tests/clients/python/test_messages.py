"""The types of the client's messages are the registry's."""

import runpy

from server_process import ROOT
from toolboxai.client import messages

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "write_python_messages.py"))


def test_the_messages_are_written_as_the_registry_is() -> None:
    written = SCRIPT["FILE"].read_text(encoding="utf-8")
    assert written == SCRIPT["written"](), "run: .venv-dev/bin/python scripts/write_python_messages.py"


def test_a_message_has_the_fields_that_it_is_documented_with() -> None:
    assert messages.ProgressUpdate.__required_keys__ == {"type", "data", "timestamp"}
    assert messages.ProgressUpdate.__optional_keys__ == {"seq"}
    assert "progress_percent" in messages.ProgressUpdateData.__required_keys__
