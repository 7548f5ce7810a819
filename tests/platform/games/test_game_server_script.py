"""The example for live games: what it asks, how it waits, what it gives up; against a stand-in for Roblox and for the server."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from fake_roblox import FakeRoblox
from toolboxai.adapters.luau_check import LuauCheck
from toolboxai.platform.attempts.model import ANSWERS_MOST
from toolboxai.platform.games.model import EVENTS_AT_ONCE
from toolboxai.platform.roblox.luau.report import UncheckedScript
from toolboxai.platform.roblox.model.instances import Script, ScriptKind
from toolboxai.web.application import BODY_BYTES
from toolboxai.web.game_servers import BatchBody
from toolboxai.web.game_talk_bodies import EventsBody

SOURCE = (Path(__file__).parents[3] / "examples/game_server.luau").read_text(encoding="utf-8")
SCRIPT = Script(
    id="lesson", kind=ScriptKind.SERVER, name="Lesson", parent="ServerScriptService", source=SOURCE
)
URL = "https://school.example/api/v1/game-servers/game_7b"
SETUP = f"""
game:GetService("ServerStorage"):SetAttribute("LessonUrl", "{URL}")
fake.secrets = {{ LessonToken = "game-token" }}
"""
ANSWER = 'return game:GetService("ServerStorage").Lesson.Answer:Invoke(...)'
HAPPEN = 'game:GetService("ServerStorage").Lesson.Happened:Fire(...)'
SHOWN = 'return game:GetService("ReplicatedStorage").Lesson:GetAttribute(...)'
HELD_S = 25


def message(seq: int, kind: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data, "timestamp": "2026-05-28T20:26:40.000Z", "seq": seq}


class Lesson:
    """A place with the script, and a server that says what it is told to.

    Args:
        says: answers in the place of the usual ones, for the requests that come first.
        setup: what its owner has set.
    """

    def __init__(self, *says: Mapping[str, Any], setup: str = SETUP) -> None:
        self.says = list(says)
        self.log: list[Mapping[str, Any]] = []
        self.sent = [0.0]
        self.closed = False
        self.lost = False
        self.world = FakeRoblox([SCRIPT], self._answer)
        self.world.do(setup)
        self.world.start()

    def _answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self.sent.append(float(self.world.do("return fake.now")))
        if self.says:
            return self.says.pop(0)
        url = urlsplit(request["Url"])
        body: dict[str, Any]
        if url.path.endswith("/snapshot"):
            self.lost = False
            body = {
                "quiz": {"title": "Water", "questions": [{"id": "q1"}]},
                "quiz_open": not self.closed,
                "cursor": len(self.log),
            }
        elif url.path.endswith("/messages"):
            cursor = int(parse_qs(url.query)["cursor"][0])
            items = [] if self.lost else self.log[cursor:]
            body = {"items": items, "next_cursor": len(self.log), "complete": not self.lost}
            if not items and not self.lost:
                return {"StatusCode": 200, "Body": json.dumps(body), "After": HELD_S}
        else:
            body = {"items": []}
        return {"StatusCode": 200, "Body": json.dumps(body)}

    def asked(self, what: str) -> list[Mapping[str, Any]]:
        return [each for each in self.world.requests if urlsplit(each["Url"]).path.endswith(what)]

    def posted(self, what: str) -> list[list[dict[str, Any]]]:
        return [json.loads(each["Body"])[what] for each in self.asked(f"/{what}")]

    def shown(self, name: str) -> Any:
        return self.world.do(SHOWN, name)

    @property
    def most_in_a_minute(self) -> int:
        times = self.sent[1:]
        return max(sum(at <= each < at + 60 for each in times) for at in times)


async def test_it_is_luau_and_has_no_risk_but_that_it_speaks_to_the_server() -> None:
    check = LuauCheck()
    (report,) = await check.check([UncheckedScript(SOURCE, may_call_out=True)])
    check.close()
    assert (report.faults, report.risks) == ((), ())


def test_it_begins_with_a_snapshot_and_asks_three_times_a_minute_from_then_on() -> None:
    lesson = Lesson()
    lesson.world.advance(600)
    first, *polls = [each for each in lesson.world.requests if each["Method"] == "GET"]
    assert (first["Method"], first["Url"]) == ("GET", f"{URL}/snapshot")
    assert first["Headers"]["Authorization"] == "Bearer game-token"
    assert polls[0]["Url"].startswith(f"{URL}/messages?cursor=0&wait=25&server=")
    assert len({each["Url"] for each in polls}) == 1
    assert 20 <= len(polls) <= 30
    assert json.loads(lesson.world.do('return game:GetService("ReplicatedStorage").Lesson.Quiz.Value')) == {
        "title": "Water",
        "questions": [{"id": "q1"}],
    }


def test_what_the_teacher_says_is_there_for_players_and_scripts() -> None:
    lesson = Lesson()
    player = lesson.world.join()
    lesson.world.do(
        'fake.told = {} game:GetService("ServerStorage").Lesson.Told.Event:Connect(function(data) '
        "table.insert(fake.told, data.door) end)"
    )
    lesson.world.advance(2)
    assert lesson.world.do(ANSWER, player, "q1", "rain") is True
    lesson.log += [
        message(1, "announcement", text="Ten minutes left"),
        message(2, "quiz_close"),
        message(3, "custom", door="east"),
        message(4, "of_a_later_server"),
    ]
    lesson.world.advance(2 * HELD_S)
    assert (lesson.shown("Announcement"), lesson.shown("QuizOpen")) == ("Ten minutes left", False)
    assert lesson.world.do("return fake.told") == ["east"]
    assert lesson.world.do(ANSWER, player, "q1", "fog") is False
    lesson.log.append(message(5, "quiz_open"))
    lesson.world.advance(2 * HELD_S)
    assert lesson.shown("QuizOpen") is True
    assert [each["answer"] for batch in lesson.posted("answers") for each in batch] == ["rain"]


def test_whoever_has_missed_messages_looks_at_the_snapshot_again() -> None:
    lesson = Lesson()
    lesson.world.advance(2)
    lesson.log += [message(1, "custom", door="east")] * 3
    lesson.closed = lesson.lost = True
    lesson.world.advance(2 * HELD_S)
    assert len(lesson.asked("/snapshot")) == 2
    assert lesson.shown("QuizOpen") is False
    assert "cursor=3&" in lesson.asked("/messages")[-1]["Url"]


def test_answers_and_events_go_out_together_as_the_routes_take_them() -> None:
    lesson = Lesson()
    otter, heron = lesson.world.join("Otter Whiskers", 90210777), lesson.world.join("Heron", 8)
    lesson.world.do(ANSWER, otter, "q1", "rain")
    lesson.world.do(ANSWER, heron, "q6", lesson.world.value(["sea", "rain"]))
    lesson.world.do(HAPPEN, "custom", lesson.world.value({"name": "door_opened", "value": True}))
    lesson.world.do("fake.leave(...)", heron)
    lesson.world.advance(6)
    (answers,) = lesson.posted("answers")
    given = BatchBody.model_validate({"answers": answers}).answers
    assert [(each.question_id, each.answer) for each in given] == [("q1", "rain"), ("q6", ["sea", "rain"])]
    events = [each for batch in lesson.posted("events") for each in batch]
    taken = EventsBody.model_validate({"events": events}).events
    kinds = ["server_started", "player_joined", "player_joined", "custom", "player_left"]
    assert [each.type.value for each in taken] == kinds
    assert taken[1].data.player == given[0].player
    assert len({each["id"] for each in (*events, *answers)}) == 7
    # Of a player a key is sent, and nothing else.
    assert "Otter" not in str(lesson.world.requests)
    assert "90210777" not in str(lesson.world.requests)


def test_a_request_holds_no_more_than_the_routes_take() -> None:
    lesson = Lesson()
    player = lesson.world.join()
    for _ in range(150):
        lesson.world.do(HAPPEN, "custom", lesson.world.value({"name": "x"}))
    for _ in range(30):
        lesson.world.do(ANSWER, player, "q7", lesson.world.value(["w" * 1000] * 10))
    lesson.world.advance(60)
    assert [len(each) for each in lesson.posted("events")][:2] == [EVENTS_AT_ONCE, 52]
    assert EVENTS_AT_ONCE == ANSWERS_MOST == 100
    assert sum(len(each) for each in lesson.posted("answers")) == 30
    assert all(len(each.get("Body") or "") < BODY_BYTES for each in lesson.world.requests)


@pytest.mark.parametrize("status", [200, 500])
def test_never_more_than_thirty_requests_go_out_in_a_minute(status: int) -> None:
    lesson = Lesson()
    player = lesson.world.join()
    lesson.world.advance(2)
    for number in range(300):
        lesson.log.append(message(number + 1, "custom", door="east"))  # news with each poll
        lesson.world.do(HAPPEN, "custom", lesson.world.value({"name": "x"}))
        lesson.world.do(ANSWER, player, "q1", "rain")
        if number % 50 == 0 and status != 200:
            lesson.says = [{"StatusCode": status}] * 3
        lesson.world.advance(1)
    assert 15 < lesson.most_in_a_minute <= 30


@pytest.mark.parametrize("name", ["retry-after", "Retry-After"])
def test_a_server_that_asks_for_patience_gets_it_from_all_requests(name: str) -> None:
    lesson = Lesson({"StatusCode": 429, "Headers": {name: "100"}})
    lesson.world.join()
    lesson.world.advance(95)
    assert len(lesson.world.requests) == 1
    lesson.world.advance(10)
    assert len(lesson.world.requests) > 2
    assert lesson.sent[2] - lesson.sent[1] >= 100


def test_what_the_server_could_not_take_is_sent_again_under_the_same_ids() -> None:
    lesson = Lesson()
    lesson.world.advance(2)
    lesson.says = [
        {"StatusCode": 502},
        {"StatusCode": 200, "Body": "<html>a proxy</html>"},
        {"StatusCode": 503},
    ]
    lesson.world.advance(120)
    batches = lesson.posted("events")
    assert len(batches) > 1
    assert {each["id"] for batch in batches for each in batch} == {batches[0][0]["id"]}


def test_what_the_server_names_is_given_up_and_the_others_sent_again() -> None:
    lesson = Lesson()
    lesson.world.advance(2)
    for name in ("Bad Name", "door"):
        lesson.world.do(HAPPEN, "custom", lesson.world.value({"name": name}))
    fields = {"events.1.data.name": "it has a blank"}
    body = {"error_code": "VALIDATION_ERROR", "message": "no", "details": {"fields": fields}}
    lesson.says = [{"StatusCode": 422, "Body": json.dumps(body)}]
    lesson.world.advance(20)
    first, second = lesson.posted("events")
    assert [each["id"] for each in second] == [first[0]["id"], first[2]["id"]]
    assert [each for each in lesson.world.warned if "events.1.data.name: it has a blank" in each]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_token_that_does_not_hold_ends_it(status: int) -> None:
    told = json.dumps({"message": "the token does not open this game server"})
    lesson = Lesson({"StatusCode": status, "Body": told})
    lesson.world.join()
    lesson.world.advance(300)
    assert len(lesson.world.requests) == 1
    assert lesson.world.warned == [
        f"The lesson is off: the server answered {status}: the token does not open this game server"
    ]


def test_a_place_that_is_not_set_up_says_what_is_missing_and_asks_nothing() -> None:
    for setup, why in (("", "has no attribute LessonUrl"), (f"{SETUP} fake.httpOff = true", "allow HTTP")):
        lesson = Lesson(setup=setup)
        lesson.world.advance(60)
        assert lesson.world.requests == []
        (warned,) = lesson.world.warned
        assert why in warned


def test_a_token_is_a_secret_of_the_game_and_without_it_everything_waits() -> None:
    lesson = Lesson(setup=SETUP.replace("fake.secrets", "local elsewhere"))
    lesson.world.advance(120)
    assert lesson.world.requests == []
    assert len([each for each in lesson.world.warned if "no secret LessonToken" in each]) == 1
    lesson.world.do('fake.secrets = { LessonToken = "game-token" }')
    lesson.world.advance(300)
    assert lesson.shown("QuizOpen") is True
    assert lesson.posted("events")


def test_what_waits_goes_out_when_the_server_of_the_game_ends() -> None:
    lesson = Lesson()
    lesson.world.advance(7)
    lesson.world.do("fake.close()")
    lesson.world.advance(2)
    assert [each["type"] for each in lesson.posted("events")[-1]] == ["server_ended"]
