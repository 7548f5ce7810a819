"""A connection without a socket: session, node and pump are real, the wire is a list."""

import json
import random
from dataclasses import dataclass
from typing import Any

from callers import until
from servers import APP, SECRET
from toolboxai.apps.app import App
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.base import Broker
from toolboxai.node.background import Background
from toolboxai.node.node import Node
from toolboxai.protocol.session import ServerSession
from toolboxai.protocol.signing import sign_channel, sign_user
from toolboxai.testing.clock import ManualClock
from toolboxai.transport.pump import Pump
from wires import Wire

Json = dict[str, Any]


@dataclass
class Alice:
    """A pump over a wire that is a list."""

    pump: Pump
    wire: Wire
    node: Node
    ended: list[Pump]

    @property
    def id(self) -> str:
        return self.pump.socket_id

    def says(self, event: str, data: object = None, **more: object) -> None:
        self.pump.receive(json.dumps({"event": event, "data": data, **more}).encode())

    def subscribes(self, channel: str, **signed: object) -> None:
        """Ask to enter; what is signed with it becomes the channel_data."""
        channel_data = json.dumps(signed) if signed else None
        auth = f"{APP.key}:{sign_channel(SECRET, self.id, channel, channel_data)}"
        more = {} if channel_data is None else {"channel_data": channel_data}
        self.says("pusher:subscribe", {"channel": channel, "auth": auth, **more})

    def leaves(self, channel: str) -> None:
        self.says("pusher:unsubscribe", {"channel": channel})

    def signs_in(self, user_id: str, *watchlist: str) -> None:
        user_data = json.dumps({"id": user_id, "watchlist": watchlist})
        auth = f"{APP.key}:{sign_user(SECRET, self.id, user_data)}"
        self.says("pusher:signin", {"auth": auth, "user_data": user_data})

    @property
    def heard(self) -> list[Json]:
        return [json.loads(frame) for frame in self.wire.written]

    @property
    def events(self) -> list[str]:
        """What was heard, in short, without the greeting."""
        return [
            f"{each['event'].split(':')[-1]} {each.get('channel', '')}".strip() for each in self.heard[1:]
        ]

    async def settled(self) -> None:
        """Until nothing of hers waits."""
        await until(lambda: self.pump._backlog is None or not self.pump._backlog.busy)


def heard_at(pump: Pump) -> float:
    """Monotonic seconds of the client's last sign of life."""
    assert isinstance(pump.session, ServerSession)
    return pump.session.heard_at


def node_over(broker: Broker, clock: ManualClock, app: App = APP) -> Node:
    return Node(AppRegistry([app]), broker, clock=clock, dice=random.Random(3))


def joins(node: Node, background: Background, app: App = APP, *, page: str | None = None) -> Alice:
    """Somebody connects, from a page with a key of its own or from any."""
    wire, ended = Wire(), list[Pump]()
    pump = Pump(node, app, wire, lambda p: p.text, background, on_closed=ended.append, session_key=page)
    pump.open()
    return Alice(pump, wire, node, ended)
