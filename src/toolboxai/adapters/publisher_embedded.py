"""The publisher that is this very process."""

from collections.abc import Callable, Sequence

from toolboxai.apps.app import App
from toolboxai.errors import PublishFailed
from toolboxai.node.node import Node
from toolboxai.platform.ports import Event
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.encryption import ChannelSecrets

__all__ = ["EmbeddedPublisher"]


class EmbeddedPublisher:
    """Satisfies ``platform.ports.Publisher`` with the hub beside it.

    Args:
        node: of this process.
        own: our app, as it is at that moment.
        secrets: of encrypted channels; without them nothing is published there.
    """

    def __init__(self, node: Node, own: Callable[[], App], secrets: ChannelSecrets | None = None) -> None:
        self._node = node
        self._own = own
        self._secrets = secrets

    async def publish(
        self, channels: Sequence[str], event: Event, *, exclude: str | None = None
    ) -> Sequence[str]:
        """See the port."""
        app = self._own()
        names = [
            ChannelName.parse(name, max_chars=app.channel_name_chars) for name in dict.fromkeys(channels)
        ]
        groups: list[tuple[list[ChannelName], str]] = [
            ([name], self._sealed(name, event.data)) for name in names if name.facts.opaque
        ]
        if plain := [name for name in names if not name.facts.opaque]:
            groups.append((plain, event.data))
        ids: dict[str, str] = {}
        for group, data in groups:
            positions = await self._node.publish(
                app, group, event.name, data, exclude=exclude, kept=event.kept
            )
            ids |= {name.text: position.text for name, position in zip(group, positions, strict=True)}
        return [ids[name.text] for name in names]

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        """See the port."""
        app = self._own()
        name = ChannelName.parse(channel, max_chars=app.channel_name_chars)
        kept = [
            (event.name, self._sealed(name, event.data) if name.facts.opaque else event.data)
            for event in events
        ]
        await self._node.restore(app, name, kept)

    def _sealed(self, name: ChannelName, data: str) -> str:
        if self._secrets is None:
            raise PublishFailed(
                f"{name} is encrypted, and there is no key for it: set PUSHER_ENCRYPTION_MASTER_KEY_BASE64",
                retryable=False,
            )
        return self._secrets.seal(name.text, data)
