"""The broker's port: order, history, and the wire between nodes.

A broker gives each publication its place in the channel, keeps it where a rule says so, and hands it to every node
that follows the channel, the publishing one included: one path, one order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from toolboxai.apps.app import App
from toolboxai.protocol.publication import Position, Publication

__all__ = ["Broker", "Deliver", "History"]

Deliver: TypeAlias = Callable[[str, Publication], None]
"""Called with the app's id and a publication, in the channel's order; never waits."""


@dataclass(frozen=True, slots=True)
class History:
    """What is kept of a channel.

    Args:
        publications: oldest first.
        top: the position of the newest publication ever, kept or not.
        complete: whether nothing between the position asked for and the first publication is missing. False when
            that position is of another epoch, or older than what is kept.
    """

    publications: Sequence[Publication]
    top: Position
    complete: bool


class Broker(Protocol):
    """What a node needs. Every implementation passes the same suite of tests."""

    immediate: bool
    """Whether no call ever suspends: then a caller may run the coroutine to its end without a task."""

    def bind(self, deliver: Deliver) -> None:
        """Name the node's receiver, before anything else."""
        ...

    async def publish(self, app: App, publication: Publication) -> Position:
        """Accept a publication: set its position, keep it, hand it to every following node.

        Raises:
            PublishFailed: nothing was delivered to anyone.
        """
        ...

    async def follow(self, app: App, channel: str) -> None:
        """Deliver the channel's publications to this node from now on."""
        ...

    async def unfollow(self, app: App, channel: str) -> None:
        """Stop; the kept history stays. A channel that is not followed is no fault."""
        ...

    async def history(self, app: App, channel: str, *, since: Position | None = None) -> History:
        """What is kept of the channel; with `since`, what came after that position."""
        ...

    async def restore(self, app: App, channel: str, publications: Sequence[Publication]) -> None:
        """Put publications back into an empty history, oldest first; nobody is delivered anything."""
        ...

    def sweep(self) -> None:
        """Let go of what has outlived its time; called every few seconds."""
        ...
