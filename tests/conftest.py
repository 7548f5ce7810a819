"""What every test may ask for."""

import pytest
from hypothesis import HealthCheck, settings

from toolboxai.testing.clock import ManualClock

pytest_plugins = ("databases", "identity_parts")

# How long one example takes says how busy the machine is, not whether the example holds.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


@pytest.fixture
def anyio_backend() -> str:
    """The service is made for asyncio alone."""
    return "asyncio"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
