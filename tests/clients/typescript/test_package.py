"""The package's parts and its client on the fake server, in Node's own test runner."""

from pathlib import Path

import pytest

from clients.typescript.conftest import Built

pytestmark = [pytest.mark.peers, pytest.mark.timeout(60), pytest.mark.xdist_group("typescript")]

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", ["parts", "client", "manager"])
def test_in_node(built: Built, name: str) -> None:
    script = built.place(f"{name}.test.mjs", (HERE / f"{name}.test.mjs").read_text(encoding="utf-8"))
    said = built.run("--test", "--test-reporter=tap", script)
    assert "\n# fail 0\n" in said
