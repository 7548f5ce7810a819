"""Many connections, written to at once."""

from collections.abc import Callable, Collection
from typing import Final, TypeAlias

from toolboxai.hub.outbox import Line

__all__ = ["BATCH_LEAST", "Submit"]

BATCH_LEAST: Final = 8  # fewer are written to one by one: the call has costs of its own

Submit: TypeAlias = Callable[[Collection[Line], bytes], Collection[Line]]
"""Writes a frame to every line now; returns those whose transport has gone."""
