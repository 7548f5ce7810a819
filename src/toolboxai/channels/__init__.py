"""The Channels server inside another application, and the interface through which that application uses it."""

from toolboxai.apps.app import App, AppKey, HistoryRule
from toolboxai.channels.interface import Authorization, Channels, ChannelState, Event, Identity
from toolboxai.channels.server import ChannelsServer
from toolboxai.errors import ChannelsApiError

__all__ = [
    "App",
    "AppKey",
    "Authorization",
    "ChannelState",
    "Channels",
    "ChannelsApiError",
    "ChannelsServer",
    "Event",
    "HistoryRule",
    "Identity",
]
