"""Every block of code in the documents runs, against a real server."""

import json
import re
import urllib.request
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

import toolboxai.client
from doc_snippets import ROOT, Snippet, example_files, snippets
from docs.conftest import Reader
from docs.test_reference import code, rows

pytestmark = [pytest.mark.timeout(90), pytest.mark.xdist_group("docs")]

EXAMPLES = {file.read_text(encoding="utf-8") for file in example_files()}
WALKED = (
    "README.md",  # one worker beside the examples: see test_readme.py
    "docs/worlds.md",  # a walk from its first block to its last: see test_worlds.py
    "docs/agents.md",  # likewise: see test_agents.py
    "docs/built-in-agents.md",  # likewise: see test_built_in_agents.py
    "docs/studio-plugin.md",  # likewise: see test_studio_plugin.py
)
STANDALONE = [
    snippet
    for snippet in snippets("python", "bash", "js")
    if snippet.text not in EXAMPLES and snippet.page not in WALKED
]


@pytest.mark.parametrize("snippet", STANDALONE, ids=lambda snippet: snippet.name)
def test_it_runs(snippet: Snippet, reader: Reader, tmp_path: Path) -> None:
    reader.run(snippet.language, snippet.text, tmp_path)


def test_every_route_is_documented(reader: Reader) -> None:
    with urllib.request.urlopen(f"{reader.env['TOOLBOXAI_URL']}/api/openapi.json", timeout=5) as answer:
        paths = json.load(answer)["paths"]
    served = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert {code(row[0])[0] for row in rows("rest.md", "Routes")} == served


def test_the_events_of_a_real_generation_have_the_documented_fields(reader: Reader) -> None:
    url = f"{reader.env['TOOLBOXAI_URL']}/api/v1/content/sessions/{reader.env['SESSION']}/events?after=0"
    request = urllib.request.Request(
        url, headers={"Authorization": f"Bearer {reader.env['TOOLBOXAI_TOKEN']}"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        events = json.load(answer)["items"]
    shown = {sample["type"]: sample for sample in samples()}
    assert {event["type"] for event in events} == shown.keys() - {"error", "content_delta"}
    for event in events:
        sample = shown[event["type"]]
        assert event.keys() == sample.keys()
        assert event["data"].keys() == sample["data"].keys()
    assert events[-1]["data"]["summary"].keys() == shown["generation_complete"]["data"]["summary"].keys()
    results = {
        event["data"]["completed_stage"]: set(event["data"]["stage_results"])
        for event in events
        if event["type"] == "stage_complete"
    }
    assert results == {code(stage)[0]: set(code(names)) for stage, names in rows("events.md", "Stages")}
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def samples() -> list[dict[str, Any]]:
    """The page's samples but for the one of a session that waits for its turn, which the tests of the queue read."""
    pages = [json.loads(snippet.text) for snippet in snippets("json") if snippet.page == "docs/events.md"]
    return [sample for sample in pages if "type" in sample and "queue_position" not in sample["data"]]


def test_the_samples_are_those_of_the_guide_and_a_number() -> None:
    guide = (ROOT / "tests/contract/websocket-guide.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    shown = {sample["type"]: sample for sample in samples()}
    theirs = {}
    for block in blocks[:4]:  # the four of the content socket stand first
        message = json.loads(block)
        theirs[message["type"]] = message
    assert theirs.keys() == shown.keys() - {"content_delta"}  # ours: the guide knows no model that writes
    for name, message in theirs.items():
        assert message.keys() | {"seq"} == shown[name].keys()
        assert message["data"].keys() == shown[name]["data"].keys()


def test_every_argument_of_the_client_is_documented() -> None:
    parameters = signature(toolboxai.client.connect).parameters.values()
    expected = {
        each.name: "" if each.default is each.empty else getattr(each.default, "__name__", repr(each.default))
        for each in parameters
    }
    written = {code(name)[0]: "".join(code(default)) for name, default, _ in rows("client.md", "connect")}
    assert written == expected | {"sleep": "asyncio.sleep"}


def test_every_error_of_the_client_is_documented() -> None:
    offered = {name for name in toolboxai.client.__all__ if isinstance(getattr(toolboxai.client, name), type)}
    errors = {name for name in offered if issubclass(getattr(toolboxai.client, name), Exception)} - {
        "ClientError"
    }
    assert {code(row[0])[0] for row in rows("client.md", "Errors")} == errors
