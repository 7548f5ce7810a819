"""The reference pages in a browser: for everybody, at phone and desk size, light and dark, from their own server alone."""

import pytest
from playwright.sync_api import Browser

from school import Open
from visit import PATIENCE_MS, Visit

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("browser"), pytest.mark.timeout(60)]

SIZES = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1280, "height": 800}}


@pytest.mark.parametrize(
    ("path", "size", "scheme"), [("/asyncapi", "phone", "dark"), ("/docs", "desk", "light")]
)
def test_it_can_be_read_by_everybody(
    browser: Browser, opened: Open, path: str, size: str, scheme: str
) -> None:
    with browser.new_context(viewport=SIZES[size], color_scheme=scheme) as context:  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        visit = Visit(context.new_page())
        visit.page.goto(opened.server.url + path)
        assert visit.axe() == []
        for each in SIZES.values():
            visit.page.set_viewport_size(each)  # type: ignore[arg-type]
            assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert visit.faults == []
        assert visit.hosts == {f"127.0.0.1:{opened.server.port}"}
