"""Answers over HTTP: graded, kept, told to the teacher, counted."""

import asyncio
import csv
import io
from typing import Any

import pytest

from classroom_parts import CONTENT, QUESTIONS, SESSION, SchoolRoutes, code_of
from toolboxai.platform.attempts import service
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.messages.registry import validate

RIGHT: dict[str, Any] = {
    "q1": "Rain",
    "q2": True,
    "q3": " VAPOUR ",
    "q4": "The sun.",
    "q5": "86,4 percent",
    "q6": ["rain", "river", "sea"],
    "q7": {"lake": "land", "cloud": "sky"},
}


async def answers(
    school: SchoolRoutes, who: str, given: dict[str, Any], key: str | None = None, **more: Any
) -> Any:
    listed = [{"question_id": each, "answer": answer} for each, answer in given.items()]
    headers = {} if key is None else {"Idempotency-Key": key}
    return await school.ask(
        who, "POST", "attempts", json={"content_id": CONTENT, "answers": listed, **more}, headers=headers
    )


async def a_class_at_work(school: SchoolRoutes, *pupils: str) -> dict[str, Any]:
    """A class with whom the content is shared."""
    room = await school.a_class()
    for name in pupils:
        assert (await school.joins(room["code"], name)).status_code == 201
    shared = await school.ask("anna", "POST", "shares", json={**SESSION, "class_id": room["class_id"]})
    assert shared.status_code == 201
    return room


async def test_all_seven_kinds_are_graded_with_what_would_have_been_right_and_why(
    school_routes: SchoolRoutes,
) -> None:
    school = school_routes
    await a_class_at_work(school, "Otter")
    made = await answers(school, "Otter", RIGHT)
    assert made.status_code == 201
    assert made.headers["location"] == f"/api/v1/attempts?content_id={CONTENT}"
    items = made.json()["items"]
    assert [(each["question_id"], each["correct"], each["score"]) for each in items] == [
        (each.id, True, 1.0) for each in QUESTIONS
    ]
    assert items[5] == {
        "question_id": "q6",
        "correct": True,
        "score": 1.0,
        "correct_answer": ["rain", "river", "sea"],
        "rationale": "Reason 6.",
    }
    wrong = await answers(
        school, "Otter", {"q7": ["sky", "sky"], "q1": "fog", "q6": ["sea", "river", "rain"]}
    )
    assert [(each["question_id"], each["score"]) for each in wrong.json()["items"]] == [
        ("q7", 0.5),
        ("q1", 0.0),
        ("q6", pytest.approx(1 / 3)),
    ]


async def test_the_teacher_hears_each_answer_live_under_the_pseudonym_and_nobody_else_does(
    school_routes: SchoolRoutes,
) -> None:
    school = school_routes
    room = await a_class_at_work(school, "Otter")
    await answers(school, "Otter", {"q1": "ice", "q5": 86})
    channel = f"private-user-{school.ids['anna']}"
    assert {heard for heard, _ in school.listener.heard} == {channel}
    first, second = school.listener.on(channel)
    assert first["data"] == {
        "content_id": CONTENT,
        "class_id": room["class_id"],
        "question_id": "q1",
        "user_id": school.ids["Otter"],
        "name": "Otter",
        "correct": False,
        "score": 0.0,
        "answered_at": "2026-05-28T20:26:40.000Z",
    }
    assert (second["data"]["question_id"], second["data"]["correct"]) == ("q5", True)
    assert validate(first) == validate(second) == []
    await answers(school, "anna", {"q1": "ice"})
    assert len(school.listener.heard) == 2, "her own tries are nobody's answers"


async def test_an_answer_is_kept_when_the_teacher_could_not_be_told(
    school_routes: SchoolRoutes, caplog: pytest.LogCaptureFixture
) -> None:
    school = school_routes
    await a_class_at_work(school, "Otter")
    school.listener.failing = True
    assert (await answers(school, "Otter", {"q1": "rain"})).status_code == 201
    assert "a teacher could not be told of an answer" in caplog.text
    assert len((await school.ask("Otter", "GET", "attempts")).json()["items"]) == 1


async def test_the_first_answer_counts_and_later_ones_are_kept(school_routes: SchoolRoutes) -> None:
    school = school_routes
    room = await a_class_at_work(school, "Otter", "Newt")
    for given in ({"q1": "fog", "q6": ["rain"]}, {"q1": "rain", "q2": "True"}):
        await answers(school, "Otter", given)
        school.clock.advance(60)
    kept = (await school.ask("anna", "GET", "attempts", params={"content_id": CONTENT})).json()["items"]
    assert [[(each["question_id"], each["first"]) for each in one["answers"]] for one in kept] == [
        [("q1", False), ("q2", True)],
        [("q1", True), ("q6", True)],
    ]
    assert (kept[0]["name"], kept[0]["source"], kept[0]["revision"]) == ("Otter", "page", 1)
    # Whoever comes back to a quiz is told again what would have been right, and why.
    mine = (await school.ask("Otter", "GET", "attempts", params={"content_id": CONTENT})).json()["items"]
    assert mine == kept
    told = [(each["correct_answer"], each["rationale"]) for each in mine[1]["answers"]]
    assert told == [("rain", "Reason 1."), (["rain", "river", "sea"], "Reason 6.")]
    anywhere = (await school.ask("Otter", "GET", "attempts")).json()["items"]
    assert {each["correct_answer"] for one in anywhere for each in one["answers"]} == {None}
    about = {"content_id": CONTENT, "class_id": room["class_id"]}
    results = (await school.ask("anna", "GET", "attempts/results", params=about)).json()
    one = results["questions"][0]
    assert (one["answered"], one["right"], one["commonest_wrong"]) == (1, 0, {"answer": "fog", "times": 1})
    newt, otter = results["pupils"]
    assert (newt["name"], newt["answered"], newt["score"]) == ("Newt", 0, None)
    assert (otter["name"], otter["answered"], otter["right"]) == ("Otter", 3, 1)
    assert otter["scores"] == {"q1": 0.0, "q6": pytest.approx(1 / 3), "q2": 1.0}


async def test_results_come_as_a_table_for_each_pupil_or_each_question(school_routes: SchoolRoutes) -> None:
    school = school_routes
    await a_class_at_work(school, "=1+1", "Newt")
    await answers(school, "=1+1", {"q1": "fog"})
    await answers(school, "Newt", {"q1": "rain", "q6": ["rain"]})

    async def table(by: str) -> list[list[str]]:
        about = {"content_id": CONTENT, "format": "csv", "by": by}
        answer = await school.ask("anna", "GET", "attempts/results", params=about)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert (
            answer.headers["content-disposition"] == f'attachment; filename="results-by-{by}-{CONTENT}.csv"'
        )
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))

    head, *rows = await table("pupil")
    assert head == ["pupil", "answered", "right", "score", *(each.id for each in QUESTIONS)]
    assert rows == [
        ["'=1+1", "1", "0", "0", "0", "", "", "", "", "", ""],
        ["Newt", "2", "1", "0.6667", "1", "", "", "", "", "0.3333", ""],
    ]
    head, first, *_ = await table("question")
    assert dict(zip(head, first, strict=True)) == {
        "question_id": "q1",
        "type": "multiple_choice",
        "question": "Question 1?",
        "answered": "2",
        "right": "1",
        "score": "0.5",
        "commonest_wrong": "fog",
        "times": "1",
    }


async def test_one_key_is_one_attempt(school_routes: SchoolRoutes) -> None:
    school = school_routes
    await a_class_at_work(school, "Otter", "Newt")
    first, second = await asyncio.gather(*(answers(school, "Otter", {"q1": "fog"}, "k") for _ in range(2)))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert len(school.listener.heard) == 1
    assert code_of(await answers(school, "Otter", {"q1": "rain"}, "k")) == (409, "CONFLICT")
    assert (await answers(school, "Newt", {"q1": "fog"}, "k")).json()["attempt_id"] != first.json()[
        "attempt_id"
    ]


async def test_an_attempt_is_kept_whole_or_not_at_all(school_routes: SchoolRoutes) -> None:
    school = school_routes
    await a_class_at_work(school, "Otter")
    listed = [
        {"question_id": "q1", "answer": "rain"},
        {"question_id": "q1", "answer": "ice"},
        {"question_id": "q9", "answer": "rain"},
        {"question_id": "q6", "answer": "rain"},
        {"question_id": "q2", "answer": "True", "answered_at": "2027-01-01T00:00:00Z"},
    ]
    refused = await school.ask("Otter", "POST", "attempts", json={"content_id": CONTENT, "answers": listed})
    assert code_of(refused) == (422, "VALIDATION_ERROR")
    assert set(refused.json()["details"]["fields"]) == {
        "answers[1].question_id",
        "answers[2].question_id",
        "answers[3].answer",
        "answers[4].answered_at",
    }
    bodies: tuple[dict[str, Any], ...] = (
        {"answers": []},
        {"answers": [{"question_id": "q1", "answer": "x"}] * 101},
        {"answers": [{"question_id": "q1", "answer": "\x00"}]},
        {"answers": [{"question_id": "q1", "answer": "rain"}], "source": "elsewhere"},
        {"answers": [{"question_id": "q1"}]},
    )
    for body in bodies:
        answer = await school.ask("Otter", "POST", "attempts", json={"content_id": CONTENT, **body})
        assert code_of(answer) == (422, "VALIDATION_ERROR"), body
    assert (await school.ask("Otter", "GET", "attempts")).json()["items"] == []
    assert school.listener.heard == []


async def test_nobody_answers_reads_or_counts_what_is_not_theirs(school_routes: SchoolRoutes) -> None:
    school = school_routes
    await a_class_at_work(school, "Otter", "Newt")
    other = await school.a_class("ben")
    await school.joins(other["code"], "Fox")
    await answers(school, "Otter", {"q1": "rain"})
    for who in ("Fox", "ben", "sam", "olga", "otto", "ada"):
        assert code_of(await answers(school, who, {"q1": "rain"})) == (404, "RESOURCE_NOT_FOUND"), who
        for path in ("attempts", "attempts/results"):
            found = await school.ask(who, "GET", path, params={"content_id": CONTENT})
            assert code_of(found) == (404, "RESOURCE_NOT_FOUND"), (who, path)
    results = await school.ask("Newt", "GET", "attempts/results", params={"content_id": CONTENT})
    assert code_of(results) == (403, "INSUFFICIENT_PERMISSIONS")
    about = {"content_id": CONTENT, "user_id": school.ids["Otter"]}
    assert code_of(await school.ask("Newt", "GET", "attempts", params=about)) == (
        403,
        "INSUFFICIENT_PERMISSIONS",
    )
    assert (await school.ask("Newt", "GET", "attempts", params={"content_id": CONTENT})).json()["items"] == []
    mine = (await school.ask("Otter", "GET", "attempts")).json()["items"]
    assert [each["user_id"] for each in mine] == [school.ids["Otter"]]


async def test_answers_count_in_the_class_that_they_are_given_in(school_routes: SchoolRoutes) -> None:
    school = school_routes
    first, second = [await a_class_at_work(school, name) for name in ("Otter", "Newt")]
    assert (await answers(school, "Otter", {"q1": "fog"}, class_id=second["class_id"])).status_code == 404
    assert (await school.joins(second["code"], "Fox", "Otter")).status_code == 201
    assert (await answers(school, "Otter", {"q1": "fog"}, class_id=first["class_id"])).status_code == 201
    assert (await answers(school, "Otter", {"q1": "rain"}, class_id=second["class_id"])).status_code == 201
    assert (await answers(school, "Otter", {"q2": "True"})).status_code == 201, "in none of the two"

    async def counted(class_id: str | None) -> dict[str, Any]:
        about = {"content_id": CONTENT, **({} if class_id is None else {"class_id": class_id})}
        found = (await school.ask("anna", "GET", "attempts/results", params=about)).json()
        return {each["name"]: each["scores"] for each in found["pupils"]}

    assert await counted(first["class_id"]) == {"Otter": {"q1": 0.0}}
    assert await counted(second["class_id"]) == {"Fox": {"q1": 1.0}, "Newt": {}}
    assert list((await counted(None)).values()) == [{"q1": 0.0, "q2": 1.0}]
    named = {event["data"]["class_id"]: event["data"]["name"] for _, event in school.listener.heard}
    assert named == {first["class_id"]: "Otter", second["class_id"]: "Fox", None: "Otter"}


async def test_who_is_in_a_class_is_told_with_the_results_only_where_the_class_is_asked(
    school_routes: SchoolRoutes,
) -> None:
    school = school_routes
    room = await a_class_at_work(school, "Otter")
    other = await school.a_class("ben")
    await school.joins(other["code"], "Fox")
    await school.ask("anna", "POST", "shares", json={**SESSION, "username": "ben", "role": "editor"})
    for who, class_id, pupils in (
        ("anna", room["class_id"], ["Otter"]),
        ("ben", room["class_id"], ["Otter"]),
        ("anna", other["class_id"], []),
        ("ben", other["class_id"], ["Fox"]),
    ):
        about = {"content_id": CONTENT, "class_id": class_id}
        found = (await school.ask(who, "GET", "attempts/results", params=about)).json()
        assert [each["name"] for each in found["pupils"]] == pupils, (who, class_id)


async def test_who_is_shared_with_by_name_answers_without_a_class(school_routes: SchoolRoutes) -> None:
    school = school_routes
    await school.ask("anna", "POST", "shares", json={**SESSION, "username": "sam"})
    await school.ask("anna", "POST", "shares", json={**SESSION, "username": "ben", "role": "editor"})
    assert (await answers(school, "sam", {"q1": "rain"})).status_code == 201
    for who in ("anna", "ben"):
        found = (await school.ask(who, "GET", "attempts/results", params={"content_id": CONTENT})).json()
        assert [(each["name"], each["right"]) for each in found["pupils"]] == [("sam", 1)]


async def test_one_pupil_answers_so_often_at_most(
    school_routes: SchoolRoutes, limiter: AttemptLimiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = school_routes
    monkeypatch.setattr(service, "NTH_MOST", 2)
    await a_class_at_work(school, "Otter")
    codes = [(await answers(school, "Otter", {"q1": "fog"})).status_code for _ in range(3)]
    assert codes == [201, 201, 409]
    await limiter.admit(Attempts.QUIZ_ANSWERS, account=school.ids["Otter"], tries=117)
    assert code_of(await answers(school, "Otter", {"q1": "fog"})) == (429, "RATE_LIMIT_EXCEEDED")
