"""Finished lessons: made over HTTP, changed there by somebody else, and looked at in a browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from school import Open, a_lesson
from signed_in import called, enters
from visit import Visit, visiting

__all__ = ["begun", "changed", "ended", "kept", "made", "part", "press", "reading", "said", "shown"]


def begun(opened: Open, **changes: Any) -> dict[str, Any]:
    """A generation of Jane's that runs, as the server answers it."""
    with called(opened) as http:
        accepted = http.post("/api/v1/content/generate", json=a_lesson(**changes))
    assert accepted.status_code == 202, accepted.text
    session: dict[str, Any] = accepted.json()
    return session


def ended(opened: Open, session: dict[str, Any]) -> None:
    """Wait for the last event of a generation of Jane's."""
    app, key = opened.school.env["PUSHER_APP_ID"], opened.school.key
    path = f"/apps/{app}/channels/{session['private_channel']}/sse"
    with called(opened) as http, http.stream("GET", path, params={"key": key}) as events:
        if http.get(session["status_url"]).json()["status"] != "complete":
            assert any(line == "event: generation_complete" for line in events.iter_lines())


def made(opened: Open, **changes: Any) -> dict[str, Any]:
    """A lesson of Jane's, as the server answers it."""
    session = begun(opened, **{"num_questions": 3, **changes})
    ended(opened, session)
    return kept(opened, session)


def changed(opened: Open, content: dict[str, Any], name: str = "jane", **change: Any) -> dict[str, Any]:
    """What somebody else does meanwhile."""
    seen = {"If-Match": f'"r{content["revision"]}"'}
    with called(opened, name) as http:
        answer = http.patch(f"/api/v1/content/{content['content_id']}", json=change, headers=seen)
    assert answer.status_code == 200, answer.text
    after: dict[str, Any] = answer.json()
    return after


def kept(opened: Open, content: dict[str, Any]) -> dict[str, Any]:
    """The lesson as the server has it now."""
    with called(opened) as http:
        now: dict[str, Any] = http.get(f"/api/v1/content/{content['content_id']}").json()
        return now


@contextmanager
def reading(browser: Browser, opened: Open, name: str = "jane", size: str = "desk") -> Iterator[Visit]:
    """Somebody's window, signed in."""
    with visiting(browser, size) as visit:
        enters(visit, opened.server.url, opened, name)
        yield visit


def shown(visit: Visit, content: dict[str, Any]) -> Page:
    """The lesson, opened by its address."""
    page = visit.page
    page.evaluate("id => { location.hash = 'content=' + id; }", content["content_id"])
    expect(page.locator("#lesson-about")).to_contain_text("version")
    expect(page.locator("#lesson-title")).to_have_text(content["title"])
    return page


def part(page: Page, part_id: str) -> Locator:
    return page.locator(f'#lesson [data-part="{part_id}"]')


def press(place: Locator | Page, name: str) -> None:
    """A button, by keyboard; what follows on a colon in its name may be left out."""
    rest = "" if ":" in name else "(:|$)"
    pattern = re.escape(name).replace("/", "\\/")
    place.get_by_role("button", name=re.compile(f"^{pattern}{rest}")).focus()
    (place if isinstance(place, Page) else place.page).keyboard.press("Enter")


def said(page: Page, text: str) -> None:
    expect(page.locator("#lesson-said")).to_contain_text(text)
