"""What the channels of our app keep in this process."""

from collections.abc import Callable, Sequence

from toolboxai.apps.app import App
from toolboxai.node.node import Node
from toolboxai.platform.ports import Event, KeptEvent

__all__ = ["KeptHere"]


class KeptHere:
    """Satisfies ``platform.ports.KeptEvents`` with the node beside it.

    Args:
        node: of this process.
        own: our app, as it is at that moment.
    """

    def __init__(self, node: Node, own: Callable[[], App]) -> None:
        self._node = node
        self._own = own

    async def kept(self, channel: str) -> Sequence[KeptEvent]:
        """See the port."""
        history = await self._node.history(self._own(), channel)
        return [
            KeptEvent(publication.position.offset, Event(publication.event, publication.data))
            for publication in history.publications
        ]
