"""Do the lock files hold what pyproject.toml declares? Asks no network.

What each lock is made from stands once, in the Makefile's ``lock`` target; this reads it there. Ends with 0 when all
is well, else with 1 and one sentence per fault.
"""

import re
import shlex
import sys
import tomllib
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

__all__ = ["Pin", "Recipe", "check", "read_lock", "recipes"]

_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
MEND = "run: make lock"


class Recipe(NamedTuple):
    """What one lock file is made from.

    Args:
        path: of the lock, relative to the tree.
        project: whether the project's own requirements are in it.
        all_extras: whether every extra is.
        extras: those that are named.
        groups: dependency groups.
        constraints: another lock whose versions it takes over, or None.
    """

    path: str
    project: bool
    all_extras: bool
    extras: tuple[str, ...]
    groups: tuple[str, ...]
    constraints: str | None


class Pin(NamedTuple):
    """One ``name==version`` of a lock file, and how many hashes stand with it."""

    requirement: Requirement
    version: str
    hashes: int


def recipes(makefile: str) -> list[Recipe]:
    """The locks that the Makefile makes."""
    found = []
    for line in makefile.splitlines():
        if not re.search(r"^\t@?\$\(LOCK\) .*-o \S+", line):
            continue
        words = shlex.split(re.sub(r"\$\(if [^)]*?(?:\$\$\([^)]*\)[^)]*)*,\)", "", line))
        after = list(pairwise(words))
        found.append(
            Recipe(
                path=next(value for option, value in after if option == "-o"),
                project="pyproject.toml" in words,
                all_extras="--all-extras" in words,
                extras=tuple(value for option, value in after if option == "--extra"),
                groups=tuple(value for option, value in after if option == "--group"),
                constraints=next((value for option, value in after if option == "-c"), None),
            )
        )
    return found


def read_lock(text: str) -> tuple[dict[str, list[Pin]], list[str]]:
    """The pins of a lock by normalised name, and what is wrong with its lines."""
    pins: dict[str, list[Pin]] = {}
    faults = []
    for entry in re.sub(r"\\\n", " ", text).splitlines():
        entry = re.sub(r"(^|\s)#.*", "", entry).strip()
        if not entry:
            continue
        if "://" in entry:
            faults.append(f"{entry[:80]!r} names an address; a lock must install from any mirror")
        elif entry.startswith("-"):
            faults.append(f"{entry[:80]!r} is an option; a lock holds pins and their hashes only")
        else:
            _read_pin(entry, pins, faults)
    return pins, faults


def _read_pin(entry: str, pins: dict[str, list[Pin]], faults: list[str]) -> None:
    hashes = len(_HASH.findall(entry))
    text = entry.partition("--hash=")[0].strip()
    try:
        requirement = Requirement(text)
    except InvalidRequirement as fault:
        faults.append(f"{text[:80]!r} is not a requirement: {fault}")
        return
    exact = re.fullmatch(r"==([^*,]+)", str(requirement.specifier))
    if not exact:
        faults.append(f"{text!r} is not pinned to one version with ==")
        return
    if not hashes:
        faults.append(f"{text!r} has no sha256 hash")
    pins.setdefault(canonicalize_name(requirement.name), []).append(Pin(requirement, exact.group(1), hashes))


def declared(project: Mapping[str, Any], recipe: Recipe) -> Iterator[Requirement]:
    """Every requirement that a lock must satisfy; the project's references to itself are followed."""
    table = project["project"]
    extras: Mapping[str, list[str]] = table.get("optional-dependencies", {})
    groups: Mapping[str, list[str]] = project.get("dependency-groups", {})
    texts = list(table.get("dependencies", [])) if recipe.project else []
    for extra in extras if recipe.all_extras else recipe.extras:
        texts += extras[extra]
    for group in recipe.groups:
        texts += groups[group]
    own = canonicalize_name(table["name"])
    while texts:
        requirement = Requirement(texts.pop(0))
        if canonicalize_name(requirement.name) == own:
            texts += [text for extra in requirement.extras for text in extras[extra]]
        else:
            yield requirement


def check(tree: Path) -> list[str]:
    """Every fault of every lock of a tree; none when the list is empty."""
    project = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))
    found = recipes((tree / "Makefile").read_text(encoding="utf-8"))
    if not found:
        return ["the Makefile's lock target makes no lock file: nothing to check against"]
    locks: dict[str, dict[str, list[Pin]]] = {}
    faults: list[str] = []
    for recipe in found:
        file = tree / recipe.path
        if not file.is_file():
            faults.append(f"{recipe.path}: it is missing; {MEND}")
            continue
        locks[recipe.path], wrong = read_lock(file.read_text(encoding="utf-8"))
        faults += [f"{recipe.path}: {fault}; {MEND}" for fault in wrong]
    for recipe in found:
        if recipe.path in locks:
            pins = locks[recipe.path]
            faults += [f"{recipe.path}: {fault}; {MEND}" for fault in _unmet(project, recipe, pins)]
            others = locks.get(recipe.constraints or "", {})
            faults += [f"{recipe.path}: {fault}; {MEND}" for fault in _apart(recipe, pins, others)]
    return faults


def _unmet(project: Mapping[str, Any], recipe: Recipe, pins: Mapping[str, list[Pin]]) -> Iterator[str]:
    for requirement in declared(project, recipe):
        candidates = pins.get(canonicalize_name(requirement.name))
        if not candidates:
            yield f"{requirement} is declared in pyproject.toml and not pinned"
            continue
        for pin in candidates:
            if not requirement.specifier.contains(pin.version, prereleases=True):
                yield f"{requirement} is declared in pyproject.toml, but {pin.version} is pinned"


def _apart(recipe: Recipe, pins: Mapping[str, list[Pin]], others: Mapping[str, list[Pin]]) -> Iterator[str]:
    for name, mine in pins.items():
        theirs = {pin.version for pin in others.get(name, [])}
        for pin in mine:
            if theirs and pin.version not in theirs:
                yield f"{name} is {pin.version} here and {', '.join(sorted(theirs))} in {recipe.constraints}"


def main() -> int:
    """Check the tree that this script stands in, or the one that is named."""
    tree = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    faults = check(tree)
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
