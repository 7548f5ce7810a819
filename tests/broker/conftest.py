"""Every implementation of the broker's port passes the same suite; one more is one more line here."""

import random
from collections.abc import Callable

import pytest

from toolboxai.broker.base import Broker
from toolboxai.broker.memory import MemoryBroker
from toolboxai.testing.clock import ManualClock

BROKERS: dict[str, Callable[[ManualClock, int], Broker]] = {
    "memory": lambda clock, life: MemoryBroker(clock, random.Random(life)),
}


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest, clock: ManualClock) -> Broker:
    return BROKERS[request.param](clock, 1)


@pytest.fixture
def successor(broker: Broker, request: pytest.FixtureRequest, clock: ManualClock) -> Broker:
    """The same kind of broker, in the next process."""
    kind: str = request.node.callspec.params["broker"]
    return BROKERS[kind](clock, 2)
