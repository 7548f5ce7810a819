"""Answers of a world on their way to the server: many at once, tried again, never more than is allowed, nobody's name."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from fake_roblox import FakeRoblox
from small_worlds import small_plan, small_spec
from toolboxai.platform.attempts.model import ANSWERS_MOST, player_id, player_name
from toolboxai.platform.roblox.luau.scripts import scripts
from toolboxai.web.application import BODY_BYTES
from toolboxai.web.game_servers import BatchBody

URL = "https://school.example/api/v1/game-servers/game_7b/answers"
ON = f"""
local storage = game:GetService("ServerStorage")
storage:SetAttribute("ReportUrl", "{URL}")
fake.secrets = {{ ReportToken = "game-token" }}
"""
# As the server of the quiz takes down an answer that it has graded.
TAKE = """
local player, question, answer = ...
local Records = fake.modules().PupilRecords
Records.took(player, question, answer, 1)
"""
LABEL = "return (...).leaderstats.Player.Value"


def refusal(**fields: str) -> Mapping[str, Any]:
    """As the route names what it does not take."""
    body = {
        "error_code": "VALIDATION_ERROR",
        "details": {"fields": {f"answers{at}": why for at, why in fields.items()}},
    }
    return {"StatusCode": 422, "Body": json.dumps(body)}


class Line:
    """A world whose answers go to a server that says ``says`` for each request, the last for all that follow."""

    def __init__(self, *says: Mapping[str, Any], setup: str = ON) -> None:
        self._says = list(says) or [{"StatusCode": 200}]
        self.world = FakeRoblox(scripts(small_spec(), small_plan()), self._answer)
        self.world.do(setup)
        self.world.start()
        self.player = self.world.join()

    def _answer(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._says.pop(0) if len(self._says) > 1 else self._says[0]

    def takes(self, question: str, answer: Any = "x", player: Any = None) -> None:
        self.world.do(TAKE, self.player if player is None else player, question, self.world.value(answer))

    @property
    def batches(self) -> list[list[dict[str, Any]]]:
        return [json.loads(each["Body"])["answers"] for each in self.world.requests]

    @property
    def ids(self) -> list[list[str]]:
        return [[each["id"] for each in batch] for batch in self.batches]


def test_answers_of_all_players_go_out_together_as_the_route_takes_them() -> None:
    line = Line()
    heron = line.world.join("Heron", 8)
    line.takes("q1", "Condensation")
    line.takes("q5", ["rain", "sea"], heron)
    line.takes("q1", "Runoff")
    assert line.world.requests == []
    line.world.advance(16)
    (request,) = line.world.requests
    assert (request["Method"], request["Url"]) == ("POST", URL)
    assert request["Headers"] == {"Authorization": "Bearer game-token", "Content-Type": "application/json"}
    answers = BatchBody.model_validate(json.loads(request["Body"])).answers
    assert [(each.question_id, each.answer) for each in answers] == [
        ("q1", "Condensation"),
        ("q5", ["rain", "sea"]),
        ("q1", "Runoff"),
    ]
    assert all(each.answered_at for each in answers)
    assert len({each.id for each in answers}) == 3
    assert answers[0].player == answers[2].player != answers[1].player


def test_nothing_is_told_of_a_player_but_a_key_by_which_they_are_shown() -> None:
    line = Line()
    otter = line.world.join("Otter Whiskers", 90210777)
    line.takes("q1", "x", otter)
    line.world.advance(16)
    sent = str(line.world.requests)
    assert "Otter" not in sent
    assert "90210777" not in sent
    (answer,) = line.batches[0]
    assert set(answer) == {"id", "player", "question_id", "answer", "answered_at"}
    assert player_name(player_id(answer["player"])) == f"Player {line.world.do(LABEL, otter)}"


def test_a_request_holds_no_more_answers_and_bytes_than_the_route_takes() -> None:
    line = Line()
    for number in range(150):
        line.takes(f"x{number}")
    line.world.advance(16)
    assert [len(batch) for batch in line.batches] == [ANSWERS_MOST, 50]
    long = Line()
    for _ in range(30):
        long.takes("q7", ["w" * 1000] * 10)
    long.world.advance(16)
    assert len(long.world.requests) > 1
    assert sum(len(batch) for batch in long.batches) == 30
    assert all(len(each["Body"]) < BODY_BYTES for each in long.world.requests)


def test_never_more_than_thirty_requests_go_out_in_a_minute() -> None:
    line = Line()
    for _ in range(50):
        line.takes("q7", ["w" * 1000] * 60)  # two of these are too long for one request
    sent = list[int]()
    for _ in range(8):
        before = len(line.world.requests)
        line.world.advance(15)
        sent.append(len(line.world.requests) - before)
    assert sum(sent) == 50
    assert all(sum(sent[at : at + 4]) <= 30 for at in range(len(sent)))


def test_what_the_server_could_not_take_is_sent_again_under_the_same_ids() -> None:
    line = Line({"StatusCode": 503}, {"StatusCode": 500}, {"StatusCode": 200})
    line.takes("q1")
    line.world.advance(120)
    assert len(line.world.requests) == 3
    assert line.batches[0] == line.batches[1] == line.batches[2]


@pytest.mark.parametrize("name", ["retry-after", "Retry-After"])
def test_a_server_that_asks_for_patience_gets_it(name: str) -> None:
    line = Line({"StatusCode": 429, "Headers": {name: "100"}}, {"StatusCode": 200})
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


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_token_that_does_not_hold_switches_it_off(status: int) -> None:
    line = Line({"StatusCode": status})
    line.takes("q1")
    line.world.advance(60)
    line.takes("q2")
    line.world.advance(60)
    assert len(line.world.requests) == 1
    assert [each for each in line.world.warned if "ScoreReporter is off" in each and str(status) in each]


def test_answers_that_the_server_names_are_given_up_and_the_others_sent_at_once() -> None:
    said = refusal(**{"[1].question_id": "no such question", ".2.answer": "a number is needed"})
    line = Line(said, {"StatusCode": 200})
    for question in ("q1", "q9", "q4", "q2"):
        line.takes(question)
    line.world.advance(16)
    assert [[each["question_id"] for each in batch] for batch in line.batches] == [
        ["q1", "q9", "q4", "q2"],
        ["q1", "q2"],
    ]
    assert line.ids[1] == [line.ids[0][0], line.ids[0][3]]
    assert [each for each in line.world.warned if "answers[1].question_id: no such question" in each]
    assert [each for each in line.world.warned if "answers.2.answer: a number is needed" in each]


@pytest.mark.parametrize(
    "says",
    [
        {"StatusCode": 400},
        {"StatusCode": 413, "Body": "<html>too large</html>"},
        {"StatusCode": 422, "Body": "[]"},
        refusal(**{"[700].id": "of no answer in this batch"}),
    ],
)
def test_a_batch_that_is_refused_without_saying_why_holds_up_no_other(says: Mapping[str, Any]) -> None:
    line = Line(says, {"StatusCode": 200})
    for number in range(ANSWERS_MOST + 1):
        line.takes(f"x{number}")
    line.world.advance(16)
    assert [len(batch) for batch in line.batches] == [ANSWERS_MOST, 1]
    assert [each for each in line.world.warned if f"{ANSWERS_MOST} answers are given up" in each]


def test_so_many_wait_and_of_more_the_oldest_are_given_up_and_it_says_so() -> None:
    line = Line()
    line.world.do(
        "for number = 1, 5003 do fake.modules().PupilRecords.took(..., 'q' .. number, 'x', 1) end",
        line.player,
    )
    line.world.advance(16)
    assert line.batches[0][0]["question_id"] == "q4"
    assert [each for each in line.world.warned if "3 answers are given up; more than 5000 wait" in each]


def test_a_game_without_http_is_told_once_and_left_alone() -> None:
    line = Line(setup=f"{ON} fake.httpOff = true")
    line.takes("q1")
    line.world.advance(16)
    line.takes("q2")
    line.world.advance(60)
    assert line.world.requests == []
    assert Counter(each.partition(":")[0] for each in line.world.warned)["ScoreReporter is off"] == 1


def test_it_is_off_until_the_owner_sets_it_up() -> None:
    line = Line(setup="")
    line.takes("q1")
    line.world.advance(60)
    assert line.world.requests == []
    assert not [each for each in line.world.warned if "ScoreReporter" in each]


def test_a_token_is_a_secret_of_the_game_and_without_it_answers_wait() -> None:
    line = Line(setup=ON.replace("fake.secrets", "local elsewhere"))
    line.world.do('game:GetService("ServerStorage"):SetAttribute("ReportToken", "in the place file")')
    line.takes("q1")
    line.world.advance(60)
    assert line.world.requests == []
    assert len([each for each in line.world.warned if "no secret ReportToken" in each]) == 1
    line.world.do('fake.secrets = { ReportToken = "game-token" }')
    line.world.advance(16)
    assert len(line.batches[0]) == 1


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
    assert line.batches[0][0]["answer"] == "Runoff"
