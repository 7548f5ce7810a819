"""A row: one sentence of the protocol and the check that it holds."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeAlias

from toolboxai.conform.target import Target

__all__ = ["ROWS", "Check", "Row", "row"]

Check: TypeAlias = Callable[[Target], Awaitable[None]]


class Row(NamedTuple):
    """One row.

    Args:
        number: of the conformance table.
        title: what is checked.
        check: raises RowFailed or NotTestable.
    """

    number: int
    title: str
    check: Check


ROWS: dict[int, Row] = {}


def row(number: int, title: str) -> Callable[[Check], Check]:
    """Register a check under its number."""

    def register(check: Check) -> Check:
        if number in ROWS:
            raise ValueError(f"row {number} is registered twice")
        ROWS[number] = Row(number, title, check)
        return check

    return register
