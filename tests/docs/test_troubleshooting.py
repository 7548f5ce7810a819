"""The troubleshooting page: its log lines are those of the source, its metrics those of the exposition."""

import re

import pytest

from doc_snippets import ROOT
from docs.test_promises import assert_real
from log_lines import log_lines
from toolboxai.metrics import METRICS

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
HEAD = "| what is seen | log line | metric | do |"
REPORTED = "| reported as | here | log line, metric | shown by |"
CODE = re.compile(r"`([^`]+)`")


def cells(head: str) -> list[list[str]]:
    """The rows of all tables with this head."""
    found = []
    for table in PAGE.split(head)[1:]:
        rows = table.lstrip("\n").split("\n\n", 1)[0].splitlines()[1:]
        found += [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return found


@pytest.mark.parametrize("row", cells(HEAD), ids=lambda row: row[0])
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


@pytest.mark.parametrize("row", cells(REPORTED), ids=lambda row: row[0][:40])
def test_each_trouble_of_others_has_an_answer_and_a_test_that_shows_it(row: list[str]) -> None:
    reported, here, seen, shown = row
    assert re.match(r"[a-z]+/[\w.-]+#\d+", reported)
    assert here
    for text in CODE.findall(seen):
        assert text in log_lines() or text.removeprefix("toolboxai_") in METRICS, text
    assert_real(shown)


def test_all_of_them_are_answered() -> None:
    assert len(cells(REPORTED)) == 42


def test_the_lines_that_alerts_speak_of_are_written() -> None:
    alerts = PAGE.split("\n## Alerts\n", 1)[1]
    quoted = [
        text
        for text in CODE.findall(alerts)
        if " " in text and not re.match(r"toolboxai |systemctl |event loop", text)
    ]
    assert set(quoted) <= set(log_lines())
    assert len(quoted) >= 10


def test_log_lines_are_found() -> None:
    assert {"old socket refused", "draining", "the apps were not reloaded, all goes on as before"} <= set(
        log_lines()
    )
