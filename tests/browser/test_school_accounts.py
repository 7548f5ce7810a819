"""The school's page, for admins: accounts, rosters, links to hand out, and what was done."""

import asyncio
import re
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx2
import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from school import SERVE, Open, Person, School, open_school
from server_process import serving
from signed_in import asked, enters
from toolboxai.app import identity_for
from toolboxai.config import Purpose, load_settings
from toolboxai.platform.identity.model import Role
from visit import GONE_AT, Visit, visiting

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("browser"), pytest.mark.timeout(60)]

DROP = """(text) => {
  const files = new DataTransfer();
  files.items.add(new File([text], "class.csv", {type: "text/csv"}));
  document.getElementById("drop").dispatchEvent(new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true}));
}"""


async def _and_an_admin_elsewhere(school: School) -> School:
    password = secrets.token_urlsafe(12)
    async with identity_for(load_settings(school.env, purpose=Purpose.TOKENS)) as identity:
        user = await identity.create_user("oscar", Role.ADMIN, password, organization="elsewhere")
        oscar = Person("oscar", user.id, password, await identity.issue_access_token("oscar"))
    return replace(school, people={**school.people, "oscar": oscar})


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Two schools on one server, each with an admin."""
    home = tmp_path_factory.mktemp("school")
    # The browser's driver keeps an event loop in this thread, beside which no other can run.
    with ThreadPoolExecutor(1) as thread:
        school = thread.submit(open_school, home, names=("ada", "jane", "sam", "olga")).result()
        school = thread.submit(asyncio.run, _and_an_admin_elsewhere(school)).result()
    with serving([*SERVE, "0"], cwd=home, env=school.env) as server:
        yield Open(school, server)


def listed(page: Page) -> list[str]:
    """Who stands in the list."""
    expect(page.locator("#accounts-state")).not_to_contain_text("One moment")
    return page.locator("#accounts-list strong").all_inner_texts()


def account(page: Page, opened: Open, name: str) -> str:
    return f"#accounts-list [data-user={opened.school[name].id}]"


# ---- accounts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", GONE_AT)
def test_somebody_is_invited_with_a_link_that_is_shown_once(
    browser: Browser, opened: Open, size: str
) -> None:
    name = f"new-{size}"
    with visiting(browser, size) as visit:
        page = enters(visit, f"{opened.server.url}/school", opened, "ada")
        page.get_by_role("link", name="Accounts").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Accounts of your school")).to_be_focused()
        expect(page.locator("#accounts-list li").first).to_be_visible()
        visit.assert_fit()

        form = page.locator("#invite")
        form.get_by_label("User name").fill("two words")
        form.get_by_label("E-mail").fill("nowhere")
        page.keyboard.press("Enter")
        expect(form.get_by_label("User name")).to_be_focused()
        expect(page.locator("#invite-username-fault")).not_to_be_empty()
        expect(page.locator("#invite-email-fault")).not_to_be_empty()
        visit.assert_fit()
        form.get_by_label("E-mail").fill("")
        form.get_by_label("User name").fill(name)
        form.get_by_label("Role").select_option("Teacher")
        form.get_by_role("button", name="Invite").click()
        expect(page.locator("#account-link")).to_be_focused()
        link = page.get_by_label(f"Link for {name}").input_value()
        expect(page.locator("#accounts-list")).to_contain_text(name)
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy").click()
        expect(page.locator("#account-link [role=status]")).to_have_text("Copied.")
        assert page.evaluate("navigator.clipboard.readText()") == link
        visit.assert_fit()
        page.reload()
        expect(page.locator("#accounts-list")).to_contain_text(name)
        expect(page.locator("#account-link")).to_be_hidden()

    with visiting(browser, size) as newcomer:
        newcomer.page.goto(link)
        newcomer.page.get_by_label("New password").fill("correct horse battery")
        newcomer.page.keyboard.press("Enter")
        expect(newcomer.page.locator("#who")).to_have_text(name)


def test_accounts_are_found_taken_out_of_use_let_in_again_and_given_another_role(
    opened: Open, visit: Visit
) -> None:
    page = enters(visit, f"{opened.server.url}/school#accounts", opened, "ada")
    assert {"ada", "jane", "sam"} <= set(listed(page))
    assert not {"olga", "oscar"} & set(listed(page))
    page.get_by_label("Name or e-mail", exact=True).fill("JAN")
    page.keyboard.press("Enter")
    expect(page.locator("#accounts-list li")).to_have_count(1)
    assert listed(page) == ["jane"]
    page.locator("#find").get_by_label("Role").select_option("Pupils")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#accounts-state")).to_contain_text("Nobody is found so")
    visit.assert_fit()
    page.get_by_label("Name or e-mail", exact=True).fill("")
    page.locator("#find").get_by_label("Role").select_option("All")
    page.get_by_role("button", name="Find").click()

    sam = page.locator(account(page, opened, "sam"))
    sam.get_by_role("button", name="Take out of use … sam").click()
    expect(page.get_by_role("button", name="Leave it as it is")).to_be_focused()
    visit.assert_fit()
    page.get_by_role("button", name="Take out of use", exact=True).click()
    expect(sam.locator(".facts")).to_have_text("sam · pupil · out of use")
    me = httpx2.get(
        opened.server.url + "/api/v1/auth/me", headers=opened.school["sam"].bearer, trust_env=False
    )
    assert me.status_code in (401, 403)
    sam.get_by_role("button", name="Let in again sam").click()
    expect(sam.locator(".facts")).to_have_text("sam · pupil")
    sam.get_by_role("button", name="Role … sam").click()
    expect(page.locator("#ask-choice")).to_be_focused()
    page.locator("#ask-choice").select_option("teacher")
    page.get_by_role("button", name="Change the role").click()
    expect(sam.locator(".facts")).to_have_text("sam · teacher")
    expect(sam.get_by_role("button").first).to_be_focused()

    ada = page.locator(account(page, opened, "ada"))
    ada.get_by_role("button", name="Role … ada").click()
    page.locator("#ask-choice").select_option("teacher")
    page.get_by_role("button", name="Change the role").click()
    expect(page.locator("#ask-choice-fault")).to_contain_text("last admin")
    visit.assert_fit()
    page.keyboard.press("Escape")
    expect(ada.get_by_role("button", name="Role … ada")).to_be_focused()
    expect(ada.get_by_role("button", name="Delete … ada")).to_have_count(0)

    sam.get_by_role("button", name="New password … sam").click()
    page.get_by_role("button", name="Make the link").click()
    expect(page.locator("#account-link")).to_be_focused()
    expect(page.get_by_label("Link for sam")).to_have_value(re.compile("#welcome="))


# ---- rosters ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", GONE_AT)
def test_a_roster_is_checked_with_every_fault_at_its_row_then_made_and_printed(
    browser: Browser, opened: Open, size: str
) -> None:
    good = f"username;display_name;class\r\nmia-{size};Mia;5a {size}\r\nnoah-{size};Noah;5a {size}\r\n"
    bad = f'username,display_name,role\nmia-{size},Mia,\n\njane,"Doe, Jane",pupil\nmia-{size},,student\n'
    with visiting(browser, size) as visit:
        page = enters(visit, f"{opened.server.url}/school#roster", opened, "ada")
        expect(page.get_by_role("heading", name="Many accounts at once")).to_be_focused()
        visit.assert_fit()
        file = page.get_by_label("Drop the file here, or choose it")
        file.set_input_files(FilePayload(name="class.csv", mimeType="text/csv", buffer=bad.encode()))
        title = page.get_by_role("heading", name=re.compile("faults in 2 lines"))
        expect(title).to_be_focused()
        rows = page.locator("#roster-fault-rows tr")
        assert [row.get_attribute("data-line") for row in rows.all()] == ["4", "5"]
        expect(rows.nth(0)).to_contain_text("jane · Doe, Jane · pupil")
        expect(rows.nth(0)).to_contain_text("role: ")
        expect(rows.nth(1)).to_contain_text("it stands in line 2 already")
        expect(rows.nth(1)).to_contain_text("display_name: ")
        visit.assert_fit()

        page.evaluate(DROP, good)
        expect(page.get_by_role("heading", name="The file is good: 2 people")).to_be_focused()
        expect(page.locator("#roster-classes")).to_have_text(f"New class: 5a {size}. Nothing is made yet.")
        assert asked(opened, "ada", "GET", f"/api/v1/admin/users?q=mia-{size}")["items"] == []
        visit.assert_fit()
        page.get_by_role("button", name="Make the accounts").click()
        expect(page.get_by_role("heading", name="2 accounts are made")).to_be_focused()
        slips = page.locator("#roster-links li")
        expect(slips).to_have_count(2)
        visit.assert_fit()
        page.emulate_media(media="print")
        for hidden in ("header", "#roster-title", "#roster-print"):
            expect(page.locator(hidden)).to_be_hidden()
        expect(slips.first).to_be_visible()
        page.emulate_media(media="screen")
        code = slips.first.locator("code").inner_text().partition("#welcome=")[2]
        page.get_by_role("button", name="I have them").click()
        expect(page.get_by_role("heading", name="Many accounts at once")).to_be_focused()
        expect(slips).to_have_count(0)
    chosen = {"code": code, "password": "correct horse battery"}
    answer = httpx2.post(opened.server.url + "/api/v1/auth/welcome", json=chosen, trust_env=False)
    assert answer.json()["user"]["username"] == f"mia-{size}"


# ---- what was done ----------------------------------------------------------------------------------------------


def test_what_was_done_is_found_by_what_by_whom_and_since_when(opened: Open, visit: Visit) -> None:
    made = asked(opened, "ada", "POST", "/api/v1/admin/users", {"username": "eve", "role": "student"})
    asked(opened, "ada", "PATCH", f"/api/v1/admin/users/{made['id']}", {"disabled": True})
    page = enters(visit, f"{opened.server.url}/school#audit", opened, "ada")
    expect(page.locator("#audit-list li").first).to_contain_text("Took an account out of use")
    expect(page.locator("#audit-list li").first).to_contain_text("ada · user eve")
    expect(page.locator("#retention")).to_contain_text("kept until somebody deletes them")
    expect(page.locator("#retention")).to_contain_text("400 days")
    visit.assert_fit()
    page.get_by_label("What", exact=True).select_option("Made an account")
    page.get_by_label("Since").select_option("Yesterday at this time")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#audit-list li").first).to_contain_text("Made an account")
    page.get_by_label("User name of who did it").fill("nobody")
    page.keyboard.press("Enter")
    expect(page.locator("#audit-user-fault")).to_contain_text("Nobody of your school")
    visit.assert_fit()

    page.goto(f"{opened.server.url}/school#accounts")
    page.get_by_label("Name or e-mail", exact=True).fill("eve")
    page.keyboard.press("Enter")
    expect(page.locator("#accounts-list li")).to_have_count(1)
    page.get_by_role("link", name="What they did eve").click()
    expect(page.get_by_label("User name of who did it")).to_have_value("eve")


def test_an_account_is_deleted_after_a_question(opened: Open, visit: Visit) -> None:
    made = asked(opened, "ada", "POST", "/api/v1/admin/users", {"username": "kim", "role": "parent"})
    page = enters(visit, f"{opened.server.url}/school#accounts", opened, "ada")
    kim = page.locator(f"#accounts-list [data-user={made['id']}]")
    expect(kim.locator(".facts")).to_have_text("kim · parent")
    kim.get_by_role("button", name="Delete … kim").click()
    expect(page.get_by_role("button", name="Leave it as it is")).to_be_focused()
    visit.assert_fit()
    page.keyboard.press("Enter")
    expect(kim.get_by_role("button", name="Delete … kim")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Delete the account").click()
    expect(page.get_by_role("heading", name="Accounts of your school")).to_be_focused()
    expect(kim).to_have_count(0)
    assert asked(opened, "ada", "GET", "/api/v1/admin/users?q=kim")["items"] == []


def test_an_admin_of_another_school_sees_nothing_of_it(opened: Open, visit: Visit) -> None:
    page = enters(visit, f"{opened.server.url}/school#accounts", opened, "oscar")
    expect(page.locator("#accounts-list li")).to_have_count(2)
    assert listed(page) == ["olga", "oscar"]
    page.get_by_label("Name or e-mail", exact=True).fill("jane")
    page.keyboard.press("Enter")
    expect(page.locator("#accounts-state")).to_contain_text("Nobody is found so")
    page.get_by_role("link", name="Audit").click()
    expect(page.locator("#audit-state")).to_contain_text("Nothing is found so")
    visit.assert_fit()
    page.get_by_label("User name of who did it").fill("ada")
    page.keyboard.press("Enter")
    expect(page.locator("#audit-user-fault")).to_contain_text("Nobody of your school")


def test_a_teacher_finds_no_accounts(opened: Open, visit: Visit) -> None:
    page = enters(visit, f"{opened.server.url}/school#accounts", opened, "jane")
    expect(page.get_by_role("heading", name="Your classes")).to_be_focused()
    expect(page.locator("#parts")).to_be_hidden()
