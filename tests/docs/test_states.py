"""The diagrams of the documentation are the tables of the code."""

import runpy

from doc_snippets import ROOT

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "draw_states.py"), run_name="drawing")


def test_every_table_is_drawn_as_it_is() -> None:
    page = SCRIPT["PAGE"].read_text(encoding="utf-8")
    assert page.count("```mermaid\n") == 3
    assert page == SCRIPT["drawn"](page), "run: .venv-dev/bin/python scripts/draw_states.py"
