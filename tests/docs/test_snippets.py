"""Every block of code in the documents runs, against a real server."""

import json
import urllib.request
from inspect import signature
from pathlib import Path

import pytest

import toolboxai.client
from doc_snippets import ROOT, Snippet, snippets
from docs.conftest import Reader
from docs.test_reference import code, rows

pytestmark = [pytest.mark.timeout(90), pytest.mark.xdist_group("docs")]

EXAMPLES = {file.read_text(encoding="utf-8") for file in (ROOT / "examples").iterdir()}
STANDALONE = [snippet for snippet in snippets("python", "bash", "js") if snippet.text not in EXAMPLES]


@pytest.mark.parametrize("snippet", STANDALONE, ids=lambda snippet: snippet.name)
def test_it_runs(snippet: Snippet, reader: Reader, tmp_path: Path) -> None:
    reader.run(snippet.language, snippet.text, tmp_path)


def test_every_route_is_documented(reader: Reader) -> None:
    with urllib.request.urlopen(f"{reader.env['TOOLBOXAI_URL']}/api/openapi.json", timeout=5) as answer:
        paths = json.load(answer)["paths"]
    served = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert {code(row[0])[0] for row in rows("rest.md", "Routes")} == served


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
