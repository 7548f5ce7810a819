"""Finished lessons: made over HTTP, changed there by somebody else, and looked at in a browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
from playwright.sync_api import Browser, Locator, Page, expect

from school import Open, a_lesson
from visit import PATIENCE_MS, Visit

__all__ = ["called", "changed", "kept", "made", "part", "press", "reading", "said", "shown"]


def called(opened: Open, name: str = "jane") -> httpx2.Client:
    """HTTP to the server, as somebody."""
    headers = opened.school[name].bearer
    return httpx2.Client(base_url=opened.server.url, headers=headers, trust_env=False, timeout=15)


def made(opened: Open, **changes: Any) -> dict[str, Any]:
    """A lesson of Jane's, as the server answers it."""
    with called(opened) as http:
        accepted = http.post("/api/v1/content/generate", json=a_lesson(**{"num_questions": 3, **changes}))
        assert accepted.status_code == 202, accepted.text
        session = accepted.json()
        app, key = opened.school.env["PUSHER_APP_ID"], opened.school.key
        stream = f"/apps/{app}/channels/{session['private_channel']}/sse?key={key}"
        with http.stream("GET", stream) as events:
            assert any(line == "event: generation_complete" for line in events.iter_lines())
        content: dict[str, Any] = http.get(f"/api/v1/content/{session['content_id']}").json()
        return content


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
def reading(browser: Browser, opened: Open, name: str = "jane", **options: Any) -> Iterator[Visit]:
    """Somebody's window, signed in."""
    with browser.new_context(**options) as context:
        context.set_default_timeout(PATIENCE_MS)
        visit = Visit(context.new_page())
        visit.page.goto(opened.server.url)
        visit.sign_in(name, opened.school[name].password)
        expect(visit.page.locator("#who")).to_have_text(name)
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
