"""Fixtures for what is proven on both event loops that the server runs on."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from servers import Running, serving

__all__ = ["anyio_backend", "server"]


@pytest.fixture(
    params=[
        pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop"),
        pytest.param(("asyncio", {"use_uvloop": False}), id="plain-loop"),
    ]
)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
async def server() -> AsyncIterator[Running]:
    """The app of the vectors, nothing else."""
    async with serving() as running:
        yield running
