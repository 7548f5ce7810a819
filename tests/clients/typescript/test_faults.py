"""The TypeScript client on a line that is cut, stalled and slowed: every numbered event once and in order."""

import random

import pytest

from clients.typescript.conftest import Built
from clients.typescript.following import following, numbers, until
from clients.typescript.weather import Weather
from forms import FULL
from programs import Program
from school import Open, own, publish
from toolboxai.platform.resources.model import ResourceKind

pytestmark = [
    pytest.mark.peers,
    pytest.mark.timeout(900 if FULL else 60),
    pytest.mark.xdist_group("typescript"),
]

FAULTS = 500 if FULL else 20
IMPATIENT = {"activityTimeout": 300, "pongTimeout": 200, "unavailableTimeout": 1000}


class Story:
    """A world whose events are published one after another."""

    def __init__(self, opened: Open, world: str) -> None:
        self._opened = opened
        self._world = world
        self.told = 0

    @property
    def channel(self) -> str:
        return f"private-roblox-sync-{self._world}"

    async def goes_on(self, events: int = 1) -> None:
        for _ in range(events):
            self.told += 1
            event = {
                "type": "environment_status",
                "data": {"environment_id": self._world, "status": "generating", "progress": self.told % 100},
                "timestamp": "2026-01-01T00:00:00Z",
                "seq": self.told,
            }
            await publish(self._opened, self.channel, event)

    async def heard(self, program: Program) -> None:
        """Until the program has the newest event."""
        await until(program, lambda said: said.get("seq") == self.told)


async def test_nothing_is_lost_and_nothing_comes_twice_whatever_the_line_does(
    opened: Open, built: Built
) -> None:
    dice = random.Random(11)
    jane = opened.school["jane"]
    await own(opened.school, "jane", ResourceKind.ENVIRONMENT, "env_weather")
    story = Story(opened, "env_weather")
    async with (
        Weather(opened.server.port).running() as line,
        following(
            built,
            url=f"http://127.0.0.1:{line.port}",
            token=jane.token,
            channel=story.channel,
            since=0,
            pusher=IMPATIENT,
        ) as program,
    ):
        assert isinstance(line, Weather)
        await program.until(ready=True)
        for _ in range(FAULTS):
            fault = dice.choice(["cut", "cut", "cut again", "stall", "late"])
            await story.goes_on(dice.randrange(2))
            if fault == "late":
                line.late_s = 0.01
                await story.goes_on(2)
            elif fault == "stall":
                line.stall()
                await story.goes_on(2)
            else:
                line.cut()
                await story.goes_on(dice.randrange(3))
                if fault == "cut again":
                    await line.refused.wait()
                    line.mend()
                    await story.goes_on()
                    line.cut()
                line.mend()
            await story.goes_on()
            if dice.random() < 0.5:
                await story.heard(program)
            line.late_s = 0.0
        await story.goes_on()
        await story.heard(program)
    assert numbers(program) == list(range(1, story.told + 1))
    assert [said for said in program.said if "error" in said or "gaveUp" in said] == []
    assert sum(said.get("state") == "connected" for said in program.said) > FAULTS // 3
