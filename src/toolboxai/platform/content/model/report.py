"""How the engine tells that its work goes on."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

__all__ = [
    "LiveReport",
    "Report",
    "unheard",
]

Report = Callable[[int, int, str], None]
"""Called while work advances: units done, units in total (at least 1), a sentence for the teacher. May raise to
cancel; the engine lets whatever it raises pass through and keeps nothing.

While work waits to begin it is called again and again with a total of 0: that time is not the work's."""


@runtime_checkable
class LiveReport(Protocol):
    """A ``Report`` that also takes words while they are being written, for whoever watches."""

    def __call__(self, done: int, total: int, message: str, /) -> None:
        """As ``Report``."""
        ...

    def delta(self, text: str, /, *, anew: bool = False) -> None:
        """The next piece of a stage's text. The pieces are for watching alone; the result does not depend on them.

        Args:
            text: of any length.
            anew: whether the writing begins again, and what was told of this stage no longer counts.
        """
        ...


def unheard(_done: int, _total: int, _message: str, /) -> None:
    """A ``Report`` to nobody."""
