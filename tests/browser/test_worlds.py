"""The page of worlds in Chromium: built from a lesson and followed live, seen as pictures, fetched, changed, shared."""

import os
import re
import signal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from cable import wired
from engines import reader_caught
from lesson_pages import made, press
from school import Open
from signed_in import asked, called, enters
from visit import Visit, visiting

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("browser"), pytest.mark.timeout(60)]

WORLDS = "/api/v1/roblox/environments"
SCRIPT = "buildings_check"


@pytest.fixture(scope="module")
def content(opened: Open) -> dict[str, Any]:
    """A finished lesson of Jane's."""
    return made(opened)


def component(page: Page, name: str, state: str) -> None:
    expect(page.locator(f"[data-stage={name}]")).to_have_attribute("data-state", state)


def press_link(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).focus()
    page.keyboard.press("Enter")


def ready(page: Page) -> None:
    expect(page.locator("#world-said")).to_have_text("It is ready.")
    expect(page.locator("#files button")).to_have_count(5)
    expect(page.locator("#plans img")).to_have_count(2)


def test_j3_a_world_is_built_from_a_lesson_before_a_teachers_eyes(
    browser: Browser, opened: Open, content: dict[str, Any]
) -> None:
    with wired(opened.server.port) as cable, visiting(browser) as visit:
        page = enters(visit, f"{cable.url}/#content={content['content_id']}", opened, "jane")
        press_link(page, "Build a world from this lesson")
        expect(page.get_by_role("heading", name="Build a world")).to_be_focused()
        expect(page.get_by_label("Lesson", exact=True)).to_have_value(content["content_id"])
        form = page.locator("#build")
        form.get_by_label("Theme").select_option("Space station")
        form.get_by_label("Size").select_option("Small")
        form.get_by_label("Seed").fill("1.5")
        form.get_by_label("Seed").press("Enter")
        expect(page.locator("#build-seed-fault")).to_have_text("Write a whole number.")
        visit.assert_fit("phone")
        form.get_by_label("Seed").fill("7")
        form.get_by_label("Seed").press("Enter")

        # The scripts are read in a process of their own, which stands still: so far it is seen while it is built.
        reader = reader_caught(opened.server)
        for name, state in (("terrain", "done"), ("buildings", "done"), ("scripts", "working")):
            component(page, name, state)
        expect(page.get_by_role("img", name="Floor plan of The Water Cycle")).to_be_visible()
        expect(page.locator("#link")).to_have_attribute("data-state", "live")
        visit.assert_fit()
        cable.cut()
        page.locator("#link[data-state=away]").wait_for()
        os.kill(reader, signal.SIGKILL)
        cable.mend()
        page.locator("#link[data-state=back]").wait_for()

        component(page, "scripts", "failed")
        expect(page.locator("#world-error")).to_contain_text("ENVIRONMENT_GENERATION_FAILED, scripts")
        expect(page.locator("#world-error")).to_contain_text("only what failed is built")
        visit.assert_fit("desk")
        press(page, "Build again what failed")
        ready(page)
        expect(page.locator("#percent")).to_have_text("100 %")
        visit.assert_fit("phone")
        assert [state for state in visit.seen("stages") if state.endswith("waiting")] == ["scripts waiting"]

        row = page.locator("#files li", has_text="All files")
        with page.expect_download() as download:
            row.get_by_role("button").press("Enter")
        assert (
            sha256(Path(download.value.path()).read_bytes()).hexdigest() == row.locator("code").inner_text()
        )

        page.locator("#anew summary").press("Enter")
        form = page.locator("#rebuild")
        press(form, "Build it anew")
        expect(page.locator("#rebuild-seed-fault")).to_contain_text("Choose another seed")
        press(form, "Another seed")
        form.get_by_label("Theme").select_option("Under water")
        form.get_by_label("Take the lesson as it is now").check()
        press(form, "Build it anew")
        reader = reader_caught(opened.server)
        expect(page.locator("#world-about")).to_contain_text(re.compile("Under water.* build 2"))
        expect(page.locator("#world-old")).to_contain_text("These are of build 1")
        press(page, "Stop it")
        expect(page.locator("#world-said")).to_have_text("You stopped it.")
        os.kill(reader, signal.SIGKILL)
        page.reload()
        press(page, "Go on building")
        ready(page)

        press_link(page, "Its lesson")
        expect(page.locator("#lesson-world-said")).to_have_text("The Water Cycle: It is ready. 100 %")
        expect(page.locator("#lesson-plans img")).to_have_count(2)
        page.locator("#lesson-plans summary").first.press("Enter")
        expect(page.locator("#lesson-plans p").first).to_contain_text("The spawn is in")
        press_link(page, "Open the world")
        press(page, "Delete …")
        expect(page.get_by_role("dialog", name="Delete this world?")).to_be_visible()
        visit.assert_fit("phone")
        page.get_by_role("button", name="Delete it").press("Enter")
        expect(page.get_by_role("heading", name="Worlds", exact=True)).to_be_focused()
        expect(page.locator("#worlds-state")).to_have_text("You have had no world built yet.")


@pytest.fixture(scope="module")
def world(opened: Open) -> dict[str, Any]:
    """A small world of Jane's that is ready."""
    begun: dict[str, Any] = asked(opened, "jane", "POST", WORLDS, {"name": "Small", "size": "small"})
    app, key = opened.school.env["PUSHER_APP_ID"], opened.school.key
    path = f"/apps/{app}/channels/{begun['private_channel']}/sse"
    with called(opened) as http, http.stream("GET", path, params={"key": key}) as events:
        if http.get(begun["status_url"]).json()["status"] != "ready":
            assert any('"ready"' in line for line in events.iter_lines())
    return begun


def at_script(visit: Visit, opened: Open, who: str, world: dict[str, Any]) -> Page:
    url = f"{opened.server.url}/worlds#world={world['environment_id']}&script={SCRIPT}"
    page = enters(visit, url, opened, who)
    expect(page.locator("#source")).not_to_have_value("")
    return page


def test_a_script_is_edited_refused_compared_and_taken_up_again(
    opened: Open, visit: Visit, world: dict[str, Any]
) -> None:
    page = at_script(visit, opened, "jane", world)
    source, said = page.get_by_label("The script"), page.locator("#script-said")
    first = source.input_value()
    assert "<" in first or "--" in first

    source.fill(first + "local = 5\n")
    press(page, "Save")
    expect(said).to_have_text("Not saved. Please look at what was found:")
    line = first.count("\n") + 1
    expect(page.locator("#script-faults")).to_contain_text(f"Line {line}: ")
    visit.assert_fit("phone")
    press(page, f"Go to line {line}")
    assert page.evaluate("getSelection().toString()") == "local = 5"

    source.fill(first + 'loadstring("x")()\ngame:GetService("HttpService")\n')
    press(page, "Save")
    expect(page.locator("#script-faults li")).to_contain_text(["Not allowed: ", "To think about: "])
    source.fill(first + '-- <b>more</b>\ngame:GetService("HttpService")\n')
    press(page, "Save")
    expect(said).to_have_text("Saved. Please look at what was found, too:")
    expect(page.locator("#script-about")).to_contain_text("revision 2")
    press(page, "What it changed: revision 2")
    expect(page.locator("#diff ins").last).to_have_text('+game:GetService("HttpService")')

    # Somebody writes meanwhile: theirs stands beside hers.
    source.fill(first + "-- mine\n")
    url = f"{WORLDS}/{world['environment_id']}/scripts/{SCRIPT}"
    with called(opened) as http:
        seen = {"If-Match": '"r2"'}
        assert http.put(url, json={"source": first + "-- theirs\n"}, headers=seen).status_code == 200
    expect(said).to_contain_text("Revision 3 was saved meanwhile")
    press(page, "Save")
    expect(page.locator("#script-conflict")).to_contain_text("Somebody saved revision 3 meanwhile")
    expect(page.locator("#script-revisions li")).to_have_count(3)
    expect(page.get_by_role("region", name="As it is now")).to_contain_text("-- theirs")
    expect(source).to_have_value(first + "-- mine\n")
    visit.assert_fit()
    press(page, "Save mine over it")
    expect(said).to_contain_text("Saved as revision 4")
    press(page, "Take it up again: revision 1")
    expect(said).to_contain_text("Revision 1 is taken up again, as revision 5")
    expect(source).to_have_value(first)

    # An answer that is lost on its way is not taken for somebody else's writing.
    def lose(route: Route) -> None:
        if route.request.method == "PUT":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    source.fill(first + "-- once\n")
    page.route(f"**{url}", lose)
    press(page, "Save")
    expect(page.locator("#trouble")).to_contain_text("The server does not answer")
    page.unroute(f"**{url}")
    press(page, "Save")
    expect(said).to_contain_text("Saved as revision 6")

    # What is written while it is being saved stays, and is not saved.
    def write_on(route: Route) -> None:
        if route.request.method == "PUT":
            source.fill(first + "-- twice, and more\n")
        route.continue_()

    source.fill(first + "-- twice\n")
    page.route(f"**{url}", write_on)
    press(page, "Save")
    expect(said).to_contain_text("Saved as revision 7")
    expect(source).to_have_value(first + "-- twice, and more\n")
    page.unroute(f"**{url}")

    source.fill("-- not saved")
    page.once("dialog", lambda dialog: dialog.dismiss())
    press_link(page, "Back to the world Small")
    expect(source).to_have_value("-- not saved")
    press(page, "Leave it as it was")
    press_link(page, "Back to the world Small")
    expect(page.get_by_role("heading", name="Small")).to_be_focused()


def test_a_world_that_is_found_late_does_not_come_over_what_is_seen_by_then(
    opened: Open, visit: Visit, world: dict[str, Any]
) -> None:
    page = enters(visit, f"{opened.server.url}/worlds", opened, "jane")
    held: list[Route] = []
    page.route(f"**{world['status_url']}", lambda route: held.append(route), times=1)
    press_link(page, "Small")
    expect(page.get_by_role("heading", name="Looking for the world …")).to_be_focused()
    press_link(page, "All worlds")
    expect(page.get_by_role("link", name="Small")).to_be_visible()
    held[0].continue_()
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    expect(page.get_by_role("heading", name="Worlds", exact=True)).to_be_visible()
    press_link(page, "Small")
    expect(page.get_by_role("heading", name="Small")).to_be_focused()


def test_a_world_is_shared_and_others_see_what_is_theirs_to_see(
    browser: Browser, opened: Open, visit: Visit, world: dict[str, Any]
) -> None:
    page = enters(visit, f"{opened.server.url}/worlds#world={world['environment_id']}", opened, "jane")
    ready(page)
    press(page, "Share …")
    expect(page.get_by_role("dialog", name="Share the world")).to_be_visible()
    visit.assert_fit("phone")
    for name in ("sam", "john"):
        page.get_by_label("User name", exact=True).fill(name)
        press(page.locator("#share-person"), "Share")
        expect(page.locator("#share-said")).to_have_text(f"{name}: may read.")
    press(page, "Make a link")
    made_link = page.get_by_label("The link, shown this once")
    expect(made_link).to_be_focused()
    link = made_link.input_value()

    with visiting(browser, "phone") as pupil:
        there = enters(pupil, f"{opened.server.url}/learn", opened, "sam")
        press_link(there, "Small")
        expect(there.locator("#plans img")).to_have_count(2)
        for hidden in ("#files", "#script-list", "#anew", "#world-share", "#world-delete"):
            expect(there.locator(hidden)).to_be_hidden()
        pupil.assert_fit("phone")
        press_link(there, "All worlds")
        expect(there.locator("#shared-worlds-list a")).to_have_text("Small")
        expect(there.get_by_role("link", name="Build a world")).to_be_hidden()
        pupil.assert_fit("phone")
        there.goto(link)
        expect(there).to_have_url(re.compile(f"/worlds#world={world['environment_id']}$"))
        expect(there.get_by_role("heading", name="Small")).to_be_visible()
    with visiting(browser) as colleague:
        there = at_script(colleague, opened, "john", world)
        expect(there.get_by_label("The script")).not_to_be_editable()
        expect(there.get_by_role("button", name="Save")).to_be_hidden()
        expect(there.locator("#source-hint")).to_have_text(
            "You can read it. Who built the world changes it, and whoever may edit it."
        )
        page.get_by_label("User name", exact=True).fill("john")
        page.locator("#share-person").get_by_label("What they may do").select_option("editor")
        press(page.locator("#share-person"), "Share")
        expect(page.locator("#share-said")).to_have_text("john: may edit.")
        there.reload()
        expect(there.get_by_label("The script")).to_be_editable()
        press_link(there, "Back to the world Small")
        expect(there.locator("#anew")).to_be_visible()
        for hidden in ("#world-share", "#world-delete"):
            expect(there.locator(hidden)).to_be_hidden()
        there.evaluate("location.hash = 'world=env_none'")
        expect(there.get_by_role("heading", name="This world is not here")).to_be_focused()
