"""The pages on promises and failures name real tests, one for each row."""

import re

import pytest

from doc_snippets import ROOT

ROW = re.compile(r"^\|(?P<cells>.*)\|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[a-z_/]+\.py)::(test_\w+)`")


def rows(page: str) -> list[list[str]]:
    text = (ROOT / "docs" / page).read_text()
    cells = [[cell.strip() for cell in found["cells"].split("|")] for found in ROW.finditer(text)]
    return [row for row in cells if row[-1] != "shown by" and not set("".join(row)) <= set("-: ")]


def assert_real(shown: str) -> None:
    tests = TEST.findall(shown)
    assert tests
    for file, name in tests:
        assert re.search(rf"^ *(async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE), name


@pytest.mark.parametrize("row", rows("failures.md"), ids=lambda row: row[0])
def test_each_fault_has_what_happens_and_a_test_that_shows_it(row: list[str]) -> None:
    fault, happens, _lost, shown = row
    assert fault
    assert happens
    assert_real(shown)


@pytest.mark.parametrize("row", rows("promises.md"), ids=lambda row: f"{row[0]} {row[1]}")
def test_each_promise_has_a_number_and_a_test_that_shows_it(row: list[str]) -> None:
    number, promise, shown = row
    assert re.fullmatch(r"[1-9][0-9]?\.[1-9][0-9]?", number)
    assert promise
    assert_real(shown)


def test_promises_stand_in_the_order_of_their_numbers() -> None:
    numbers = [tuple(map(int, row[0].split("."))) for row in rows("promises.md")]
    assert numbers == sorted(set(numbers))


def test_what_the_page_on_speed_says_of_uptime_and_maintenance_is_shown() -> None:
    shown = [row[-1] for row in rows("speed.md") if "`tests/" in row[-1]]
    assert len(shown) == 13
    for cell in shown:
        for file in re.findall(r"`(tests/[a-z_/]+\.py)`", cell):
            assert (ROOT / file).exists()
        if "::" in cell:
            assert_real(cell)
