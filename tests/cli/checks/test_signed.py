"""What the refusal of a signed call means, asked of a real server."""

import httpx2
import pytest

from servers import APP_ID, KEY, SECRET, Running, make_app, serving
from toolboxai.cli.checks.finding import Finding, Verdict
from toolboxai.cli.checks.signed import Credentials, signed_get, tell
from toolboxai.testing.clock import ManualClock

OURS = Credentials(APP_ID, KEY, SECRET)


async def tried(running: Running, app: Credentials) -> Finding:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{running.port}", trust_env=False) as http:
        answer = await signed_get(http, f"/apps/{app.app_id}/channels", app)
    return tell("app secret", "the server", app, answer.status_code, answer.text)


@pytest.mark.parametrize(
    ("app", "told"),
    [
        (OURS._replace(secret="another secret"), "PUSHER_SECRET here and there differ"),
        (OURS._replace(key="another"), "compare PUSHER_KEY"),
        (OURS._replace(app_id="99"), "compare PUSHER_APP_ID"),
    ],
)
async def test_each_wrong_one_is_named(app: Credentials, told: str) -> None:
    async with serving() as running:
        assert (await tried(running, OURS)).verdict is Verdict.OK
        found = await tried(running, app)
    assert found.verdict is Verdict.FAULT
    assert told in found.text
    assert app.secret not in found.text


async def test_clocks_that_differ_are_named() -> None:
    async with serving(clock=ManualClock()) as running:  # which stands still, long ago or far ahead
        found = await tried(running, OURS)
    assert found.verdict is Verdict.FAULT
    assert "NTP" in found.text


async def test_an_app_that_is_switched_off_is_named() -> None:
    async with serving(make_app(enabled=False)) as running:
        found = await tried(running, OURS)
    assert found.verdict is Verdict.FAULT
    assert "switched the app 3 off" in found.text


def test_a_server_with_troubles_of_its_own_is_no_fault_of_the_secret() -> None:
    assert tell("app secret", "it", OURS, 502, "bad gateway").verdict is Verdict.WARNING


def test_nothing_shows_the_secret() -> None:
    assert SECRET not in repr(OURS)
