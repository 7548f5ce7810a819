"""Answers of a world on their way to the server: many at once, tried again, never more than is allowed, nobody's name."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from fake_roblox import FakeRoblox
from small_worlds import small_plan, small_spec
from toolboxai.platform.attempts.model import ANSWERS_MOST
from toolboxai.platform.roblox.luau.scripts import scripts
from toolboxai.web.attempts import AttemptBody

ON = """
local storage = game:GetService("ServerStorage")
storage:SetAttribute("ReportUrl", "https://school.example/")
storage:SetAttribute("ReportToken", "pupil-token")
"""
SERVER = "0A1B2C3D-0000-4000-8000-000000000001"
# As the server of the quiz takes down an answer that it has graded.
TAKE = """
local player, question, answer = ...
local Records = fake.modules().PupilRecords
Records.took(player, question, answer, 1)
"""


class Line:
    """A world whose answers go to a server that says ``says`` for each request, the last for all that follow."""

    def __init__(self, *says: Mapping[str, Any], setup: str = ON) -> None:
        self._says = list(says) or [{"StatusCode": 201}]
        self.world = FakeRoblox(scripts(small_spec(), small_plan()), self._answer)
        self.world.do(setup)
        self.world.start()
        self.player = self.world.join()

    def _answer(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._says.pop(0) if len(self._says) > 1 else self._says[0]

    def takes(self, question: str, answer: Any = "x", player: Any = None) -> None:
        self.world.do(TAKE, self.player if player is None else player, question, self.world.value(answer))

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(each["Body"]) for each in self.world.requests]

    @property
    def keys(self) -> list[str]:
        return [each["Headers"]["Idempotency-Key"] for each in self.world.requests]


def test_answers_of_a_player_go_out_together_as_the_route_takes_them() -> None:
    line = Line()
    line.takes("q1", "Condensation")
    line.takes("q5", ["rain", "sea"])
    assert line.world.requests == []
    line.world.advance(16)
    (request,) = line.world.requests
    assert (request["Method"], request["Url"]) == ("POST", "https://school.example/api/v1/attempts")
    assert request["Headers"]["Authorization"] == "Bearer pupil-token"
    assert request["Headers"]["Content-Type"] == "application/json"
    body = AttemptBody.model_validate(line.bodies[0])
    assert (body.content_id, body.source) == ("content_water", "world")
    assert [(each.question_id, each.answer) for each in body.answers] == [
        ("q1", "Condensation"),
        ("q5", ["rain", "sea"]),
    ]
    assert all(each.answered_at for each in body.answers)


def test_nothing_is_told_of_a_player_but_the_number_of_their_account() -> None:
    line = Line()
    line.takes("q1")
    line.world.advance(16)
    assert "Otter" not in str(line.world.requests)
    assert line.keys == [f"roblox-7-{SERVER}-1"]


def test_each_player_and_each_second_answer_to_a_question_has_a_request_of_its_own() -> None:
    line = Line()
    other = line.world.join("Heron", 8)
    line.takes("q1", "first")
    line.takes("q1", "second")
    line.takes("q1", "hers", other)
    line.world.advance(16)
    assert [[each["answer"] for each in body["answers"]] for body in line.bodies] == [
        ["first"],
        ["second"],
        ["hers"],
    ]
    assert line.keys == [f"roblox-7-{SERVER}-1", f"roblox-7-{SERVER}-2", f"roblox-8-{SERVER}-3"]


def test_a_request_holds_no_more_answers_than_the_route_takes() -> None:
    line = Line()
    for number in range(150):
        line.takes(f"x{number}")
    line.world.advance(16)
    assert [len(body["answers"]) for body in line.bodies] == [ANSWERS_MOST, 50]


def test_never_more_than_sixty_requests_go_out_in_a_minute() -> None:
    line = Line()
    for _ in range(200):
        line.takes("q1")
    sent = list[int]()
    for _ in range(20):
        before = len(line.world.requests)
        line.world.advance(15)
        sent.append(len(line.world.requests) - before)
    assert sum(sent) == 200
    assert all(sum(sent[at : at + 4]) <= 60 for at in range(len(sent)))


def test_what_the_server_could_not_take_is_sent_again_under_the_same_key() -> None:
    line = Line({"StatusCode": 503}, {"StatusCode": 500}, {"StatusCode": 201})
    line.takes("q1")
    line.world.advance(120)
    assert line.keys == [f"roblox-7-{SERVER}-1"] * 3
    assert line.bodies[0] == line.bodies[2]


@pytest.mark.parametrize("name", ["retry-after", "Retry-After"])
def test_a_server_that_asks_for_patience_gets_it(name: str) -> None:
    line = Line({"StatusCode": 429, "Headers": {name: "100"}}, {"StatusCode": 201})
    line.takes("q1")
    line.world.advance(110)
    assert len(line.world.requests) == 1
    line.world.advance(30)
    assert len(line.world.requests) == 2


def test_pauses_grow_to_five_minutes_while_the_server_is_away() -> None:
    line = Line({"StatusCode": 502})
    line.takes("q1")
    line.world.advance(3600)
    assert 12 <= len(line.world.requests) <= 20


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_token_that_does_not_hold_switches_it_off(status: int) -> None:
    line = Line({"StatusCode": status})
    line.takes("q1")
    line.world.advance(60)
    line.takes("q2")
    line.world.advance(60)
    assert len(line.world.requests) == 1
    assert [each for each in line.world.warned if "ScoreReporter is off" in each and str(status) in each]


@pytest.mark.parametrize("status", [400, 409, 422])
def test_answers_that_the_server_refuses_do_not_hold_up_others(status: int) -> None:
    line = Line({"StatusCode": status}, {"StatusCode": 201})
    line.takes("q1")
    line.takes("q1", "again")
    line.world.advance(16)
    assert [body["answers"][0]["answer"] for body in line.bodies] == ["x", "again"]


def test_a_game_without_http_is_told_once_and_left_alone() -> None:
    line = Line(setup=f"{ON} fake.httpOff = true")
    line.takes("q1")
    line.world.advance(16)
    line.takes("q2")
    line.world.advance(60)
    assert line.world.requests == []
    assert Counter(each.partition(":")[0] for each in line.world.warned)["ScoreReporter is off"] == 1


@pytest.mark.parametrize(
    "setup", ["", 'game:GetService("ServerStorage"):SetAttribute("ReportUrl", "https://school.example")']
)
def test_it_is_off_until_the_owner_sets_it_up(setup: str) -> None:
    line = Line(setup=setup)
    line.takes("q1")
    line.world.advance(60)
    assert line.world.requests == []


def test_a_secret_of_the_experience_goes_before_an_attribute() -> None:
    line = Line(setup=f'{ON} fake.secrets = {{ ReportToken = "kept apart" }}')
    line.takes("q1")
    line.world.advance(16)
    assert line.world.requests[0]["Headers"]["Authorization"] == "Bearer kept apart"


def test_what_waits_goes_out_when_the_server_of_the_game_ends() -> None:
    line = Line()
    line.takes("q1")
    line.world.do("fake.close()")
    line.world.advance(2)
    assert len(line.world.requests) == 1


def test_an_answer_at_a_station_is_reported() -> None:
    line = Line()
    stand = small_plan().stations[0].stand
    line.world.do("fake.stand(...)", line.player, stand.x, stand.y, stand.z)
    assert line.world.call(line.player, "q1", "Runoff")["correct"] is False
    line.world.advance(16)
    assert line.bodies[0]["answers"][0]["answer"] == "Runoff"
