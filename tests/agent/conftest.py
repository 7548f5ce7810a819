"""Time that stands still."""

import pytest

from manual_time import ManualTime


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()
