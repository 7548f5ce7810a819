"""The webhooks' parts, joined: queue, way out, and the node that tells what happens."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from toolboxai.adapters.database.webhooks import DatabaseWebhookStore
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.adapters.webhook_post import WebhookPost
from toolboxai.app.identity import open_database
from toolboxai.app.storage import Storage
from toolboxai.config import Settings
from toolboxai.node.node import Node
from toolboxai.node.webhooks.service import Webhooks

__all__ = ["webhook_log", "webhooks_of"]


@asynccontextmanager
async def webhooks_of(storage: Storage, node: Node, *, late: bool = False) -> AsyncIterator[Webhooks]:
    """Post what happens on the node's channels.

    Args:
        storage: the database.
        node: whose happenings are posted.
        late: see ``Webhooks.running``.

    Raises:
        ConfigError: the database cannot be served from.
    """
    post = WebhookPost()
    try:
        async with storage.open() as engine:
            webhooks = Webhooks(
                DatabaseWebhookStore(engine),
                post,
                lambda app_id: node.apps.by_id(app_id),
                clock=node.clock,
                dice=random.SystemRandom(),
                metrics=node.metrics,
                feed=node.feed,
            )
            async with webhooks.running(late=late):
                node.happenings.observer = webhooks
                try:
                    yield webhooks
                finally:
                    node.happenings.observer = None
    finally:
        await post.close()


@asynccontextmanager
async def webhook_log(settings: Settings) -> AsyncIterator[tuple[DatabaseWebhookStore, SystemClock]]:
    """The queue alone, for the command line.

    Raises:
        ConfigError: as `webhooks_of`.
    """
    async with open_database(settings) as engine:
        yield DatabaseWebhookStore(engine), SystemClock()
