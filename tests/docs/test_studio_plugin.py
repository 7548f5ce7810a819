"""The install page of the Studio plugin: the plugin that its reader registers is the one that is told to build."""

import json
from pathlib import Path

import pytest

from doc_snippets import snippets
from docs.conftest import Reader

pytestmark = [pytest.mark.timeout(90), pytest.mark.xdist_group("docs")]

PAGE = "docs/studio-plugin.md"


def test_the_page_is_a_walk_from_the_token_to_the_command(reader: Reader, tmp_path: Path) -> None:
    installs, builds = [each for each in snippets("bash") if each.page == PAGE]
    plugin_id, token = reader.run("bash", installs.text, tmp_path).split()
    assert json.loads((tmp_path / "plugin.json").read_text())["token"] == token
    assert "<roblox" in (tmp_path / "toolboxai.rbxmx").read_text()[:200]
    command = json.loads(reader.run("bash", builds.text, tmp_path))
    assert (command["plugin_id"], command["action"]) == (plugin_id, "apply_bundle")
    assert command["payload"] == {"environment_id": "env_your_world"}
