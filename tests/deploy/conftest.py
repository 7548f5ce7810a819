"""A real server behind the samples of deploy/, in this process; the proxies are processes of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from auth_endpoint import AuthEndpoint
from certificates import Authority
from proxies import Proxy, behind_caddy, behind_nginx
from pusher_js import node_packages
from windows import Windows


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that the product runs on."""
    return ("asyncio", {"use_uvloop": True})


@pytest.fixture
def endpoint() -> AuthEndpoint:
    """The application in front of the server."""
    return AuthEndpoint()


@pytest.fixture(name="node_packages")
def _node_packages() -> Path:
    return node_packages()


@pytest.fixture(scope="session")
def browser() -> Iterator[Windows]:
    with Windows.opened() as windows:
        yield windows


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session", params=["nginx", "caddy"])
def proxy(
    request: pytest.FixtureRequest, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    """One of the two; tests start and end the server behind it as they like."""
    sample = {"nginx": behind_nginx, "caddy": behind_caddy}[request.param]
    with sample(tmp_path_factory.mktemp(request.param), authority.issue()) as running:
        yield running
