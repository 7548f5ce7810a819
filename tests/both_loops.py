"""Fixtures for what is proven on both event loops that the server runs on."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from forms import FULL
from servers import Running, serving

__all__ = ["anyio_backend", "server", "usual_backend"]

LOOPS = [
    pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop"),
    pytest.param(("asyncio", {"use_uvloop": False}), id="plain-loop"),
]


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(name="anyio_backend", params=LOOPS if FULL else LOOPS[:1])
def usual_backend(request: pytest.FixtureRequest) -> Any:
    """For what stands above the transport: the loop that the product takes, and in the full form the other one too."""
    return request.param


@pytest.fixture
async def server() -> AsyncIterator[Running]:
    """The app of the vectors, nothing else."""
    async with serving() as running:
        yield running
