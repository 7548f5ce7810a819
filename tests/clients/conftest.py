"""The npm package as it is built, in a folder beside the packages that it stands on; and a server for its programs."""

import base64
import json
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pusher_js import node, node_packages
from school import SERVE, Open, open_school
from server_process import ROOT, serving

# A newcomer to a lesson or an agent is handed its newest event alone: what is older the client has to fetch.
LITTLE_KEPT = """
[[apps]]
id = "1"
key = "school"
secret = "{secret}"

[[apps.history]]
pattern = "private-content-generation-*"
events = 1
seconds = 600

[[apps.history]]
pattern = "private-agent-*"
events = 1
seconds = 600
"""
SOURCE = ROOT / "clients" / "typescript"


@dataclass(frozen=True, slots=True)
class Built:
    """The package, built.

    Args:
        folder: where programs are placed; ``node_modules`` in it has the package.
    """

    folder: Path

    @property
    def package(self) -> Path:
        """The package itself."""
        return self.folder / "node_modules" / "toolboxai-client"

    def place(self, name: str, text: str) -> Path:
        """A program, from where it can import the package."""
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        return file

    def run(self, *command: str | Path, by: str | None = None) -> str:
        """A program of Node to its end; what it printed.

        Args:
            command: a script, and its arguments.
            by: another Node than the one that all tests use.
        """
        done = subprocess.run(
            [by or node(), *command], cwd=self.folder, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def tool(self, name: str) -> Path:
        """A program of the packages of package-lock.json."""
        return node_packages() / ".bin" / name


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    modules = node_packages("typescript", "@types/react", "happy-dom", "toolboxai-tests-react-18")
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "node_modules").mkdir()
    for each in modules.iterdir():
        (folder / "node_modules" / each.name).symlink_to(each)
    package = folder / "node_modules" / "toolboxai-client"
    package.mkdir()
    shutil.copy(SOURCE / "package.json", package)
    done = subprocess.run(
        [node(), SOURCE / "build.mjs", package / "dist"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    (folder / "package.json").write_text(json.dumps({"type": "module"}))
    return Built(folder)


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    home = tmp_path_factory.mktemp("school")
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    school = open_school(home, PUSHER_ENCRYPTION_MASTER_KEY_BASE64=key)
    (home / "toolboxai.toml").write_text(LITTLE_KEPT.format(secret=school.env["PUSHER_SECRET"]))
    with serving([*SERVE, "0"], cwd=school.home, env=school.env) as server:
        yield Open(school, server)
