"""The page that scores the questions has every criterion of the rubric, and shows every miss that it counts."""

import re
import runpy

from doc_snippets import ROOT

PAGE = (ROOT / "docs" / "question-scores.md").read_text(encoding="utf-8")
CRITERIA = list(runpy.run_path(str(ROOT / "scripts" / "score_lessons.py"))["CRITERIA"])


def column(heading: str, place: int) -> dict[str, str]:
    section = PAGE.split(f"{heading}\n", 1)[1].split("\n## ", 1)[0]
    cells = [
        [cell.strip() for cell in line[1:-1].split("|")] for line in section.splitlines() if line[:1] == "|"
    ]
    return {row[0]: row[place] for row in cells[2:]}


def test_each_criterion_is_explained_and_has_a_result() -> None:
    assert list(column("# How good the questions are", 1)) == CRITERIA
    assert list(column("## The result", -1)) == ["questions", *CRITERIA, "all of them"]


def test_every_miss_that_is_counted_is_shown() -> None:
    result = column("## The result", -1)
    shown = re.findall(r"^- \S+, \w+, misses (.*?): ", PAGE, re.MULTILINE)
    for name in CRITERIA:
        held, asked = map(int, result[name].split("/"))
        assert sum(name in misses for misses in shown) == asked - held
    held, asked = map(int, result["all of them"].split("/"))
    assert len(shown) == asked - held
    assert asked == int(result["questions"])
