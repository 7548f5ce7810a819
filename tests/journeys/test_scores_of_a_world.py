"""The score reporter of a real world posts to the server that built it: its teacher hears, and the results have it."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from fake_roblox import FakeRoblox
from school import Open, calls, generate
from toolboxai.client import connect
from toolboxai.platform.roblox.model.instances import Script, ScriptKind

pytestmark = pytest.mark.peers

NEEDED = {"pupil_records", "score_reporter"}
SETUP = """
local url, token = ...
local storage = game:GetService("ServerStorage")
storage:SetAttribute("ReportUrl", url)
fake.secrets = { ReportToken = token }
"""
# As the server of the quiz takes down an answer; what it says it is worth is not sent.
TAKE = """
local player, question, answer = ...
fake.modules().PupilRecords.took(player, question, answer, 0)
"""


class Wire:
    """The way from a game to the server. Of the first batch that is taken nothing comes back."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http
        self.statuses: list[int] = []

    def __call__(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = self._http.request(
            request["Method"], request["Url"], content=request["Body"].encode(), headers=request["Headers"]
        )
        self.statuses.append(answer.status_code)
        if self.statuses.count(200) == 1 and answer.status_code == 200:
            return {"StatusCode": 502}
        return {"StatusCode": answer.status_code, "Headers": dict(answer.headers), "Body": answer.text}


async def ended(http: httpx2.AsyncClient, status_url: str) -> dict[str, Any]:
    """What was begun, when it is over."""
    async with asyncio.timeout(40):
        while True:
            found: dict[str, Any] = (await http.get(status_url)).json()
            if found["status"] not in ("queued", "running", "generating"):
                return found
            await asyncio.sleep(0.05)


async def a_world_of_a_lesson(http: httpx2.AsyncClient) -> dict[str, Any]:
    accepted = await generate(http)
    assert (await ended(http, accepted["status_url"]))["status"] == "complete"
    wish = {"content_id": accepted["content_id"], "size": "small"}
    begun = (await http.post("/api/v1/roblox/environments", json=wish)).json()
    return await ended(http, begun["status_url"])


async def scripts_of(http: httpx2.AsyncClient, world: Mapping[str, Any]) -> list[Script]:
    """Those that report, as the world has them."""
    items = (await http.get(f"{world['status_url']}/scripts")).json()["items"]
    found = []
    for item in items:
        if item["script_id"] in NEEDED:
            text = (await http.get(item["content_url"])).text
            kind = ScriptKind.MODULE if item["parent"] == "ServerStorage" else ScriptKind.SERVER
            found.append(
                Script(id=item["script_id"], kind=kind, name=item["name"], parent=item["parent"], source=text)
            )
    assert len(found) == len(NEEDED)
    return found


def played(game: FakeRoblox, question: Mapping[str, Any]) -> list[str]:
    """Two players answer, one of them rightly; of what was said there is no question. What players are shown as."""
    otter, heron = game.join("Otter", 7), game.join("Heron", 8)
    right = question["correct_answer"]
    game.do(TAKE, otter, question["id"], game.value(right))
    game.do(TAKE, heron, "q99", game.value("rain"))
    game.do(TAKE, heron, question["id"], game.value([] if isinstance(right, list) else "no such thing"))
    game.advance(60)
    return [str(game.do("return (...).leaderstats.Player.Value", each)) for each in (otter, heron)]


@pytest.mark.timeout(60)
async def test_scores_of_a_running_world_reach_the_teacher(opened: Open) -> None:
    jane = opened.school["jane"]
    url = opened.server.url
    async with (
        calls(opened.server, jane) as http,
        connect(url, opened.school.key, token=jane.token) as client,
    ):
        world = await a_world_of_a_lesson(http)
        content_id = world["content_id"]
        quiz = (await http.get(f"/api/v1/content/{content_id}")).json()["quiz"]["questions"]
        about = {"environment_id": world["environment_id"], "name": "7b"}
        server = (await http.post("/api/v1/game-servers", json=about)).json()
        ear = await client.subscribe(f"private-user-{jane.id}")
        with httpx2.Client(trust_env=False, timeout=10) as roblox:
            wire = Wire(roblox)
            game = FakeRoblox(await scripts_of(http, world), wire)
            game.do(SETUP, url + server["scores_url"], server["token"])
            game.start()
            shown = await asyncio.to_thread(played, game, quiz[0])
            # One was named and left out, the others came twice and count once.
            assert wire.statuses == [422, 200, 200]
            assert [each for each in game.warned if "answers[1].question_id" in each]
            heard = {}
            async with asyncio.timeout(10):
                async for event in ear:
                    heard[event.data["data"]["name"]] = event.data["data"]["correct"]
                    if len(heard) == 2:
                        break
            assert heard == {f"Player {shown[0]}": True, f"Player {shown[1]}": False}
            results = (
                f"/api/v1/attempts/results?content_id={content_id}&environment_id={world['environment_id']}"
            )
            counted = (await http.get(results)).json()
            assert sorted(
                (each["name"], each["answered"], each["right"]) for each in counted["pupils"]
            ) == sorted((name, 1, int(right)) for name, right in heard.items())
            assert counted["questions"][0]["answered"] == 2
            assert "Player" in (await http.get(f"{results}&format=csv&by=pupil")).text
            assert (await http.delete(f"/api/v1/game-servers/{server['game_server_id']}")).status_code == 204
            game.do(TAKE, game.join("Newt", 9), quiz[0]["id"], game.value("rain"))
            await asyncio.to_thread(game.advance, 20)
            assert wire.statuses[-1] == 401
            assert [each for each in game.warned if "ScoreReporter is off: the server answered 401" in each]
        await client.close()
        assert (await http.delete(world["status_url"])).status_code == 204
        assert (await http.get(results)).json()["pupils"] == []
    assert server["token"] not in opened.server.log.read_text()
