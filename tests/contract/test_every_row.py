"""Every row of the conformance table that this version serves has a test that carries its number."""

import re
from pathlib import Path


def test_every_row_has_a_test() -> None:
    named: set[int] = set()
    for file in Path(__file__).parent.glob("test_*.py"):
        text = file.read_text(encoding="utf-8")
        for numbers in re.findall(r"(?:test_rows?_|\"row-)([0-9]+(?:_[0-9]+)*)", text):
            named |= {int(number) for number in numbers.split("_")}
    assert named == set(range(1, 84))
