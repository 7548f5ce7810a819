"""What everybody is told, on the whole service, by pages and old sockets alike."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.test_application import admin, old_socket, settings
from callers import Socket
from servers import KEY
from toolboxai.app.run import Running, running
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import run
from toolboxai.config import Settings
from toolboxai.platform.messages.registry import validate


class Leaving:
    """A server in a task of its own, which leaves when it is told to."""

    def __init__(self, given: Settings) -> None:
        self._given = given
        self._told = asyncio.Event()
        self._up: asyncio.Future[Running] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        async with running(self._given) as here:
            self._up.set_result(here)
            await self._told.wait()

    async def url(self) -> str:
        return (await self._up).url

    def leave(self) -> None:
        self._told.set()


@asynccontextmanager
async def page_at(url: str) -> AsyncIterator[Socket]:
    async with Socket.opened(f"{url.replace('http', 'ws', 1)}/app/{KEY}?protocol=7") as page:
        page.greet(await page.hear())
        await page.enter("system-notifications")
        yield page


async def told(page: Socket) -> Any:
    said = json.loads((await page.hear())["data"])
    assert validate(said) == []
    return said


async def test_the_command_tells_everybody_and_a_shutdown_is_told_before_the_first_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = settings(tmp_path)
    ada = await admin(given)
    server = Leaving(given)
    monkeypatch.chdir(tmp_path)
    words = ["notify", "Back soon", "--starts", "+30m", "--ends", "+2h", "--level", "warning", "--json"]
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve())
        url = await server.url()
        monkeypatch.setenv("TOOLBOXAI_URL", url)
        async with page_at(url) as page, old_socket(url, ada) as old:
            assert await asyncio.to_thread(run, words) == ExitCode.CONFIGURATION
            assert "TOOLBOXAI_TOKEN" in capsys.readouterr().err
            monkeypatch.setenv("TOOLBOXAI_TOKEN", ada["Authorization"].removeprefix("Bearer "))
            assert await asyncio.to_thread(run, words) == ExitCode.OK
            said = await told(page)
            assert json.loads(capsys.readouterr().out)["data"] == said == await old.hear()
            assert (said["data"]["kind"], said["data"]["phase"]) == ("maintenance", "planned")
            assert (said["data"]["message"], said["data"]["level"]) == ("Back soon", "warning")
            assert said["data"]["starts_at"] < said["data"]["ends_at"]

            server.leave()
            said = await told(page)
            assert said == await old.hear()
            assert said["type"] == "system_notification"
            assert (said["data"]["kind"], said["data"]["phase"]) == ("shutdown", "begun")
            assert said["data"]["retry_after"] == 0
            assert (await page.hear())["event"] == "pusher:error"
            assert (await old.hear())["type"] == "goodbye"


def test_a_time_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--starts", "tomorrow"], ["--ends", "2027-03-01T18:00:00"], ["--level", "loud"]):
        assert run(["notify", "Back soon", *words]) == ExitCode.USAGE
        assert words[1] in capsys.readouterr().err
