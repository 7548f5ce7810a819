"""Telling a channel how many connections it has: at once while they are few, in time when they are many."""

import json

import pytest

from toolboxai import limits
from toolboxai.hub.hub import Hub
from toolboxai.node.counts import SubscriptionCounts
from toolboxai.testing.clock import ManualClock
from wires import Wire, connection

MANY = limits.SUBSCRIPTION_COUNT_EACH


class Room:
    """One channel, its counts, and what the first to come hears."""

    def __init__(self, clock: ManualClock) -> None:
        self.hub = Hub()
        self.observed: list[int] = []
        self.counts = SubscriptionCounts(
            self.hub, clock, on_told=lambda _channel, count: self.observed.append(count)
        )
        self.wire = Wire()
        self.others = [connection(f"2.{number}", Wire()) for number in range(2 * MANY)]
        self.first = connection("1.1", self.wire)
        self.hub.add(self.first)
        self.hub.attach(self.first, "a")

    def come(self, *numbers: int) -> None:
        for number in numbers:
            self.hub.attach(self.others[number], "a")
            self.counts.changed("a")

    def go(self, *numbers: int) -> None:
        for number in numbers:
            self.hub.detach(self.others[number], "a")
            self.counts.changed("a")

    @property
    def told(self) -> list[int]:
        texts = [each.partition("=")[2] for each in self.wire.text.split(" ") if each]
        self.wire.written.clear()
        return [json.loads(text)["subscription_count"] for text in texts]


@pytest.fixture
def room(clock: ManualClock) -> Room:
    return Room(clock)


def test_each_change_of_a_few_is_told(room: Room) -> None:
    room.come(0, 1)
    room.go(0)
    assert room.told == [2, 3, 2]


def test_above_a_hundred_one_telling_in_five_seconds(room: Room, clock: ManualClock) -> None:
    room.come(*range(MANY + 20))
    assert room.told == [*range(2, MANY + 1), MANY + 1]
    clock.advance(limits.SUBSCRIPTION_COUNT_S - 0.1)
    room.counts.sweep()
    assert room.told == []
    clock.advance(0.1)
    room.counts.sweep()
    assert room.told == [MANY + 21]
    clock.advance(limits.SUBSCRIPTION_COUNT_S)
    room.counts.sweep()
    assert room.told == []  # nothing has changed
    room.come(MANY + 20)
    assert room.told == [MANY + 22]


def test_who_comes_and_goes_in_between_is_not_worth_a_word(room: Room, clock: ManualClock) -> None:
    room.come(*range(MANY))
    assert room.told[-1] == MANY + 1
    room.come(MANY)
    room.go(MANY)
    clock.advance(limits.SUBSCRIPTION_COUNT_S)
    room.counts.sweep()
    assert room.told == []


def test_back_among_few_each_change_is_told_again_and_nothing_is_remembered(
    room: Room, clock: ManualClock
) -> None:
    room.come(*range(MANY))
    assert room.told[-1] == MANY + 1
    room.go(*range(MANY))
    assert room.told == list(range(MANY, 0, -1))
    clock.advance(limits.SUBSCRIPTION_COUNT_S)
    room.counts.sweep()
    assert room.told == []
    assert (room.counts._told, room.counts._due) == ({}, set())


def test_a_large_channel_that_empties_at_once_leaves_nothing(room: Room, clock: ManualClock) -> None:
    room.come(*range(MANY + 1))
    for who in (room.first, *room.others):
        room.hub.detach(who, "a")
    room.counts.changed("a")
    clock.advance(limits.SUBSCRIPTION_COUNT_S)
    room.counts.sweep()
    assert (room.counts._told, room.counts._due) == ({}, set())


def test_who_observes_is_told_the_same_numbers_and_the_last_zero(clock: ManualClock) -> None:
    room = Room(clock)
    room.come(0)
    room.go(0)
    room.hub.detach(room.first, "a")
    room.counts.changed("a")
    assert room.observed == [2, 1, 0]
