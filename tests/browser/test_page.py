"""The first page, in Chromium: signing in, a lesson made live, what goes wrong and how the page takes it."""

import json
import signal
from fnmatch import fnmatch
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Download, Request, expect

from forms import FULL
from generation import STAGES, long_text
from school import SERVE, Open, School
from server_process import end, launched
from signed_in import enters
from toolboxai.platform.content.exports.formats import sheets
from visit import PATIENCE_MS, Visit

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("browser"), pytest.mark.timeout(60)]

# Nobody clicks so fast, but a keyboard that repeats does, and what helps people to use pages.
PRESS_EVERY_BUTTON = """async () => {
  const place = document.getElementById("files");
  for (const button of place.querySelectorAll("button")) {
    button.click();
    while (place.ariaBusy === "true") await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}"""
FILES = {f"{audience} {format}" for format, audience in sheets()}


def fetched(visit: Visit, names: str = "*") -> dict[str, tuple[str, bytes]]:
    """Files that the page offers, by their buttons: the names they are saved under, and their bytes."""
    found = {}
    for button in visit.page.locator("#files button").all():
        if not fnmatch(str(button.get_attribute("data-file")), names):
            continue
        with visit.page.expect_download() as download:
            button.click()
        place = download.value.path()
        found[str(button.get_attribute("data-file"))] = (
            download.value.suggested_filename,
            place.read_bytes(),
        )
    return found


def hurried(visit: Visit) -> list[str]:
    """The names of the files that are saved when every button is pressed as soon as the one before it is done with."""
    names: list[str] = []

    def begun(download: Download) -> None:
        names.append(download.suggested_filename)

    visit.page.on("download", begun)
    with visit.page.expect_event("download", lambda _: len(names) >= len(FILES)):
        visit.page.evaluate(PRESS_EVERY_BUTTON)
    visit.page.remove_listener("download", begun)
    return names


def assert_ready(visit: Visit) -> None:
    """The lesson is there, every event was shown once, every stage was worked on and done, in order."""
    expect(visit.page.locator("#result")).to_be_visible(timeout=2 * PATIENCE_MS)
    assert visit.page.locator("#percent").inner_text() == "100 %"
    numbers = visit.numbers()
    assert numbers == list(range(1, len(numbers) + 1))
    assert visit.page.locator("#log-count").inner_text() == str(len(numbers))
    states = list(dict.fromkeys(visit.seen("stages")))
    assert [state for state in states if not state.endswith(" waiting")] == [
        f"{stage} {state}" for stage in STAGES for state in ("working", "done")
    ]


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
def test_from_the_printed_link_to_the_files(demo_link: str, visit: Visit) -> None:
    page = visit.page
    page.goto(demo_link)
    expect(page.locator("#who")).to_have_text("demo-teacher")
    assert page.url == demo_link.partition("#")[0]
    assert page.evaluate("[history.length, localStorage.length, sessionStorage.length, document.cookie]") == [
        2,  # the empty first page, and this one: going back finds no code
        0,
        0,
        "",
    ]

    page.get_by_role("button", name="Take the sample text").click()
    expect(page.get_by_label("Subject")).to_have_value("Science")
    visit.make_lesson()
    assert_ready(visit)
    expect(page.get_by_role("heading", name="Ready: The Water Cycle")).to_be_focused()
    assert "live" in visit.seen("links")

    files = fetched(visit)
    assert files.keys() == FILES
    assert files["student docx"][0] == "the-water-cycle-student.docx"
    lesson = json.loads(files["teacher json"][1])
    questions = len(lesson["quiz"]["questions"])
    assert f"a quiz of {questions} questions" in page.locator("#message").inner_text()
    assert b"The Water Cycle" in files["teacher md"][1]
    # A browser drops what a page begins as its eleventh download in a second; the page asks for none of it too early.
    assert sorted(hurried(visit)) == sorted(name for name, _ in files.values())

    # No secret stood in any address but the ones that are made for it, and nobody else was asked for anything.
    assert [path for path in visit.asked if "once_" in path or "token" in path.lower()] == []
    assert visit.hosts == {urlsplit(demo_link).netloc}
    assert visit.faults == []


def test_a_link_that_is_not_good_leads_to_the_sign_in_with_the_reason(demo_link: str, visit: Visit) -> None:
    page = visit.page
    page.goto(demo_link.partition("#")[0] + "#code=once_" + "0" * 40)
    assert "it works once" in visit.trouble()
    expect(page.get_by_role("heading", name="Sign in")).to_be_focused()
    assert "#" not in page.url


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
def test_a_wrong_password_is_told_and_a_right_one_lets_in_by_keyboard(opened: Open, visit: Visit) -> None:
    jane = opened.school["jane"]
    visit.page.goto(opened.server.url)
    visit.sign_in(jane.name, "not her password")
    assert "User name or password is wrong" in visit.trouble()
    visit.page.get_by_label("User name or e-mail").fill("")
    visit.page.get_by_role("textbox", name="Password", exact=True).fill("")
    visit.sign_in(jane.name, jane.password)
    expect(visit.page.locator("#who")).to_have_text("jane")
    expect(visit.page.get_by_role("alert")).to_be_hidden()
    visit.sign_out()
    expect(visit.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert "DELETE /api/v1/auth/browser" in visit.asked


def test_what_cannot_be_made_is_said_at_the_field_and_the_text_stays(opened: Open, visit: Visit) -> None:
    page = enters(visit, opened.server.url, opened, "jane")
    page.get_by_role("button", name="Take the sample text").click()
    expect(page.get_by_label("Subject")).to_have_value("Science")
    page.get_by_label("Grade").fill("8-6")
    for number in range(8):  # beside the three of the sample
        page.get_by_label("One of your own").fill(f"Explain clouds of kind {number}")
        page.keyboard.press("Enter")
    visit.make_lesson()
    assert visit.trouble() == "Please look at what is marked below."
    assert "the first year comes first" in page.locator("#grade_level-fault").inner_text()
    assert "11 objectives" in page.locator("#learning_objectives-fault").inner_text()
    expect(page.get_by_label("Grade")).to_be_focused()
    assert page.get_by_label("Grade").get_attribute("aria-invalid") == "true"

    page.get_by_label("Grade").fill("6-8")
    page.get_by_label("Take objective 11").uncheck()
    page.get_by_label("Text of the lesson").fill("Too few words.")
    visit.make_lesson()
    expect(page.get_by_role("heading", name="Your lesson was not finished")).to_be_focused()
    assert "Go back to the text" in page.locator("#message").inner_text()
    page.get_by_role("button", name="Back to the text").click()
    expect(page.get_by_label("Text of the lesson")).to_have_value("Too few words.")


def test_a_pupil_is_told_what_the_account_may_not(opened: Open, visit: Visit) -> None:
    visit.page.goto(opened.server.url)
    visit.sign_in("sam", opened.school["sam"].password)
    expect(visit.page.get_by_role("heading", name="Lessons are made by teachers")).to_be_focused()
    visit.assert_fit()
    visit.page.get_by_role("link", name="Learn").first.wait_for()


def spoiled(request: Request) -> dict[str, str]:
    """The headers of a request, with a token that the server refuses."""
    return {**request.headers, "authorization": "Bearer a.b.c"}


def test_a_token_that_is_over_is_renewed_once_and_nobody_notices(opened: Open, visit: Visit) -> None:
    page = enters(visit, opened.server.url, opened, "jane")
    page.get_by_role("button", name="Take the sample text").click()
    expect(page.get_by_label("Subject")).to_have_value("Science")
    path = "**/api/v1/content/generate"
    page.route(path, lambda route: route.continue_(headers=spoiled(route.request)), times=1)
    visit.make_lesson()
    assert_ready(visit)
    assert visit.asked.count("POST /api/v1/auth/browser") == 2  # when the page was opened, and this once
    assert visit.asked.count("POST /api/v1/content/generate") == 2


def test_who_is_signed_out_meanwhile_signs_in_again_and_finds_the_text(opened: Open, visit: Visit) -> None:
    page, jane = enters(visit, opened.server.url, opened, "jane"), opened.school["jane"]
    page.get_by_role("button", name="Take the sample text").click()
    expect(page.get_by_label("Subject")).to_have_value("Science")

    page.context.clear_cookies()
    path = "**/api/v1/content/generate"
    page.route(path, lambda route: route.continue_(headers=spoiled(route.request)), times=1)
    visit.make_lesson()
    assert "Sign in again" in visit.trouble()
    visit.sign_in(jane.name, jane.password)
    expect(page.get_by_label("Subject")).to_have_value("Science")
    visit.make_lesson()
    assert_ready(visit)


@pytest.mark.skipif(not FULL, reason="in the full form: J2 at the desk stops a lesson in the page itself")
def test_a_lesson_that_is_stopped_elsewhere_is_tried_again_from_where_it_was(
    opened: Open, visit: Visit
) -> None:
    page, jane = enters(visit, opened.server.url, opened, "jane"), opened.school["jane"]
    page.get_by_role("button", name="Take the sample text").click()
    expect(page.get_by_label("Subject")).to_have_value("Science")
    page.get_by_label("Text of the lesson").fill(long_text(80_000))
    with page.expect_response("**/api/v1/content/generate") as accepted:
        visit.make_lesson()
    visit.reaches("content_analysis", "done")
    address = opened.server.url + accepted.value.json()["status_url"]
    assert httpx2.delete(address, headers=jane.bearer, trust_env=False).json()["status"] == "cancelled"
    expect(page.get_by_role("heading", name="You stopped this lesson")).to_be_focused()
    assert "You can try again" in page.locator("#message").inner_text()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#result")).to_be_visible()
    numbers = visit.numbers()
    assert numbers == list(range(1, len(numbers) + 1))
    assert page.locator("#stages [data-state=done]").count() == len(STAGES)


def test_a_server_that_dies_in_the_middle_is_waited_for_and_nothing_is_missed(
    school: School, visit: Visit
) -> None:
    page = visit.page
    with launched([*SERVE, "0"], cwd=school.home, env=school.env) as first:
        page.goto(first.url)
        visit.sign_in("jane", school["jane"].password)
        page.get_by_role("button", name="Take the sample text").click()
        expect(page.get_by_label("Subject")).to_have_value("Science")
        page.get_by_label("Text of the lesson").fill(long_text(80_000))
        visit.make_lesson()
        visit.reaches("content_analysis", "done")
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        expect(page.locator("#link")).to_contain_text("The connection to the server is away. Nothing is lost")
        expect(page.locator("#result")).to_be_hidden()
    with launched([*SERVE, str(first.port)], cwd=school.home, env=school.env) as second:
        assert_ready(visit)
        links = visit.seen("links")
        assert links[:2] == ["joining", "live"]
        assert links[2:] == ["away", "back"]
        assert fetched(visit, "* docx").keys() == {name for name in FILES if name.endswith(" docx")}
        end(second)


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
def test_live_updates_may_come_from_another_server(school: School, visit: Visit) -> None:
    page = visit.page
    (school.home / "channels").mkdir()
    command = [*SERVE, "0", "--channels-only"]
    with launched(command, cwd=school.home / "channels", env=school.env) as channels:
        there = {"PUSHER_HOST": "127.0.0.1", "PUSHER_PORT": str(channels.port), "PUSHER_SCHEME": "http"}
        env = {**school.env, "TOOLBOXAI_PUBLISHER": "pusher", **there}
        with launched([*SERVE, "0"], cwd=school.home, env=env) as server:
            page.goto(server.url)
            visit.sign_in("jane", school["jane"].password)
            page.get_by_role("button", name="Take the sample text").click()
            expect(page.get_by_label("Subject")).to_have_value("Science")
            visit.make_lesson()
            assert_ready(visit)
            assert "live" in visit.seen("links")
            assert visit.hosts == {urlsplit(server.url).netloc, urlsplit(channels.url).netloc}
            assert visit.faults == []
            end(server)
        end(channels)
