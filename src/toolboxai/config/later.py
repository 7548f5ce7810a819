"""Settings whose work is not in this version yet. They are checked like the others, and refused, not ignored.

Whoever builds the work deletes the row.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from toolboxai.config.leaves import leaves
from toolboxai.config.model import Settings

__all__ = ["LATER", "Later", "not_available"]


class Later(NamedTuple):
    """A setting, and what it will switch on.

    Args:
        pattern: shell pattern over the dotted path.
        work: what is not there yet.
    """

    pattern: str
    work: str


LATER: tuple[Later, ...] = ()


def not_available(settings: Settings) -> Iterator[tuple[str, str]]:
    """The paths that ask for work which is not there, with the text to show."""
    for leaf in leaves(settings):
        for row in LATER:
            if leaf.value != leaf.default and fnmatchcase(leaf.path, row.pattern):
                yield leaf.path, f"not available in this version ({row.work}); leave it out"
