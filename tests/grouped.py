"""Tests of one ``xdist_group`` run in one process, one after another, so that what they share is started once.

pytest-xdist 3.8 leaves the group at the test's id in a place where pytest 9.2 no longer looks, and says nothing: its
issue 1386. Groups are of whole files here, so that the file says it as well.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

MARK = re.compile(r'\bxdist_group\("([^"]+)"\)')


@cache
def group_of(file: Path) -> str | None:
    """The group that a file of tests names for all of them."""
    found = MARK.search(file.read_text(encoding="utf-8"))
    return None if found is None else found[1]


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a whole group to one worker, and every other test to whichever is free."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(self.config.rootpath / nodeid.partition("::")[0]) or nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """In place of the one that ``--dist loadgroup`` names."""
    return ByGroup(config, log) if config.getoption("dist") == "loadgroup" else None
