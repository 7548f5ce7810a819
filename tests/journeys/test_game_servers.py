"""J7: a live game asks three times a minute, posts in batches, waits when told to, and loses nothing to a server that dies."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fake_roblox import FakeRoblox
from journeys.test_scores_of_a_world import a_world_of_a_lesson
from school import SERVE, School, calls, open_school
from server_process import Serving, end, launched
from toolboxai.client import ChannelsClient, connect
from toolboxai.platform.roblox.model.instances import Script, ScriptKind

pytestmark = pytest.mark.peers

SOURCE = (Path(__file__).parents[2] / "examples/game_server.luau").read_text(encoding="utf-8")
SCRIPT = Script(
    id="lesson", kind=ScriptKind.SERVER, name="Lesson", parent="ServerScriptService", source=SOURCE
)
SETUP = """
local url, token = ...
game:GetService("ServerStorage"):SetAttribute("LessonUrl", url)
fake.secrets = { LessonToken = token }
"""
ANSWER = 'return game:GetService("ServerStorage").Lesson.Answer:Invoke(...)'
HAPPEN = 'game:GetService("ServerStorage").Lesson.Happened:Fire(...)'
SHOWN = 'return game:GetService("ReplicatedStorage").Lesson:GetAttribute(...)'


class Wire:
    """The way from a game to the server. What the server would hold for 25 s it holds for as long in the game's time.

    Attributes:
        asked: of each request the time in the game, its method and path, and the status; 0 where nothing came back.
        dies: a server that is killed when it has taken the next batch, before its answer is on the way.
    """

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http
        self.asked: list[tuple[float, str, int]] = []
        self.retry_after_s = 0.0
        self.dies: Serving | None = None
        self.game: FakeRoblox

    def __call__(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        now, url = float(self.game.do("return fake.now")), request["Url"]
        what = f"{request['Method']} {url.partition('?')[0].rpartition('/')[2]}"
        assert url.partition("wait=")[2].partition("&")[0] in ("", "25")
        try:
            answer = self._http.request(
                request["Method"],
                url.replace("wait=25", "wait=0"),
                content=(request.get("Body") or "").encode(),
                headers=request["Headers"],
            )
            if self.dies is not None and what == "POST answers":
                self.dies.process.send_signal(signal.SIGKILL)
                self.dies.process.wait()
                self.dies = None
                raise httpx2.ReadError("the line broke")
        except httpx2.HTTPError:
            self.asked.append((now, what, 0))
            raise
        self.asked.append((now, what, answer.status_code))
        if answer.status_code == 429:
            self.retry_after_s = float(answer.headers["retry-after"])
        nothing = what == "GET messages" and answer.status_code == 200 and not answer.json()["items"]
        return {
            "StatusCode": answer.status_code,
            "Headers": dict(answer.headers),
            "Body": answer.text,
            "After": 25 if nothing else None,
        }

    def times(self, *kinds: str) -> list[float]:
        return [at for at, what, _ in self.asked if not kinds or what in kinds]


class Teacher:
    """What she hears on her channels, as it comes."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self._news = asyncio.Event()

    async def follows(self, client: ChannelsClient, channel: str) -> None:
        async for event in await client.subscribe(channel):
            if event.name == "quiz_answer":
                self.answers.append(event.data["data"])
            elif event.name == "game_events":
                self.events += event.data["data"]["events"]
            self._news.set()

    async def until(self, answers: int, events: int) -> None:
        async with asyncio.timeout(20):
            while len(self.answers) < answers or len({each["seq"] for each in self.events}) < events:
                self._news.clear()
                await self._news.wait()


@pytest.fixture
def school(tmp_path: Path, database_url: str) -> School:
    (tmp_path / "school").mkdir()
    return open_school(tmp_path / "school", database_url=database_url, names=("jane",))


@asynccontextmanager
async def listening(school: School, server: Serving, environment_id: str) -> AsyncIterator[Teacher]:
    jane, teacher = school["jane"], Teacher()
    async with connect(server.url, school.key, token=jane.token) as client, asyncio.TaskGroup() as tasks:
        channels = (f"private-user-{jane.id}", f"private-roblox-sync-{environment_id}")
        following = [tasks.create_task(teacher.follows(client, each)) for each in channels]
        yield teacher
        for each in following:
            each.cancel()
        await client.close()


def checks_in(game: FakeRoblox, *names: str) -> list[Any]:
    """Players come, and reach a station."""
    players = [game.join(name, number) for number, name in enumerate(names, 7)]
    for player in players:
        happened = game.value({"name": "station_1"})
        happened.set("player", player)
        game.do(HAPPEN, "checkpoint_reached", happened)
    return players


@pytest.mark.timeout(90)
async def test_j7_a_live_game_and_its_teacher(school: School) -> None:
    with (
        launched([*SERVE, "0"], cwd=school.home, env=school.env) as first,
        httpx2.Client(trust_env=False, timeout=10) as roblox,
    ):
        async with calls(first, school["jane"]) as http:
            world = await a_world_of_a_lesson(http)
            content = (await http.get(f"/api/v1/content/{world['content_id']}")).json()
            right = content["quiz"]["questions"][0]["correct_answer"]
            about = {"environment_id": world["environment_id"], "name": "7b"}
            server = (await http.post("/api/v1/game-servers", json=about)).json()
            wire = Wire(roblox)
            game = wire.game = FakeRoblox([SCRIPT], wire)
            game.do(SETUP, first.url + server["url"], server["token"])
            async with listening(school, first, world["environment_id"]) as teacher:
                # Live: what is said is there with the next poll, what is answered is heard.
                await asyncio.to_thread(game.start)
                said = {"type": "announcement", "data": {"text": "Begin"}}
                assert (await http.post(f"{server['url']}/messages", json=said)).status_code == 202
                otter, heron = await asyncio.to_thread(checks_in, game, "Otter", "Heron")
                assert game.do(ANSWER, otter, "q1", game.value(right)) is True
                await asyncio.to_thread(game.advance, 60)
                assert game.do(SHOWN, "Announcement") == "Begin"
                await teacher.until(answers=1, events=5)
                assert teacher.answers[0]["correct"] is True
                await a_held_poll_is_answered_by_what_is_said(first, http, server)

                # Somebody else uses the token up: the game waits as long as it is told to.
                await used_up(first, server)
                await asyncio.to_thread(game.advance, 30)
                late = next(at for at, _, status in wire.asked if status == 429)
                assert wire.times()[-1] == late
                await asyncio.to_thread(game.advance, wire.retry_after_s - 31)
                assert wire.times()[-1] == late

                # The server dies with a batch that it has taken and not answered, and with a message nobody has read.
                last = {"type": "quiz_close", "data": {}}
                assert (await http.post(f"{server['url']}/messages", json=last)).json() == {"seq": 3}
                assert game.do(ANSWER, heron, "q1", game.value("no such thing")) is True
                first.process.send_signal(signal.SIGKILL)
                await asyncio.to_thread(first.process.wait)
                with launched([*SERVE, str(first.port)], cwd=school.home, env=school.env) as second:
                    wire.dies = second
                    await asyncio.to_thread(game.advance, 40)
                    assert wire.dies is None
                with launched([*SERVE, str(first.port)], cwd=school.home, env=school.env) as third:
                    await asyncio.to_thread(game.advance, 240)
                    await asyncio.to_thread(game.do, "fake.leave(...)", heron)
                    await asyncio.to_thread(game.advance, 30)
                    assert game.do(SHOWN, "QuizOpen") is False
                    await nothing_was_lost_or_counted_twice(third, school, world, server, teacher)
                    await whoever_waits_is_answered_when_the_server_leaves(third, server)
        within_its_budget(wire)


async def a_held_poll_is_answered_by_what_is_said(
    serving: Serving, http: httpx2.AsyncClient, server: Mapping[str, Any]
) -> None:
    bearer = {"Authorization": f"Bearer {server['token']}"}
    async with httpx2.AsyncClient(base_url=serving.url, headers=bearer, trust_env=False, timeout=30) as game:
        path = f"{server['url']}/messages?cursor=1&wait=25&server=other"
        poll = asyncio.create_task(game.get(path))
        snapshot = await game.get(f"{server['url']}/snapshot")
        assert snapshot.json()["cursor"] == 1
        assert not poll.done()
        said = time.monotonic()
        await http.post(f"{server['url']}/messages", json={"type": "custom", "data": {"door": "east"}})
        page = (await poll).json()
        assert time.monotonic() - said < 2.0
    assert [(each["seq"], each["data"]) for each in page["items"]] == [(2, {"door": "east"})]


async def used_up(serving: Serving, server: Mapping[str, Any]) -> None:
    bearer = {"Authorization": f"Bearer {server['token']}"}
    async with httpx2.AsyncClient(base_url=serving.url, headers=bearer, trust_env=False) as game:
        for _ in range(61):
            answer = await game.get(f"{server['url']}/messages")
            if answer.status_code == 429:
                break
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 60


async def whoever_waits_is_answered_when_the_server_leaves(
    serving: Serving, server: Mapping[str, Any]
) -> None:
    bearer = {"Authorization": f"Bearer {server['token']}"}
    async with httpx2.AsyncClient(base_url=serving.url, headers=bearer, trust_env=False, timeout=30) as game:
        path = f"{server['url']}/messages?cursor=3&wait=25"
        polls = [asyncio.create_task(game.get(path)) for _ in range(2)]
        # The newer one has taken the older one's place, so it waits.
        await asyncio.wait(polls, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.to_thread(end, serving)
        told = [await poll for poll in polls]
        assert [(each.status_code, each.json()["items"]) for each in told] == [(200, [])] * 2


async def nothing_was_lost_or_counted_twice(
    serving: Serving,
    school: School,
    world: Mapping[str, Any],
    server: Mapping[str, Any],
    teacher: Teacher,
) -> None:
    async with calls(serving, school["jane"]) as http:
        page = (await http.get(f"{server['url']}/events")).json()
        kinds = [each["type"] for each in page["items"]]
        assert sorted(kinds) == sorted(
            ["server_started", *["player_joined", "checkpoint_reached"] * 2, "player_left"]
        )
        assert [each["seq"] for each in page["items"]] == [1, 2, 3, 4, 5, 6]
        # What went by while her line was cut she asks for by the number of the last that she has heard.
        heard = [each["seq"] for each in teacher.events]
        missed = (await http.get(f"{server['url']}/events?cursor={heard[-1]}")).json()["items"]
        assert heard + [each["seq"] for each in missed] == [1, 2, 3, 4, 5, 6]
        about = f"content_id={world['content_id']}&environment_id={world['environment_id']}"
        counted = (await http.get(f"/api/v1/attempts/results?{about}")).json()
        assert [(each["answered"], each["right"]) for each in counted["pupils"]].count((1, 1)) == 1
        assert sorted((each["answered"], each["right"]) for each in counted["pupils"]) == [(1, 0), (1, 1)]
        kept = (await http.get(f"/api/v1/attempts?{about}")).json()
        assert len(kept["items"]) == 2
    assert server["token"] not in serving.log.read_text()
    assert json.dumps(teacher.events).count("Otter") == 0


def within_its_budget(wire: Wire) -> None:
    times = wire.times()
    assert max(sum(at <= each < at + 60 for each in times) for at in times) <= 30
    polls = wire.times("GET messages")
    assert max(sum(at <= each < at + 60 for each in polls) for at in polls) <= 4
    assert {status for _, _, status in wire.asked} == {0, 200, 429}
