"""A client of Channels: it authorises, comes back after a loss, and shows every numbered event once and in order.

::

    async with connect("http://127.0.0.1:8009", key, token=token) as client:
        channel = await client.subscribe("private-content-generation-gen_1")
        async for event in channel:
            print(event.name, event.data)
"""

from toolboxai.client.channel import Channel
from toolboxai.client.client import ChannelsClient
from toolboxai.client.connect import connect
from toolboxai.client.effects import Event
from toolboxai.client.errors import (
    ClientError,
    ConnectionClosed,
    ConnectionRefused,
    EventsOverflow,
    GaveUp,
    RequestRefused,
    RequestUnavailable,
    SendQueueFull,
    SubscriptionDenied,
    Unreachable,
)
from toolboxai.client.presence import Member
from toolboxai.client.ways import ConnectionState

__all__ = [
    "Channel",
    "ChannelsClient",
    "ClientError",
    "ConnectionClosed",
    "ConnectionRefused",
    "ConnectionState",
    "Event",
    "EventsOverflow",
    "GaveUp",
    "Member",
    "RequestRefused",
    "RequestUnavailable",
    "SendQueueFull",
    "SubscriptionDenied",
    "Unreachable",
    "connect",
]
