"""What takes the place of the old echo socket, and what everybody is told: with stock pusher-js."""

import pytest

from school import Open, calls

pytestmark = pytest.mark.peers

GREETING = "Hello WebSocket!"


async def test_the_echo_of_a_request_comes_on_the_public_channel(opened: Open) -> None:
    async with opened.watching() as page, calls(opened.server, opened.school["sam"]) as sam:
        await page.subscribe("test-channel")
        asked = {"socket_id": page.socket_id, "data": GREETING}
        answer = await sam.post("/api/v1/realtime/echo", json=asked)
        told = answer.json()
        assert told.pop("publication_id").count(":") == 1
        assert (answer.status_code, told) == (200, {"channel": "test-channel", "event": "echo"})
        heard = await page.until(lambda said: said.get("event") == "echo")
        assert heard == {"channel": "test-channel", "event": "echo", "data": asked}


async def test_a_stranger_has_no_echo(opened: Open) -> None:
    async with opened.watching() as page, calls(opened.server) as nobody:
        assert (await nobody.post("/api/v1/realtime/echo", json={"data": 1})).status_code == 401
        await page.denied("private-test-channel")


async def test_pages_that_are_signed_in_echo_to_one_another_on_the_private_channel(opened: Open) -> None:
    async with opened.watching("jane") as jane, opened.watching("olga") as olga:
        for page in (jane, olga):
            await page.subscribe("private-test-channel")
        jane.trigger("private-test-channel", "client-echo", GREETING)
        heard = await olga.until(lambda said: said.get("event") == "client-echo")
        assert heard["data"] == GREETING
        olga.trigger("private-test-channel", "client-echo", {"again": GREETING})
        heard = await jane.until(lambda said: said.get("event") == "client-echo")
        assert heard["data"] == {"again": GREETING}  # and never her own


async def test_everybody_hears_a_system_notification(opened: Open) -> None:
    told = {
        "type": "system_notification",
        "data": {"level": "info", "message": "Maintenance begins at 18:00 UTC"},
        "timestamp": "2026-12-01T12:00:00.000Z",
    }
    event = {"channel": "system-notifications", "event": "system_notification", "data": told}
    async with (
        opened.watching() as stranger,
        calls(opened.server, opened.school["ada"]) as admin,
        calls(opened.server, opened.school["jane"]) as teacher,
    ):
        await stranger.subscribe("system-notifications")
        assert (await teacher.post("/api/v1/realtime/trigger", json=event)).status_code == 403
        assert (await admin.post("/api/v1/realtime/trigger", json=event)).status_code == 200
        assert await stranger.until(lambda said: said.get("event") == "system_notification") == event
