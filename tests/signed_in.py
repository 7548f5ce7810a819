"""Somebody who is signed in, before a browser and over HTTP."""

from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Page, expect

from school import Open
from visit import Visit

__all__ = ["asked", "called", "enters"]

_KEPT: dict[tuple[Path, str], list[Any]] = {}  # what browsers keep of a sign-in, by school and user name


def enters(visit: Visit, url: str, opened: Open, who: str) -> Page:
    """Somebody opens a page and is signed in there: by keyboard the first time, later as in one more of their windows.

    Whoever signs out then signs out all of these; a test of that signs in by itself.
    """
    page, sign_in = visit.page, (opened.school.home, who)
    straight = url.startswith(opened.server.url)  # cookies are of one address alone
    if straight and sign_in in _KEPT:
        page.context.add_cookies(_KEPT[sign_in])
        page.goto(url)
    else:
        page.goto(url)
        visit.sign_in(who, opened.school[who].password)
    expect(page.locator("#who")).to_have_text(who)
    if straight:
        _KEPT[sign_in] = page.context.cookies()
    return page


def called(opened: Open, name: str = "jane") -> httpx2.Client:
    """HTTP to the server, as somebody."""
    headers = opened.school[name].bearer
    return httpx2.Client(base_url=opened.server.url, headers=headers, trust_env=False, timeout=15)


def asked(opened: Open, who: str, method: str, path: str, body: object = None) -> Any:
    """What the server answers to somebody."""
    with called(opened, who) as http:
        answer = http.request(method, path, json=body)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None
