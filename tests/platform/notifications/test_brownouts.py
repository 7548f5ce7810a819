"""Brown-outs are announced in time, each step once, over restarts and faults."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.notices import DatabaseNoticeStore
from toolboxai.errors import PublishFailed
from toolboxai.legacy.brownouts import Brownout
from toolboxai.legacy.deprecation import Moment
from toolboxai.legacy.endpoints import EndpointName
from toolboxai.platform.messages.registry import validate
from toolboxai.platform.notifications.brownouts import BrownoutNotices, Step, due
from toolboxai.platform.notifications.service import Notifications
from toolboxai.platform.ports import Event
from toolboxai.platform.runs.events import stamp
from toolboxai.testing.clock import ManualClock

DAY_S, HOUR_S = 86400, 3600


def brownout(start: float, seconds: int = 2 * HOUR_S) -> Brownout:
    start = int(start)
    moments = [Moment(at, "", stamp(at)) for at in (start, start + seconds)]
    return Brownout(moments[0], moments[1], (EndpointName.CONTENT, EndpointName.AGENT))


class Heard:
    """A publisher that notes the data of what it was given, by its phase."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.fault: PublishFailed | None = None

    async def publish(
        self, channels: Sequence[str], event: Event, *, exclude: str | None = None
    ) -> Sequence[str]:
        if self.fault is not None:
            raise self.fault
        message = json.loads(event.data)
        assert (channels, event.name, validate(message)) == (
            ["system-notifications"],
            "system_notification",
            [],
        )
        self.said.append(message["data"])
        return ()

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        raise AssertionError("nothing here restores")


@pytest.fixture
def database_backend() -> str:
    """How each database keeps it is tested with the store."""
    return "sqlite"


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.mark.parametrize(
    ("at", "told", "step"),
    [
        (-DAY_S - 1, 0, None),
        (-DAY_S, 0, Step.DAY),
        (-HOUR_S - 1, Step.DAY, None),
        (-HOUR_S, Step.DAY, Step.HOUR),
        (-300, Step.HOUR, Step.MINUTES),
        (-1, Step.MINUTES, None),
        (0, Step.MINUTES, Step.BEGUN),
        (2 * HOUR_S - 1, Step.BEGUN, None),
        (2 * HOUR_S, Step.BEGUN, Step.OVER),
        (2 * HOUR_S, Step.OVER, None),
    ],
)
def test_each_step_has_its_time(at: float, told: int, step: Step | None) -> None:
    assert due(brownout(DAY_S * 9), told, DAY_S * 9 + at) == step


@pytest.mark.parametrize(
    ("at", "told", "step"),
    [
        (-60, 0, Step.MINUTES),  # a day and an hour ahead nobody was here: the newest step tells it all
        (1, Step.DAY, Step.BEGUN),
        (2 * HOUR_S, Step.DAY, Step.OVER),
        (2 * HOUR_S, 0, None),
        (3 * HOUR_S, Step.BEGUN, None),
    ],
)
def test_of_steps_that_were_missed_the_newest_alone_is_told_while_it_is_news(
    at: float, told: int, step: Step | None
) -> None:
    assert due(brownout(DAY_S * 9), told, DAY_S * 9 + at) == step


async def test_from_a_day_ahead_to_the_end_over_restarts(
    database: AsyncEngine, clock: ManualClock, heard: Heard
) -> None:
    planned = brownout(clock.now() + 2 * DAY_S)

    async def look(after: float) -> list[tuple[str, str]]:
        """As a server that has just been started looks, and looks again."""
        clock.advance(after)
        store = DatabaseNoticeStore(database)
        notices = BrownoutNotices([planned], Notifications(heard, clock), store, clock)
        before = len(heard.said)
        await notices.look()
        await notices.look()
        return [(said["phase"], said["level"]) for said in heard.said[before:]]

    assert await look(0) == []
    assert await look(DAY_S) == [("planned", "warning")]
    assert await look(1) == []
    assert await look(23 * HOUR_S) == [("planned", "warning")]
    assert await look(55 * 60) == [("planned", "warning")]
    assert await look(300) == [("begun", "critical")]
    assert await look(HOUR_S) == []
    assert await look(HOUR_S) == [("over", "info")]
    assert await look(30 * DAY_S) == []
    begun = heard.said[3]
    assert begun["kind"] == "brownout"
    assert begun["endpoints"] == ["/ws/content/{session_id}", "/ws/agent/{agent_id}"]
    assert (begun["starts_at"], begun["ends_at"]) == (planned.start.rfc3339, planned.end.rfc3339)
    assert 2 * HOUR_S - 2 <= begun["retry_after"] <= 2 * HOUR_S
    assert "WEBSOCKET_TO_PUSHER_MIGRATION_COMPLETE" in begun["message"]


async def test_what_could_not_be_told_is_told_by_the_next_look(
    database: AsyncEngine, clock: ManualClock, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    notices = BrownoutNotices(
        [brownout(clock.now() + HOUR_S)], Notifications(heard, clock), DatabaseNoticeStore(database), clock
    )
    heard.fault = PublishFailed("the far side is away", retryable=True)
    await notices.look()
    await notices.look()
    assert caplog.messages == ["a notification was not published"]
    heard.fault = None
    await notices.look()
    await notices.look()
    assert [said["phase"] for said in heard.said] == ["planned"]


async def test_a_database_that_is_away_costs_at_most_a_repetition(
    database: AsyncEngine, clock: ManualClock, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    notices = BrownoutNotices(
        [brownout(clock.now() + HOUR_S)], Notifications(heard, clock), DatabaseNoticeStore(database), clock
    )
    async with database.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE brownout_notices RENAME TO away")
    await notices.look()
    assert heard.said == []
    assert "a notification was not published" in caplog.messages
    async with database.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE away RENAME TO brownout_notices")
    await notices.look()
    await notices.look()
    assert len(heard.said) == 1
