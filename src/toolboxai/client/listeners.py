"""Functions that are told the events of a channel."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from toolboxai.client.effects import Event

__all__ = ["ANY", "Listener", "Listeners"]

Listener = Callable[[Any, Event], object]

ANY: Final = "*"  # no event can have this name


class _Entry:
    """One listener, and what it has yet to be told before it hears what comes."""

    def __init__(self, listener: Listener, before: list[Event]) -> None:
        self.listener = listener
        self.before: list[Event] | None = before or None


class Listeners:
    """Those of one channel, by the event's name.

    Args:
        fault: told when one raises: that must not keep the event from the others, nor from those that come after.
    """

    def __init__(self, fault: Callable[[str], None]) -> None:
        self._fault = fault
        self._by_name: dict[str, list[_Entry]] = {}

    def __bool__(self) -> bool:
        return any(self._by_name.values())

    def add(self, name: str, listener: Listener, before: list[Event]) -> Callable[[], None]:
        """Tell it the events of this name; the answer ends that. The same function twice is told twice.

        Args:
            name: the event's, or `ANY`.
            listener: takes data and event.
            before: what has come already; it is told in the loop's next turn.
        """
        entry = _Entry(listener, [event for event in before if name in (ANY, event.name)])
        entries = self._by_name.setdefault(name, [])
        entries.append(entry)

        def end() -> None:
            if entry in entries:
                entries.remove(entry)

        def begin() -> None:
            unheard, entry.before = entry.before or [], None
            for event in unheard:
                if entry in entries:
                    self._call(entry, event)

        if entry.before:
            asyncio.get_running_loop().call_soon(begin)
        return end

    def tell(self, event: Event) -> None:
        """An event for those who wait for it."""
        for name in (event.name, ANY):
            for entry in [*self._by_name.get(name, ())]:
                if entry.before is None:
                    self._call(entry, event)
                else:
                    entry.before.append(event)

    def _call(self, entry: _Entry, event: Event) -> None:
        try:
            entry.listener(event.data, event)
        except Exception as fault:
            words = f"{type(fault).__name__}: {fault}"
            self._fault(f"a listener to {event.name} on {event.channel} raised {words}")
