"""Every implementation of the broker's port passes the same suite; one more is one more line here."""

import random
from collections.abc import Callable

import pytest

from toolboxai.broker.base import Broker
from toolboxai.broker.memory import MemoryBroker
from toolboxai.testing.clock import ManualClock

BROKERS: dict[str, Callable[[ManualClock], Broker]] = {
    "memory": lambda clock: MemoryBroker(clock, random.Random(1)),
}


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest, clock: ManualClock) -> Broker:
    return BROKERS[request.param](clock)
