"""The package's parts and its client on the fake server, in Node's own test runner."""

import shutil
from pathlib import Path

import pytest

from clients.conftest import Built
from pusher_js import node_packages

pytestmark = [pytest.mark.peers, pytest.mark.timeout(60), pytest.mark.xdist_group("typescript")]

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", ["parts", "client", "manager", "react"])
def test_in_node(built: Built, name: str) -> None:
    script = built.place(f"{name}.test.mjs", (HERE / f"{name}.test.mjs").read_text(encoding="utf-8"))
    said = built.run("--test", "--test-reporter=tap", script)
    assert "\n# fail 0\n" in said


def test_the_hooks_with_the_oldest_react(built: Built, tmp_path: Path) -> None:
    old = Built(tmp_path)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "package.json").write_text('{"type": "module"}')
    for name in ("pusher-js", "happy-dom"):
        (tmp_path / "node_modules" / name).symlink_to(node_packages() / name)
    pair = node_packages() / "toolboxai-tests-react-18" / "node_modules"
    for name in ("react", "react-dom"):
        (tmp_path / "node_modules" / name).symlink_to(pair / name)
    shutil.copytree(built.package, tmp_path / "node_modules" / built.package.name)
    version = old.run("-p", "require('react').version")
    assert version.startswith("18.")
    script = old.place("react.test.mjs", (HERE / "react.test.mjs").read_text(encoding="utf-8"))
    assert "\n# fail 0\n" in old.run("--test", "--test-reporter=tap", script)
