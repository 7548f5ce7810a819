"""The pupils' page: a class is joined by its code, a lesson watched while it is made and read, its quiz taken."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pusher
import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from cable import wired
from engines import held_up
from forms import FULL
from generation import STAGES
from lesson_pages import begun, ended
from school import Open
from visit import PATIENCE_MS, Visit, visiting

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("browser"), pytest.mark.timeout(60)]

AWAY_MS = 40_000 if FULL else 0  # so long the line stays cut in the full form
LOOK_MS = 15_000  # between two looks at what is new in a class
ATTEMPTS = "**/api/v1/attempts"
WAITS_THEN_WORKS = """async () => {
  const { Making } = await import("/static/making.js");
  const making = new Making();
  making.reset();
  return [{ queue_position: 2 }, {}].map((more) => {
    const data = { stage: "content_analysis", progress_percent: 0, message: "", ...more };
    making.event({ type: "progress_update", data, seq: 1 });
    return document.getElementById("lesson-title").textContent;
  });
}"""

QUESTIONS: list[dict[str, Any]] = [
    {
        "type": "multiple_choice",
        "question": "What is vapour?",
        "options": ["A gas", "A stone", "A cloud"],
        "correct_answer": "A gas",
        "rationale": "Vapour is water in the form of a gas.",
    },
    {
        "type": "true_false",
        "question": "Rain falls up.",
        "options": ["True", "False"],
        "correct_answer": "False",
    },
    {"type": "fill_blank", "question": "Many drops form a _____.", "options": [], "correct_answer": "cloud"},
    {"type": "short_answer", "question": "What heats the sea?", "options": [], "correct_answer": "the sun"},
    {
        "type": "numeric",
        "question": "At how many degrees does water boil?",
        "options": [],
        "correct_answer": "100",
        "unit": "degrees",
    },
    {
        "type": "ordering",
        "question": "How does water come back?",
        "options": ["It rains", "It rises", "It cools"],
        "correct_answer": ["It rises", "It cools", "It rains"],
    },
    {
        "type": "matching",
        "question": "What belongs together?",
        "prompts": ["Rain", "Snow"],
        "options": ["frozen", "liquid"],
        "correct_answer": ["liquid", "frozen"],
    },
]


@dataclass(frozen=True, slots=True)
class Classroom:
    """A class of jane's, with a lesson whose quiz has every kind of question.

    Args:
        jane: her calls.
        id: of the class.
        code: with which it is joined.
        session: of the lesson.
        share: of the lesson with the class.
        opened: the school.
    """

    jane: httpx2.Client
    id: str
    code: str
    session: dict[str, Any]
    share: str
    opened: Open

    @property
    def url(self) -> str:
        return self.opened.server.url

    def present(self) -> set[str]:
        """Ids of who is there, as an application of the operator's own asks for them."""
        env = self.opened.school.env
        port = self.opened.server.port
        app = {"app_id": env["PUSHER_APP_ID"], "key": env["PUSHER_KEY"], "secret": env["PUSHER_SECRET"]}
        library = pusher.Pusher(**app, host="127.0.0.1", port=port, ssl=False)
        return {each["id"] for each in library.users_info(f"presence-classroom-{self.id}")["users"]}

    def attempts(self, name: str) -> list[dict[str, Any]]:
        """What a pupil has answered, oldest first: question, answer, whether it was right."""
        page = told(self.jane.get("/api/v1/attempts", params={"content_id": self.content, "limit": 100}))
        mine = [each for each in page["items"] if each["name"] == name]
        return [answer for each in reversed(mine) for answer in each["answers"]]

    @property
    def content(self) -> str:
        return str(self.session["content_id"])

    def ids(self) -> list[str]:
        """The questions' ids, in the order of QUESTIONS."""
        return [
            each["id"] for each in told(self.jane.get(f"/api/v1/content/{self.content}"))["quiz"]["questions"]
        ]


def told(answer: httpx2.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def room(opened: Open) -> Iterator[Classroom]:
    headers = opened.school["jane"].bearer
    with httpx2.Client(base_url=opened.server.url, headers=headers, trust_env=False, timeout=30) as jane:
        session = begun(opened)
        ended(opened, session)
        path = f"/api/v1/content/{session['content_id']}"
        was = jane.get(path)
        gone = [{"id": each["id"], "removed": True} for each in told(was)["quiz"]["questions"]]
        edit = {"title": "Where rain comes from", "quiz": {"questions": [*gone, *QUESTIONS]}}
        told(jane.patch(path, json=edit, headers={"If-Match": was.headers["etag"]}))
        made = told(jane.post("/api/v1/classes", json={"name": "Science 7b"}))
        code = told(jane.post(f"/api/v1/classes/{made['class_id']}/join-code"))["code"]
        share = shared(jane, session, made["class_id"])
        yield Classroom(jane, made["class_id"], code, session, share, opened)


def shared(jane: httpx2.Client, session: dict[str, Any], class_id: str) -> str:
    body = {"kind": "content_session", "id": session["session_id"], "class_id": class_id}
    return str(told(jane.post("/api/v1/shares", json=body))["share_id"])


def join(visit: Visit, url: str, code: str, name: str) -> None:
    """By keyboard, under a name of one's own choice."""
    page = visit.page
    page.goto(f"{url}/#join={code}")
    expect(page.get_by_role("heading", name="Choose a name")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Science 7b")).to_be_focused()


def start_quiz(visit: Visit, room: Classroom, name: str) -> None:
    join(visit, room.url, room.code, name)
    visit.page.get_by_role("link", name="Where rain comes from").click()
    visit.page.get_by_role("link", name="Take the quiz").click()
    at_question(visit.page, 1)


# ---- by keyboard ----------------------------------------------------------------------------------------------


def choose(place: int) -> Callable[[Page], None]:
    def keys(page: Page) -> None:
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        for _ in range(place):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")

    return keys


def write(text: str) -> Callable[[Page], None]:
    def keys(page: Page) -> None:
        page.keyboard.press("Tab")
        page.keyboard.type(text)
        page.keyboard.press("Enter")

    return keys


def put_in_order(page: Page) -> None:
    # It rains, It rises, It cools: the first goes down twice, and its button goes with it.
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Move down: It rains")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#quiz-said")).to_have_text("It rains is now number 3 of 3.")
    expect(page.get_by_role("button", name="Move down: It rains")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def match(*keys_of: str) -> Callable[[Page], None]:
    def keys(page: Page) -> None:
        for key in keys_of:
            page.keyboard.press("Tab")
            page.keyboard.type(key)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")

    return keys


RIGHT: list[Callable[[Page], None]] = [
    choose(0),
    choose(1),
    write("Cloud"),
    write("The Sun."),
    write("100,0"),
    put_in_order,
    match("l", "f"),
]


def at_question(page: Page, number: int) -> None:
    expect(page.get_by_role("heading", name=f"Question {number} of 7")).to_be_focused()


def verdict(page: Page, words: str) -> None:
    expect(page.locator("#verdict-title")).to_have_text(words)
    expect(page.locator("#verdict-title")).to_be_focused()


def onward(page: Page) -> None:
    expect(page.locator("#verdict-title")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


# ---- a lesson that is made ------------------------------------------------------------------------------------


def assert_whole(visit: Visit, last_seq: int) -> None:
    """Every stage was seen done, in order, and no event is missing."""
    done = [state for state in dict.fromkeys(visit.seen("stages")) if state.endswith(" done")]
    assert done == [f"{stage} done" for stage in STAGES]
    assert visit.page.locator("#stages").get_attribute("data-seq") == str(last_seq)


def test_a_pupil_joins_under_a_pseudonym_watches_and_is_seen(browser: Browser, room: Classroom) -> None:
    jane = room.jane
    with visiting(browser, "phone") as visit, visiting(browser) as other:
        page = visit.page
        other.page.clock.install()
        join(visit, room.url, room.code, "Blue Fox")
        expect(page.locator("#who")).to_have_text("Blue Fox")
        expect(page.locator("#here")).to_have_text("You are the only one here at the moment.")
        visit.assert_fit()
        with held_up(room.opened.server):
            session = begun(room.opened)
            share = shared(jane, session, room.id)
            page.reload()
            page.get_by_role("link", name="Science").first.click()
            expect(page.get_by_role("heading", name="This lesson is being made now")).to_be_visible()
            visit.assert_fit()

            join(other, room.url, room.code, "Red Owl")
            expect(other.page.locator("#classroom-list")).to_contain_text("is being made now")
            expect(page.locator("#here")).to_have_text("2 are here at the moment.")
            members = told(jane.get(f"/api/v1/classes/{room.id}/members"))["items"]
            names = {each["user_id"]: each["pseudonym"] for each in members}
            assert {names[user_id] for user_id in room.present()} == {"Blue Fox", "Red Owl"}
            assert "Red Owl" not in page.content()

        expect(page.locator("#reading")).to_be_visible(timeout=2 * PATIENCE_MS)
        expect(page.locator("#lesson-title")).to_be_focused()
        assert_whole(visit, told(jane.get(session["status_url"]))["last_seq"])
        assert "live" in visit.seen("links")
        expect(page.get_by_role("heading", name="Words to know")).to_be_visible()
        visit.assert_fit()
        other.page.clock.fast_forward(LOOK_MS)
        expect(other.page.locator("#classroom-list")).not_to_contain_text("is being made now")
        other.page.close()
        expect(page.locator("#here")).to_have_text("You are the only one here at the moment.")
        told(jane.delete(f"/api/v1/shares/{share}"))


def test_a_lesson_that_waits_for_its_turn_is_said_to_wait(browser: Browser, room: Classroom) -> None:
    with visiting(browser) as visit:
        visit.page.goto(f"{room.url}/learn")
        said = visit.page.evaluate(WAITS_THEN_WORKS)
    assert said == ["This lesson is about to be made", "This lesson is being made now"]


@pytest.mark.timeout(120 if FULL else 60)
def test_j4_a_reload_and_a_line_that_is_cut_lose_nothing_in_two_windows(
    browser: Browser, room: Classroom
) -> None:
    jane = room.jane
    with wired(room.opened.server.port) as cable, visiting(browser) as visit:
        page = visit.page
        join(visit, cable.url, room.code, "Grey Heron")
        with held_up(room.opened.server):
            session = begun(room.opened)
            share = shared(jane, session, room.id)
            address = f"{cable.url}/learn#session={session['session_id']}"
            second = page.context.new_page()
            for window in (page, second):
                window.goto(address)
                window.reload()
                window.locator("[data-stage=content_analysis][data-state=working]").wait_for()
            assert page.url.endswith(f"&class={room.id}")  # the one with which it is shared
            for window in (page, second):
                expect(window.locator("#link")).to_have_attribute("data-state", "live")

            cable.cut()
            for window in (page, second):
                expect(window.locator("#link")).to_contain_text(
                    "The connection to the server is away. Nothing is lost"
                )
            visit.assert_fit()
            page.wait_for_timeout(AWAY_MS)
        ended(room.opened, session)
        cable.mend()
        for window in (page, second):
            expect(window.locator("#reading")).to_be_visible(timeout=2 * PATIENCE_MS)
        assert_whole(visit, told(jane.get(session["status_url"]))["last_seq"])
        assert visit.seen("links")[:3] == ["joining", "live", "away"]
        told(jane.delete(f"/api/v1/shares/{share}"))


# ---- a quiz ---------------------------------------------------------------------------------------------------


def test_every_kind_of_question_is_answered_by_keyboard(browser: Browser, room: Classroom) -> None:
    with visiting(browser, "phone") as visit:
        page = visit.page
        start_quiz(visit, room, "Quick Hare")
        for number, (keys, question) in enumerate(zip(RIGHT, QUESTIONS, strict=True), 1):
            at_question(page, number)
            expect(page.locator("#asked")).to_have_text(question["question"])
            visit.assert_fit()
            keys(page)
            verdict(page, "Right!")
            onward(page)
        expect(page.get_by_role("heading", name="How it went")).to_be_focused()
        expect(page.locator("#end-said")).to_have_text("All 7 are right. Well done!")
        visit.assert_fit()
        assert [each["correct"] for each in room.attempts("Quick Hare")] == [True] * 7


def test_what_is_not_right_is_explained_and_tried_again_after_a_reload(
    browser: Browser, room: Classroom
) -> None:
    with visiting(browser) as visit:
        page = visit.page
        start_quiz(visit, room, "Slow Newt")
        choose(1)(page)
        verdict(page, "Not right")
        facts = page.locator("#verdict-facts")
        expect(facts).to_contain_text("Right answer")
        expect(facts).to_contain_text("Vapour is water in the form of a gas.")
        visit.assert_fit()
        onward(page)
        choose(1)(page)
        verdict(page, "Right!")
        onward(page)

        page.reload()
        at_question(page, 3)
        page.get_by_role("link", name="To the content").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        expect(page.get_by_role("heading", name="Question 3 of 7")).to_be_visible()
        page.goto(page.url.partition("&quiz")[0])
        expect(page.locator("#quiz-so-far")).to_have_text("2 of 7 questions answered")
        page.get_by_role("link", name="Go on with the quiz").click()
        for place in (2, 3, 4, 5):
            at_question(page, place + 1)
            RIGHT[place](page)
            verdict(page, "Right!")
            onward(page)
        match("l", "l")(page)
        verdict(page, "Partly right: 1 of 2")
        onward(page)

        expect(page.locator("#end-said")).to_have_text("5 of 7 are right.")
        page.get_by_role("button", name="Try the wrong ones again").click()
        at_question(page, 1)
        choose(0)(page)
        verdict(page, "Right!")
        onward(page)
        at_question(page, 7)
        match("l", "f")(page)
        verdict(page, "Right!")
        onward(page)
        expect(page.locator("#end-said")).to_have_text(
            "All 7 are right. Well done! At the first try it was 5."
        )
        firsts = [each["correct"] for each in room.attempts("Slow Newt") if each["first"]]
        assert firsts == [False, True, True, True, True, True, False]


def test_answers_that_could_not_be_sent_are_sent_later_and_once(browser: Browser, room: Classroom) -> None:
    line = (
        "takes and does not tell"  # one route for all: what is on its way when one is taken off is nobody's
    )

    def on(route: Route, _request: Request) -> None:
        if line == "whole":
            route.continue_()
            return
        if line == "takes and does not tell":
            route.fetch()
        route.abort()

    with visiting(browser, "phone") as visit:
        page = visit.page
        start_quiz(visit, room, "Lost Gull")
        page.route(ATTEMPTS, on)
        choose(0)(page)
        verdict(page, "Your answer is kept")
        expect(page.locator("#unsent")).to_contain_text("One answer is kept here")
        visit.assert_fit()
        onward(page)
        line = "cut"
        choose(1)(page)
        verdict(page, "Your answer is kept")

        page.reload()
        expect(page.locator("#unsent")).to_contain_text("2 answers are kept here")
        line = "whole"
        expect(page.locator("#verdict-title")).to_have_text("Right!")
        expect(page.locator("#unsent")).to_be_hidden()
        assert page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('toolboxai'))") == []
        kept = room.attempts("Lost Gull")
        assert [(each["question_id"], each["correct"]) for each in kept] == [
            (id, True) for id in room.ids()[:2]
        ]


def test_what_is_answered_in_one_window_is_answered_in_the_other(browser: Browser, room: Classroom) -> None:
    with visiting(browser, "phone") as visit:
        page = visit.page
        start_quiz(visit, room, "Twin Otter")
        second = page.context.new_page()
        second.goto(page.url)
        at_question(second, 1)
        choose(0)(page)
        verdict(page, "Right!")
        expect(second.locator("#verdict-title")).to_have_text("Right!")
        expect(second.locator("#verdict-facts")).to_contain_text("A gas")
        assert len(room.attempts("Twin Otter")) == 1

        visit.sign_out()
        expect(second.get_by_role("heading", name="Sign in")).to_be_visible()
        assert second.locator("#asked").is_hidden()


def test_a_quiz_that_the_teacher_changes_meanwhile_is_read_anew(browser: Browser, room: Classroom) -> None:
    path = f"/api/v1/content/{room.content}"
    with visiting(browser, "phone") as visit:
        page = visit.page
        start_quiz(visit, room, "Calm Toad")
        was = room.jane.get(path)
        edit = {"quiz": {"questions": [{"id": room.ids()[0], "removed": True}]}}
        now = room.jane.patch(path, json=edit, headers={"If-Match": was.headers["etag"]})
        assert now.status_code == 200, now.text
        try:
            choose(0)(page)
            assert "Your teacher has changed the quiz" in visit.trouble()
            expect(page.get_by_role("heading", name="Question 1 of 6")).to_be_visible()
            expect(page.locator("#asked")).to_have_text(QUESTIONS[1]["question"])
            assert room.attempts("Calm Toad") == []
        finally:
            number = told(was)["revision"]
            again = f"{path}/revisions/{number}/restore"
            told(room.jane.post(again, headers={"If-Match": now.headers["etag"]}))


# ---- what is not, or not any more -----------------------------------------------------------------------------


def test_a_share_that_is_ended_in_the_middle_is_said_with_the_next_step(
    browser: Browser, room: Classroom
) -> None:
    with visiting(browser, "phone") as visit:
        page = visit.page
        start_quiz(visit, room, "Late Swan")
        told(room.jane.delete(f"/api/v1/shares/{room.share}"))
        try:
            choose(0)(page)
            expect(
                page.get_by_role("heading", name="This lesson is not shared with you any more")
            ).to_be_focused()
            expect(page.locator("#gone-why")).to_contain_text("Ask your teacher")
            visit.assert_fit()
            assert room.attempts("Late Swan") == []
            page.route("**/api/v1/classes*", lambda route: route.abort())
            page.get_by_role("link", name="All that is shared with you").first.click()
            expect(page.get_by_role("heading", name="What is shared with you")).to_be_focused()
            expect(page.locator("#away")).to_contain_text("this page asks again by itself")
            visit.assert_fit()
            page.unroute("**/api/v1/classes*")
            expect(page.get_by_role("link", name="Science 7b")).to_be_visible()
            expect(page.locator("#away")).to_be_hidden()
        finally:
            shared(room.jane, room.session, room.id)


def test_who_has_an_account_sees_what_is_not_theirs_to_see_and_joins_by_a_code(
    browser: Browser, room: Classroom
) -> None:
    sam = room.opened.school["sam"]
    with visiting(browser) as visit:
        page = visit.page
        page.goto(f"{room.url}/learn#session={room.session['session_id']}")
        visit.sign_in(sam.name, sam.password)
        expect(page.get_by_role("heading", name="This lesson is not open to you")).to_be_focused()
        page.goto(f"{room.url}/learn#class={room.id}")
        expect(page.get_by_role("heading", name="This class is not open to you")).to_be_focused()
        visit.assert_fit()
        page.get_by_role("link", name="All that is shared with you").locator("visible=true").click()
        expect(page.locator("#shelf-state")).to_contain_text("Nothing is shared with you yet")
        visit.assert_fit()

        for code, said in (("AAAA-AAAA", "Ask your teacher"), (room.code, "")):
            page.get_by_label("The code that your teacher shows").locator("visible=true").fill(code)
            page.keyboard.press("Enter")
            expect(page.get_by_role("heading", name="Choose a name")).to_be_focused()
            page.keyboard.press("Tab")
            page.keyboard.type("Sam Seven")
            page.keyboard.press("Enter")
            if said:
                assert said in visit.trouble()
                expect(page.get_by_role("heading", name="What is shared with you")).to_be_focused()
        expect(page.get_by_role("heading", name="Science 7b")).to_be_focused()
        expect(page.get_by_role("link", name="Where rain comes from")).to_be_visible()

        # The sign-in ends while a lesson is watched, and whoever comes back goes on watching.
        page.route("**/api/v1/content/sessions/*", still_running)
        page.route("**/events?*", lambda route: route.fulfill(status=401))
        page.context.clear_cookies()
        page.get_by_role("link", name="Where rain comes from").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.unroute("**/events?*")
        visit.sign_in(sam.name, sam.password)
        expect(page.locator("#reading")).to_be_visible()
        expect(page.locator("#here")).to_have_text("You are the only one here at the moment.")


def still_running(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, json={**answer.json(), "status": "running"})


def test_a_link_and_the_way_back_lead_to_the_lesson(browser: Browser, room: Classroom) -> None:
    body = {"kind": "content_session", "id": room.session["session_id"], "link": {"hours": 1}}
    link = told(room.jane.post("/api/v1/shares", json=body))["link"]
    with visiting(browser, "phone") as visit:
        page = visit.page
        page.goto(room.url + link)
        expect(page.get_by_role("heading", name="Choose a name")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.type("Wild Goose")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Where rain comes from")).to_be_focused()

        guest = {"code": room.code, "pseudonym": "Old Crane"}
        member = told(httpx2.post(f"{room.url}/api/v1/classes/join", json=guest, trust_env=False))["user"]
        path = f"/api/v1/classes/{room.id}/members/{member['id']}/link"
        back = told(room.jane.post(path))["link"]
        page.goto(room.url + back)
        expect(page.get_by_role("heading", name="Science 7b")).to_be_focused()
        expect(page.locator("#who")).to_have_text("Old Crane")
        page.goto(f"{room.url}/learn{back.removeprefix('/')}")
        assert "Ask your teacher for another one" in visit.trouble()
        expect(page.locator("#who")).to_have_text("Old Crane")
