"""J4 and J10 in a class: pupils join, watch, answer; the curious and the foreign find nothing."""

import asyncio
import csv
import io
from typing import Any

import httpx2
import pytest

from pusher_js import Watcher, watching
from school import Open, Person, calls, generate

pytestmark = pytest.mark.peers

DENIED = 403


async def done(http: httpx2.AsyncClient, method: str, path: str, body: Any = None, **options: Any) -> Any:
    answer = await http.request(method, f"/api/v1/{path}", json=body, **options)
    assert answer.is_success, answer.text
    return answer.json()


async def a_class(http: httpx2.AsyncClient) -> dict[str, Any]:
    room = await done(http, "POST", "classes", {"name": "7b"})
    door = await done(http, "POST", f"classes/{room['class_id']}/join-code", {"hours": 1})
    return {**room, "code": door["code"]}


async def joins(opened: Open, code: str, pseudonym: str) -> Person:
    async with calls(opened.server) as http:
        body = {"code": code, "pseudonym": pseudonym}
        said = await done(http, "POST", "classes/join", body)
    return Person(pseudonym, said["user"]["id"], "", said["access_token"])


def page_of(opened: Open, person: Person) -> Any:
    return watching(opened.server.port, opened.school.key, token=person.token)


def heard(page: Watcher, event: str) -> list[dict[str, Any]]:
    return [said["data"] for said in page.heard if said.get("event") == event]


async def test_a_class_joins_watches_answers_and_its_teacher_hears_and_counts(opened: Open) -> None:
    jane = opened.school["jane"]
    async with calls(opened.server, jane) as teacher, opened.watching("jane") as desk:
        room = await a_class(teacher)
        await desk.subscribe(room["presence_channel"])
        await desk.subscribe(f"private-user-{jane.id}")
        accepted = await generate(teacher)
        share = {"kind": "content_session", "id": accepted["session_id"], "class_id": room["class_id"]}
        await done(teacher, "POST", "shares", share)

        otter = await joins(opened, room["code"].lower(), "Otter")
        async with calls(opened.server, otter) as pupil, page_of(opened, otter) as tablet:
            await tablet.subscribe(room["presence_channel"])
            came = await desk.until(lambda said: said.get("event") == "pusher:member_added")
            assert came["data"] == {"id": otter.id, "info": {"role": "student", "name": "Otter"}}
            (there,) = heard(tablet, "pusher:subscription_succeeded")
            assert there["members"][jane.id] == {"role": "teacher", "name": "jane"}

            # J4: what is shared with the class is followed to its end, and nothing else is there.
            await tablet.subscribe(accepted["private_channel"])
            events = await tablet.over(accepted["private_channel"])
            assert events[-1]["type"] == "generation_complete"
            content_id = events[-1]["data"]["content_id"]
            refused = await pupil.post("/api/v1/content/generate", json={})
            assert refused.json()["error_code"] == "INSUFFICIENT_PERMISSIONS"

            quiz = (await done(pupil, "GET", f"content/{content_id}"))["quiz"]["questions"]
            given = [_guess(question) for question in quiz]
            attempt = {"content_id": content_id, "answers": given}
            graded = await done(pupil, "POST", "attempts", attempt, headers={"Idempotency-Key": "1"})
            assert [each["question_id"] for each in graded["items"]] == [each["id"] for each in quiz]
            assert all(each["rationale"] for each in graded["items"])

        for number in range(len(given)):
            if len(heard(desk, "quiz_answer")) <= number:
                await desk.until(lambda said: said.get("event") == "quiz_answer")
        told = heard(desk, "quiz_answer")
        assert [(each["data"]["name"], each["data"]["question_id"]) for each in told] == [
            ("Otter", question["id"]) for question in quiz
        ]
        assert [each["data"]["score"] for each in told] == [each["score"] for each in graded["items"]]

        about = {"content_id": content_id, "class_id": room["class_id"], "format": "csv"}
        table = await teacher.get("/api/v1/attempts/results", params=about)
        head, row = csv.reader(io.StringIO(table.content.decode("utf-8-sig"), newline=""))
        assert head == ["pupil", "answered", "right", "score", *(question["id"] for question in quiz)]
        assert row[:2] == ["Otter", str(len(quiz))]
    log = opened.server.log.read_text()
    for secret in (room["code"], room["code"].lower(), otter.token):
        assert secret not in log


def _guess(question: dict[str, Any]) -> dict[str, Any]:
    match question["type"]:
        case "ordering" | "matching":
            answer: Any = question["options"]
        case "numeric":
            answer = 1
        case _:
            answer = (question["options"] or ["water"])[0]
    return {"question_id": question["id"], "answer": answer}


async def test_the_curious_and_the_foreign_find_neither_class_nor_lesson(opened: Open) -> None:
    school = opened.school
    async with calls(opened.server, school["jane"]) as jane, calls(opened.server, school["john"]) as john:
        room, other = await a_class(jane), await a_class(john)
        accepted = await generate(jane)
    otter = await joins(opened, room["code"], "Otter")
    fox = await joins(opened, other["code"], "Fox")
    names = (
        room["channel"],
        room["presence_channel"],
        f"private-encrypted-class-{room['class_id']}",
        accepted["private_channel"],
        f"private-user-{school['jane'].id}",
        f"private-user-{otter.id}",
        f"presence-classroom-{room['class_id']}-teacher",
        "private-class-class_1",
    )
    for somebody in (fox, school["sam"], school["john"], school["olga"]):
        async with page_of(opened, somebody) as page, calls(opened.server, somebody) as http:
            for name in names:
                assert (await page.denied(name))["status"] == DENIED, (somebody.name, name)
            for path in (f"classes/{room['class_id']}", f"classes/{room['class_id']}/members"):
                assert (await http.get(f"/api/v1/{path}")).status_code == 404
            attempt = {
                "content_id": accepted["content_id"],
                "answers": [{"question_id": "q1", "answer": "x"}],
            }
            assert (await http.post("/api/v1/attempts", json=attempt)).status_code == 404
    # A member who is not shared with follows the class, and not the lesson.
    async with page_of(opened, otter) as page:
        await page.subscribe(room["channel"])
        assert (await page.denied(accepted["private_channel"]))["status"] == DENIED
    async with calls(opened.server) as stranger:
        guesses = await asyncio.gather(
            *(
                stranger.post("/api/v1/classes/join", json={"code": f"0000-{n:04}", "pseudonym": "x"})
                for n in range(10)
            )
        )
        assert {answer.status_code for answer in guesses} == {404}
