"""The publisher that sends elsewhere: reached, believed, and in time."""

from typing import Any

import pytest

from servers import APP_ID, KEY, SECRET, serving
from toolboxai.cli.checks.far import publisher
from toolboxai.cli.checks.finding import Finding, Verdict
from toolboxai.config import Purpose, Settings, load_settings
from toolboxai.testing.clock import ManualClock


def settings(port: int, **environ: str) -> Settings:
    there = {"PUSHER_HOST": "127.0.0.1", "PUSHER_PORT": str(port), "PUSHER_SCHEME": "http"}
    app = {"PUSHER_APP_ID": APP_ID, "PUSHER_KEY": KEY, "PUSHER_SECRET": SECRET}
    given = {"TOOLBOXAI_PUBLISHER": "pusher", **there, **app, **environ}
    return load_settings(given, purpose=Purpose.ANY)


async def found(given: Settings, **more: Any) -> dict[str, Finding]:
    clock = more.get("clock") or ManualClock()
    return {finding.check: finding async for finding in publisher(given, now=clock.now)}


async def test_a_service_that_answers_and_believes() -> None:
    async with serving() as far:
        seen = {
            finding.check: finding.verdict
            async for finding in publisher(settings(far.port), now=far.clock.now)
        }
    assert seen == {"publisher": Verdict.OK, "publisher's clock": Verdict.OK}


async def test_a_wrong_secret_is_told() -> None:
    async with serving() as far:
        seen = await found(settings(far.port, PUSHER_SECRET="another"))
    assert seen["publisher"].verdict is Verdict.FAULT
    assert "PUSHER_SECRET here and there differ" in seen["publisher"].text


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_one_that_does_not_answer_is_told(scheme: str) -> None:
    seen = await found(settings(1, PUSHER_SCHEME=scheme))
    assert seen["publisher"].verdict is Verdict.FAULT
    assert "PUSHER_PORT" in seen["publisher"].text


async def test_the_embedded_one_needs_no_look() -> None:
    assert await found(settings(1, TOOLBOXAI_PUBLISHER="embedded")) == {}
