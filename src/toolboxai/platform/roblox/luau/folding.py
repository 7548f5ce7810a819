"""Unicode for a game server: what Luau does not know of letters, as tables of numbers.

Roblox can order marks and part letters from their accents (``utf8.nfdnormalize``), but has neither compatibility forms
(a full-width digit is a digit) nor the folding of case outside of ASCII. Both are here for what stood in Unicode 3.2:
their normal forms and case will not change any more, so the same tables come out of every Python.
"""

import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain
from typing import Final

from toolboxai.platform.roblox.luau.literals import Data

__all__ = ["folding_tables"]

_ASSIGNED: Final = unicodedata.ucd_3_2_0
_RANGES: Final = (
    range(0x80, 0xD800),
    range(0xF900, 0x10000),
    range(0x10000, 0x10500),
    range(0x1D000, 0x1D800),
)
"""Without what has no compatibility form and no case: surrogates, private use, further ideographs."""

_WORTH_A_RUN: Final = 3


@cache
def folding_tables() -> Data:
    """``compatible`` and ``lower``, each of what changes when it stands alone, parted from its accents.

    Both are texts, entries parted by ``;``. One of ``runs`` has five numbers: the first code point, how many, from each to
    the next, what the first becomes, and how much that grows from each to the next. One of ``others`` has a code point
    and what it becomes.
    """
    return {
        "compatible": _table(lambda letter: unicodedata.normalize("NFKD", letter)),
        "lower": _table(_lower),
    }


def _lower(letter: str) -> str:
    """Letters of which compatibility makes others do not come to this table any more."""
    return letter.casefold() if unicodedata.normalize("NFKD", letter) == letter else letter


def _table(change: Callable[[str], str]) -> Data:
    changed = dict[int, tuple[int, ...]]()
    for point in chain(*_RANGES):
        letter = chr(point)
        if _ASSIGNED.category(letter) == "Cn" or unicodedata.normalize("NFD", letter) != letter:
            continue
        if (other := change(letter)) != letter:
            changed[point] = tuple(map(ord, other))
    runs = list(_runs({point: others[0] for point, others in changed.items() if len(others) == 1}))
    for first, count, step, _, _ in runs:
        for nth in range(count):
            del changed[first + nth * step]
    return {
        "runs": ";".join(" ".join(map(str, run)) for run in runs),
        "others": ";".join(
            f"{point} {' '.join(map(str, to))}".rstrip() for point, to in sorted(changed.items())
        ),
    }


def _runs(single: dict[int, int]) -> Iterator[tuple[int, int, int, int, int]]:
    """Rows of letters side by side, or every second one, that become letters in the same order; or one and the same."""
    points = sorted(single)
    at = 0
    while at < len(points):
        count, step, growth = max(
            (_length(single, points, at, step, growth), -step, growth)
            for step, growth in ((1, 1), (1, 0), (2, 2))
        )
        if count >= _WORTH_A_RUN:
            yield points[at], count, -step, single[points[at]], growth
        at += count


def _length(single: dict[int, int], points: list[int], at: int, step: int, growth: int) -> int:
    count = 1
    first = points[at]
    while (
        at + count < len(points)
        and points[at + count] == first + count * step
        and single[points[at + count]] == single[first] + count * growth
    ):
        count += 1
    return count
