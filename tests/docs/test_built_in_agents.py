"""The page on built-in agents: its table is the code's, and its commands find them."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from doc_snippets import ROOT, snippets
from docs.conftest import Reader
from toolboxai.platform.agents.built_in import BUILT_IN

pytestmark = [pytest.mark.timeout(90), pytest.mark.xdist_group("docs")]

PAGE = "docs/built-in-agents.md"


def test_the_table_names_each_agent_and_what_it_does() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    rows = re.findall(r"^\| `agent_(\w+)_…` \| (.+?) \|", text, re.MULTILINE)
    assert [(kind, tuple(re.findall(r"`(\w+)`", types))) for kind, types in rows] == [
        (one.kind, one.task_types) for one in BUILT_IN
    ]


def test_the_commands_of_the_page_find_the_agents_and_their_tasks(reader: Reader, tmp_path: Path) -> None:
    lists, tasks = [each for each in snippets("bash") if each.page == PAGE]
    items = json.loads(reader.run("bash", lists.text, tmp_path))["items"]
    built_in = {item["agent_id"].split("_")[1]: item["agent_id"] for item in items if item["built_in"]}
    assert sorted(built_in) == sorted(one.kind for one in BUILT_IN)
    walked = replace(reader, env={**reader.env, "LESSON_AGENT": built_in["lesson"]})
    assert "items" in json.loads(walked.run("bash", tasks.text, tmp_path))
