"""A client of Channels: it authorises, comes back after a loss, and shows every numbered event once and in order.

::

    async with connect("http://127.0.0.1:8009", key, token=token) as client:
        channel = await client.subscribe("private-content-generation-gen_1")
        async for event in channel:
            print(event.name, event.data)

`connect_sync` is the same without asyncio, ``toolboxai.client.testing`` a server for your own tests.
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
from toolboxai.client.sync import SyncChannel, SyncClient, connect_sync
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
    "SyncChannel",
    "SyncClient",
    "Unreachable",
    "connect",
    "connect_sync",
]
