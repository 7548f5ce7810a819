"""Time as an argument. The real clock is ``adapters.system_clock``; tests hand in their own."""

from typing import Protocol

__all__ = ["Clock"]


class Clock(Protocol):
    """Two readings; nobody below the top floors asks the machine for the time."""

    def now(self) -> float:
        """Unix time in seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        ...
