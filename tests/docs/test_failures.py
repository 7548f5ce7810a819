"""The page on failures names real tests, one for each fault."""

import re

import pytest

from doc_snippets import ROOT

ROW = re.compile(r"^\|(?P<cells>.*)\|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[a-z_/]+\.py)::(test_\w+)`")


def rows() -> list[list[str]]:
    text = (ROOT / "docs" / "failures.md").read_text()
    cells = [[cell.strip() for cell in found["cells"].split("|")] for found in ROW.finditer(text)]
    return [row for row in cells if row[0] != "fault" and not set("".join(row)) <= set("-: ")]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_each_fault_has_what_happens_and_a_test_that_shows_it(row: list[str]) -> None:
    fault, happens, _lost, shown = row
    assert fault
    assert happens
    tests = TEST.findall(shown)
    assert tests
    for file, name in tests:
        assert re.search(rf"^ *(async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE), name
