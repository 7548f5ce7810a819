"""A database that takes nothing for a while: told once, refused clearly, and nothing that was acknowledged is lost."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pusher
import pytest

from databases import backends
from generation import assert_whole
from school import School, a_lesson, open_school
from storage_faults import FAULTS, fault_of, may_fail
from toolboxai.adapters import jobs_dbos
from toolboxai.adapters.database import health
from toolboxai.app import running, storage
from toolboxai.client import ChannelsClient, connect
from toolboxai.config import load_settings

TAKES_NOTHING = "the database takes nothing"
TAKES_ALL = "the database takes everything again"
WEBHOOKS_WAIT = "the webhook queue does not answer"


@pytest.fixture(params=backends("sqlite"))
def database_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def school(tmp_path: Path, database_url: str) -> Iterator[School]:
    (tmp_path / "school").mkdir()
    with may_fail():
        yield open_school(tmp_path / "school", database_url=database_url, names=("jane",))


class Heard(logging.Handler):
    """What is logged, for whoever waits for it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self.lines: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record)
        self._loop.call_soon_threadsafe(self._news.set)

    async def until(self, message: str) -> logging.LogRecord:
        async with asyncio.timeout(15):
            while True:
                self._news.clear()
                for line in self.lines:
                    if line.getMessage() == message:
                        return line
                await self._news.wait()


@pytest.fixture
async def log() -> AsyncIterator[Heard]:
    heard = Heard()
    logging.getLogger().addHandler(heard)
    yield heard
    logging.getLogger().removeHandler(heard)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits looks often, and trouble of another kind is told at once."""
    monkeypatch.setattr(storage, "_LOOK_S", 0.05)
    monkeypatch.setattr(jobs_dbos, "_PAUSES_S", (0.05,))
    monkeypatch.setattr(jobs_dbos, "_PAUSE_S", 0.2)
    monkeypatch.setattr(health, "QUIET_S", 0.0)


@dataclass(frozen=True, slots=True)
class Served:
    """The server in this process, a teacher's calls and a page of hers, and an application that publishes."""

    http: httpx2.AsyncClient
    client: ChannelsClient
    library: pusher.Pusher

    async def generate(self, title: str) -> httpx2.Response:
        return await self.http.post("/api/v1/content/generate", json=a_lesson(title=title))

    async def publish(self, channel: str, data: str) -> None:
        await asyncio.to_thread(self.library.trigger, channel, "said", data)


@asynccontextmanager
async def serving(school: School) -> AsyncIterator[Served]:
    settings = load_settings(school.env, overrides={"server.port": 0})
    jane, env = school["jane"], school.env
    async with (
        running(settings) as server,
        httpx2.AsyncClient(base_url=server.url, headers=jane.bearer, trust_env=False, timeout=15) as http,
        connect(server.url, school.key, token=jane.token) as client,
    ):
        library = pusher.Pusher(
            app_id=env["PUSHER_APP_ID"],
            key=env["PUSHER_KEY"],
            secret=env["PUSHER_SECRET"],
            host="127.0.0.1",
            port=int(server.url.rpartition(":")[2]),
            ssl=False,
        )
        yield Served(http, client, library)


def refused(answer: httpx2.Response, reason: str) -> None:
    assert answer.status_code == 503, answer.text
    said = answer.json()
    assert said["error_code"] == "PROVIDER_UNAVAILABLE"
    assert said["details"] == {"reason": reason, "retry_after": 5}
    assert answer.headers["retry-after"] == "5"


async def whole_story(client: ChannelsClient, accepted: Mapping[str, Any]) -> Sequence[Any]:
    """Every event of a generation, once, to its end."""
    events = []
    async with asyncio.timeout(30):
        async for event in await client.subscribe(accepted["private_channel"], since=0):
            events.append(event.data)
            if event.name in ("generation_complete", "error"):
                break
    return events


@pytest.mark.timeout(90)
async def test_nothing_that_was_acknowledged_is_lost_and_everything_goes_on_without_a_restart(
    school: School, log: Heard
) -> None:
    url = school.env["TOOLBOXAI_DATABASE_URL"]
    async with serving(school) as served:
        news = aiter(await served.client.subscribe("news"))
        acknowledged = []
        for reason in FAULTS:
            log.lines.clear()
            answer = await served.generate(reason)
            assert answer.status_code == 202
            acknowledged.append(answer.json())
            listening = asyncio.create_task(whole_story(served.client, acknowledged[-1]))
            with fault_of(url, reason)():
                for _ in range(3):
                    refused(await served.generate("not taken"), reason)
                if reason != "gone":
                    assert (await served.http.get("/api/v1/content")).status_code in (200, 404)
                await served.publish("news", reason)
                assert (await anext(news)).data == reason, "who listens goes on hearing"
                ready = await served.http.get("/readyz")
                assert ready.status_code == 503
                assert "storage: the database takes nothing" in ready.text
                line = await log.until(TAKES_NOTHING)
                while line.__dict__["reason"] != reason:  # the end of the trouble before may be told late
                    line = await log.until(TAKES_NOTHING)
            assert line.levelname == "ERROR"
            assert line.__dict__["do"]
            await log.until(TAKES_ALL)
            assert "storage" not in (await served.http.get("/readyz")).text
            assert_whole(await listening, acknowledged[-1]["session_id"])
            lines = [line.getMessage() for line in log.lines]
            assert {TAKES_NOTHING, TAKES_ALL} <= set(lines) <= {TAKES_NOTHING, TAKES_ALL, WEBHOOKS_WAIT}
            # A moment of room in between is told as well; what is refused meanwhile is not.
            assert len(lines) <= 2 * len(set(lines)), "each is told, not each time that it is met"
        for accepted in acknowledged:
            assert (await served.http.get(accepted["status_url"])).json()["status"] == "complete"
