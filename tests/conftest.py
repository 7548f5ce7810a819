"""What every test may ask for."""

import gc
import logging
import signal
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from forms import FULL
from toolboxai.testing.clock import ManualClock

pytest_plugins = (
    "memory_folder",
    "databases",
    "grouped",
    "identity_parts",
    "classroom_parts",
    "agent_parts",
    "plugin_parts",
)

# How long one example takes says how busy the machine is, not whether the example holds.
settings.register_profile(
    "tests", deadline=None, max_examples=100 if FULL else 40, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")

# A run in the background of a script ignores Ctrl-C, and so would every program that a test starts and ends with it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected is there for the whole run: no search for garbage has to look through it, then or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A command that was run in this process sends the log to the standard error of its own test: no longer than that."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = [
        each for each in root.handlers if each in before or type(each) is not logging.StreamHandler
    ]
    root.setLevel(level)


@pytest.fixture
def anyio_backend() -> str:
    """The service is made for asyncio alone."""
    return "asyncio"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
