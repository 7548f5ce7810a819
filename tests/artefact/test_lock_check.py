"""scripts/lock_check.py: right about this tree, and about copies of it that were broken on purpose."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    for name in ("pyproject.toml", "Makefile"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def check(tree: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "lock_check.py", tree],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stdout
    return done.returncode, done.stderr


def edit(file: Path, change: Callable[[str], str]) -> None:
    before = file.read_text(encoding="utf-8")
    after = change(before)
    assert after != before
    file.write_text(after, encoding="utf-8")


def test_the_locks_of_this_tree_hold_what_it_declares(copy: Path) -> None:
    assert check(copy) == (0, "")


def test_a_requirement_that_was_declared_and_not_locked_is_named(copy: Path) -> None:
    edit(
        copy / "pyproject.toml",
        lambda text: text.replace('"rich>=15",', '"rich>=15",\n    "surely-not-locked>=1",'),
    )
    code, said = check(copy)
    assert code == 1
    assert "requirements/core.lock: surely-not-locked>=1 is declared in pyproject.toml and not pinned" in said
    assert "requirements/dev.lock: surely-not-locked>=1" in said
    assert "run: make lock" in said
    assert "tools.lock" not in said


@pytest.mark.parametrize(
    ("before", "lock"),
    [
        ('export = ["', "core"),
        ('redis = ["', "dev"),
        ('dev = [\n    "', "dev"),
        ('docs = ["', "dev"),
        ('tools = ["', "tools"),
    ],
)
def test_each_lock_answers_for_its_own_extras_and_groups(copy: Path, before: str, lock: str) -> None:
    edit(copy / "pyproject.toml", lambda text: text.replace(before, before + 'absent-one", "', 1))
    code, said = check(copy)
    assert code == 1
    assert f"requirements/{lock}.lock: absent-one is declared" in said


def test_a_pin_below_the_declared_floor_is_named(copy: Path) -> None:
    edit(copy / "pyproject.toml", lambda text: text.replace('"rich>=15"', '"rich>=4000"'))
    code, said = check(copy)
    assert code == 1
    assert re.search(r"rich>=4000 is declared in pyproject.toml, but \d\S* is pinned", said)


def test_a_pin_without_a_hash_is_named(copy: Path) -> None:
    edit(
        copy / "requirements/core.lock",
        lambda text: re.sub(r"(msgspec==\S+) \\\n(?:    --hash=\S+(?: \\)?\n)+", r"\1\n", text),
    )
    code, said = check(copy)
    assert code == 1
    assert "has no sha256 hash" in said
    assert "msgspec==" in said


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("--index-url https://mirror.example/simple", "names an address"),
        ("other @ https://mirror.example/other-1.0.tar.gz", "names an address"),
        ("--find-links wheels", "is an option"),
        ("loose>=1 --hash=sha256:" + "0" * 64, "is not pinned to one version"),
        ("?? --hash=sha256:" + "0" * 64, "is not a requirement"),
    ],
)
def test_a_line_that_is_not_a_pin_with_hashes_is_named(copy: Path, line: str, fault: str) -> None:
    edit(copy / "requirements/tools.lock", lambda text: f"{text}{line}\n")
    code, said = check(copy)
    assert code == 1
    assert fault in said


def test_the_product_and_the_developers_have_the_same_versions(copy: Path) -> None:
    edit(
        copy / "requirements/core.lock",
        lambda text: re.sub(r"^(msgspec==)\S+", r"\g<1>4000.1", text, flags=re.MULTILINE),
    )
    code, said = check(copy)
    assert code == 1
    assert "msgspec is 4000.1 here and" in said
    assert "in requirements/dev.lock" in said


def test_a_lock_that_is_missing_is_named(copy: Path) -> None:
    (copy / "requirements/tools.lock").unlink()
    code, said = check(copy)
    assert code == 1
    assert said == "requirements/tools.lock: it is missing; run: make lock\n"
