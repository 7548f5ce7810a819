"""Parts that tests of content share: a request, a session, someone who listens."""

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from typing import Any

from toolboxai.errors import PublishFailed
from toolboxai.platform.content.engine import OfflineEngine
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.lesson import Lesson
from toolboxai.platform.content.model.package import Package
from toolboxai.platform.content.model.quiz import Quiz
from toolboxai.platform.content.model.report import Report
from toolboxai.platform.content.model.request import GenerationRequest, Objective
from toolboxai.platform.content.records.sessions import NewSession, Stage
from toolboxai.platform.identity.model import PERMISSIONS, Principal, Role
from toolboxai.platform.ports import Event

SOURCE = """# The water cycle

The water cycle is the movement of water between the oceans, the air and the land. Evaporation is the process in
which liquid water turns into water vapour. The sun heats the surface of the oceans, and about 86 percent of all
evaporation happens there. Plants release water vapour through their leaves; this process is called transpiration.

Condensation is the process in which water vapour cools and turns into small drops. The drops form clouds around tiny
grains of dust. Precipitation is water that falls from clouds as rain, snow, sleet or hail. The Amazon Basin receives
more than 2,000 millimetres of rain every year.

Runoff is water that flows over the land into rivers and lakes. Infiltration is the movement of water into the soil.
Groundwater is water that fills the spaces between rocks below the surface. An aquifer is a layer of rock that holds
groundwater. Some groundwater stays below the surface for more than 10,000 years. Rivers carry water back to the
oceans, and the cycle begins again. A glacier is a large mass of ice that moves slowly over land. Glaciers hold about
69 percent of the fresh water on Earth.
"""


def a_request(**changes: Any) -> GenerationRequest:
    values: dict[str, Any] = {
        "subject": "Science",
        "grade_level": "6-8",
        "learning_objectives": [Objective("Explain evaporation and condensation")],
        "source_text": SOURCE,
        "num_questions": 6,
    }
    return GenerationRequest(**{**values, **changes})


def a_session(number: int = 1, **changes: Any) -> NewSession:
    values: dict[str, Any] = {
        "id": f"gen_{number}",
        "content_id": f"content_{number}",
        "organization_id": "org_1",
        "owner_id": "user_1",
        "request": a_request(),
        "at": 1_780_000_000.0 + number,
    }
    return NewSession(**{**values, **changes})


def a_teacher(
    user_id: str = "user_1", organization_id: str = "org_1", role: Role = Role.TEACHER
) -> Principal:
    return Principal(user_id, organization_id, role, PERMISSIONS[role], "jti", 4_000_000_000.0, "sid", "")


class Listener:
    """A publisher that remembers what it was given, and can be told to fail."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.restored: dict[str, list[dict[str, Any]]] = {}
        self.failing = False
        self.refusing = False  # whether it fails for good
        self.tries = 0
        self._news = asyncio.Event()

    async def publish(
        self, channels: Sequence[str], event: Event, *, exclude: str | None = None
    ) -> Sequence[str]:
        self.tries += 1
        if self.failing:
            raise PublishFailed("the far side is away", retryable=not self.refusing)
        for channel in channels:
            said = json.loads(event.data)
            assert said["type"] == event.name
            self.heard.append((channel, said))
        self._news.set()
        return ()

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        self.restored[channel] = [json.loads(event.data) for event in events]

    def on(self, channel: str) -> list[dict[str, Any]]:
        return [said for heard, said in self.heard if heard == channel]

    async def until(self, test: Callable[[], bool]) -> None:
        """Wait until what was heard makes the test true."""
        async with asyncio.timeout(15):
            while not test():
                self._news.clear()
                await self._news.wait()

    async def until_over(self, session_id: str, times: int = 1) -> list[dict[str, Any]]:
        """Wait for so many last events on the private channel, and return all that was said there."""
        channel = f"private-content-generation-{session_id}"
        await self.until(lambda: sum(_last(said) for said in self.on(channel)) >= times)
        return self.on(channel)


def _last(said: dict[str, Any]) -> bool:
    return said["type"] in ("generation_complete", "error")


class Engine(OfflineEngine):
    """The offline engine, with a hand on it: it can be made to fail, or to wait, in the stage that is named."""

    def __init__(self) -> None:
        self.calls: list[Stage] = []
        self.faults: dict[Stage, Exception] = {}
        self.waits_in: Stage | None = None
        self.speaks = True
        self.waiting = asyncio.Event()
        self.go = threading.Event()
        self._loop = asyncio.get_running_loop()

    def _touch(self, stage: Stage, report: Report) -> None:
        self.calls.append(stage)
        if self.waits_in is stage:
            if self.speaks:
                report(1, 2, "waiting")
            self._loop.call_soon_threadsafe(self.waiting.set)
            assert self.go.wait(10)
            report(1, 2, "waited")
        if stage in self.faults:
            raise self.faults[stage]

    def analyse(self, request: GenerationRequest, report: Report) -> Analysis:
        self._touch(Stage.ANALYSIS, report)
        return super().analyse(request, report)

    def lesson(self, request: GenerationRequest, analysis: Analysis, report: Report) -> Lesson:
        self._touch(Stage.LESSON, report)
        return super().lesson(request, analysis, report)

    def quiz(self, request: GenerationRequest, analysis: Analysis, lesson: Lesson, report: Report) -> Quiz:
        self._touch(Stage.QUIZ, report)
        return super().quiz(request, analysis, lesson, report)

    def package(
        self,
        request: GenerationRequest,
        analysis: Analysis,
        lesson: Lesson,
        quiz: Quiz,
        content_id: str,
        report: Report,
    ) -> Package:
        self._touch(Stage.PACKAGING, report)
        return super().package(request, analysis, lesson, quiz, content_id, report)
