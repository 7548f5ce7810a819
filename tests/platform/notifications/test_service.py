"""A shutdown is told in time, or not at all."""

import asyncio
from collections.abc import Sequence

import pytest

from toolboxai.errors import PublishFailed
from toolboxai.platform.notifications import service
from toolboxai.platform.notifications.service import Notifications
from toolboxai.platform.ports import Event
from toolboxai.testing.clock import ManualClock


class Away:
    """A far service that answers with a fault, or never."""

    def __init__(self, fault: PublishFailed | None) -> None:
        self._fault = fault

    async def publish(
        self, channels: Sequence[str], event: Event, *, exclude: str | None = None
    ) -> Sequence[str]:
        if self._fault is not None:
            raise self._fault
        await asyncio.Event().wait()
        return ()

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        raise AssertionError("nothing here restores")


@pytest.mark.parametrize("fault", [PublishFailed("away", retryable=True), None], ids=["refuses", "is silent"])
async def test_a_far_service_that_does_not_take_it_holds_up_no_shutdown(
    fault: PublishFailed | None,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(service, "LEAVING_S", 0.05)
    await Notifications(Away(fault), clock).leaving()
    assert caplog.messages == ["a notification was not published"]
