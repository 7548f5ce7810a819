"""The pictures in the documents are of the pages as they are: one school, one lesson, from its text to its answers."""

import json
import os
import re
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, Route, ViewportSize, WebSocketRoute, expect

from camera import ANEW, LEAST_BYTES, MOST_BYTES, Camera, keep, kept, shown
from engines import reader_caught
from forms import FULL
from generation import STAGES
from lesson_pages import part, press, said
from pupils import Pupil, Pupils
from school import SERVE, Open, open_school
from server_process import serving
from signed_in import asked, enters
from visit import PATIENCE_MS, Visit

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("browser"), pytest.mark.timeout(60)]

DESK: ViewportSize = {"width": 1024, "height": 768}
LOW: ViewportSize = {"width": 1024, "height": 560}
TALL: ViewportSize = {"width": 1024, "height": 1080}
PHONE: ViewportSize = {"width": 390, "height": 760}
ROSTER = """username;display_name;class
mia;Mia Lind;5a
noah;Noah Berg;5a
lea;Lea Sommer;5a
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """A school with a teacher and an admin, and its server."""
    home = tmp_path_factory.mktemp("school")
    # The browser's driver keeps an event loop in this thread, beside which no other can run.
    with ThreadPoolExecutor(1) as thread:
        school = thread.submit(open_school, home, names=("ada", "jane")).result()
    with serving([*SERVE, "0"], cwd=home, env=school.env) as server:
        yield Open(school, server)


@contextmanager
def window(browser: Browser, size: ViewportSize, **options: Any) -> Iterator[Visit]:
    with browser.new_context(viewport=size, locale="en-GB", timezone_id="UTC", **options) as context:
        context.set_default_timeout(PATIENCE_MS)
        yield Visit(context.new_page())


class Held:
    """What a page hears of a generation, up to the first word of a stage: the whole is made in less than a second."""

    def __init__(self, page: Page, stage: str) -> None:
        self._stage = stage
        self._last: int | None = None
        self._held = True
        page.route_web_socket("**/app/**", self._live)
        page.route("**/events?after=*", self._list)

    def release(self) -> None:
        self._held = False

    def _is_late(self, event: Mapping[str, Any]) -> bool:
        if not self._held:
            return False
        if self._last is None and event["data"].get("stage") == self._stage:
            self._last = event["seq"]
        return self._last is not None and event["seq"] > self._last

    def _live(self, route: WebSocketRoute) -> None:
        def heard(message: str | bytes) -> None:
            frame = json.loads(message)
            envelope = frame["event"].startswith("pusher") or json.loads(frame["data"])
            if envelope is True or not self._is_late(envelope):
                route.send(message)

        route.connect_to_server().on_message(heard)

    def _list(self, route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        in_time = [event for event in told["items"] if not self._is_late(event)]
        if len(in_time) < len(told["items"]):
            told = {**told, "items": in_time, "next_cursor": None}
        route.fulfill(response=answer, json=told)


class School:
    """The way of a lesson through a school, with a stop wherever the documents show a picture."""

    def __init__(
        self, opened: Open, browser: Browser, pupils: Pupils, camera: Camera, windows: ExitStack
    ) -> None:
        self.opened = opened
        self.url = opened.server.url
        self.pupils = pupils
        self.camera = camera
        self.there: list[Pupil] = []  # somebody who is forgotten is gone
        self.teacher = windows.enter_context(window(browser, DESK))
        self.operator = windows.enter_context(window(browser, LOW, color_scheme="dark"))
        self.pupil = windows.enter_context(window(browser, PHONE, device_scale_factor=1.5))

    def text_to_lesson(self) -> dict[str, Any]:
        """A teacher makes a lesson, and changes it; the lesson then."""
        visit, page = self.teacher, self.teacher.page
        held = Held(page, STAGES[2])
        enters(visit, self.url, self.opened, "jane")
        page.get_by_role("button", name="Take the sample text").click()
        expect(page.locator("#proposing")).to_contain_text("words")
        visit.make_lesson()
        expect(page.locator("[data-stage=quiz_generation]")).to_have_attribute("data-state", "working")
        expect(page.locator("#link")).to_have_attribute("data-state", "live")
        self.camera.take(visit, "desk-making.png")

        held.release()
        page.reload()
        page.get_by_role("link", name="Open the lesson").click()
        press(page, "Edit the title")
        page.get_by_role("textbox", name="Title", exact=True).fill("Where rain comes from")
        press(part(page, "title"), "Save")
        said(page, "Saved as version 2")
        press(part(page, "q1"), "Edit")
        self.camera.take(visit, "lesson-edited.png", part(page, "q1"), below=92)
        content_id = page.url.partition("#content=")[2]
        content: dict[str, Any] = asked(self.opened, "jane", "GET", f"/api/v1/content/{content_id}")
        return content

    def lesson_to_world(self, content: Mapping[str, Any]) -> None:
        """She has a world built for it, and writes in a script what is no Luau."""
        visit, page = self.teacher, self.teacher.page
        page.set_viewport_size(TALL)
        page.goto(f"{self.url}/worlds#new&lesson={content['content_id']}")
        form = page.locator("#build")
        form.get_by_label("Theme").select_option("Laboratory")
        form.get_by_label("Size").select_option("Small")
        form.get_by_label("Seed").fill("7")
        form.get_by_label("Seed").press("Enter")
        reader = reader_caught(self.opened.server)
        expect(page.locator("[data-stage=scripts]")).to_have_attribute("data-state", "working")
        expect(page.locator("#plans img")).to_have_count(2)
        expect(page.locator("#link")).to_have_attribute("data-state", "live")
        self.camera.take(visit, "world-building.png")

        os.kill(reader, signal.SIGCONT)
        page.get_by_role("link", name="ProgressDoor").click()
        source = page.get_by_label("The script")
        expect(source).not_to_have_value("")
        page.set_viewport_size(DESK)
        source.fill(source.input_value() + "\nlocal = true\n")
        press(page, "Save")
        page.get_by_role("button", name="Go to line").first.click()
        self.camera.take(visit, "world-script.png", page.locator("#script-title"))

    def lesson_to_class(self, content: Mapping[str, Any]) -> tuple[str, str]:
        """It is shared with a class, and pupils come; id and code of the class."""
        made = asked(self.opened, "jane", "POST", "/api/v1/classes", {"name": "7b Science"})
        class_id = made["class_id"]
        code = asked(self.opened, "jane", "POST", f"/api/v1/classes/{class_id}/join-code")["code"]
        share = {"kind": "content_session", "id": content["session_id"], "class_id": class_id}
        asked(self.opened, "jane", "POST", "/api/v1/shares", share)
        right = {one["id"]: one["correct_answer"] for one in content["quiz"]["questions"]}
        for number, name in enumerate(("Grey Owl", "Otter", "Red Squirrel", "Tall Tree")):
            pupil = self.pupils.join(code, name)
            if number != 2:
                self.pupils.come(pupil, made)
            self.there.append(pupil)
            answers = {
                one: answer if (number + place) % 4 else "something else"
                for place, (one, answer) in enumerate(right.items())
                if place < 10 - 2 * number
            }
            self.pupils.answer(pupil, content["content_id"], class_id, answers)
        page = self.teacher.page
        page.set_viewport_size(TALL)
        page.goto(f"{self.url}/school#class={class_id}")
        expect(page.locator("#members-here")).to_have_text("3 of 4 pupils are here now.")
        self.camera.take(self.teacher, "class-code.png", page.locator("#joining-code-title"))
        return class_id, code

    def lesson_to_pupil(self, code: str) -> None:
        """A pupil joins on a phone, reads, and answers."""
        visit, page = self.pupil, self.pupil.page
        page.goto(f"{self.url}/#join={code}")
        expect(page.get_by_role("heading", name="Choose a name")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.type("Blue Fox")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Where rain comes from").click()
        expect(page.locator("#lesson-title")).to_have_text("Where rain comes from")
        expect(page.locator("#here")).to_have_text(re.compile("^[45] are here"))
        page.emulate_media(color_scheme="dark")
        self.camera.take(visit, "pupil-reading.png")

        page.emulate_media(color_scheme="light")
        page.get_by_role("link", name="Take the quiz").click()
        page.locator("#fields input").first.check()
        page.get_by_role("button", name="Answer", exact=True).click()
        expect(page.locator("#verdict-title")).to_be_focused()
        self.camera.take(visit, "pupil-quiz.png")

    def answers(self) -> None:
        """The teacher sees them."""
        page = self.teacher.page
        page.set_viewport_size(DESK)
        page.get_by_role("link", name="Answers").click()
        expect(page.locator("#results-sum")).to_contain_text("5 of 5 pupils have answered")
        expect(page.locator("#link")).to_have_attribute("data-state", "live")
        self.camera.take(self.teacher, "class-answers.png", page.locator("#results"))

    def roster(self) -> None:
        """An admin makes accounts for a class."""
        visit, page = self.teacher, self.teacher.page
        visit.sign_out()
        page.goto(f"{self.url}/school#roster")
        visit.sign_in("ada", self.opened.school["ada"].password)
        expect(page.get_by_role("heading", name="Many accounts at once")).to_be_focused()
        file = FilePayload(name="5a.csv", mimeType="text/csv", buffer=ROSTER.encode())
        page.get_by_label("Drop the file here, or choose it").set_input_files(file)
        expect(page.get_by_role("button", name="Make the accounts")).to_be_visible()
        page.get_by_role("button", name="Make the accounts").click()
        expect(page.locator("#roster-links li")).to_have_count(3)
        self.camera.take(visit, "school-roster.png")


def test_every_picture_of_the_documents_is_kept() -> None:
    assert set(kept()) == shown(), "run: make pictures"


@pytest.mark.skipif(not FULL and not ANEW, reason="in the full form: make test-all, or make pictures")
def test_the_documents_show_the_pages_as_they_are(browser: Browser, opened: Open, tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    with Pupils.of(opened) as pupils, ExitStack() as windows:
        school = School(opened, browser, pupils, camera, windows)
        console = enters(school.operator, f"{school.url}/console", opened, "ada")
        expect(console.locator("#link")).to_have_attribute("data-state", "live")
        content = school.text_to_lesson()
        school.lesson_to_world(content)
        _, code = school.lesson_to_class(content)
        school.lesson_to_pupil(code)
        school.answers()
        school.roster()
        expect(console.locator("#feed-list li")).not_to_have_count(0)
        camera.take(school.operator, "console-log.png", console.locator("#feed-filter"))

    assert set(camera.taken) == shown(), "taken here, and shown in the documents"
    of_no_use = {name: one for name, one in camera.taken.items() if not LEAST_BYTES < one.size < MOST_BYTES}
    assert of_no_use == {}, f"nothing is to be seen, or it is too large; they are in {camera.folder}"
    if ANEW:
        keep(camera)
    sizes = {name: (one.wide, one.high) for name, one in camera.taken.items()}
    assert {name: (one.wide, one.high) for name, one in kept().items()} == sizes, "run: make pictures"
