"""What every test may ask for."""

import pytest

from manual_clock import ManualClock

pytest_plugins = ("databases", "identity_parts")


@pytest.fixture
def anyio_backend() -> str:
    """The service is made for asyncio alone."""
    return "asyncio"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
