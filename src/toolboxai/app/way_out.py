"""Our app, and the way of our events to its subscribers."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from toolboxai.adapters.publisher_embedded import EmbeddedPublisher
from toolboxai.adapters.publisher_here_too import PublisherHereToo
from toolboxai.adapters.publisher_pusher import PusherPublisher
from toolboxai.apps.app import App
from toolboxai.config import Settings
from toolboxai.errors import ConfigError
from toolboxai.legacy.deprecation import Deprecation
from toolboxai.legacy.session import SYSTEM_NOTIFICATIONS
from toolboxai.node.node import Node
from toolboxai.platform.ports import Publisher
from toolboxai.platform.public_forms import AGENT_STATUS, ROBLOX_SYNC
from toolboxai.protocol.encryption import ChannelSecrets
from toolboxai.web.realtime_config import RealtimeConfig

__all__ = ["OurApp", "channel_secrets", "deprecation_of", "way_out"]

_HOSTED_BYTES: Final = 10_240  # what hosted services take of an event
# Public channels that old sockets follow, or whose history is asked for here, wherever the events go.
_NEEDED_HERE: Final = (SYSTEM_NOTIFICATIONS.text, ROBLOX_SYNC, AGENT_STATUS)


class OurApp:
    """The app to which the application publishes, as it is at each moment: its keys may be rotated at any time.

    Args:
        settings: checked.
        node: keeps the app.

    Raises:
        ConfigError: none is configured.
    """

    def __init__(self, settings: Settings, node: Node) -> None:
        if node.apps.own is None:
            raise ConfigError(
                ["the application needs an app to publish to: set PUSHER_APP_ID, PUSHER_KEY, PUSHER_SECRET"]
            )
        self._settings = settings
        self._node = node

    def now(self) -> App:
        """The app."""
        assert self._node.apps.own is not None  # the node keeps it
        return self._node.apps.own

    def event_bytes(self) -> int:
        """That an event of ours may have."""
        most = self.now().event_bytes
        return most if self._settings.publisher.kind == "embedded" else min(most, _HOSTED_BYTES)

    def live(self) -> RealtimeConfig:
        """Where pages listen: where the publisher sends."""
        there = self._settings.publisher
        if there.kind == "embedded":
            return RealtimeConfig.here(self.now().key)
        return RealtimeConfig.elsewhere(
            self.now().key, host=there.host, port=there.port, scheme=there.scheme, cluster=there.cluster
        )


def channel_secrets(settings: Settings) -> ChannelSecrets | None:
    """Of encrypted channels; None: there is no master key, and none can be signed for."""
    key = _master_key(settings)
    return None if key is None else ChannelSecrets(key, secrets.token_bytes)


def _master_key(settings: Settings) -> str | None:
    given = settings.channels.encryption_master_key_base64
    return None if given is None else given.get_secret_value()


@asynccontextmanager
async def way_out(settings: Settings, node: Node, ours: OurApp) -> AsyncIterator[Publisher]:
    """The hub of this process, or any Pusher-compatible HTTP API; then too old sockets and history are here."""
    here = EmbeddedPublisher(node, ours.now, channel_secrets(settings))
    if settings.publisher.kind == "embedded":
        yield here
        return
    there = settings.publisher
    far = PusherPublisher(
        ours.now,
        host=there.host,
        port=there.port,
        scheme=there.scheme,
        cluster=there.cluster,
        encryption_master_key_base64=_master_key(settings),
        metrics=node.metrics,
    )
    both = PublisherHereToo(far, here, named=_NEEDED_HERE, metrics=node.metrics)
    try:
        yield both
    finally:
        await both.close()
        await far.close()


def deprecation_of(settings: Settings, ours: OurApp) -> Deprecation:
    """What the old endpoints tell of themselves, and when they are refused."""

    def app_url() -> str:
        there = ours.live()
        return f"{there.socket_origin or ''}/app/{there.key}"

    return Deprecation(settings.legacy.policies(), app_url, notice=settings.legacy.notice)
