"""Things that stand near one another in the text, in groups of the size of one question."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

__all__ = ["FEWEST", "MOST", "groups"]

T = TypeVar("T")

FEWEST: Final = 3
MOST: Final = 6
_USUAL: Final = 5
_NEAR: Final = 24  # things after the first one among which the others are sought


def groups(things: Sequence[T], fit: Callable[[T, T], bool]) -> Iterator[tuple[T, ...]]:
    """From each thing on, the next ones that fit with each other: once about as many as is usual, once the fewest.

    Of few things only about half go into one group, so that something is left for other questions.

    Args:
        things: in the order of the text.
        fit: whether two of them can stand in one group.
    """
    usual = max(FEWEST, min(_USUAL, len(things) // 2))
    for start in range(len(things) - FEWEST + 1):
        group = [things[start]]
        for other in things[start + 1 : start + _NEAR]:
            if all(fit(one, other) for one in group):
                group.append(other)
            if len(group) == usual:
                break
        for size in sorted({len(group), FEWEST}, reverse=True):
            if len(group) >= size >= FEWEST:
                yield tuple(group[:size])
