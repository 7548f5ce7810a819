"""The reference pages in a browser: for everybody, at phone and desk size, light and dark, from their own server alone."""

import pytest

from forms import FULL
from school import Open
from visit import SIZES, Visit

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("browser"), pytest.mark.timeout(60)]


@pytest.mark.parametrize(("path", "size"), [("/asyncapi", "phone"), ("/docs", "desk")])
def test_it_can_be_read_by_everybody(opened: Open, visit: Visit, path: str, size: str) -> None:
    visit.page.goto(opened.server.url + path)
    visit.assert_fit(*(tuple(SIZES) if FULL else (size,)))
    for each in SIZES:
        with visit.sized(each):
            assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visit.faults == []
    assert visit.hosts == {f"127.0.0.1:{opened.server.port}"}
