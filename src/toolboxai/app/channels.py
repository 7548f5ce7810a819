"""The Channels server's parts, from the settings."""

import random
from collections.abc import Callable
from dataclasses import replace

from toolboxai.adapters.system_clock import SystemClock
from toolboxai.apps.app import App
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.memory import MemoryBroker
from toolboxai.config import Settings
from toolboxai.config.leaves import leaves
from toolboxai.logs import keep_secret
from toolboxai.node.node import Node
from toolboxai.node.served_apps import Before, Configured, ServedApps

__all__ = ["make_node", "make_served_apps", "with_origins"]


def make_node(settings: Settings) -> Node:
    """Hub and broker of this process, with the apps of the settings."""
    clock = SystemClock()
    dice = random.SystemRandom()
    return Node(_registry(settings, settings), MemoryBroker(clock, dice), clock=clock, dice=dice)


def make_served_apps(
    node: Node, settings: Settings, reread: Callable[[], Settings], *, before: Before | None = None
) -> ServedApps:
    """The apps of the node, which follow the settings when these are read anew.

    Args:
        node: from `make_node`.
        settings: those that the process was started with; all but the apps stays as they say.
        reread: reads them anew.
        before: see `ServedApps`.
    """

    def configured() -> Configured:
        now = reread()
        return Configured(_registry(now, settings), tuple(_changed_beside_apps(settings, now)))

    return ServedApps(node, configured, before=before)


def with_origins(app: App, settings: Settings) -> App:
    """The app; without origins of its own it takes those of the server."""
    if app.allowed_origins:
        return app
    return replace(app, allowed_origins=settings.server.allowed_origins)


def _registry(settings: Settings, started_with: Settings) -> AppRegistry:
    configured = settings.registry()
    for app in configured:
        keep_secret(*app.secrets.values())
    apps = [with_origins(app, started_with) for app in configured]
    return AppRegistry(apps, own=apps[0] if apps else None)


def _changed_beside_apps(before: Settings, now: Settings) -> list[str]:
    was = {leaf.path: leaf.value for leaf in leaves(before) if not leaf.path.startswith("apps.")}
    return [leaf.path for leaf in leaves(now) if leaf.path in was and was[leaf.path] != leaf.value]
