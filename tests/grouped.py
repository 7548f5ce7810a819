"""Tests of one file, or of one ``xdist_group``, run in one process, one after another: what they share is made once.

A server, a browser, a lesson that a file's tests look at was made in each of three processes, as long as its tests went to
whichever of them was free. What takes long comes first, so that at the end all processes have something short to do.

pytest-xdist 3.8 leaves the group at the test's id in a place where pytest 9.2 no longer looks, and says nothing: its
issue 1386. Groups are of whole files here, so that the file says it as well.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

MARK = re.compile(r'\bxdist_group\("([^"]+)"\)')

LONG: Final = (
    "browser",  # one group, as it shares a browser: the longest of all
    "journeys",
    "docs",
    "peers",
    "platform",
    "adapters",
    "web",
    "cli",
    "property",
    "bench",
    "artefact",
)
"""Folders whose files take seconds, many of them tens of seconds. A file of any other takes few."""


@cache
def group_of(file: Path) -> str | None:
    """The group that a file of tests names for all of them."""
    found = MARK.search(file.read_text(encoding="utf-8"))
    return None if found is None else found[1]


@cache
def place_of(folder: str) -> int:
    """Where the tests of a folder stand in a whole run."""
    return LONG.index(folder) if folder in LONG else len(LONG)


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a whole group, or a whole file that is in none, to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return group_of(self.config.rootpath / file) or file


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long ones first; what stands together stays together."""
    tests = config.rootpath / "tests"
    items.sort(
        key=lambda item: place_of(item.path.relative_to(tests).parts[0]) if tests in item.path.parents else 0
    )


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """In place of the one that ``--dist loadgroup`` names."""
    config.option.loadscopereorder = (
        False  # it would put first what has many tests, which is not what takes long
    )
    return ByGroup(config, log) if config.getoption("dist") == "loadgroup" else None
