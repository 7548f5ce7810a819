"""Functions that are told the events of a channel."""

from collections.abc import Callable
from typing import Any, Final

from toolboxai.client.effects import Event

__all__ = ["ANY", "Listener", "Listeners"]

Listener = Callable[[Any, Event], object]

ANY: Final = "*"  # no event can have this name


class Listeners:
    """Those of one channel, by the event's name.

    Args:
        fault: told when one raises: that must not keep the event from the others, nor from those that come after.
    """

    def __init__(self, fault: Callable[[str], None]) -> None:
        self._fault = fault
        self._by_name: dict[str, dict[object, Listener]] = {}

    def add(self, name: str, listener: Listener) -> Callable[[], None]:
        """Tell it the events of this name; the answer ends that. The same function twice is told twice."""
        mark = object()
        listeners = self._by_name.setdefault(name, {})
        listeners[mark] = listener
        return lambda: listeners.pop(mark, None) and None

    def tell(self, event: Event) -> None:
        """An event for those who wait for it."""
        for name in (event.name, ANY):
            for listener in [*self._by_name.get(name, {}).values()]:
                try:
                    listener(event.data, event)
                except Exception as fault:
                    self._fault(
                        f"a listener to {event.name} on {event.channel} raised {type(fault).__name__}: {fault}"
                    )
