"""The page on agents: its commands, one after the other, from an agent to a result."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doc_snippets import snippets
from docs.conftest import Reader

pytestmark = [pytest.mark.timeout(90), pytest.mark.xdist_group("docs")]


def test_the_commands_of_the_page_lead_from_an_agent_to_a_result(reader: Reader, tmp_path: Path) -> None:
    walked = dict(reader.env)
    registers, submits, claims, works = [each for each in snippets("bash") if each.page == "docs/agents.md"]

    def run(text: str) -> list[dict[str, Any]]:
        said = replace(reader, env=walked).run("bash", text, tmp_path)
        decoder, found, rest = json.JSONDecoder(), [], said.strip()
        while rest:
            value, end = decoder.raw_decode(rest)
            found.append(value)
            rest = rest[end:].strip()
        return found

    (agent,) = run(registers.text)
    walked |= {"AGENT_ID": agent["agent_id"], "AGENT_TOKEN": agent["token"]}
    (task,) = run(submits.text)
    (claim,) = run(claims.text)
    assert claim["task_id"] == task["task_id"]
    walked |= {"TASK_ID": claim["task_id"], "LEASE_ID": claim["lease_id"]}
    beat, done = run(works.text)
    assert beat.keys() == {"lease_expires_at"}
    assert (done["status"], done["result"]) == ("completed", {"grade": 2})
