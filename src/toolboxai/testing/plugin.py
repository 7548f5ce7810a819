"""Fixtures for pytest. They are made when a test asks for one; until then nothing heavy is imported."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from toolboxai.testing.fake import FakeChannels
    from toolboxai.testing.live import LiveServer

__all__ = ["channels_server", "fake_channels"]


@pytest.fixture
def fake_channels() -> "FakeChannels":
    """A fake that remembers what was triggered."""
    from toolboxai.testing.fake import FakeChannels

    return FakeChannels()


@pytest.fixture
def channels_server() -> "Iterator[LiveServer]":
    """A real server on a free port of this machine, with a clock that the test moves."""
    from toolboxai.testing.live import LiveServer

    with LiveServer() as server:
        yield server
