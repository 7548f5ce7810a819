"""Stock clients and libraries of the protocol, unchanged, against our server in this process."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from servers import Running, serving

MODULES = Path(__file__).parents[2] / "node_modules"


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that the product runs on."""
    return ("asyncio", {"use_uvloop": True})


@pytest.fixture
async def server() -> AsyncIterator[Running]:
    async with serving() as running:
        yield running


@pytest.fixture
def node_packages() -> Path:
    """The packages of package-lock.json; without them the test is left out aloud, and in CI it fails."""
    if not (MODULES / "pusher-js").is_dir() or not (MODULES / "pusher").is_dir():
        missing = "LEFT OUT: the Node packages are not installed; run: scripts/test-tools"
        if os.environ.get("CI", "false") not in ("", "false"):
            pytest.fail(missing)
        pytest.skip(missing)
    return MODULES
