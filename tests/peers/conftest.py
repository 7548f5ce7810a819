"""Stock clients and libraries of the protocol, unchanged, against our server in this process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pusher_js import node_packages
from servers import Running, serving


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that the product runs on."""
    return ("asyncio", {"use_uvloop": True})


@pytest.fixture
async def server() -> AsyncIterator[Running]:
    async with serving() as running:
        yield running


@pytest.fixture(name="node_packages")
def _node_packages() -> Path:
    return node_packages()
