"""What touches sockets is proven on both event loops that the server runs on."""

from collections.abc import AsyncIterator

import pytest

from both_loops import anyio_backend, server
from toolboxai.metrics import Metrics
from toolboxai.node.background import Background

__all__ = ["anyio_backend", "background", "server"]


@pytest.fixture
async def background() -> AsyncIterator[Background]:
    """The owner of what waits."""
    async with Background(Metrics()) as owner:
        yield owner
