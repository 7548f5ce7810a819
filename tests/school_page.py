"""The school's page before a browser, at the sizes that count, and the server behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx2
from playwright.sync_api import Browser, Page, ViewportSize, expect

from school import Open
from visit import OBSERVER, PATIENCE_MS, Visit

__all__ = ["SIZES", "asked", "enters", "is_sound", "visiting"]

SIZES: Final[dict[str, ViewportSize]] = {
    "phone": {"width": 360, "height": 740},
    "desk": {"width": 1280, "height": 800},
}


@contextmanager
def visiting(browser: Browser, size: str = "desk") -> Iterator[Visit]:
    """A window of its own, without cookies or memory of another."""
    with browser.new_context(viewport=SIZES[size]) as context:
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(OBSERVER)
        yield Visit(context.new_page())


def enters(visit: Visit, url: str, opened: Open, who: str) -> Page:
    """Somebody opens a page and signs in."""
    visit.page.goto(url)
    visit.sign_in(who, opened.school[who].password)
    expect(visit.page.locator("#who")).to_have_text(who)
    return visit.page


def is_sound(visit: Visit) -> None:
    """The page as it is now is for everybody, at this size, without a fault behind the glass."""
    assert visit.axe() == []
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visit.own_faults == []


def asked(opened: Open, who: str, method: str, path: str, body: object = None) -> Any:
    """What the server answers to somebody."""
    bearer = opened.school[who].bearer
    answer = httpx2.request(method, opened.server.url + path, json=body, headers=bearer, trust_env=False)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None
