"""The school's page, for teachers: classes, the way into them, and the answers of pupils as they come in."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from cable import wired
from lesson_pages import made
from pupils import Pupil, Pupils
from school import Open
from signed_in import asked, enters
from visit import GONE_AT, SIZES, Visit, visiting

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("browser"), pytest.mark.timeout(60)]

TABLE = """() => [...document.querySelectorAll("#pupils-rows tr")].map((row) => [
  row.dataset.user, [...row.querySelectorAll("[data-question]")].map(({dataset}) => dataset.kind)])"""


@dataclass(frozen=True)
class Taught:
    """A lesson of Jane's that is ready.

    Args:
        session_id: of it.
        content_id: the same as content.
        right: the right answer to each question, by its id.
    """

    session_id: str
    content_id: str
    right: Mapping[str, Any]

    def wrong(self, question_id: str) -> Any:
        return "something else" if isinstance(self.right[question_id], str) else ["something else"]


@pytest.fixture(scope="module")
def pupils(opened: Open) -> Iterator[Pupils]:
    with Pupils.of(opened) as pupils:
        yield pupils


@pytest.fixture(scope="module")
def taught(opened: Open) -> Taught:
    """Once for all."""
    content = made(opened)
    right = {question["id"]: question["correct_answer"] for question in content["quiz"]["questions"]}
    return Taught(content["session_id"], content["content_id"], right)


def a_class(opened: Open, name: str) -> tuple[dict[str, Any], str]:
    """A class that is open, and its code."""
    room = asked(opened, "jane", "POST", "/api/v1/classes", {"name": name})
    door = asked(opened, "jane", "POST", f"/api/v1/classes/{room['class_id']}/join-code")
    return room, door["code"]


# ---- classes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", GONE_AT)
def test_a_class_is_made_opened_and_filled_by_keyboard_and_whoever_joins_is_seen_at_once(
    browser: Browser, opened: Open, pupils: Pupils, size: str
) -> None:
    with visiting(browser, size) as visit:
        page = enters(visit, f"{opened.server.url}/school", opened, "john")
        expect(page.get_by_role("heading", name="Your classes")).to_be_focused()
        expect(page.locator("#classes-state")).to_contain_text("You have no class yet")
        visit.assert_fit()
        page.locator("#new-class").get_by_label("Name").focus()
        page.keyboard.type(f"7b on the {size}")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=f"7b on the {size}")).to_be_focused()
        expect(page.locator("#code-closed")).to_be_visible()
        expect(page.locator("#members-state")).to_contain_text("Nobody is in this class yet")
        expect(page.locator("#link")).to_have_attribute("data-state", "live")
        visit.assert_fit()

        page.get_by_role("button", name="Make a new code").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#code")).to_be_visible()
        code = page.locator("#code").inner_text()
        assert (
            page.get_by_label("Link with the code in it").input_value() == f"{opened.server.url}/#join={code}"
        )
        page.get_by_role("button", name="Show it to the class").focus()
        page.keyboard.press("Enter")
        board = page.locator("#board-code")
        expect(board).to_have_text(code)
        box = board.evaluate(
            "el => { const r = document.createRange(); r.selectNodeContents(el); return r.getBoundingClientRect().width; }"
        )
        assert 0.7 < box / SIZES[size]["width"] < 1
        visit.assert_fit()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Show it to the class")).to_be_focused()

        classroom = asked(opened, "john", "GET", "/api/v1/classes")["items"][-1]
        fox = pupils.join(code, "Blue Fox")
        pupils.come(fox, classroom)
        row = page.locator(f"#members-list [data-user={fox.id}]")
        expect(row).to_have_attribute("data-here", "true")
        expect(page.locator("#members-here")).to_have_text("1 of 1 pupil is here now.")
        visit.assert_fit()
        pupils.leave(fox)
        expect(row).to_have_attribute("data-here", "false")
        expect(page.locator("#members-here")).to_have_text("0 of 1 pupil are here now.")

        page.get_by_role("button", name="Let nobody join any more").click()
        expect(page.locator("#code-closed")).to_be_visible()
        page.get_by_role("button", name="Delete the class …").click()
        expect(page.get_by_role("button", name="Leave it as it is")).to_be_focused()
        visit.assert_fit()
        page.get_by_role("button", name="Delete the class", exact=True).click()
        expect(page.get_by_role("heading", name="Your classes")).to_be_focused()
        expect(page.locator("#classes-state")).to_contain_text("You have no class yet")
        assert asked(opened, "john", "GET", "/api/v1/classes")["items"] == []


def test_a_teacher_renames_pupils_lets_them_back_in_and_takes_them_out(
    opened: Open, visit: Visit, pupils: Pupils
) -> None:
    classroom, code = a_class(opened, "8a")
    fox, owl = pupils.join(code, "Blue Fox"), pupils.join(code, "Grey Owl")
    page = enters(visit, f"{opened.server.url}/school#class={classroom['class_id']}", opened, "jane")
    expect(page.locator("#members-list li")).to_have_count(2)

    page.get_by_role("button", name="Rename … Blue Fox").click()
    expect(page.get_by_label("Name in this class").last).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("grey owl")
    page.keyboard.press("Enter")
    expect(page.locator("#ask-value-fault")).to_contain_text("taken")
    visit.assert_fit()
    page.keyboard.press("Control+A")
    page.keyboard.type("Red Fox")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Rename … Red Fox")).to_be_focused()

    page.locator("#new-member").get_by_label("User name").fill("sam")
    page.get_by_label("Name in this class").first.fill("Tall Tree")
    page.get_by_role("button", name="Take in").click()
    expect(page.get_by_role("button", name="Rename … Tall Tree")).to_be_focused()
    sam = page.locator(f"#members-list [data-user={opened.school['sam'].id}]")
    expect(sam).not_to_contain_text("sam")
    page.get_by_label("Show names").click()
    expect(sam).to_contain_text("sam")
    assert asked(opened, "jane", "GET", f"/api/v1/classes/{classroom['class_id']}")["names_shown"]
    page.get_by_label("Show names").click()
    expect(sam).not_to_contain_text("sam")

    page.get_by_role("button", name="Link back Tall Tree").click()
    assert "not made by joining this class" in visit.trouble()
    page.get_by_role("button", name="Link back Red Fox").click()
    link = page.get_by_label("With this link Red Fox is back")
    expect(link).to_be_focused()
    visit.assert_fit()
    way, _, code = link.input_value().partition("#return=")
    assert way == f"{opened.server.url}/"
    back = [
        httpx2.post(way + "api/v1/classes/return", json={"code": code}, trust_env=False) for _ in range(2)
    ]
    assert [answer.status_code for answer in back] == [200, 401]
    assert back[0].json()["user"]["id"] == fox.id

    pupils.come(owl, classroom)
    expect(page.locator("#members-here")).to_have_text("1 of 3 pupils is here now.")
    page.get_by_role("button", name="Take out … Grey Owl").click()
    page.get_by_role("button", name="Take out", exact=True).click()
    expect(page.get_by_role("heading", name="Pupils", exact=True)).to_be_focused()
    expect(page.locator(f"#members-list [data-user={owl.id}]")).to_have_count(0)
    expect(page.locator(f"#members-list [data-user={fox.id}]")).to_have_count(1)
    expect(link).to_be_visible()  # it is shown this once, so it stays where all else is read anew
    assert visit.own_faults == []
    expect(page.locator("#members-here")).to_have_text("0 of 2 pupils are here now.")


def test_another_teachers_class_is_as_one_that_there_is_not(opened: Open, visit: Visit) -> None:
    classroom, _code = a_class(opened, "Jane's")
    page = enters(visit, f"{opened.server.url}/school#class={classroom['class_id']}", opened, "john")
    expect(page.get_by_role("heading", name="This cannot be shown")).to_be_visible()
    told = visit.trouble()
    page.goto(f"{opened.server.url}/school#class=class_none")
    assert visit.trouble() == told.replace(classroom["class_id"], "class_none")
    visit.assert_fit()
    page.get_by_role("link", name="All classes").click()
    expect(page.get_by_role("heading", name="Your classes")).to_be_focused()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_what_cannot_be_read_is_said_in_its_place_and_tried_again(opened: Open, visit: Visit) -> None:
    a_class(opened, "8c")
    page = enters(visit, f"{opened.server.url}/school", opened, "jane")
    expect(page.locator("#classes-state")).not_to_contain_text("One moment")
    page.route("**/api/v1/classes?limit=50", lambda route: route.abort(), times=1)
    page.reload()
    expect(page.locator("#classes-state")).to_contain_text("could not be read")
    visit.assert_fit()
    page.locator("#classes-state button").click()
    expect(page.locator("#classes-list li").first).to_be_visible()


# ---- answers ----------------------------------------------------------------------------------------------------


def counted(opened: Open, taught: Taught, class_id: str) -> list[list[Any]]:
    """The table as the server has it."""
    query = f"content_id={taught.content_id}&class_id={class_id}"
    found = asked(opened, "jane", "GET", f"/api/v1/attempts/results?{query}")
    kinds = {None: "open", 1: "right", 0: "wrong"}
    return [
        [pupil["user_id"], [kinds.get(pupil["scores"].get(each), "partly") for each in taught.right]]
        for pupil in found["pupils"]
    ]


def shows(page: Page, table: list[list[Any]]) -> None:
    """Wait until the page has this picture."""
    page.wait_for_function(f"(wanted) => JSON.stringify(({TABLE})()) === JSON.stringify(wanted)", arg=table)


def cell(page: Page, pupil: Pupil, question: str) -> Any:
    return page.locator(f"#pupils-rows [data-user={pupil.id}] [data-question={question}]")


@pytest.mark.parametrize("size", GONE_AT)
def test_answers_come_in_live_and_a_cut_and_a_reload_show_the_same(
    browser: Browser, opened: Open, pupils: Pupils, taught: Taught, size: str
) -> None:
    classroom, code = a_class(opened, f"9c {size}")
    class_id, first = classroom["class_id"], next(iter(taught.right))
    asked(
        opened,
        "jane",
        "POST",
        "/api/v1/shares",
        {"kind": "content_session", "id": taught.session_id, "class_id": class_id},
    )
    fox, owl, tree = (pupils.join(code, name) for name in ("Blue Fox", "Grey Owl", "Tall Tree"))
    pupils.answer(owl, taught.content_id, class_id, {first: taught.right[first]})

    with wired(opened.server.port) as cable, visiting(browser, size) as visit:
        page = enters(visit, f"{cable.url}/school#class={class_id}", opened, "jane")
        page.get_by_role("link", name="Answers").click()
        expect(page.locator("#link")).to_have_attribute("data-state", "live")
        shows(page, counted(opened, taught, class_id))
        expect(cell(page, owl, first)).to_have_attribute("data-kind", "right")
        visit.assert_fit()

        page.evaluate(
            "(id) => { window.read = document.querySelector(`#pupils-rows [data-user=${id}]`); }", owl.id
        )
        # Live: somebody comes, answers, answers again, which does not count; somebody new joins.
        pupils.come(fox, classroom)
        expect(page.locator(f"#pupils-rows [data-user={fox.id}]")).to_have_attribute("data-here", "true")
        pupils.answer(fox, taught.content_id, class_id, {first: taught.wrong(first)})
        expect(cell(page, fox, first)).to_have_attribute("data-kind", "wrong")
        pupils.answer(fox, taught.content_id, class_id, {first: taught.right[first]})
        late = pupils.join(code, "Late Bird")
        pupils.answer(late, taught.content_id, class_id, taught.right)
        expect(cell(page, late, first)).to_have_attribute("data-kind", "right")
        expect(page.locator("#results-sum")).to_contain_text("3 of 4 pupils have answered")
        expect(page.locator(f"#questions [data-question={first}]")).to_contain_text(
            "Most often instead: something else"
        )
        shows(page, counted(opened, taught, class_id))
        visit.assert_fit()

        assert page.evaluate("read.isConnected"), "a row in which nothing is new stays as it is"
        # Cut: what is answered meanwhile is there afterwards, once.
        cable.cut()
        expect(page.locator("#link")).to_have_attribute("data-state", "away")
        visit.assert_fit()
        pupils.answer(tree, taught.content_id, class_id, {name: taught.wrong(name) for name in taught.right})
        cable.mend()
        expect(page.locator("#link")).to_have_attribute("data-state", "back")
        after = counted(opened, taught, class_id)
        shows(page, after)
        expect(page.locator(f"#pupils-rows [data-user={fox.id}]")).to_have_attribute("data-here", "true")
        page.reload()
        expect(page.locator("#link")).to_have_attribute("data-state", "live")
        shows(page, after)
        pupils.answer(
            owl, taught.content_id, class_id, {name: taught.right[name] for name in list(taught.right)[1:]}
        )
        shows(page, counted(opened, taught, class_id))

        for by, head in (("pupil", "pupil"), ("question", "question_id")):
            with page.expect_download() as download:
                page.get_by_role("button", name=f"Save as CSV, by {by}").click()
            rows = list(csv.reader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
            assert rows[0][0] == head
            assert len(rows) == 1 + (4 if by == "pupil" else len(taught.right))
        pupils.leave(fox)


def test_a_lesson_is_shared_with_a_class_and_no_more(opened: Open, visit: Visit, taught: Taught) -> None:
    classroom, _code = a_class(opened, "9d")
    page = enters(visit, f"{opened.server.url}/school#class={classroom['class_id']}", opened, "jane")
    expect(page.locator("#lessons-state")).to_contain_text("Nothing is shared")
    page.get_by_role("button", name="Share it with the class").click()
    row = page.locator(f"#lessons-list [data-session={taught.session_id}]")
    expect(row.get_by_role("link", name="Answers")).to_be_focused()
    expect(page.locator("#share-lesson")).to_be_hidden()
    row.get_by_role("button", name="Share no more …").click()
    page.get_by_role("button", name="Share it no more").click()
    expect(row).to_have_count(0)
    expect(page.get_by_role("heading", name="Lessons of this class")).to_be_focused()
    expect(page.locator("#share-lesson")).to_be_visible()


def test_a_pupil_is_shown_where_to_go(opened: Open, visit: Visit) -> None:
    page = enters(visit, f"{opened.server.url}/school", opened, "sam")
    expect(page.get_by_role("heading", name="For teachers and admins")).to_be_focused()
    visit.assert_fit()
