"""Stock clients and libraries of the protocol, unchanged, against our server in this process."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest

from auth_endpoint import AuthEndpoint
from pusher_js import node_packages
from pusher_pages import Open, in_browser, in_node
from servers import Running, serving
from windows import Windows


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that the product runs on."""
    return ("asyncio", {"use_uvloop": True})


@pytest.fixture
def endpoint() -> AuthEndpoint:
    """The application in front of the server."""
    return AuthEndpoint()


@pytest.fixture
async def server(endpoint: AuthEndpoint) -> AsyncIterator[Running]:
    async with serving(web=endpoint.app) as running:
        yield running


@pytest.fixture(name="node_packages")
def _node_packages() -> Path:
    return node_packages()


@pytest.fixture(scope="session")
def browser() -> Iterator[Windows]:
    with Windows.opened() as windows:
        yield windows


@pytest.fixture(params=["node", "chromium"])
def page(request: pytest.FixtureRequest, node_packages: Path) -> Open:
    """Opens pages with pusher-js, in Node and in a real browser."""
    if request.param == "node":
        return in_node
    return partial(in_browser, request.getfixturevalue("browser"))
