"""A finished lesson on the teacher's page: read, changed in place, gone back on, and never written over unseen."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from lesson_pages import changed, kept, made, part, press, reading, said, shown
from school import Open
from toolboxai.platform.content.model.request import SUPPORTED_QUESTION_TYPES
from visit import Visit

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("browser"), pytest.mark.timeout(60)]

HOSTILE = (
    """<script>document.title = "taken"</script> <img src=x onerror='document.title="taken"'> "a" & 'b' {0}"""
)


@pytest.fixture(scope="module")
def whole(opened: Open) -> dict[str, Any]:
    """A lesson with questions of all kinds, of which none serves the first objective. It is only looked at."""
    content = made(opened, num_questions=14, question_types=list(SUPPORTED_QUESTION_TYPES))
    serving = [
        {"id": one["id"], "objective": None} for one in content["quiz"]["questions"] if one["objective"] == 0
    ]
    return changed(opened, content, quiz={"questions": serving})


@pytest.fixture(scope="module")
def jane(browser: Browser, opened: Open) -> Iterator[Visit]:
    """Jane's window, for one lesson after the other."""
    with reading(browser, opened) as visit:
        yield visit


# ---- reading --------------------------------------------------------------------------------------------------


def test_a_lesson_is_read_with_all_that_stands_behind_it(
    opened: Open, jane: Visit, whole: dict[str, Any]
) -> None:
    page = jane.page
    page.goto(f"{opened.server.url}/#content={whole['content_id']}")
    page.reload()
    expect(page.locator("#lesson-title")).to_have_text(whole["title"])
    expect(page.locator("#lesson-title")).to_be_focused()
    lesson, quiz = whole["lesson"], whole["quiz"]
    read = page.eval_on_selector_all(
        "#lesson [data-part]",
        "all => Object.fromEntries(all.map(one => [one.dataset.part, one.textContent]))",
    )
    for section in lesson["sections"]:
        for text in (section["title"], f"{section['duration_minutes']} minutes"):
            assert text in read[section["id"]]
        for statement in section["statements"]:
            assert statement["text"] in read[section["id"]]
    for word in lesson["vocabulary"]:
        assert word["source_sentence"] in read[word["id"]]
    assert {question["type"] for question in quiz["questions"]} == set(SUPPORTED_QUESTION_TYPES)
    for question in quiz["questions"]:
        answer = question["correct_answer"]
        for text in (
            question["question"],
            question["rationale"],
            question["source_sentence"],
            *([answer] if isinstance(answer, str) else answer),
        ):
            assert text in read[question["id"]]

    # Which sentence of the text each stands on is told when it is asked for.
    place = next(
        one["sentence"] for one in lesson["sections"][0]["statements"] if one["sentence"] is not None
    )
    told = page.locator("#lesson-body").get_by_text(f"Sentence {place + 1} of the text, word for word").first
    expect(told).to_be_hidden()
    press(page, "Show where it stands in the text")
    expect(told).to_be_visible()

    gaps = page.locator("#lesson td.gap")
    lacking = [row for row in whole["coverage"] if not row["sections"] or not row["questions"]]
    assert lacking
    expect(gaps.first).to_have_text("no part" if not lacking[0]["sections"] else "no question")
    warnings = page.locator("#lesson-warning-list").inner_text()
    assert [warning for warning in whole["warnings"] if warning not in warnings] == []
    offered = page.eval_on_selector_all("#lesson-files button", "all => all.map(one => one.dataset.file)")
    assert sorted(offered) == sorted(f"{file['sheet']} {file['format']}" for file in whole["files"])

    jane.assert_fit()
    small = """all => all.filter(one => one.offsetParent && one.getBoundingClientRect().height < 43)
        .map(one => one.outerHTML)"""
    with jane.sized("phone"):
        assert page.eval_on_selector_all("#lesson button, #lesson select, #lesson input", small) == []


def test_a_lesson_that_is_not_there_is_said_to_be_missing(opened: Open, jane: Visit) -> None:
    page = jane.page
    page.evaluate("location.hash = 'content=content_of_nobody'")
    expect(page.get_by_role("heading", name="This lesson is not here")).to_be_focused()
    jane.assert_fit()
    page.locator("#lesson").get_by_role("link", name="A new lesson").click()
    expect(page.get_by_role("heading", name="A lesson from your text")).to_be_focused()


def test_a_lesson_that_cannot_be_fetched_now_is_fetched_again(
    opened: Open, jane: Visit, whole: dict[str, Any]
) -> None:
    page = jane.page
    page.route("**/api/v1/content/content_*", lambda route: route.abort(), times=1)
    page.evaluate("id => { location.hash = 'content=' + id; }", whole["content_id"])
    expect(page.get_by_role("heading", name="The lesson could not be fetched")).to_be_focused()
    jane.assert_fit()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name=whole["title"])).to_be_focused()


def test_the_words_of_a_text_never_become_markup(opened: Open, jane: Visit) -> None:
    content = made(opened, title=HOSTILE)
    question = {
        "type": "multiple_choice",
        "question": HOSTILE,
        "options": [HOSTILE, "b"],
        "correct_answer": HOSTILE,
    }
    lesson = {
        "sections": [{"id": "s1", "title": HOSTILE, "statements": [{"text": HOSTILE, "for_teacher": True}]}],
        "vocabulary": [
            {"id": content["lesson"]["vocabulary"][0]["id"], "term": HOSTILE[:90], "meaning": HOSTILE}
        ],
    }
    content = changed(
        opened, content, lesson=lesson, quiz={"questions": [{**question, "rationale": HOSTILE}]}
    )
    page = shown(jane, content)
    for part_id in ("s1", content["quiz"]["questions"][-1]["id"]):
        expect(part(page, part_id)).to_contain_text(HOSTILE)
        press(part(page, part_id), "Edit")
        expect(part(page, part_id).locator("textarea").first).to_have_value(HOSTILE)
        press(part(page, part_id), "Leave it as it was")
    page.locator("#lesson-versions summary").click()
    assert page.locator("#lesson script, #lesson img").count() == 0
    assert page.title() == "ToolBoxAI: a lesson from your text"
    assert jane.own_faults == []


# ---- changing -------------------------------------------------------------------------------------------------


def test_changes_are_saved_in_place_undone_and_done_again_over_a_reload(opened: Open, jane: Visit) -> None:
    content = made(opened)
    page = shown(jane, content)
    expect(page.get_by_role("button", name="Undo: there is nothing to undo")).to_have_attribute(
        "aria-disabled", "true"
    )

    press(page, "Edit the title")
    expect(page.get_by_role("textbox", name="Title", exact=True)).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("Where rain comes from")
    page.keyboard.press("Enter")
    said(page, "Saved as version 2")
    expect(page.locator("#lesson-title")).to_have_text("Where rain comes from")
    expect(page.get_by_role("button", name="Edit the title")).to_be_focused()

    section = content["lesson"]["sections"][0]
    press(part(page, "s1"), "Edit")
    jane.assert_fit()
    part(page, "s1").get_by_label("Minutes").fill("9")
    part(page, "s1").get_by_label("Sentence 1", exact=True).fill("Look out of\nthe window.")
    press(part(page, "s1"), "Take away sentence 2")
    press(part(page, "s1"), "Add a sentence")
    page.keyboard.type("It rains.")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    press(part(page, "s1"), "Save")
    said(page, "Saved as version 3")
    expect(part(page, "s1").get_by_role("button", name="Edit")).to_be_focused()
    expect(part(page, "s1")).to_contain_text("It rains. for you alone")
    texts = [one["text"] for one in section["statements"]]
    now = kept(opened, content)["lesson"]["sections"][0]
    assert [one["text"] for one in now["statements"]] == ["Look out of the window.", *texts[2:], "It rains."]
    assert [one["for_teacher"] for one in now["statements"]][-1] is True
    assert now["duration_minutes"] == 9

    word = content["lesson"]["vocabulary"][0]
    press(part(page, word["id"]), "Edit")
    part(page, word["id"]).get_by_label("Meaning").fill("")
    press(part(page, word["id"]), "Save")
    said(page, "Saved as version 4")
    expect(part(page, word["id"])).to_contain_text("The text does not say what it means")

    press(page, "Undo: the word")
    said(page, "This is version 5")
    expect(part(page, word["id"])).to_contain_text(word["meaning"])
    page.reload()
    expect(page.locator("#lesson-about")).to_contain_text("version 5")
    press(page, "Undo: the part")
    said(page, "This is version 6")
    expect(part(page, "s1")).to_contain_text(texts[1])
    press(page, "Undo")
    said(page, "This is version 7")
    expect(page.locator("#lesson-title")).to_have_text(content["title"])
    expect(page.get_by_role("button", name="Undo: there is nothing to undo")).to_be_focused()
    for number in (8, 9, 10):
        press(page, "Do again")
        said(page, f"This is version {number}")
    expect(page.get_by_role("button", name="Do again: nothing was undone")).to_be_visible()
    expect(part(page, word["id"])).to_contain_text("The text does not say what it means")
    last = kept(opened, content)
    assert (last["title"], last["lesson"]["sections"][0]["duration_minutes"]) == ("Where rain comes from", 9)
    assert jane.own_faults == []


CHANGES: Mapping[str, Callable[[Locator], None]] = {
    "multiple_choice": lambda form: form.get_by_label("Answer 2", exact=True).fill("A thing of our own"),
    "true_false": lambda form: form.get_by_role("radio", checked=False).check(),
    "fill_blank": lambda form: form.get_by_label("Counts as well").fill("one\ntwo"),
    "short_answer": lambda form: form.get_by_label("Counts as well").fill("one\ntwo"),
    "numeric": lambda form: form.get_by_label("How far off still counts").fill("2.5"),
    "ordering": lambda form: form.get_by_label("What to put in order").fill("first\nsecond\nthird"),
    "matching": lambda form: form.get_by_label("Partner of 1").fill("a partner of our own"),
}
HELD: Mapping[str, Callable[[dict[str, Any]], bool]] = {
    "multiple_choice": lambda question: "A thing of our own" in question["options"],
    "true_false": lambda question: question["edited"],
    "fill_blank": lambda question: question["accepted"] == ["one", "two"],
    "short_answer": lambda question: question["accepted"] == ["one", "two"],
    "numeric": lambda question: question["tolerance"] == 2.5,
    "ordering": lambda question: (
        question["correct_answer"] == ["first", "second", "third"] != question["options"]
    ),
    "matching": lambda question: question["correct_answer"][0] == "a partner of our own",
}


def test_questions_of_all_kinds_are_changed_on_a_phone(opened: Open, jane: Visit) -> None:
    content = made(opened, num_questions=14, question_types=list(SUPPORTED_QUESTION_TYPES))
    of_kind = {question["type"]: question for question in content["quiz"]["questions"]}
    with jane.sized("phone"):
        page = shown(jane, content)
        for question in of_kind.values():
            press(part(page, question["id"]), "Edit")
        jane.assert_fit()
        for number, (kind, question) in enumerate(of_kind.items(), start=2):
            form = part(page, question["id"])
            CHANGES[kind](form)
            form.get_by_label("Why the answer is right").fill(f"We saw it: {kind}.")
            press(form, "Save")
            said(page, f"Saved as version {number}.")
    now = {question["id"]: question for question in kept(opened, content)["quiz"]["questions"]}
    for kind, question in of_kind.items():
        assert HELD[kind](now[question["id"]]), now[question["id"]]
        assert now[question["id"]]["rationale"] == f"We saw it: {kind}."
    untouched = [one for one in content["quiz"]["questions"] if one not in of_kind.values()]
    assert [now[one["id"]] for one in untouched] == untouched
    assert jane.own_faults == []


def test_what_cannot_be_saved_is_said_at_its_field_and_stays_there(opened: Open, jane: Visit) -> None:
    content = made(opened, question_types=["fill_blank", "multiple_choice"], num_questions=2)
    page = shown(jane, content)
    asked = {question["type"]: part(page, question["id"]) for question in content["quiz"]["questions"]}
    form = asked["fill_blank"]
    press(form, "Edit")
    form.get_by_label("Question").fill("Nothing is missing here.")
    press(form, "Save")
    expect(form.get_by_role("alert")).to_have_text("Not saved: please look at what is marked.")
    expect(form.get_by_label("Question")).to_be_focused()
    expect(form.get_by_label("Question")).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label("Question")).to_have_accessible_description(
        "The blank is five low lines: _____ a fill_blank question has a blank, _____, five low lines"
    )
    jane.assert_fit()
    form.get_by_label("Question").fill("What is _____?")
    press(form, "Save")
    said(page, "Saved as version 2")

    form = asked["multiple_choice"]
    press(form, "Edit")
    first = form.get_by_label("Answer 1", exact=True).input_value()
    form.get_by_label("Answer 2", exact=True).fill(f" {first.upper()}")
    press(form, "Save")
    expect(form.locator(".field .fault").filter(has_text="two of them are the same")).to_be_visible()
    press(form, "Leave it as it was")
    expect(form.get_by_role("button", name="Edit")).to_be_focused()

    sections = part(page, "s1")
    press(sections, "Edit")
    for place in range(2, len(content["lesson"]["sections"]) + 1):
        press(part(page, f"s{place}"), "Edit")
        part(page, f"s{place}").get_by_label("Minutes").fill("240")
    press(part(page, "s2"), "Save")
    said(page, "Saved as version 3")
    press(part(page, "s3"), "Save")
    fault = part(page, "s3").locator(".fault").filter(has_text="at most 480 are allowed")
    expect(fault).to_be_visible()
    expect(part(page, "s3").get_by_label("Minutes")).to_have_value("240")
    assert kept(opened, content)["revision"] == 3

    # Whoever goes to another lesson is asked first, as the browser asks who leaves the page.
    page.once("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog") as asked_first:
        page.evaluate("location.hash = 'content=content_of_nobody'")
    assert "not saved" in asked_first.value.message
    page.wait_for_url(f"**/#content={content['content_id']}")
    expect(part(page, "s3").get_by_label("Minutes")).to_have_value("240")
    page.once("dialog", lambda dialog: dialog.accept())
    page.evaluate("location.hash = 'content=content_of_nobody'")
    expect(page.get_by_role("heading", name="This lesson is not here")).to_be_focused()
    assert jane.own_faults == []


def test_what_was_typed_outlives_a_lost_connection_and_is_saved_once(opened: Open, jane: Visit) -> None:
    content = made(opened)
    page = shown(jane, content)
    press(page, "Edit the title")
    page.get_by_role("textbox", name="Title", exact=True).fill("Rain")

    def answer_is_lost(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/api/v1/content/content_*", answer_is_lost, times=1)
    press(part(page, "title"), "Save")
    expect(part(page, "title").get_by_role("alert")).to_contain_text("what you wrote is still here")
    jane.assert_fit()
    expect(page.get_by_role("textbox", name="Title", exact=True)).to_have_value("Rain")
    press(part(page, "title"), "Save")
    said(page, "Saved as version 2")
    assert kept(opened, content)["revision"] == 2
    assert jane.own_faults == []


# ---- somebody else --------------------------------------------------------------------------------------------


def test_somebody_elses_change_is_shown_and_nothing_that_was_typed_is_lost(opened: Open, jane: Visit) -> None:
    content = made(opened)
    page = shown(jane, content)
    first, second = content["quiz"]["questions"][:2]
    form, other = part(page, first["id"]), part(page, second["id"])
    press(form, "Edit")
    form.get_by_label("Why the answer is right").fill("Mine.")
    press(other, "Edit")
    other.get_by_label("Why the answer is right").fill("Mine as well.")
    theirs = changed(
        opened,
        content,
        quiz={"questions": [{"id": one["id"], "rationale": "Theirs."} for one in (first, second)]},
    )

    press(form, "Save")
    notice = form.locator(".conflict")
    expect(notice).to_contain_text("changed this lesson meanwhile: question 1, question 2 changed")
    expect(notice).to_contain_text("Theirs.")
    expect(form.get_by_label("Why the answer is right")).to_have_value("Mine.")
    jane.assert_fit()
    press(form, "Save mine all the same")
    said(page, "Saved as version 3")

    # The other form stands on the same old version: what is there now is shown there, too, before it is written over.
    press(other, "Save")
    expect(other.locator(".conflict")).to_contain_text("Theirs.")
    expect(other.get_by_label("Why the answer is right")).to_have_value("Mine as well.")
    press(other, "Take what is there now")
    expect(other).to_contain_text("Theirs.")
    now = kept(opened, content)
    assert [one["rationale"] for one in now["quiz"]["questions"][:2]] == ["Mine.", "Theirs."]
    assert theirs["revision"] == 2
    assert now["revision"] == 3

    press(form, "Edit")
    form.get_by_label("Question", exact=True).fill("What was taken _____?")
    gone = changed(opened, now, quiz={"questions": [{"id": first["id"], "removed": True}]})
    press(form, "Save")
    expect(form.locator(".conflict")).to_contain_text("Saving puts yours in as a new one")
    press(form, "Save mine all the same")
    said(page, "Saved as version 5")
    questions = kept(opened, gone)["quiz"]["questions"]
    assert [one["id"] for one in questions][:-1] == [one["id"] for one in gone["quiz"]["questions"]]
    assert questions[-1]["question"] == "What was taken _____?"
    assert jane.own_faults == []


def test_two_windows_of_one_teacher_tell_each_other_nothing_wrong(opened: Open, jane: Visit) -> None:
    content = made(opened)
    page = shown(jane, content)
    second = page.context.new_page()
    try:
        second.goto(page.url)
        there = shown(Visit(second), content)
        press(there, "Edit the title")
        there.get_by_role("textbox", name="Title", exact=True).fill("From the other window")
        press(part(there, "title"), "Save")
        said(there, "Saved as version 2")
    finally:
        second.close()
    press(part(page, content["quiz"]["questions"][0]["id"]), "Remove")
    said(page, "You changed this lesson meanwhile: title changed. You see the lesson as it is now.")
    expect(page.locator("#lesson-title")).to_have_text("From the other window")
    expect(part(page, content["quiz"]["questions"][0]["id"])).to_be_visible()
    press(page, "Undo: title changed")
    said(page, "This is version 3")
    expect(page.locator("#lesson-title")).to_have_text(content["title"])


# ---- anew, added, removed, restored ---------------------------------------------------------------------------


def test_parts_are_made_anew_added_moved_and_removed(opened: Open, jane: Visit) -> None:
    content = made(opened)
    page = shown(jane, content)
    first, second, third = content["quiz"]["questions"]
    press(part(page, first["id"]), "Another")
    said(page, "Made anew, and saved as version 2")
    expect(page.locator("#lesson-questions .part").first).to_have_attribute("data-part", "q4")
    expect(part(page, "q4").get_by_role("button", name="Another")).to_be_focused()
    explained = next(one for one in content["lesson"]["sections"] if one["kind"] == "explanation")
    press(part(page, explained["id"]), "Another")
    said(page, "Made anew, and saved as version 3")
    expect(
        part(page, content["lesson"]["sections"][-1]["id"]).get_by_role("button", name="Another")
    ).to_have_count(0)

    press(part(page, second["id"]), "Remove")
    said(page, "Removed, and saved as version 4")
    expect(page.locator("#undo")).to_be_focused()
    expect(part(page, second["id"])).to_have_count(0)
    press(page, "Undo")
    said(page, "This is version 5")
    expect(part(page, second["id"])).to_be_visible()

    press(page, "Add a question")
    form = part(page, "new-questions")
    expect(form.get_by_label("Kind of question")).to_be_focused()
    form.get_by_label("Kind of question").select_option("matching")
    jane.assert_fit()
    form.get_by_label("Kind of question").select_option("numeric")
    form.get_by_label("Question", exact=True).fill("How many states of water are there?")
    form.get_by_label("Answer", exact=True).fill("3")
    press(form, "Save")
    said(page, "Saved as version 6")
    expect(part(page, "q5")).to_contain_text("How many states of water are there?")
    expect(part(page, "q5").get_by_role("button", name="Edit")).to_be_focused()
    now = kept(opened, content)
    assert [one["id"] for one in now["quiz"]["questions"]] == ["q4", second["id"], third["id"], "q5"]

    press(part(page, "q5"), "Move up")
    said(page, "Moved, and saved as version 7")
    expect(part(page, "q5").get_by_role("button", name="Move up: question 3")).to_be_focused()
    press(part(page, "s1"), "Move down")
    said(page, "Moved, and saved as version 8")
    press(part(page, "s1"), "Move up")
    said(page, "Moved, and saved as version 9")
    expect(part(page, "s1").get_by_role("button", name="Edit")).to_be_focused()  # there is no way further up
    expect(part(page, "s1").get_by_role("button", name="Move up")).to_have_count(0)
    press(part(page, "s1"), "Move down")
    said(page, "Moved, and saved as version 10")

    press(page, "Add a part")
    form = part(page, "new-sections")
    expect(form.get_by_label("Title")).to_be_focused()
    press(form, "Leave it as it was")
    expect(page.get_by_role("button", name="Add a part")).to_be_focused()
    press(page, "Add a part")
    form.get_by_label("Title").fill("Outside")
    form.get_by_label("Kind of part").select_option("activity")
    form.get_by_label(content["lesson"]["objectives"][0]["title"]).check()
    form.get_by_label("Sentence 1", exact=True).fill("Go and look at the sky.")
    jane.assert_fit()
    press(form, "Save")
    said(page, "Saved as version 11")
    press(page, "Add a word")
    form = part(page, "new-vocabulary")
    form.get_by_label("Word").fill("drizzle")
    press(form, "Save")
    said(page, "Saved as version 12")
    press(part(page, content["lesson"]["vocabulary"][0]["id"]), "Move down")
    said(page, "Moved, and saved as version 13")
    now = kept(opened, content)
    assert [one["id"] for one in now["quiz"]["questions"]] == ["q4", second["id"], "q5", third["id"]]
    places = [one["id"] for one in now["lesson"]["sections"]]
    assert places[:2] == ["s2", "s1"]
    added = now["lesson"]["sections"][-1]
    assert (added["title"], added["kind"], added["objectives"]) == ("Outside", "activity", [0])
    assert [one["text"] for one in added["statements"]] == ["Go and look at the sky."]
    words = now["lesson"]["vocabulary"]
    assert (words[-1]["term"], words[-1]["meaning"]) == ("drizzle", None)
    assert words[1]["id"] == content["lesson"]["vocabulary"][0]["id"]
    expect(part(page, added["id"]).get_by_role("button", name="Edit")).to_be_visible()
    assert jane.own_faults == []


def test_versions_are_listed_looked_at_fetched_and_restored(opened: Open, jane: Visit) -> None:
    content = made(opened)
    page = shown(jane, changed(opened, content, title="The second title"))
    press(part(page, "q1"), "Remove")
    said(page, "Removed, and saved as version 3")
    page.locator("#lesson-versions summary").click()
    lines = page.locator(".versions li")
    expect(lines).to_have_count(3)
    expect(lines.nth(0)).to_contain_text("something that is not here any more removed")
    expect(lines.nth(1)).to_contain_text("title changed")
    jane.assert_fit()

    press(page, "Look at version 1")
    expect(page.locator("#lesson-title")).to_be_focused()
    expect(page.locator("#lesson-title")).to_have_text(content["title"])
    expect(page.locator("#lesson-past")).to_contain_text("You look at version 1")
    expect(part(page, "q1")).to_be_visible()
    expect(page.locator("#lesson").get_by_role("button", name="Edit")).to_have_count(0)
    jane.assert_fit()
    with page.expect_download() as download:
        page.locator('[data-file="teacher json"]').click()
    assert json.loads(download.value.path().read_bytes())["lesson"]["title"] == content["title"]
    press(page, "Back to the lesson as it is now")
    expect(page.locator("#lesson-title")).to_have_text("The second title")

    press(page, "Restore version 1")
    said(page, "Version 1 is taken up again, as version 4")
    expect(page.locator("#lesson-title")).to_have_text(content["title"])
    expect(lines).to_have_count(4)
    expect(lines.nth(0)).to_contain_text("version 1 again")
    press(page, "Undo: version 1 again")
    said(page, "This is version 5")
    expect(page.locator("#lesson-title")).to_have_text("The second title")
    assert jane.own_faults == []
