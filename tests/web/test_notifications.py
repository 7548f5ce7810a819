"""The operator's own notices, over HTTP."""

import json
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx2
import pytest

from identity_parts import PASSWORD
from toolboxai.errors import PublishFailed
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.messages.registry import validate
from toolboxai.platform.notifications.service import Notifications
from toolboxai.platform.ports import Event
from toolboxai.platform.runs.events import stamp
from toolboxai.testing.clock import ManualClock
from toolboxai.web.application import create_api
from toolboxai.web.notifications import notification_routes
from toolboxai.web.security import Authenticator

PATH = "/api/v1/admin/notifications"
SAID = "Back at nine"


class Noted:
    """A publisher that notes what it was given."""

    def __init__(self) -> None:
        self.said: list[tuple[list[str], str, Any]] = []
        self.fault: PublishFailed | None = None

    async def publish(
        self, channels: Sequence[str], event: Event, *, exclude: str | None = None
    ) -> Sequence[str]:
        if self.fault is not None:
            raise self.fault
        self.said.append((list(channels), event.name, json.loads(event.data)))
        return ()

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        raise AssertionError("nothing here restores")


@pytest.fixture
def database_backend() -> str:
    return "sqlite"


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
async def http(
    noted: Noted, identity: IdentityService, limiter: AttemptLimiter, clock: ManualClock, audit: Audit
) -> AsyncIterator[httpx2.AsyncClient]:
    for name, role in (("ada", Role.ADMIN), ("anna", Role.TEACHER)):
        await identity.create_user(name, role, PASSWORD)
    routes = [
        notification_routes(Notifications(noted, clock), clock, Authenticator(identity), limiter, audit)
    ]
    transport = httpx2.ASGITransport(create_api(routes))
    async with httpx2.AsyncClient(transport=transport, base_url="http://server") as client:
        client.headers["Authorization"] = f"Bearer {await identity.issue_access_token('ada')}"
        yield client


async def test_a_word_to_everybody(http: httpx2.AsyncClient, noted: Noted, clock: ManualClock) -> None:
    answer = await http.post(PATH, json={"message": SAID})
    message = {
        "type": "system_notification",
        "data": {"level": "info", "message": SAID, "kind": "notice"},
        "timestamp": stamp(clock.now()),
    }
    assert (answer.status_code, answer.json()) == (
        200,
        {"channel": "system-notifications", "event": "system_notification", "data": message},
    )
    assert noted.said == [(["system-notifications"], "system_notification", message)]
    assert validate(message) == []


async def test_with_times_it_is_a_maintenance(
    http: httpx2.AsyncClient, noted: Noted, clock: ManualClock
) -> None:
    starts, ends = stamp(clock.now() + 3600), stamp(clock.now() + 7200)
    body = {"message": SAID, "level": "warning", "starts_at": starts, "ends_at": ends}
    told = (await http.post(PATH, json=body)).json()["data"]
    times = {"starts_at": starts, "ends_at": ends}
    assert told["data"] == {
        "level": "warning",
        "message": SAID,
        "kind": "maintenance",
        "phase": "planned",
        **times,
    }
    assert validate(told) == []
    begun = (await http.post(PATH, json={"message": SAID, "ends_at": ends})).json()["data"]["data"]
    assert (begun["kind"], begun["phase"]) == ("maintenance", "begun")


async def test_times_that_make_no_sense_are_refused(
    http: httpx2.AsyncClient, noted: Noted, clock: ManualClock
) -> None:
    now = clock.now()
    for times in (
        {"ends_at": stamp(now - 1)},
        {"starts_at": stamp(now + 20), "ends_at": stamp(now + 10)},
        {"starts_at": stamp(now + 401 * 86400)},
        {"starts_at": "tomorrow"},
        {"starts_at": "2027-03-01T18:00:00"},
        {"starts_at": 1_780_000_000},
    ):
        answer = await http.post(PATH, json={"message": SAID, **times})
        assert (answer.status_code, answer.json()["error_code"]) == (422, "VALIDATION_ERROR"), times
    for message in ("", "x" * 501):
        assert (await http.post(PATH, json={"message": message})).status_code == 422
    assert noted.said == []


async def test_admins_alone(http: httpx2.AsyncClient, noted: Noted, identity: IdentityService) -> None:
    anna = {"Authorization": f"Bearer {await identity.issue_access_token('anna')}"}
    assert (await http.post(PATH, json={"message": SAID}, headers=anna)).status_code == 403
    del http.headers["Authorization"]
    assert (await http.post(PATH, json={"message": SAID})).status_code == 401
    assert noted.said == []


async def test_ten_a_minute(http: httpx2.AsyncClient, noted: Noted) -> None:
    statuses = [(await http.post(PATH, json={"message": SAID})).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    assert len(noted.said) == 10


async def test_each_leaves_a_line_in_the_audit_log(
    http: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "toolboxai.audit")
    await http.post(PATH, json={"message": SAID})
    line = caplog.records[-1]
    assert (line.name, line.message) == ("toolboxai.audit", "notification sent by an operator")
    assert line.__dict__["said"] == SAID
    assert line.__dict__["user_id"].startswith("user_")


async def test_that_nobody_was_told_is_told(http: httpx2.AsyncClient, noted: Noted) -> None:
    noted.fault = PublishFailed("the far side is away", retryable=True)
    answer = await http.post(PATH, json={"message": SAID})
    assert (answer.status_code, answer.json()["error_code"]) == (503, "PROVIDER_UNAVAILABLE")
    assert "nobody was told" in answer.json()["message"]
