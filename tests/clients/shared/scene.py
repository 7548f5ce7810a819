"""One story for several clients: the same is published, the same befalls their lines; what each saw is compared."""

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import Any

from clients.shared.weather import Weather
from programs import PATIENCE_S, Program
from school import Open, calls, publish
from toolboxai.client import connect

__all__ = ["Scene", "Side", "Step", "played"]

SOCKET, HISTORY, SIGNATURE = "/app/", "/api/v1/realtime/history", "/api/v1/pusher/auth"
PATHS = {"socket": SOCKET, "history": HISTORY, "signature": SIGNATURE}
NOT_HAD = re.compile(r"(\d+) to (\d+) could not be had")

Step = Sequence[Any]
Said = dict[str, Any]


class Side:
    """One client with a line of its own.

    Args:
        name: of the client.
        program: it follows what it is told to.
        line: between it and the server.
    """

    def __init__(self, name: str, program: Program, line: Weather) -> None:
        self.name = name
        self.line = line
        self._program = program
        self._before = len(program.said)

    @property
    def said(self) -> list[Said]:
        """What it said in this scene."""
        return self._program.said[self._before :]

    def tell(self, **orders: Any) -> None:
        self._program.tell(json.dumps(orders))

    async def until(self, test: Callable[[Said], bool], times: int = 1) -> None:
        """Until so many of its lines are such, those of before included."""
        times -= sum(map(test, self.said))
        while times > 0:
            times -= test(await self._program.next())

    def seen(self) -> Said:
        """What its user has seen; what there was nothing of is left out."""
        errors = [said["error"] for said in self.said if "error" in said]
        denials = [said["denied"] for said in self.said if "denied" in said]
        gaps = [
            [int(number) for number in found.groups()] for each in errors if (found := NOT_HAD.search(each))
        ]
        seen = {
            "events": [said["seq"] for said in self.said if said.get("seq") is not None],
            "messages": [n for said in self.said if (n := _others(said))],
            "states": self._states(),
            "gaps": gaps,
            "complaints": [each for each in errors if each not in denials and not NOT_HAD.search(each)],
            "denied": [said["status"] for said in self.said if "denied" in said],
            "threw": [said["threw"] for said in self.said if "threw" in said],
            "gave_up": [said["gaveUp"] for said in self.said if "gaveUp" in said],
        }
        return {name: value for name, value in seen.items() if value}

    def _states(self) -> list[str]:
        """How often it tried while the line was away is chance."""
        states: list[str] = []
        for said in self.said:
            state = {"connecting": "away", "waiting": "away"}.get(said.get("state", ""), said.get("state"))
            if state and states[-1:] != [state]:
                states.append(state)
        return states[1:] if states[:1] == ["away"] else states


class Scene:
    """An agent of its own, those who follow it, and somebody on it whose line is whole."""

    def __init__(self, opened: Open, sides: Sequence[Side], stack: AsyncExitStack) -> None:
        self.sides = sides
        self.told = 0
        self.heard: dict[str, list[int]] = {}
        self._opened = opened
        self._jane = opened.school["jane"]
        self._stack = stack
        self._agent = ""
        self._heard_more = asyncio.Condition()
        self._other: Any = None

    @property
    def _channel(self) -> str:
        return f"private-agent-{self._agent}"

    async def play(self, steps: Sequence[Step]) -> None:
        """One step after another: the name of one of the methods below, and its arguments."""
        async with calls(self._opened.server, self._jane) as http:
            answer = await http.post("/api/v1/agents", json={"name": "scene", "task_types": ["scene"]})
            self._agent = answer.json()["agent_id"]
        for number, (name, *words) in enumerate(steps):
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await getattr(self, f"_{name}")(*words)
            except TimeoutError as fault:
                fault.add_note(f"step {number}, {name} {words}: {[side.said[-9:] for side in self.sides]}")
                raise

    # ---- what is told ----

    async def _publish(self, events: int = 1) -> None:
        for _ in range(events):
            self.told += 1
            event = self._event(self.told)
            await asyncio.to_thread(self._record, event)
            await publish(self._opened, self._channel, event)

    async def _again(self, seq: int) -> None:
        """Publish an event that was there before."""
        await publish(self._opened, self._channel, self._event(seq))

    def _event(self, seq: int) -> Said:
        return {
            "type": "task_progress",
            "data": {"agent_id": self._agent, "task_id": "task_scene", "progress_percent": seq % 100},
            "timestamp": "2026-01-01T00:00:00Z",
            "seq": seq,
        }

    def _record(self, event: Said) -> None:
        """As the server does before it tells an event: there the history has it, the channel itself keeps the newest alone."""
        row = (self._agent, event["seq"], event["type"], json.dumps(event["data"]), event["timestamp"], "[]")
        file = self._opened.school.home / "toolboxai.db"
        with closing(sqlite3.connect(file)) as database, database:
            database.execute("INSERT INTO agent_events VALUES (?, ?, ?, ?, ?, ?)", row)

    async def _skip(self, events: int) -> None:
        """So many events are counted that nobody can have."""
        self.told += events

    async def _say(self, *numbers: int) -> None:
        """Somebody else sends client events."""
        other = await self._there()
        for n in numbers:
            other.trigger("client-said", {"n": n})

    # ---- what the clients are told to do ----

    async def _begin(self, how: Said | None = None) -> None:
        where = {"channel": self._channel, "token": self._jane.token}
        for side in self.sides:
            side.tell(
                begin={"url": f"http://127.0.0.1:{side.line.port}", "impatient": True, **where, **(how or {})}
            )

    async def _ready(self, times: int = 1) -> None:
        await self._all(lambda said: "ready" in said, times)

    async def _denied(self) -> None:
        await self._all(lambda said: "denied" in said)

    async def _connected(self, times: int) -> None:
        """Until it has been connected so many times."""
        await self._all(lambda said: said.get("state") == "connected", times)

    async def _away(self, times: int = 1) -> None:
        await self._all(lambda said: said.get("state") == "waiting", times)

    async def _closed(self) -> None:
        await self._all(lambda said: said.get("state") == "closed")

    async def _seen(self, seq: int | None = None) -> None:
        """Until the newest event is there, or one."""
        wanted = self.told if seq is None else seq
        await self._all(lambda said: said.get("seq") == wanted)

    async def _messages(self, n: int) -> None:
        """Until this client event is there."""
        await self._all(lambda said: _others(said) == n)

    async def _speak(self, *numbers: int) -> None:
        """Each client sends client events."""
        await self._there()
        for side in self.sides:
            for n in numbers:
                side.tell(trigger={"who": side.name, "n": n})

    async def _threw(self, times: int = 1) -> None:
        await self._all(lambda said: "threw" in said, times)

    async def _spoken(self, messages: int) -> None:
        """Until somebody else has so many from each."""
        async with self._heard_more:
            await self._heard_more.wait_for(
                lambda: all(len(self.heard.get(side.name, ())) >= messages for side in self.sides)
            )

    async def _unsubscribe(self) -> None:
        self._tell(unsubscribe=True)

    async def _subscribe(self, since: int) -> None:
        self._tell(subscribe={"channel": self._channel, "since": since})

    async def _close(self) -> None:
        self._tell(close=True)
        await self._closed()

    # ---- what befalls their lines ----

    async def _cut(self) -> None:
        for side in self.sides:
            side.line.cut()

    async def _refused(self) -> None:
        """Until each has tried in vain to come back."""
        await asyncio.gather(*(side.line.refused.wait() for side in self.sides))

    async def _mend(self) -> None:
        for side in self.sides:
            side.line.mend()

    async def _stall(self) -> None:
        for side in self.sides:
            side.line.stall()

    async def _late(self, milliseconds: int) -> None:
        for side in self.sides:
            side.line.late_s = milliseconds / 1000

    async def _hold(self, what: str) -> None:
        for side in self.sides:
            side.line.hold(PATHS[what])

    async def _held(self) -> None:
        """Until each waits for an answer that is held."""
        await asyncio.gather(*(side.line.held.wait() for side in self.sides))

    async def _release(self) -> None:
        for side in self.sides:
            side.line.release()

    async def _arrived(self) -> None:
        """Until the newest event has gone over each WebSocket, whatever its client does with it."""
        await asyncio.gather(*(side.line.carried(self.told) for side in self.sides))

    async def _sever(self, what: str) -> None:
        for side in self.sides:
            side.line.sever(PATHS[what])

    # ---- parts ----

    def _tell(self, **orders: Any) -> None:
        for side in self.sides:
            side.tell(**orders)

    async def _all(self, test: Callable[[Said], bool], times: int = 1) -> None:
        async with asyncio.TaskGroup() as group:
            for side in self.sides:
                group.create_task(side.until(test, times))

    async def _there(self) -> Any:
        """The channel, as somebody else has it."""
        if self._other is None:
            client = await self._stack.enter_async_context(
                connect(self._opened.server.url, key=self._opened.school.key, token=self._jane.token)
            )
            self._other = await client.subscribe(self._channel)
            listening = asyncio.create_task(self._listen(self._other))
            self._stack.callback(listening.cancel)
        return self._other

    async def _listen(self, channel: Any) -> None:
        async for event in channel:
            if event.name == "client-said":
                async with self._heard_more:
                    self.heard.setdefault(event.data["who"], []).append(event.data["n"])
                    self._heard_more.notify_all()


def _others(said: Said) -> int:
    """The number of a client event by whom no client follows; the clients hear each other, too, when they happen to be there."""
    return int(said["data"]["n"]) if said.get("name") == "client-said" and "who" not in said["data"] else 0


@asynccontextmanager
async def played(opened: Open, programs: dict[str, Program], steps: Sequence[Step]) -> AsyncIterator[Scene]:
    """A scene that was played to its end, with all clients at once; they are closed when the block is left."""
    async with AsyncExitStack() as stack:
        sides = []
        for name, program in programs.items():
            line = await stack.enter_async_context(Weather(opened.server.port).running())
            assert isinstance(line, Weather)
            stack.callback(line.release)
            sides.append(Side(name, program, line))
        scene = Scene(opened, sides, stack)
        await scene.play(steps)
        for side in sides:
            side.tell(echo=True)
            await side.until(lambda said: "echo" in said)  # what it had to say before, it has said
        yield scene
        for side in sides:
            side.tell(close=True)
            await side.until(lambda said: said.get("state") == "closed")
