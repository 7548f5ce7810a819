"""Members and users of one connection, over a broker that takes its time: whatever is cut short leaves no ghost."""

import pytest

from callers import until
from pumps import Alice, joins, node_over
from servers import APP
from toolboxai.broker.base import UserChange
from toolboxai.node.background import Background
from toolboxai.node.node import Node
from toolboxai.testing.clock import ManualClock
from waiting_broker import WaitingBroker

ROOM = "presence-a"


@pytest.fixture
def broker(clock: ManualClock) -> WaitingBroker:
    return WaitingBroker(clock)


@pytest.fixture
def node(broker: WaitingBroker, clock: ManualClock, background: Background) -> Node:
    node = node_over(broker, clock)
    node.background = background
    return node


@pytest.fixture
def alice(node: Node, background: Background) -> Alice:
    return joins(node, background)


@pytest.fixture
def bob(node: Node, background: Background) -> Alice:
    return joins(node, background)


async def members(node: Node) -> list[str]:
    return list(await node.members(APP, ROOM))


# ---- members --------------------------------------------------------------------------------------------------


async def test_who_has_gone_when_its_join_is_answered_is_no_member(
    alice: Alice, node: Node, broker: WaitingBroker
) -> None:
    broker.joining.shut()
    alice.subscribes(ROOM, user_id="1")
    await broker.joining.arrived.wait()
    alice.pump.closed()
    broker.joining.open()
    await alice.settled()
    assert await members(node) == []


@pytest.mark.parametrize("gate", ["asking", "joining"])
async def test_whether_a_failed_join_had_arrived_nobody_knows_so_it_is_taken_back(
    alice: Alice, bob: Alice, node: Node, broker: WaitingBroker, gate: str
) -> None:
    bob.subscribes(ROOM, user_id="2")
    await bob.settled()
    getattr(broker, gate).failures = 1
    alice.subscribes(ROOM, user_id="1")
    await alice.settled()
    assert alice.heard[-1]["data"]["type"] == "ServerError"
    assert await members(node) == ["2"]
    alice.subscribes(ROOM, user_id="1")
    await alice.settled()
    assert alice.events[-1] == f"subscription_succeeded {ROOM}"
    assert await members(node) == ["2", "1"]


async def test_a_second_try_right_after_a_failed_one_is_not_taken_back_with_it(
    alice: Alice, node: Node, broker: WaitingBroker
) -> None:
    broker.joining.failures = 1
    broker.leaving.shut()
    alice.subscribes(ROOM, user_id="1")
    alice.subscribes(ROOM, user_id="1")
    await broker.leaving.arrived.wait()
    broker.leaving.open()
    await alice.settled()
    assert alice.events[-1] == f"subscription_succeeded {ROOM}"
    assert await members(node) == ["1"]


async def test_leaving_and_coming_back_as_another_at_once(
    alice: Alice, bob: Alice, node: Node, broker: WaitingBroker
) -> None:
    bob.subscribes(ROOM, user_id="bob")
    alice.subscribes(ROOM, user_id="1")
    await alice.settled()
    await bob.settled()
    broker.leaving.shut()
    alice.leaves(ROOM)
    alice.subscribes(ROOM, user_id="2")
    await broker.leaving.arrived.wait()
    broker.leaving.open()
    await alice.settled()
    assert await members(node) == ["bob", "2"]
    changes = [(each["event"].split(":")[1], each["data"]) for each in bob.heard[2:]]
    assert changes == [
        ("member_added", '{"user_id":"1"}'),
        ("member_removed", '{"user_id":"1"}'),
        ("member_added", '{"user_id":"2"}'),
    ]


async def test_a_member_that_could_not_leave_does_when_the_connection_goes(
    alice: Alice, node: Node, broker: WaitingBroker
) -> None:
    alice.subscribes(ROOM, user_id="1")
    await alice.settled()
    broker.leaving.failures = 1
    alice.leaves(ROOM)
    await alice.settled()
    assert await members(node) == ["1"]
    assert alice.ended == []
    alice.pump.closed()
    await until(lambda: not broker._inner._members)
    assert node.metrics.faults_total == 0


async def test_after_a_leave_that_failed_one_may_come_back_and_leave(
    alice: Alice, node: Node, broker: WaitingBroker
) -> None:
    broker.leaving.failures = 1
    for _ in range(2):
        alice.subscribes(ROOM, user_id="1")
        alice.leaves(ROOM)
        await alice.settled()
    assert await members(node) == []
    assert alice.events == [f"subscription_succeeded {ROOM}"] * 2


async def test_what_fails_when_the_wire_has_gone_is_told_to_nobody(
    alice: Alice, broker: WaitingBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_rest: object) -> None:
        await broker.asking.passage()
        raise KeyError("a bug")

    monkeypatch.setattr(alice.node, "leave", breaks)
    alice.subscribes(ROOM, user_id="1")
    await alice.settled()
    broker.asking.shut()
    alice.leaves(ROOM)
    await broker.asking.arrived.wait()
    alice.pump.closed()
    said = len(alice.wire.written)
    broker.asking.open()
    await alice.settled()
    assert (len(alice.wire.written), alice.wire.shut_with) == (said, None)
    assert alice.node.metrics.faults_total == 1


async def test_client_events_count_from_when_they_came(
    alice: Alice, bob: Alice, broker: WaitingBroker, clock: ManualClock
) -> None:
    for who in (alice, bob):
        who.subscribes("private-a")
        await who.settled()
    broker.following.shut()
    alice.subscribes("private-b")
    for number in range(24):
        alice.says("client-x", number, channel="private-a")
        clock.advance(0.125)
    broker.following.open()
    await alice.settled()
    assert len(bob.heard) == 2 + 24


# ---- authorisations that end ----------------------------------------------------------------------------------


@pytest.mark.parametrize("again", ["1", "2"])
async def test_an_end_that_comes_while_messages_wait_comes_before_them(
    alice: Alice, node: Node, broker: WaitingBroker, clock: ManualClock, again: str
) -> None:
    alice.subscribes(ROOM, user_id="1", expires_at=clock.now() + 10)
    await alice.settled()
    broker.following.shut()
    alice.subscribes("other")  # whatever comes now waits behind this
    alice.leaves(ROOM)
    alice.subscribes(ROOM, user_id=again)
    clock.advance(11)
    node.sweep()
    broker.following.open()
    await alice.settled()
    assert alice.events == [
        f"subscription_succeeded {ROOM}",
        f"subscription_expired {ROOM}",
        "subscription_succeeded other",
        f"subscription_succeeded {ROOM}",
    ]
    assert await members(node) == [again]


async def test_an_end_that_comes_when_the_wire_has_gone_is_nobodys(
    alice: Alice, node: Node, clock: ManualClock
) -> None:
    alice.subscribes(ROOM, user_id="1", expires_at=clock.now() + 10)
    await alice.settled()
    alice.pump.closed()
    clock.advance(11)
    node.sweep()
    assert alice.events == [f"subscription_succeeded {ROOM}"]
    assert node.metrics.faults_total == 0


async def test_ends_stop_the_reading_like_messages_when_too_much_waits(
    alice: Alice, node: Node, broker: WaitingBroker, clock: ManualClock
) -> None:
    for number in range(3):
        alice.subscribes(f"presence-{number}", user_id="1", expires_at=clock.now() + 10)
        await alice.settled()
    broker.following.shut()
    alice.subscribes("other")
    for _ in range(98):
        alice.says("pusher:ping")
    clock.advance(11)
    node.sweep()
    assert not alice.wire.held
    alice.says("pusher:ping")
    assert alice.wire.held
    broker.following.open()
    await alice.settled()
    assert not alice.wire.held
    assert alice.events.count("pong") == 99


# ---- users ----------------------------------------------------------------------------------------------------


async def test_who_has_gone_when_its_sign_in_is_answered_is_not_online(
    alice: Alice, bob: Alice, broker: WaitingBroker
) -> None:
    bob.signs_in("bob", "alice")
    await bob.settled()
    broker.signing.shut()
    alice.signs_in("alice")
    await broker.signing.arrived.wait()
    alice.pump.closed()
    broker.signing.open()
    await alice.settled()
    groups = [each["data"] for each in bob.heard if "watchlist" in each["event"]]
    assert [("online" in each, "offline" in each) for each in groups] == [
        (False, True),
        (True, False),
        (False, True),
    ]


async def test_a_sign_in_that_fails_leaves_nobody_online_and_may_be_tried_again(
    alice: Alice, bob: Alice, node: Node, broker: WaitingBroker
) -> None:
    broker.signing.failures = 1
    alice.signs_in("alice", "bob")
    await alice.settled()
    assert "could not sign this connection in" in alice.heard[-1]["data"]["message"]
    bob.signs_in("bob", "alice")
    await bob.settled()
    assert '"offline","user_ids":["alice"]' in bob.heard[-1]["data"]
    node.on_control(APP.id, UserChange("bob", online=True))
    assert "watchlist" not in alice.heard[-1]["event"]
    alice.signs_in("alice")
    await alice.settled()
    assert alice.events[-1] == "signin_success"
    assert '"online","user_ids":["alice"]' in bob.heard[-1]["data"]


async def test_what_changes_while_the_watchlist_is_read_is_part_of_the_answer(
    alice: Alice, bob: Alice, broker: WaitingBroker
) -> None:
    broker.signing.shut()
    alice.signs_in("alice", "bob", "carl")
    await broker.signing.arrived.wait()
    bob.signs_in("bob")
    broker.signing.open()
    await alice.settled()
    await bob.settled()
    groups = [each["data"] for each in alice.heard if "watchlist" in each["event"]]
    assert groups == [
        '{"events":[{"name":"online","user_ids":["bob"]},{"name":"offline","user_ids":["carl"]}]}'
    ]


# ---- faults ---------------------------------------------------------------------------------------------------


def breaks(_frame: bytes) -> None:
    raise OSError("the transport has gone")


async def test_a_wire_that_raises_is_alone_in_it(
    clock: ManualClock, alice: Alice, bob: Alice, node: Node, background: Background
) -> None:
    carol = joins(node, background)
    for who, user_id in ((alice, "alice"), (bob, "bob"), (carol, "carol")):
        who.signs_in(user_id, "dave")
        await who.settled()
        who.subscribes(ROOM, user_id=user_id, expires_at=clock.now() + 10)
        await who.settled()
    alice.pump._connection.outbox.write = breaks
    dave = joins(node, background)
    dave.signs_in("dave")
    await dave.settled()
    assert dave.events == ["signin_success"]  # whoever could not be told of it is no fault of dave's
    assert bob.events[-1] == carol.events[-1] == "watchlist_events"
    clock.advance(11)
    node.sweep()
    for who in (alice, bob, carol):
        await who.settled()
    assert bob.events[-1] == carol.events[-1] == f"subscription_expired {ROOM}"
    assert alice.wire.shut_with is not None
    assert alice.wire.shut_with[0] == 4100
    assert await members(node) == []


async def test_an_end_of_a_users_connections_reaches_all_of_them(
    alice: Alice, bob: Alice, node: Node
) -> None:
    for who in (alice, bob):
        who.signs_in("both")
        await who.settled()
    alice.wire.write = breaks
    await node.terminate(APP, "both")
    assert bob.wire.shut_with == (4009, "You got disconnected by the app.")
    assert alice.ended == [alice.pump]
    assert node.metrics.connections == 0


async def test_a_far_side_that_hangs_holds_up_nothing_that_is_due(
    alice: Alice, node: Node, broker: WaitingBroker, clock: ManualClock, background: Background
) -> None:
    alice.subscribes("private-a", expires_at=clock.now() + 10)
    alice.subscribes("b")
    alice.leaves("b")
    await alice.settled()
    broker.unfollowing.shut()
    clock.advance(9)
    background.spawn(node.let_go(), name="let go")
    await broker.unfollowing.arrived.wait()
    clock.advance(2)
    node.sweep()
    assert alice.events[-1] == "subscription_expired private-a"
    broker.unfollowing.open()


async def test_what_could_not_be_let_go_is_tried_again(
    alice: Alice, node: Node, broker: WaitingBroker, clock: ManualClock
) -> None:
    alice.subscribes("b")
    alice.leaves("b")
    await alice.settled()
    broker.unfollowing.failures = 1
    clock.advance(9)
    await node.let_go()
    await node.let_go()
    assert broker.asked == ["follow b", "unfollow b", "unfollow b"]
