"""The door of every page: a sign-in that lasts over a reload and in every window, and ends in all of them at once."""

import pytest
from playwright.sync_api import expect

from school import Open
from toolboxai.web.pages import PAGES
from visit import Visit

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("browser"), pytest.mark.timeout(60)]

SIGN_IN = """async (who) => {
  const { Service } = await import("/static/service.js");
  await new Service().signIn(...who);
}"""


def test_a_reload_and_another_window_are_no_end(opened: Open, visit: Visit) -> None:
    page = visit.page
    page.goto(opened.server.url)
    visit.sign_in("jane", opened.school["jane"].password)
    expect(page.locator("#who")).to_have_text("jane")
    page.reload()
    expect(page.locator("#who")).to_have_text("jane")
    expect(page.get_by_role("heading", name="A lesson from your text")).to_be_focused()

    other = page.context.new_page()
    other.goto(opened.server.url)
    expect(other.locator("#who")).to_have_text("jane")
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]

    visit.sign_out()
    for window in (page, other):
        expect(window.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(other.get_by_role("alert")).to_contain_text("another window")
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_focused()


def test_whoever_comes_next_finds_nothing_of_the_one_before(opened: Open, visit: Visit) -> None:
    page = visit.page
    page.goto(opened.server.url)
    visit.sign_in("jane", opened.school["jane"].password)
    page.get_by_label("Text of the lesson").fill("What I wrote is mine.")
    visit.sign_out()
    visit.sign_in("sam", opened.school["sam"].password)
    expect(page.get_by_label("Text of the lesson")).to_have_value("")


def test_a_window_goes_on_for_nobody_else_who_signs_in_beside_it(opened: Open, visit: Visit) -> None:
    page = visit.page
    page.goto(opened.server.url)
    visit.sign_in("jane", opened.school["jane"].password)
    expect(page.locator("#who")).to_have_text("jane")
    beside = page.context.new_page()
    beside.goto(f"{opened.server.url}/learn")
    beside.evaluate(SIGN_IN, ["sam", opened.school["sam"].password])
    page.locator("#account summary").click()
    page.get_by_role("button", name="Download what is kept of me").click()
    expect(page.get_by_role("alert")).to_contain_text("Your sign-in has ended")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.locator("#who")).to_have_text("sam")


def test_an_account_is_deleted_by_whoever_knows_its_password(opened: Open, visit: Visit) -> None:
    page, john = visit.page, opened.school["john"]
    page.goto(opened.server.url)
    visit.sign_in("john", john.password)
    page.locator("#account summary").click()
    page.get_by_role("button", name="Delete my account …").click()
    page.get_by_label("Write delete to go on").fill("delete")
    page.keyboard.press("Enter")
    password = page.get_by_label("Your password")
    expect(password).to_be_focused()
    expect(page.locator("#own-password-fault")).to_contain_text("nothing was deleted")
    assert visit.axe() == []
    password.fill(john.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Your account and what belonged to it are deleted.")
    visit.sign_in("john", john.password)
    expect(page.get_by_role("alert")).to_contain_text("User name or password is wrong")
    assert visit.own_faults == []


def test_the_door_is_for_everybody(opened: Open, visit: Visit) -> None:
    page = visit.page
    for path in PAGES:
        page.goto(opened.server.url + path)
        expect(page.get_by_role("heading", name="Sign in")).to_be_focused()
        visit.assert_fit()
    visit.sign_in("sam", "not the password of sam")
    visit.trouble()
    visit.assert_fit()
    page.goto(opened.server.url + "#welcome=code")
    expect(page.get_by_role("heading", name="Choose a password")).to_be_focused()
    visit.assert_fit()
    page.get_by_label("New password").fill("correct horse battery")


def test_a_code_of_a_class_leads_to_the_choice_of_a_name(opened: Open, visit: Visit) -> None:
    page = visit.page
    page.goto(opened.server.url + "#join=K7QM-3F2P")
    expect(page.get_by_role("heading", name="Choose a name")).to_be_focused()
    assert "#" not in page.url
    visit.assert_fit()
    page.get_by_role("button", name="I have an account").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_focused()


def test_a_link_leads_past_the_header(opened: Open, visit: Visit) -> None:
    page = visit.page
    page.goto(opened.server.url)
    visit.sign_in("jane", opened.school["jane"].password)
    expect(page.locator("#who")).to_have_text("jane")
    page.get_by_role("link", name="To the content").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
