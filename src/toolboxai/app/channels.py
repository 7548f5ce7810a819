"""The Channels server's parts, from the settings."""

import random
from dataclasses import replace

from toolboxai.adapters.system_clock import SystemClock
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.memory import MemoryBroker
from toolboxai.config import Settings
from toolboxai.node.node import Node

__all__ = ["make_node"]


def make_node(settings: Settings) -> Node:
    """Hub and broker of this process, with the apps of the settings.

    An app without origins of its own takes those of the server.
    """
    configured = settings.registry()
    apps = [
        app if app.allowed_origins else replace(app, allowed_origins=settings.server.allowed_origins)
        for app in configured
    ]
    own = next((app for app in apps if configured.own is not None and app.id == configured.own.id), None)
    clock = SystemClock()
    dice = random.SystemRandom()
    return Node(AppRegistry(apps, own=own), MemoryBroker(clock, dice), clock=clock, dice=dice)
