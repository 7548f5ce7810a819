"""The Channels server's parts, from the settings."""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

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
    node: Node,
    settings: Settings,
    reread: Callable[[], Settings],
    *,
    before: Before | None = None,
    beside: Mapping[str, Callable[[Settings], None]] = MappingProxyType({}),
) -> ServedApps:
    """The apps of the node, which follow the settings when these are read anew.

    Args:
        node: from `make_node`.
        settings: those that the process was started with; all but the apps, and what is named in `beside`, stays as
            they say.
        reread: reads them anew.
        before: see `ServedApps`.
        beside: other settings that need no restart, by their dotted path, and what takes them up; it is called with
            the settings whenever these are read anew, cannot fail and does not wait.
    """

    def take_up(now: Settings) -> None:
        for take in beside.values():
            take(now)

    def configured() -> Configured:
        now = reread()
        changed = [path for path in _changed_beside_apps(settings, now) if path not in beside]
        return Configured(_registry(now, settings), tuple(changed), partial(take_up, now))

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
