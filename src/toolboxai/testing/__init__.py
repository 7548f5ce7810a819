"""For the tests of applications that use channels: a fake that remembers, a live server, a clock that tests move.

Installing the package is enough for pytest to find the fixtures of ``toolboxai.testing.plugin``. pytest imports that
at every start, also where nothing of it is used, so the names here are imported when they are asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolboxai.testing.clock import ManualClock
    from toolboxai.testing.fake import FakeChannels, Triggered
    from toolboxai.testing.live import LiveServer

__all__ = ["FakeChannels", "LiveServer", "ManualClock", "Triggered"]

_HOMES = {"FakeChannels": "fake", "LiveServer": "live", "ManualClock": "clock", "Triggered": "fake"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
