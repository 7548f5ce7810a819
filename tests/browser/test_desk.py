"""The teacher's desk in Chromium: texts and files in, proposals, a run that nothing loses, earlier lessons."""

import json
import statistics
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from browser.conftest import TRIES
from cable import wired
from engines import held_up, lost
from forms import FULL
from generation import STAGES, long_text
from made_files import docx_file, encrypted_pdf
from provider_server import ProviderServer, Turn
from school import Open, a_lesson
from signed_in import called, enters
from visit import GONE_AT, PATIENCE_MS, Visit, visiting

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("browser"), pytest.mark.timeout(60)]

TEXTS = Path(__file__).parents[1] / "corpus" / "texts"
CLOUDS = (
    "Heat turns water into vapour. Vapour is water in the form of a gas. Vapour rises and cools high above the ground. "
    "Cool vapour turns into tiny drops of water. Many tiny drops form a cloud. Drops grow until they fall as rain. "
    "Rain falls into rivers, and rivers carry the water back to the sea. The sun warms the sea again."
)
DROP = """([kind, name, content]) => {
  const data = new DataTransfer();
  if (kind === "text") data.setData("text/plain", content);
  else data.items.add(new File([content], name));
  const place = document.querySelector("#desk h2");
  for (const type of ["dragenter", "dragover", "drop"])
    place.dispatchEvent(new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));
}"""
FIRST_EVENT = """() => new Promise((resolve) => {
  const begun = performance.now();
  new MutationObserver((_, watching) => {
    if (document.querySelector("#log-list li") === null || document.getElementById("run").hidden) return;
    watching.disconnect();
    resolve(performance.now() - begun);
  }).observe(document.getElementById("log-list"), {childList: true});
  document.querySelector("#wish button[type=submit]").click();
})"""


def come(visit: Visit, opened: Open, name: str = "jane") -> Page:
    """Somebody at the desk."""
    return enters(visit, opened.server.url, opened, name)


def come_with_the_sample(visit: Visit, opened: Open, url: str | None = None) -> Page:
    """Jane at the desk, with a text."""
    page = enters(visit, url or opened.server.url, opened, "jane")
    page.get_by_role("button", name="Take the sample text").click()
    looked_through(page)
    return page


def looked_through(page: Page) -> None:
    expect(page.locator("#proposing")).to_contain_text("words")


def assert_whole(visit: Visit) -> None:
    """All is done, and every event is there once, in order."""
    expect(visit.page.locator("#result")).to_be_visible(timeout=2 * PATIENCE_MS)
    assert visit.page.locator("#percent").inner_text() == "100 %"
    assert visit.page.locator("#stages [data-state=done]").count() == len(STAGES)
    numbers = visit.numbers()
    assert numbers == list(range(1, len(numbers) + 1))
    assert visit.page.locator("#log-count").inner_text() == str(len(numbers))


# ---- what a lesson is made from -----------------------------------------------------------------------------


def test_files_are_chosen_and_dropped_and_what_is_not_taken_is_said_at_it(opened: Open, visit: Visit) -> None:
    page = come(visit, opened)
    clouds = docx_file(("Heading 1", "Clouds"), ("Normal", CLOUDS))
    locked = encrypted_pdf(user="secret")
    page.locator("#source_files").set_input_files(
        [
            FilePayload(name="clouds.docx", mimeType="", buffer=clouds),
            FilePayload(name="locked.pdf", mimeType="application/pdf", buffer=locked),
            FilePayload(name="empty.txt", mimeType="text/plain", buffer=b""),
        ]
    )
    rows = page.locator("#source-list > li")
    expect(rows.nth(1).locator(".fault")).to_contain_text("password")
    expect(rows.nth(2).locator(".fault")).to_contain_text("Not used: it ")
    looked_through(page)
    visit.assert_fit()

    page.evaluate(DROP, ["file", "rain.txt", CLOUDS.replace("cloud", "shower")])
    expect(rows.nth(3).locator(".hint")).to_contain_text("characters read")
    expect(rows.nth(0).locator(".hint")).to_contain_text("characters read")
    for name in ("empty.txt", "locked.pdf"):
        page.get_by_role("button", name=f"Take out {name}").focus()
        page.keyboard.press("Enter")
    expect(rows).to_have_count(2)
    expect(page.get_by_role("button", name="Take out rain.txt")).to_be_focused()
    looked_through(page)
    expect(page.get_by_label("Subject")).to_have_value("Water")
    page.evaluate(DROP, ["text", "", "What was dropped as text."])
    expect(page.get_by_label("Text of the lesson")).to_have_value("What was dropped as text.")

    with page.expect_request("**/api/v1/content/generate") as asked:
        visit.make_lesson()
    assert asked.value.headers["content-type"].startswith("multipart/form-data")
    assert_whole(visit)


def test_what_the_text_offers_is_ticked_changed_and_added_to(opened: Open, visit: Visit) -> None:
    page = come(visit, opened)
    page.get_by_label("Text of the lesson").fill((TEXTS / "es_celula.md").read_text(encoding="utf-8"))
    page.keyboard.press("Tab")
    expect(page.locator("#proposing")).to_contain_text("words in Spanish")
    expect(page.get_by_label("Subject")).to_have_value("Célula")
    expect(page.locator("#language")).to_have_value("es")
    expect(page.locator("#objectives > li")).to_have_count(8)
    assert page.locator("#objectives input:checked").count() == 3
    page.locator("#objectives summary").first.click()
    expect(page.locator("#objectives blockquote").first).to_be_visible()
    visit.assert_fit()

    page.get_by_label("Take objective 1", exact=True).uncheck()
    page.get_by_label("Objective 2", exact=True).fill("Explicar qué es una célula")
    page.get_by_label("One of your own").fill("Dibujar una célula")
    page.locator("#more summary").click()
    page.get_by_label("Difficulty of the questions").select_option("easy")
    page.get_by_label("Put in order").check()
    with page.expect_request("**/api/v1/content/generate") as asked:
        visit.make_lesson()
    sent: dict[str, Any] = json.loads(asked.value.post_data or "")
    assert sent["language"] == "es"
    assert (sent["difficulty"], sent["title"]) == ("easy", "La célula")
    assert "ordering" in sent["question_types"]
    titles = [each if isinstance(each, str) else each["title"] for each in sent["learning_objectives"]]
    assert titles[0] == "Explicar qué es una célula"
    assert titles[-1] == "Dibujar una célula"
    assert sent["learning_objectives"][1]["bloom_level"]
    assert_whole(visit)


def test_what_was_chosen_stays_when_the_text_changes(opened: Open, visit: Visit) -> None:
    page = come(visit, opened)
    text = page.get_by_label("Text of the lesson")
    text.fill((TEXTS / "en_frost.md").read_text(encoding="utf-8"))
    page.keyboard.press("Tab")
    expect(page.get_by_label("Grade")).to_have_value("3-5")
    page.get_by_label("Grade").fill("7")
    page.get_by_label("Objective 1", exact=True).fill("Explain frost in my words")
    text.fill((TEXTS / "de_vulkane.md").read_text(encoding="utf-8"))
    page.keyboard.press("Tab")
    expect(page.get_by_label("Subject")).to_have_value("Vulkan")
    expect(page.get_by_label("Grade")).to_have_value("7")
    expect(page.get_by_label("Objective 1", exact=True)).to_have_value("Explain frost in my words")
    assert page.locator("#objectives input:checked").count() == 1
    text.fill("Too short.")
    page.keyboard.press("Tab")
    expect(page.locator("#proposing")).to_contain_text("at least 60 words")


def test_nothing_to_make_a_lesson_from_is_said_at_the_text(opened: Open, visit: Visit) -> None:
    page = come(visit, opened)
    visit.make_lesson()
    expect(page.locator("#source_text-fault")).to_contain_text("add a file")
    expect(page.get_by_label("Text of the lesson")).to_be_focused()
    visit.assert_fit()
    assert "POST /api/v1/content/generate" not in visit.asked

    page.keyboard.insert_text("a word " * 71_500)  # as a paste does; nothing of it is cut without a word
    visit.make_lesson()
    expect(page.locator("#source_text-fault")).to_contain_text("at most 500,000 are allowed")


# ---- the run ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", GONE_AT)
def test_j1_from_a_text_to_files_by_keyboard_alone(browser: Browser, opened: Open, size: str) -> None:
    with visiting(browser, size) as visit:
        page = come(visit, opened)
        visit.assert_fit()
        page.get_by_label("Text of the lesson").focus()
        page.keyboard.insert_text((TEXTS / "en_rivers.md").read_text(encoding="utf-8"))
        page.keyboard.press("Tab")
        looked_through(page)
        visit.assert_fit()
        page.get_by_label("Subject").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Ready: Rivers")).to_be_focused(timeout=2 * PATIENCE_MS)
        assert_whole(visit)
        visit.assert_fit()
        button = page.locator("#files button[data-file='student docx']")
        button.focus()
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        assert download.value.suggested_filename == "rivers-student.docx"


def test_the_first_live_event_comes_within_a_second(opened: Open, visit: Visit) -> None:
    page = come_with_the_sample(visit, opened)
    took = []
    for _ in range(5 if FULL else 3):
        took.append(page.evaluate(FIRST_EVENT))
        expect(page.locator("#result")).to_be_visible()
        page.get_by_role("button", name="Back to the text").click()
        expect(page.get_by_role("heading", name="A lesson from your text")).to_be_focused()
    assert statistics.median(took) < 1000, took


def test_j2_what_fails_is_tried_again_and_what_is_stopped_is_stopped_in_every_tab(
    opened: Open, visit: Visit
) -> None:
    page = come_with_the_sample(visit, opened)
    page.get_by_label("Text of the lesson").fill(long_text(80_000))
    visit.make_lesson()
    visit.reaches("quiz_generation", "working")
    other = Visit(page.context.new_page())
    with held_up(opened.server):
        other.page.goto(page.url)
        expect(other.page.get_by_role("button", name="Stop it …")).to_be_visible()
        page.get_by_role("button", name="Stop it …").click()
        expect(page.get_by_role("heading", name="Stop making this lesson?")).to_be_visible()
        visit.assert_fit()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Stop it …")).to_be_focused()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Stop it", exact=True).press("Enter")
    for window in (page, other.page):
        expect(window.get_by_role("heading", name="You stopped this lesson")).to_be_visible()

    other.page.get_by_role("button", name="Try again").click()
    visit.reaches("quiz_generation", "working")
    lost(opened.server)
    for window in (page, other.page):
        expect(window.get_by_role("heading", name="Your lesson was not finished")).to_be_visible()
        assert window.locator("#stages [data-state=done]").count() == 2
    visit.assert_fit()

    page.get_by_role("button", name="Try again").click()
    for each in (visit, other):
        assert_whole(each)
        assert each.own_faults == []
    assert visit.numbers() == other.numbers()


def test_a_reload_and_a_cut_line_in_every_stage_lose_nothing(opened: Open, visit: Visit) -> None:
    with wired(opened.server.port) as cable:
        page = come_with_the_sample(visit, opened, cable.url)
        page.get_by_label("Text of the lesson").fill(long_text(100_000))
        visit.make_lesson()
        for stage in STAGES:
            visit.reaches(stage, "working")
            with held_up(opened.server):
                page.reload()
                visit.reaches(stage, "working")
                expect(page.locator("#link")).to_have_attribute("data-state", "live")
                cable.cut()
                page.locator("#link[data-state=away]").wait_for()
                cable.mend()
                page.locator("#link[data-state=back]").wait_for()
                expect(page.locator(f"[data-stage={stage}]")).to_have_attribute("data-state", "working")
        assert_whole(visit)


def test_a_slow_network_is_told_and_waited_for(opened: Open, visit: Visit) -> None:
    page = come_with_the_sample(visit, opened)
    slow = {"offline": False, "latency": 300, "downloadThroughput": 50_000, "uploadThroughput": 20_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    visit.make_lesson()
    expect(page.locator("#sending")).to_have_text("Sending the text …")
    assert_whole(visit)


def test_an_address_of_nothing_or_of_anothers_is_told(opened: Open, visit: Visit) -> None:
    page = enters(visit, f"{opened.server.url}#session=gen_none", opened, "jane")
    expect(page.get_by_role("heading", name="This lesson is not here")).to_be_focused()
    visit.assert_fit()
    page.get_by_role("button", name="Back to the text").click()
    expect(page.get_by_role("heading", name="A lesson from your text")).to_be_focused()


# ---- a language model ---------------------------------------------------------------------------------------


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
def test_words_of_a_model_are_seen_while_they_are_written(
    worded: tuple[Open, ProviderServer], visit: Visit
) -> None:
    opened, model = worded
    outage = [Turn(status=503, retry_after="0") for _ in range(TRIES)]
    model.turns.extend([Turn(), *outage, Turn(stall=True, piece=2000)])
    page = come_with_the_sample(visit, opened)
    visit.make_lesson()
    expect(page.get_by_role("heading", name="Your lesson was not finished")).to_be_focused()
    expect(page.locator("#written")).to_be_hidden()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("region", name="Being written")).not_to_be_empty()
    visit.assert_fit()
    model.go.set()
    assert_whole(visit)
    expect(page.locator("#written")).to_be_hidden()


# ---- earlier lessons ----------------------------------------------------------------------------------------


def test_earlier_lessons_are_listed_page_by_page_and_opened(opened: Open, visit: Visit) -> None:
    page = come(visit, opened, "john")
    page.get_by_role("link", name="Earlier lessons").first.click()
    expect(page.get_by_role("heading", name="Earlier lessons")).to_be_focused()
    expect(page.locator("#lessons-said")).to_contain_text("You have not had a lesson made yet")
    visit.assert_fit()

    last: dict[str, Any] = {}
    with called(opened, "john") as http:
        for number in range(21):
            body = a_lesson(
                title=f"Lesson {number}", **({} if number == 20 else {"source_text": "No lesson."})
            )
            while (answer := http.post("/api/v1/content/generate", json=body)).status_code == 429:
                http.get("/api/v1/content/sessions")
            before, last = last, answer.json()
        while http.get(before["status_url"]).json().get("status") in (None, "queued", "running"):
            continue  # the list shows how it was when it was asked for
    page.reload()
    rows = page.locator("#lesson-list > li")
    expect(rows).to_have_count(20)
    expect(rows.first).to_contain_text("Lesson 20")
    expect(rows.nth(1)).to_contain_text("stopped")
    page.get_by_role("button", name="Show older ones").click()
    expect(rows).to_have_count(21)
    expect(rows.nth(20).get_by_role("link")).to_be_focused()
    visit.assert_fit()

    rows.first.get_by_role("link").click()
    assert_whole(visit)
    assert page.url.endswith(f"#session={last['session_id']}")
    page.go_back()
    expect(page.get_by_role("heading", name="Earlier lessons")).to_be_focused()

    page.route("**/api/v1/content/sessions?*", lambda route: route.abort(), times=1)
    page.reload()
    expect(page.locator("#lessons-said")).to_contain_text("The server does not answer")
    page.get_by_role("button", name="Try again").click()
    expect(rows).to_have_count(20)
