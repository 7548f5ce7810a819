"""The board and the alert rules: every name is one that a running server tells, and every rule leads somewhere."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from ruamel.yaml import YAML

from doc_snippets import ROOT, anchors
from servers import serving
from toolboxai.metrics import METRICS

BOARD = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text(encoding="utf-8"))
RULES = [
    rule
    for group in YAML(typ="safe").load(ROOT / "deploy" / "alerts.yml")["groups"]
    for rule in group["rules"]
]
FUNCTIONS = {"changes", "histogram_quantile", "increase", "max", "min", "rate", "sum", "time"}
WORDS = {"and", "by", "offset", "or", "unless"}
GIVEN = {"up"}  # Prometheus's own
LABELS = {"instance", "job", "le"} | {label for family in METRICS.values() for label in family.labels}
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def panels() -> list[dict[str, Any]]:
    return list(BOARD["panels"])


def expressions() -> Iterator[tuple[str, str]]:
    for panel in panels():
        for target in panel.get("targets", ()):
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for annotation in BOARD["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]
    for rule in RULES:
        yield rule["alert"], rule["expr"]


def taken_apart(expression: str) -> tuple[set[str], set[str], set[str]]:
    """Metrics, functions and labels of an expression; brackets and quotes have to be in order."""
    labels: set[str] = set()

    def matchers(found: re.Match[str]) -> str:
        whole = re.fullmatch(r"\{(?:\s*\w+\s*(?:=~|!~|!=|=)\s*\"[^\"]*\"\s*,?)*\}", found[0])
        assert whole, found[0]
        labels.update(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", found[0]))
        return " "

    def grouping(found: re.Match[str]) -> str:
        labels.update(NAME.findall(found[1]))
        return " "

    rest = re.sub(r"\{[^}]*\}", matchers, expression)
    rest = re.sub(r"\bby\s*\(([^)]*)\)", grouping, rest)
    rest = re.sub(r"\[\d+[smhd]\]", " ", rest)
    rest = re.sub(r"\boffset\s+\d+[smhd]", " ", rest)
    assert not set(rest) & set("[]{}\"'"), rest
    depth = 0
    for character in rest:
        depth += (character == "(") - (character == ")")
        assert depth >= 0
    assert depth == 0
    functions = set(re.findall(r"([a-z_]+)\s*\(", rest)) - WORDS
    return set(NAME.findall(rest)) - functions - WORDS, functions, labels


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def told() -> set[str]:
    """Every name that a running server has on /metrics."""
    async with serving() as running, running.http() as http:
        answer = await http.ask("GET", "/metrics")
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", answer.text, re.MULTILINE))
    histograms = [name for name, kind in kinds.items() if kind == "histogram"]
    return {*kinds, *(f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count"))}


async def test_every_metric_is_one_that_a_running_server_tells(told: set[str]) -> None:
    named = {name: taken_apart(expression)[0] for name, expression in expressions()}
    assert {name: metrics - told - GIVEN for name, metrics in named.items() if metrics - told - GIVEN} == {}
    for variable in BOARD["templating"]["list"]:
        for metric, label in re.findall(r"label_values\((\w+), (\w+)\)", str(variable["query"])):
            assert metric in told
            assert label in LABELS


@pytest.mark.parametrize(("name", "expression"), list(expressions()), ids=lambda value: value[:40])
def test_every_expression_is_made_of_what_prometheus_knows(name: str, expression: str) -> None:
    metrics, functions, labels = taken_apart(expression)
    assert metrics, name
    assert functions <= FUNCTIONS
    assert labels <= LABELS
    for metric in metrics:  # a counter alone says nothing, and a gauge has no rate
        if metric.endswith(("_total", "_bucket")):
            assert re.search(rf"\b(rate|increase)\({metric}\b", expression), metric
        else:
            assert not re.search(rf"\b(rate|increase)\({metric}\b", expression), metric


def test_every_metric_of_ours_is_on_the_board() -> None:
    shown = {metric for name, expression in expressions() for metric in taken_apart(expression)[0]}
    bare = {re.sub(r"_bucket$", "", metric).removeprefix("toolboxai_") for metric in shown}
    apart = {"build_info", "http_received_bytes_total", "http_sent_bytes_total", "legacy_connections_total"}
    assert set(METRICS) - bare == apart


def test_panels_have_their_own_number_and_place() -> None:
    ids = [panel["id"] for panel in panels()]
    assert len(set(ids)) == len(ids)
    places = [panel["gridPos"] for panel in panels()]
    for place in places:
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= 24
    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


def test_panels_say_what_they_show_and_from_where() -> None:
    for panel in panels():
        assert panel["title"]
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
            assert panel["description"]
            assert panel["targets"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_rule_says_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Toolboxai([A-Z][a-z]+)+", rule["alert"])
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m"))
    assert rule["annotations"].keys() == {"summary", "runbook_url"}
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert anchor == rule["alert"].lower()
    assert anchor in anchors(ROOT / page)
    kept = taken_apart(rule["expr"])[2] | {"instance"}
    assert set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])) <= kept


def test_no_rule_is_there_twice_and_every_runbook_has_one() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    assert re.findall(r"^### (Toolboxai\w+)$", page, re.MULTILINE) == names
