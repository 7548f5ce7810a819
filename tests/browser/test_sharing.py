"""The dialog in which a teacher shares a lesson: with somebody, a class, or by link; also while it is being made."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from engines import held_up
from lesson_pages import begun, kept, made, part, press, reading, said, shown
from school import Open
from signed_in import called
from visit import Visit

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("browser"), pytest.mark.timeout(60)]


@pytest.fixture(scope="module")
def jane(browser: Browser, opened: Open) -> Iterator[Visit]:
    """Jane's window, a phone's."""
    with reading(browser, opened, size="phone") as visit:
        yield visit


@pytest.fixture(scope="module")
def content(opened: Open) -> dict[str, Any]:
    return made(opened)


def shares(opened: Open, session_id: str) -> list[dict[str, Any]]:
    with called(opened) as http:
        answer = http.get("/api/v1/shares", params={"kind": "content_session", "id": session_id})
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def dialog(page: Page) -> Page:
    press(page, "Share …")
    expect(page.get_by_role("dialog", name="Share the lesson")).to_be_visible()
    expect(page.locator("#sharing-title")).to_be_focused()
    expect(page.locator("#sharing")).to_have_attribute("aria-busy", "false")
    return page


def test_a_lesson_is_shared_with_a_colleague_who_edits_it_and_no_longer_when_that_ends(
    browser: Browser, opened: Open, jane: Visit, content: dict[str, Any]
) -> None:
    page = dialog(shown(jane, content))
    expect(page.locator("#share-list")).to_have_text("Nobody but you sees it.")
    jane.assert_fit()

    page.get_by_label("User name", exact=True).fill("nobody")
    press(page.locator("#share-person"), "Share")
    expect(page.locator("#share-username-fault")).to_contain_text("Your school has no account of that name")
    expect(page.get_by_label("User name", exact=True)).to_be_focused()
    page.get_by_label("User name", exact=True).fill("sam")
    page.get_by_label("What they may do").select_option("edit it (teachers)")
    press(page.locator("#share-person"), "Share")
    expect(page.locator("#share-role-fault")).to_contain_text("only a teacher")
    jane.assert_fit()
    page.get_by_label("User name", exact=True).fill("john")
    press(page.locator("#share-person"), "Share")
    expect(page.locator("#share-said")).to_have_text("john: may edit.")
    expect(page.locator("#share-list li")).to_have_count(1)
    page.keyboard.press("Escape")

    with reading(browser, opened, "john") as visit:
        there = shown(visit, content)
        expect(there.get_by_role("button", name="Share …")).to_be_hidden()
        press(part(there, "q1"), "Remove")
        said(there, "Removed, and saved as version 2")

        # Whoever only reads finds nothing to change with; whom it is no longer shared with finds nothing.
        page = dialog(page)
        page.get_by_label("User name", exact=True).fill("john")
        press(page.locator("#share-person"), "Share")
        expect(page.locator("#share-said")).to_have_text("john: may read.")
        there.reload()
        expect(there.locator("#lesson-about")).to_contain_text("version 2")
        expect(there.locator("#lesson").get_by_role("button", name="Edit")).to_have_count(0)
        expect(there.locator("#undo")).to_be_hidden()
        visit.assert_fit()
        press(page, "End the share: john")
        expect(page.locator("#share-said")).to_have_text("john: ended.")
        expect(page.locator("#share-list-title")).to_be_focused()
        there.reload()
        expect(there.get_by_role("heading", name="This lesson is not here")).to_be_focused()
    assert shares(opened, content["session_id"]) == []
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator("#lesson-about")).to_contain_text("version 2")
    press(page, "Undo")
    said(page, "This is version 3")
    assert kept(opened, content)["quiz"] == content["quiz"]
    assert jane.own_faults == []


def test_a_lesson_is_shared_with_a_class(opened: Open, jane: Visit, content: dict[str, Any]) -> None:
    page = dialog(shown(jane, content))
    expect(page.get_by_text("You have no class yet")).to_be_visible()
    page.keyboard.press("Escape")
    with called(opened) as http:
        assert http.post("/api/v1/classes", json={"name": "7b <b>blue</b>"}).status_code == 201
    with called(opened, "john") as http:
        assert http.post("/api/v1/classes", json={"name": "not Jane's"}).status_code == 201
    page = dialog(page)
    expect(page.locator("#share-class-id option")).to_have_text(["7b <b>blue</b>"])
    press(page, "Share with the class")
    expect(page.locator("#share-said")).to_have_text("Class 7b <b>blue</b>: may read.")
    jane.assert_fit()
    assert [one["shared_with"] for one in shares(opened, content["session_id"])] == ["class"]
    press(page, "End the share: Class 7b <b>blue</b>")
    expect(page.locator("#share-list")).to_have_text("Nobody but you sees it.")
    press(page, "Close")
    assert jane.own_faults == []


def test_a_link_is_shown_once_and_copied(opened: Open, jane: Visit, content: dict[str, Any]) -> None:
    page = dialog(shown(jane, content))
    page.get_by_label("It holds for").select_option("a day")
    press(page, "Make a link")
    made_link = page.get_by_label("The link, shown this once")
    expect(made_link).to_be_focused()
    link = made_link.input_value()
    assert link.startswith(f"{opened.server.url}/#share=")
    jane.assert_fit()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    press(page, "Copy")
    expect(page.locator("#share-said")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == link
    expect(page.locator("#share-list li")).to_contain_text(["A link, until"])
    press(page, "Close")
    expect(made_link).to_have_value("")
    page = dialog(page)
    expect(made_link).to_be_hidden()
    code = link.partition("=")[2]
    with called(opened, "sam") as http:
        assert http.post("/api/v1/shares/redeem", json={"code": code}).status_code == 201
    press(page, "Close")
    assert [path for path in jane.asked if code in path] == []
    assert jane.own_faults == []


def test_a_lesson_is_shared_while_it_is_being_made(
    opened: Open, jane: Visit, content: dict[str, Any]
) -> None:
    with held_up(opened.server):
        session = begun(opened)["session_id"]
        page = jane.page
        page.evaluate("id => { location.hash = 'session=' + id; }", session)
        dialog(page)
        expect(page.locator("#sharing-what")).to_contain_text("while it is made")
        page.get_by_label("User name", exact=True).fill("sam")
        press(page.locator("#share-person"), "Share")
        expect(page.locator("#share-said")).to_have_text("sam: may read.")
        with called(opened, "sam") as http:
            assert http.get(f"/api/v1/content/sessions/{session}").json()["status"] != "complete"
        press(page, "Close")
    assert jane.own_faults == []
