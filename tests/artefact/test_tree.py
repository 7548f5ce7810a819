"""What is in the repository, and what must never be."""

import os
import re
import socket
import subprocess
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from toolboxai.config.app_table import AppTable
from toolboxai.config.leaves import leaves
from toolboxai.config.model import Settings

ROOT = Path(__file__).resolve().parents[2]
GUIDE = "tests/contract/websocket-guide.md"
GUIDE_SHA256 = "ec73aa33942c42ca6327b4f5f11c4f72b582ca200fe8bfcb155fb7e5735a48b7"
MEGABYTE = 1_000_000

LITTER = re.compile(
    r"(^|/)(__pycache__|node_modules|\.venv[^/]*|dist|build|\.idea|\.vscode|demo-output)/"
    r"|\.(py[co]|db|db-shm|db-wal|sqlite3?|log|orig|rej|bak|swp|tmp|egg-info)$|~$|(^|/)(\.DS_Store|\.env)$"
)
STALE_NAME = re.compile(
    r"(_v\d+|_new|_old|_optimi[sz]ed|_final|_copy|(^|/)(utils?|helpers?|manager))\.\w+$|(^|/)new_"
)
# Written apart, so that this file is not what it looks for.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b|[Ll]orem ip" r"sum")
HOME = re.compile(r"/(?:home|Users)/[a-z][\w-]*/|/ro" r"ot/")
KEY_SHAPES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bsk-[A-Za-z0-9_-]{20,}"
    r"|\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\."
)
REGISTRY = re.compile(r"\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|yarnpkg\.com)\b")


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    for name in tracked():
        raw = (ROOT / name).read_bytes()
        if b"\0" not in raw and name != GUIDE:
            yield name, raw.decode("utf-8")


def found(pattern: re.Pattern[str], *, but: re.Pattern[str] | None = None) -> list[str]:
    hits = []
    for name, text in texts():
        if but is not None and but.search(name):
            continue
        hits += [f"{name}: {match.group()!r}" for match in pattern.finditer(text)]
    return hits


def test_nothing_that_a_tool_made_is_tracked() -> None:
    assert [name for name in tracked() if LITTER.search(name)] == []


def test_no_name_tells_a_history() -> None:
    assert [name for name in tracked() if STALE_NAME.search(name)] == []


def test_every_file_is_small() -> None:
    assert {name: size for name in tracked() if (size := (ROOT / name).stat().st_size) >= MEGABYTE} == {}


def test_what_can_be_run_says_with_what() -> None:
    runnable = [name for name in tracked() if os.access(ROOT / name, os.X_OK)]
    assert ".ci/run" in runnable
    assert [name for name in runnable if not (ROOT / name).read_bytes().startswith(b"#!/")] == []


def test_text_ends_with_a_newline_and_has_no_carriage_returns() -> None:
    ours = [
        (name, text) for name, text in texts() if not name.endswith(".min.js")
    ]  # others' are kept byte for byte
    assert [name for name, text in ours if text and (not text.endswith("\n") or "\r" in text)] == []


def test_nothing_is_left_for_later() -> None:
    assert found(UNFINISHED) == []


def test_no_path_of_anybodys_machine_is_written_down() -> None:
    assert found(HOME) == []
    places = {str(ROOT), str(Path.home()), str(ROOT.parent)}
    mine = re.compile(
        "|".join(re.escape(place) + r"\b" for place in places if place.count("/") > 1) or r"(?!)"
    )
    assert found(mine) == []


def test_no_registry_and_no_name_of_this_machine_is_written_down() -> None:
    assert found(REGISTRY) == []
    urls = [
        value
        for name, value in os.environ.items()
        if re.search(r"INDEX_URL|DEFAULT_INDEX|REGISTRY|_PROXY", name.upper())
    ]
    hosts = {urlsplit(url).hostname for url in urls} | {socket.gethostname()}
    telling = {host for host in hosts if host and host not in ("localhost", "127.0.0.1") and len(host) > 7}
    assert found(re.compile("|".join(map(re.escape, telling)) or r"(?!)")) == []


def test_no_key_of_anybody_is_written_down() -> None:
    assert found(KEY_SHAPES) == []


def test_no_secret_has_a_default() -> None:
    app = AppTable.model_validate({"id": "1", "key": "k", "secret": "s"})
    settings = Settings()
    defaults = {leaf.path: leaf.default for leaf in leaves(settings)} | {
        leaf.path: leaf.default for leaf in leaves(app)
    }
    assert [path for path, value in defaults.items() if isinstance(value, SecretStr)] == []
    assert settings.apps == ()
    assert settings.auth.jwt_keys == ()


def test_the_guide_is_the_one_that_was_handed_to_us() -> None:
    assert sha256((ROOT / GUIDE).read_bytes()).hexdigest() == GUIDE_SHA256


def test_the_licence_is_whole_and_named_everywhere() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    assert project["license-files"] == ["LICENSE"]


def test_the_gate_of_a_change_is_the_readmes_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert [line for line in script.splitlines() if "make" in line] == ["exec make test"]


@pytest.mark.parametrize(
    "target", ["setup", "demo", "serve", "check", "test", "test-all", "bench", "bench-full", "lock", "fmt"]
)
def test_the_makefile_has_the_targets_that_scripts_call(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
