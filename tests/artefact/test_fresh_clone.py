"""The README's first command, from a fresh clone, in an environment that holds nothing."""

import json
import os
import subprocess
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from forms import FULL
from server_process import PASSED_ON, ROOT

pytestmark = pytest.mark.timeout(240)

ALLOWED_S = 60.0


class Tags(HTMLParser):
    """What a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
def test_make_demo_ends_well_within_a_minute_and_leaves_files_that_can_be_read(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", ROOT, clone], check=True)
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **{name: os.environ[name] for name in PASSED_ON}}
    began = time.monotonic()
    done = subprocess.run(["make", "demo"], cwd=clone, env=bare, capture_output=True, text=True, check=False)
    took_s = time.monotonic() - began
    assert done.returncode == 0, done.stdout + done.stderr
    assert took_s < ALLOWED_S, f"{took_s:.0f} s"
    made = {path.suffix: path for path in (clone / "demo-output").iterdir()}
    assert made.keys() >= {".md", ".html", ".json"}
    assert json.loads(made[".json"].read_text(encoding="utf-8"))
    assert made[".md"].read_text(encoding="utf-8").startswith("# ")
    page = Tags()
    page.feed(made[".html"].read_text(encoding="utf-8"))
    assert {"html", "body", "h1"} <= page.seen
    assert "demo-output" in done.stdout
    changed = subprocess.run(
        ["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True
    ).stdout
    assert changed == "", "a demo leaves nothing but what is ignored"
