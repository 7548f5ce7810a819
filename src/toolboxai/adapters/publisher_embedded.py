"""The publisher that is this very process."""

from collections.abc import Sequence

from toolboxai.apps.app import App
from toolboxai.node.node import Node
from toolboxai.platform.ports import Event
from toolboxai.protocol.channel import ChannelName

__all__ = ["EmbeddedPublisher"]


class EmbeddedPublisher:
    """Satisfies ``platform.ports.Publisher`` with the hub beside it.

    Args:
        node: of this process.
        app: our app.
    """

    def __init__(self, node: Node, app: App) -> None:
        self._node = node
        self._app = app

    async def publish(self, channels: Sequence[str], event: Event, *, exclude: str | None = None) -> None:
        """See the port."""
        names = [ChannelName.parse(name, max_chars=self._app.channel_name_chars) for name in channels]
        await self._node.publish(self._app, names, event.name, event.data, exclude=exclude)

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        """See the port."""
        name = ChannelName.parse(channel, max_chars=self._app.channel_name_chars)
        await self._node.restore(self._app, name, [(event.name, event.data) for event in events])
