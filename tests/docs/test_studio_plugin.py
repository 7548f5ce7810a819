"""The page on the Studio plugin: its commands, one after the other, from a registration to a command that waits."""

import json
import urllib.request
from pathlib import Path

import pytest

from doc_snippets import ROOT, snippets
from docs.conftest import Reader

pytestmark = [pytest.mark.timeout(90), pytest.mark.xdist_group("docs")]


def test_the_commands_of_the_page_lead_from_a_registration_to_a_command(
    reader: Reader, tmp_path: Path
) -> None:
    installs, builds = [each for each in snippets("bash") if each.page == "docs/studio-plugin.md"]
    shown = reader.run("bash", installs.text, tmp_path).split()
    made = json.loads((tmp_path / "plugin.json").read_text(encoding="utf-8"))
    assert shown == [made["plugin_id"], made["token"]]
    served = ROOT / "src" / "toolboxai" / "web" / "studio" / "toolboxai.rbxmx"
    assert (tmp_path / "toolboxai.rbxmx").read_bytes() == served.read_bytes()

    command = json.loads(reader.run("bash", builds.text, tmp_path))
    assert (command["plugin_id"], command["status"]) == (made["plugin_id"], "queued")
    request = urllib.request.Request(
        f"{reader.env['TOOLBOXAI_URL']}/api/v1/plugins/{made['plugin_id']}/messages",
        headers={"Authorization": f"Bearer {made['token']}"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        (entry,) = json.load(answer)["items"]
    assert entry["data"]["action"] == "apply_bundle"
    assert entry["data"]["payload"] == {"environment_id": "env_your_world"}
