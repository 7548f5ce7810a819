"""Others publish here, and our application publishes elsewhere."""

import asyncio
import base64
import json
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pusher import Pusher

from generation import assert_whole
from pusher_js import Watcher, watching
from school import SERVE, Open, School, calls, generate, open_school
from server_process import credentials, serving

pytestmark = pytest.mark.peers


class Library:
    """The official server library, called from a thread as it blocks."""

    def __init__(self, school: School, port: int) -> None:
        env = school.env
        self._pusher = Pusher(
            env["PUSHER_APP_ID"],
            env["PUSHER_KEY"],
            env["PUSHER_SECRET"],
            ssl=False,
            host="127.0.0.1",
            port=port,
            timeout=10,
        )

    async def __call__(self, method: str, *words: Any, **named: Any) -> Any:
        call: Callable[..., Any] = getattr(self._pusher, method)
        return await asyncio.to_thread(call, *words, **named)


def said(page: Watcher, channel: str) -> list[tuple[str, Any]]:
    """Events and data on a channel, without those of the protocol."""
    return [
        (line["event"], line["data"])
        for line in page.heard
        if line.get("channel") == channel and not line["event"].startswith("pusher:")
    ]


async def test_the_official_library_publishes_and_asks(opened: Open) -> None:
    library = Library(opened.school, opened.server.port)
    async with opened.watching() as page, opened.watching() as other:
        for each in (page, other):
            await each.subscribe("news")
        await other.subscribe("weather")

        assert await library("trigger", ["news", "weather"], "headline", {"title": "It rains"}) == {}
        batch = [
            {"channel": "news", "name": "headline", "data": {"title": "It snows"}},
            {"channel": "news", "name": "last", "data": "plain text"},
        ]
        assert await library("trigger_batch", batch) == {}
        await page.until(lambda line: line.get("event") == "last")
        expected = [
            ("headline", {"title": "It rains"}),
            ("headline", {"title": "It snows"}),
            ("last", "plain text"),
        ]
        assert said(page, "news") == expected

        await library("trigger", "news", "to-others", 1, page.socket_id)
        await library("trigger", "news", "to-all", 2)
        await page.until(lambda line: line.get("event") == "to-all")
        await other.until(lambda line: line.get("event") == "to-all")
        assert said(page, "news") == [*expected, ("to-all", 2)]
        assert said(other, "news") == [*expected, ("to-others", 1), ("to-all", 2)]
        assert said(other, "weather") == expected[:1]

        assert await library("channels_info", "wea") == {"channels": {"weather": {}}}
        found = await library("channel_info", "news", ["subscription_count"])
        assert found == {"occupied": True, "subscription_count": 2}
        assert (await library("channel_info", "nobody-here"))["occupied"] is False


@pytest.fixture
def with_master_key(tmp_path: Path) -> Iterator[Open]:
    """A school that has encrypted channels."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    school = open_school(tmp_path, names=("jane", "ada"), PUSHER_ENCRYPTION_MASTER_KEY_BASE64=key)
    with serving([*SERVE, "0"], cwd=school.home, env=school.env) as server:
        yield Open(school, server)
    assert key not in server.log.read_text()


async def test_what_is_published_on_an_encrypted_channel_is_read_by_its_page_alone(
    with_master_key: Open,
) -> None:
    school = with_master_key.school
    channel = f"private-encrypted-user-{school['jane'].id}"
    async with (
        with_master_key.watching("jane") as page,
        with_master_key.watching("ada") as another,
        calls(with_master_key.server, school["ada"]) as admin,
    ):
        await page.subscribe(channel)
        grade = {"channel": channel, "event": "grade", "data": {"mark": "A"}}
        assert (await admin.post("/api/v1/realtime/trigger", json=grade)).status_code == 200
        assert (await page.until(lambda line: line.get("event") == "grade"))["data"] == {"mark": "A"}
        assert (await another.denied(channel))["status"] == 403


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An application and, in a process of its own, the Channels server to which it publishes.

    Args:
        application: with ``TOOLBOXAI_PUBLISHER=pusher``.
        channels_port: where the Channels server is, or will be.
        open_channels: starts it, where it does not run from the beginning.
    """

    application: Open
    channels_port: int
    open_channels: Callable[[], None]

    def watching(self, name: str) -> AbstractAsyncContextManager[Watcher]:
        """A page that is connected there and authorised here."""
        school, here = self.application.school, self.application.server.port
        return watching(self.channels_port, school.key, token=school[name].token, auth_port=here)

    def complaints(self, session_id: str) -> list[str]:
        """What the application's log says of events that did not go out."""
        lines = [json.loads(line) for line in self.application.server.log.read_text().splitlines()]
        told = [
            line for line in lines if line.get("run_id") == session_id and line["logger"] != "toolboxai.audit"
        ]
        assert all(line["level"] == "warning" for line in told)
        return [line["reason"] for line in told]


@pytest.fixture
def elsewhere(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Elsewhere]:
    """Joined by HTTP alone; the parameter is what is wrong with it."""
    there = {**credentials(), "TOOLBOXAI_DRAIN_S": "0"}
    (tmp_path / "channels").mkdir()
    (tmp_path / "school").mkdir()
    case = getattr(request, "param", "nothing")
    with ExitStack() as stack, ExitStack() as reserved:
        # Nobody listens at a port that is only bound, and nobody else gets it.
        taken = reserved.enter_context(socket.socket())
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        def open_channels() -> None:
            reserved.close()
            command = [*SERVE, str(port), "--channels-only"]
            stack.enter_context(serving(command, cwd=tmp_path / "channels", env=there))

        if case != "nobody answers":
            open_channels()
        school = open_school(
            tmp_path / "school",
            names=("jane", "ada"),
            **{**there, "PUSHER_SECRET": "not-the-secret"} if case == "wrong secret" else there,
            TOOLBOXAI_PUBLISHER="pusher",
            PUSHER_HOST="127.0.0.1",
            PUSHER_PORT=str(port),
            PUSHER_SCHEME="http",
        )
        server = stack.enter_context(serving([*SERVE, "0"], cwd=school.home, env=school.env))
        yield Elsewhere(Open(school, server), port, open_channels)


async def finished(http: httpx2.AsyncClient, accepted: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a session that is over, from the REST history; asked for until then."""
    async with asyncio.timeout(15):
        while (await http.get(accepted["status_url"])).json()["finished_at"] is None:
            pass
    items: list[dict[str, Any]] = (await http.get(accepted["events_url"])).json()["items"]
    return items


async def test_a_page_elsewhere_sees_the_whole_generation(elsewhere: Elsewhere) -> None:
    jane = elsewhere.application.school["jane"]
    async with (
        calls(elsewhere.application.server, jane) as http,
        elsewhere.watching("jane") as page,
    ):
        accepted = await generate(http)
        await page.subscribe(accepted["private_channel"])
        await page.subscribe(accepted["channel"])
        public = await page.over(accepted["channel"])
        private = await page.over(accepted["private_channel"])
        assert_whole(private, accepted["session_id"])
        assert_whole(public, accepted["session_id"])
        assert (await http.get(accepted["events_url"])).json()["items"] == private


async def told_that_it_did_not_go_out(elsewhere: Elsewhere, words: str) -> None:
    """Whoever publishes by hand is not told that it went well."""
    school, server = elsewhere.application.school, elsewhere.application.server
    async with calls(server, school["ada"]) as admin:
        refused = await admin.post("/api/v1/realtime/trigger", json={"channel": "news", "event": "headline"})
    assert (refused.status_code, refused.json()["error_code"]) == (503, "PROVIDER_UNAVAILABLE")
    assert words in refused.json()["message"]
    assert school.env["PUSHER_SECRET"] not in refused.text


@pytest.mark.parametrize("elsewhere", ["wrong secret"], indirect=True)
async def test_with_a_wrong_secret_nothing_is_published_and_nothing_is_pretended(
    elsewhere: Elsewhere,
) -> None:
    async with (
        calls(elsewhere.application.server, elsewhere.application.school["jane"]) as http,
        elsewhere.watching("jane") as page,
    ):
        accepted = await generate(http)
        await page.subscribe(accepted["channel"])
        # The lesson is made all the same, and its events are kept.
        assert_whole(await finished(http, accepted), accepted["session_id"])
        assert page.events(accepted["channel"]) == []
    complaints = elsewhere.complaints(accepted["session_id"])
    assert complaints
    assert all("refused" in reason and "PUSHER_SECRET" in reason for reason in complaints)
    await told_that_it_did_not_go_out(elsewhere, "refused")


@pytest.mark.parametrize("elsewhere", ["nobody answers"], indirect=True)
async def test_what_could_not_be_published_is_published_as_soon_as_somebody_answers(
    elsewhere: Elsewhere,
) -> None:
    async with calls(elsewhere.application.server, elsewhere.application.school["jane"]) as http:
        accepted = await generate(http)
        kept = await finished(http, accepted)
        assert_whole(kept, accepted["session_id"])
        complaints = elsewhere.complaints(accepted["session_id"])
        assert complaints
        assert all("did not take" in reason for reason in complaints)
        await told_that_it_did_not_go_out(elsewhere, "did not take")

        elsewhere.open_channels()
        async with elsewhere.watching("jane") as page:
            await page.subscribe(accepted["private_channel"])
            assert await page.over(accepted["private_channel"]) == kept
