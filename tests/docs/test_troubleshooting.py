"""The troubleshooting page: its log lines are those of the source, its metrics those of the exposition."""

import re

import pytest

from doc_snippets import ROOT
from log_lines import log_lines
from toolboxai.metrics import METRICS

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
HEAD = "| what is seen | log line | metric | do |"
CODE = re.compile(r"`([^`]+)`")


def cells() -> list[list[str]]:
    """The rows of all tables with the page's four columns."""
    found = []
    for table in PAGE.split(HEAD)[1:]:
        rows = table.lstrip("\n").split("\n\n", 1)[0].splitlines()[1:]
        found += [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return found


@pytest.mark.parametrize("row", cells(), ids=lambda row: row[0])
def test_each_row_quotes_lines_and_metrics_that_there_are(row: list[str]) -> None:
    seen, line, metric, do = row
    assert seen
    assert len(do) > 3, "what to do next"
    quoted = CODE.findall(line)
    texts = [text for text in quoted if "=" not in text]
    assert bool(texts) == (line != "-")
    for text in texts:
        assert text in log_lines(), f"no log line has the text {text!r}"
    sources = [source for text in texts for source in log_lines()[text]]
    for field in [text.partition("=")[0] for text in quoted if "=" in text]:
        assert any(re.search(rf'"{field}"|\b{field}=', source) for source in sources), field
    for name in CODE.findall(metric):
        assert name.removeprefix("toolboxai_").partition("{")[0] in METRICS


def test_log_lines_are_found() -> None:
    assert {"old socket refused", "draining", "the apps were not reloaded, all goes on as before"} <= set(
        log_lines()
    )
