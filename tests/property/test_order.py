"""Whatever comes and goes beside it: a subscription hears each event from its beginning to its end, once, in order."""

import asyncio
import random

import pytest

from callers import Http, Socket
from servers import Running, signed
from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.hub.connection import Connection
from toolboxai.node.catch_up import Arrival
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.publication import Position, Publication

CHANNELS = ["a", "b", "my-content-generation-1"]  # the last keeps its events and hands them to newcomers
KEPT = 50
VISITORS = 16
STAYS = 15
PUBLISHERS = 3


class Ledger:
    """What the server accepted, and how far it was when each stay began and ended."""

    def __init__(self, server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        self.accepted: dict[str, list[str]] = {channel: [] for channel in CHANNELS}
        self.began: dict[tuple[str, str], int] = {}
        self.expected: list[tuple[str, str, list[str]]] = []
        node = server.node
        publish, enter, leave = node.broker.publish, node.subscribe, node.unsubscribe

        async def noted_publish(app: App, publication: Publication) -> Position:
            self.accepted[publication.channel].append(publication.data)
            return await publish(app, publication)

        def noted_enter(
            connection: Connection, channel: ChannelName, arrival: Arrival, *, expires_at: float | None
        ) -> None:
            self.began[connection.socket_id, channel.text] = len(self.accepted[channel.text])
            enter(connection, channel, arrival, expires_at=expires_at)

        def noted_leave(connection: Connection, channel: ChannelName, *, expired: bool = False) -> None:
            kept = KEPT if connection.app.history_rule(channel.text) else 0
            start = max(0, self.began[connection.socket_id, channel.text] - kept)
            heard = self.accepted[channel.text][start:]
            self.expected.append((connection.socket_id, channel.text, heard))
            leave(connection, channel, expired=expired)

        monkeypatch.setattr(node.broker, "publish", noted_publish)
        monkeypatch.setattr(node, "subscribe", noted_enter)
        monkeypatch.setattr(node, "unsubscribe", noted_leave)


async def publish(server: Running, who: int, dice: random.Random, enough: asyncio.Event) -> None:
    """Sends several without waiting for the answers, so that some are read in one turn."""
    async with server.http() as http:
        sent = 0
        while not enough.is_set():
            some = dice.randrange(1, 8)
            for number in range(sent, sent + some):
                channel = dice.choice(CHANNELS)
                body = Http.json({"name": "e", "channel": channel, "data": f"{who} {number}"})
                http.send(Http.request("POST", signed("POST", "/apps/3/events", body), body))
            for _ in range(some):
                assert (await http.answer()).text == "{}"
            sent += some


async def come_and_go(server: Running, dice: random.Random) -> list[tuple[str, str, list[str]]]:
    """Enter and leave at any moment; of each stay, what was heard in it."""
    stays = []
    async with server.socket() as socket:
        for _ in range(STAYS):
            channel = dice.choice(CHANNELS)
            await socket.enter(channel)
            heard = [data for _ in range(dice.randrange(20)) for data in await pending(socket, channel)]
            await socket.say("pusher:unsubscribe", {"channel": channel})
            heard += await pending(socket, channel)
            await socket.hears_nothing()
            stays.append((socket.id, channel, heard))
    return stays


async def pending(socket: Socket, channel: str) -> list[str]:
    """The data of every event that came before the answer to a ping."""
    heard = []
    message = await socket.ask("pusher:ping")
    while message["event"] != "pusher:pong":
        assert (message["event"], message["channel"]) == ("e", channel)
        heard.append(message["data"])
        message = await socket.hear()
    return heard


@pytest.mark.parametrize("at_once", [limits.FAN_OUT_SLICE, 2], ids=["in one go", "in slices"])
async def test_each_stay_hears_what_was_accepted_in_it_and_nothing_else(
    server: Running, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    server.node.slices.size = at_once
    ledger = Ledger(server, monkeypatch)
    dice = random.Random(20_260_102)
    enough = asyncio.Event()
    async with asyncio.TaskGroup() as publishers:
        for who in range(PUBLISHERS):
            publishers.create_task(publish(server, who, random.Random(dice.random()), enough))
        async with asyncio.TaskGroup() as tasks:
            visits = [
                tasks.create_task(come_and_go(server, random.Random(dice.random()))) for _ in range(VISITORS)
            ]
        enough.set()
    stays = [stay for visit in visits for stay in visit.result()]
    assert len(stays) == VISITORS * STAYS
    assert sorted(stays) == sorted(ledger.expected)
    assert sum(len(heard) for _, _, heard in stays) > 1000, "too little was heard to show anything"
    assert server.metrics.faults_total == 0
