"""A node with large channels: what is confirmed, accounted for and left behind while slices wait for their turn."""

import random
from collections.abc import Callable
from functools import partial

import pytest

from toolboxai.apps.app import App, AppKey
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.memory import MemoryBroker
from toolboxai.hub.connection import Connection
from toolboxai.hub.receipts import Cursor, Receipts, SessionKey
from toolboxai.node.accounts import Accounts
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.publication import Position
from toolboxai.testing.clock import ManualClock
from wires import Wire, connection

APP = App(id="3", keys=(AppKey("k", "s"),), resume=True, subscription_counts=True)
A = ChannelName.parse("a")


class House:
    """A node whose slices are of one connection, and whose loop turns when the test says so."""

    def __init__(self, clock: ManualClock) -> None:
        dice = random.Random(1)
        self.node = Node(AppRegistry([APP]), MemoryBroker(clock, dice), clock=clock, dice=dice)
        self.node.slices.size = 1
        self.calls: list[Callable[[], None]] = []
        self.node.turn.join(lambda call: self.calls.append(call))
        self.wires: dict[str, Wire] = {}

    def turn(self) -> None:
        calls, self.calls = self.calls, []
        for call in calls:
            call()

    async def enter(self) -> Connection:
        wire = Wire()
        who = connection(self.node.new_socket_id(), wire, app=APP)
        self.wires[who.socket_id] = wire
        self.node.attach(who)
        self.node.subscribe(who, A, (await self.node.follow(who, A)).finish())
        self.node.turn.finish()  # how many they are
        wire.written.clear()
        return who

    async def two(self) -> tuple[Connection, Connection]:
        first, second = await self.enter(), await self.enter()
        self.wires[first.socket_id].written.clear()
        return first, second

    async def say(self, data: str) -> Position:
        (position,) = await self.node.publish(APP, [A], "e", data)
        return position

    def heard(self, who: Connection) -> str:
        return self.wires[who.socket_id].text

    async def verdict(self, position: Position, who: Connection) -> str:
        account = await Accounts(self.node).of(position, socket_id=who.socket_id)
        assert account is not None
        assert account.socket is not None
        return account.socket.verdict


@pytest.fixture
def house(clock: ManualClock) -> House:
    return House(clock)


async def test_a_receipt_confirms_only_what_was_written_to_the_one_who_gives_it(house: House) -> None:
    first, second = await house.two()
    position = await house.say("1")
    house.turn()
    assert (house.heard(first), house.heard(second)) == ("a/e=1 ", "")
    has = {}
    for who in (first, second):
        receipts = Receipts(who.socket_id, SessionKey("path", who.socket_id))
        start = Position(position.epoch, 0)
        receipts.enter("a", receipts.key, Cursor(start), start)
        receipts.confirmed(receipts.ask(partial(house.node.reached, who), lambda _channel: False))
        cursor = receipts.cursor("a")
        has[who] = None if cursor is None else cursor.position.offset
    assert has == {first: position.offset, second: position.offset - 1}
    house.turn()
    assert house.node.reached(second, "a") == position


async def test_who_leaves_meanwhile_has_what_came_before_and_is_said_to_have_it(house: House) -> None:
    _first, second = await house.two()
    position = await house.say("1")
    house.turn()
    house.node.unsubscribe(second, A)
    assert house.heard(second).startswith("a/e=1 ")
    assert await house.verdict(position, second) == "written"
    assert await house.verdict(await house.say("2"), second) == "unsubscribed"


async def test_who_has_gone_meanwhile_is_said_to_have_missed_it(house: House) -> None:
    first, second = await house.two()
    position = await house.say("1")
    house.turn()
    second.outbox.close()
    house.node.detach(second)
    assert await house.verdict(position, second) == "failed"
    assert await house.verdict(position, first) == "written"


async def test_whom_we_end_has_what_it_was_owed_before_the_others_and_without_its_own(house: House) -> None:
    house.node.slices.size = 2
    _, _, third, fourth = [await house.enter() for _ in range(4)]
    house.wires[third.socket_id].written.clear()
    first = await house.say("1")
    await house.node.publish(APP, [A], "e", "own", exclude=fourth.socket_id)
    house.turn()
    house.node.part(fourth)
    assert house.heard(third) == ""
    fourth.outbox.close()
    house.node.detach(fourth)
    house.node.turn.finish()
    assert house.heard(fourth) == "a/e=1 "
    assert house.heard(third).startswith("a/e=1 a/e=own ")
    later = await house.say("2")
    assert [await house.verdict(each, fourth) for each in (first, later)] == ["written", "gone"]


async def test_who_is_too_slow_meanwhile_is_said_to_be(house: House) -> None:
    _first, second = await house.two()
    position = await house.say("1")
    house.turn()
    house.node.too_slow(second)
    second.outbox.close()
    later = await house.say("2")
    house.node.detach(second)
    assert [await house.verdict(each, second) for each in (position, later)] == ["slow", "gone"]


async def test_what_is_asked_about_has_been_written_to_all(house: House) -> None:
    _first, second = await house.two()
    position = await house.say("1")
    house.turn()
    assert house.heard(second) == ""
    assert await house.verdict(position, second) == "written"
    assert house.heard(second) == "a/e=1 "


async def test_a_number_of_subscribers_is_told_a_slice_a_turn_too(house: House) -> None:
    first, second = await house.two()
    house.node.hub(APP).detach(await house.enter(), "a")
    house.turn()
    house.wires[first.socket_id].written.clear()
    house.wires[second.socket_id].written.clear()
    who = connection(house.node.new_socket_id(), Wire(), app=APP)
    house.node.attach(who)
    house.node.subscribe(who, A, (await house.node.follow(who, A)).finish())
    assert (house.heard(first), house.heard(second)) == ("", "")
    for _ in range(3):
        house.turn()
    assert "subscription_count" in house.heard(first)
    assert "subscription_count" in house.heard(second)
    assert not house.calls


async def test_a_fault_in_a_slice_is_counted_and_the_others_go_on(house: House) -> None:
    first, second = await house.two()

    def faulty(_frame: bytes) -> None:
        raise ValueError("a fault of ours")

    first.outbox.write = faulty
    house.node.rewire(first)
    await house.say("1")
    house.node.turn.finish()
    assert house.node.metrics.faults_total == 1
    assert house.heard(second) == "a/e=1 "


async def test_an_app_that_is_removed_meanwhile_has_told_all_it_had_to(house: House) -> None:
    first, second = await house.two()
    await house.say("1")
    house.turn()
    house.node.apply(AppRegistry([]))
    assert (house.heard(first), house.heard(second)) == ("a/e=1 ", "a/e=1 ")
    assert not house.node.slices
