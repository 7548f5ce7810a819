"""The page about scripts names every script, every reason and every risk, as they are."""

import re
from pathlib import Path

from small_worlds import small_plan, small_spec
from toolboxai.platform.roblox.luau.report import RiskKind
from toolboxai.platform.roblox.luau.scripts import script_source, scripts

PAGE = (Path(__file__).parents[2] / "docs" / "world-scripts.md").read_text(encoding="utf-8")


def rows() -> dict[str, list[str]]:
    """The rows of all tables, by the name in their first cell."""
    found = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE)
    return {name: cells.split(" | ") for name, cells in found}


def test_every_script_is_there_with_its_place() -> None:
    for script in scripts(small_spec(), small_plan()):
        assert rows()[script.id][0] == script.parent.rpartition("/")[2]


def test_every_risk_is_there_and_whether_it_is_refused() -> None:
    told = {kind.value: rows()[kind.value][-1] for kind in RiskKind}
    assert told == {kind.value: "refused" if kind.refused else "told" for kind in RiskKind}


def test_every_reason_of_a_refusal_is_there() -> None:
    reasons = set(re.findall(r'refusal\("(\w+)"\)', script_source("quiz_server", None)))
    assert reasons - {"failed"} <= set(rows())
