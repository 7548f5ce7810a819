"""However users come and go, snapshot and changes fit together: nobody is added twice, removed unknown, or a ghost."""

import asyncio
import json
import random

from callers import Socket
from servers import Running, channel_auth, join, serving
from toolboxai.testing.clock import ManualClock
from waiting_broker import Gate, WaitingBroker

ROOM = "presence-a"
VISITORS, STAYS, USERS = 12, 25, 4


class Dawdling(Gate):
    """A gate that lets everyone through, after a while."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self._dice = dice

    async def passage(self) -> None:
        for _ in range(self._dice.randrange(5)):
            await asyncio.sleep(0)


class View:
    """Who is there, as one client knows it from what it was told."""

    def __init__(self, snapshot: dict[str, object], user_id: str) -> None:
        ids = snapshot["ids"]
        assert isinstance(ids, list)
        assert snapshot["count"] == len(ids) == len(set(ids))
        self.here = set(ids)
        assert user_id in self.here

    def hear(self, message: dict[str, object]) -> None:
        user_id = json.loads(str(message["data"]))["user_id"]
        if message["event"] == "pusher_internal:member_added":
            assert user_id not in self.here, f"{user_id} was added twice"
            self.here.add(user_id)
        else:
            assert message["event"] == "pusher_internal:member_removed", message
            assert user_id in self.here, f"{user_id} was removed and had not been there"
            self.here.discard(user_id)

    async def catch_up(self, socket: Socket) -> None:
        """Hear everything that was said before the answer to a ping."""
        message = await socket.ask("pusher:ping")
        while message["event"] != "pusher:pong":
            self.hear(message)
            message = await socket.hear()


async def come_and_go(server: Running, dice: random.Random) -> None:
    stays = STAYS
    while stays:
        async with server.socket() as socket:
            while stays:
                stays -= 1
                user_id = str(dice.randrange(USERS))
                if dice.random() < 0.2:  # gone before it is answered
                    data = json.dumps({"user_id": user_id})
                    auth = channel_auth(socket.id, ROOM, data)
                    wanted = {"channel": ROOM, "auth": auth, "channel_data": data}
                    await socket.say("pusher:subscribe", wanted)
                    break
                view = View(await join(socket, ROOM, {"user_id": user_id}), user_id)
                for _ in range(dice.randrange(3)):
                    await view.catch_up(socket)
                if dice.random() < 0.3:
                    break
                await socket.say("pusher:unsubscribe", {"channel": ROOM})
                await view.catch_up(socket)
                await socket.hears_nothing()


async def _everyone(server: Running) -> None:
    dice = random.Random(20_260_203)
    async with server.socket() as socket:
        view = View(await join(socket, ROOM, {"user_id": "watcher"}), "watcher")
        async with asyncio.TaskGroup() as visits:
            for _ in range(VISITORS):
                visits.create_task(come_and_go(server, random.Random(dice.random())))
        async with asyncio.timeout(5):
            while view.here != {"watcher"}:
                await view.catch_up(socket)
        status, text = await server.get(f"/apps/3/channels/{ROOM}/users")
        assert (status, json.loads(text)) == (200, {"users": [{"id": "watcher"}]})
    assert server.metrics.faults_total == 0


async def test_over_a_broker_that_answers_at_once(server: Running) -> None:
    await _everyone(server)


async def test_over_a_broker_that_takes_its_time() -> None:
    clock = ManualClock()
    broker = WaitingBroker(clock)
    dice = random.Random(5)
    broker.following = broker.asking = broker.joining = broker.leaving = Dawdling(dice)
    async with serving(clock=clock, broker=broker) as running:
        await _everyone(running)
