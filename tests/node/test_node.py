"""Publish and subscribe in one process, over a broker that answers at once and over one that does not."""

import asyncio
import random
from dataclasses import replace

import pytest

from toolboxai.apps.app import App, AppKey, HistoryRule
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.base import Broker
from toolboxai.broker.memory import MemoryBroker
from toolboxai.errors import ConfigError, PublishFailed
from toolboxai.hub.connection import Connection
from toolboxai.node.interest import LINGER_S
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.publication import Position, Publication
from toolboxai.protocol.user import User
from toolboxai.testing.clock import ManualClock
from waiting_broker import WaitingBroker
from wires import Bystander, Wire, connection, plain

APP = App(id="3", keys=(AppKey("k", "s"),), history=(HistoryRule("kept-*", events=50, seconds=60.0),))
A, KEPT = ChannelName.parse("a"), ChannelName.parse("kept-1")


def node_over(broker: Broker, clock: ManualClock) -> Node:
    return Node(AppRegistry([APP]), broker, clock=clock, dice=random.Random(1))


@pytest.fixture
def node(clock: ManualClock) -> Node:
    return node_over(MemoryBroker(clock, random.Random(1)), clock)


@pytest.fixture
def broker(clock: ManualClock) -> WaitingBroker:
    return WaitingBroker(clock)


@pytest.fixture
def slow(broker: WaitingBroker, clock: ManualClock) -> Node:
    """A node whose broker takes its time."""
    return node_over(broker, clock)


def joined(node: Node) -> tuple[Connection, Wire]:
    wire = Wire()
    who = connection(node.new_socket_id(), wire, app=APP)
    node.attach(who)
    return who, wire


async def enter(node: Node, who: Connection, channel: ChannelName = A) -> list[str]:
    """Follow and subscribe in one step; returns the data of what was kept."""
    catch_up = await node.follow(who, channel)
    arrival = catch_up.finish()
    node.subscribe(who, channel, arrival)
    return [publication.data for publication in arrival.missed]


async def say(node: Node, *data: str, channel: ChannelName = A) -> None:
    for each in data:
        await node.publish(APP, [channel], "e", each)


# ---- the simple way -------------------------------------------------------------------------------------------


async def test_a_publication_reaches_the_subscribers_once_for_each_channel(node: Node) -> None:
    alice, heard = joined(node)
    b = ChannelName.parse("b")
    await enter(node, alice)
    await enter(node, alice, b)
    positions = await node.publish(APP, [A, b, A], "e", "1")
    assert heard.text == "a/e=1 b/e=1 "
    assert len(positions) == 2
    assert (node.metrics.publications_total, node.metrics.deliveries_total) == (2, 2)


async def test_the_excluded_socket_is_left_out(node: Node) -> None:
    (alice, heard), (bob, also_heard) = joined(node), joined(node)
    await enter(node, alice)
    await enter(node, bob)
    await node.publish(APP, [A], "e", "1", exclude=alice.socket_id)
    assert (heard.text, also_heard.text) == ("", "a/e=1 ")


async def test_connections_are_counted_and_leave_with_their_subscriptions(node: Node) -> None:
    (alice, heard), (bob, _) = joined(node), joined(node)
    await enter(node, alice)
    assert (node.metrics.connections, set(node.connections)) == (2, {alice, bob})
    node.detach(alice)
    await say(node, "1")
    assert (node.metrics.connections, node.metrics.connections_total, heard.text) == (1, 2, "")
    assert list(node.hub(APP).channels()) == []


async def test_unsubscribed_means_nothing_more(node: Node) -> None:
    alice, heard = joined(node)
    await enter(node, alice)
    await say(node, "1")
    node.unsubscribe(alice, A)
    await say(node, "2")
    assert heard.text == "a/e=1 "


async def test_socket_ids_are_digits_and_differ(node: Node) -> None:
    ids = {node.new_socket_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(
        first.isdecimal() and second.isdecimal() for first, _, second in (i.partition(".") for i in ids)
    )


async def test_the_kept_comes_with_the_subscription_and_a_restored_past_too(node: Node) -> None:
    await node.restore(APP, KEPT, [("e", "1"), ("e", "2")])
    await say(node, "3", channel=KEPT)
    alice, heard = joined(node)
    assert await enter(node, alice, KEPT) == ["1", "2", "3"]
    await say(node, "4", channel=KEPT)
    assert heard.text == "kept-1/e=4 "


async def test_what_a_client_sends_is_for_those_who_are_there(node: Node) -> None:
    alice, heard = joined(node)
    await enter(node, alice, KEPT)
    await say(node, "1", channel=KEPT)
    await node.publish(APP, [KEPT], "client-x", "2", origin="client")
    assert heard.text == "kept-1/e=1 kept-1/client-x=2 "
    assert await enter(node, joined(node)[0], KEPT) == ["1"]


async def test_a_delivery_for_an_app_that_has_been_removed_meanwhile_is_for_nobody(node: Node) -> None:
    node.on_publication("9", Publication("a", "e", "1"))
    assert (node.metrics.deliveries_total, node.metrics.faults_total) == (0, 0)


# ---- the race between following and reading -------------------------------------------------------------------


async def test_what_comes_while_the_history_is_read_is_handed_out_once_and_in_order(
    slow: Node, broker: WaitingBroker
) -> None:
    alice, heard = joined(slow)
    await say(slow, "1", "2", channel=KEPT)
    broker.reading.shut()
    async with asyncio.TaskGroup() as tasks:
        entering = tasks.create_task(enter(slow, alice, KEPT))
        await broker.reading.arrived.wait()
        await say(slow, "3", "4", channel=KEPT)  # not in the answer that is under way
        broker.reading.open()
    await say(slow, "5", channel=KEPT)
    assert entering.result() == ["1", "2", "3", "4"]
    assert heard.text == "kept-1/e=5 "


async def test_what_comes_before_the_history_is_read_is_not_handed_out_twice(
    slow: Node, broker: WaitingBroker
) -> None:
    (alice, heard), (bob, _) = joined(slow), joined(slow)
    assert await enter(slow, bob, KEPT) == []  # so the channel is followed, and alice's gathering hears all
    broker.reading.shut()
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(enter(slow, alice, KEPT))
        await broker.reading.arrived.wait()
        await say(slow, "1", channel=KEPT)
        broker.reading.arrived.clear()
        carol, also_heard = joined(slow)
        second = tasks.create_task(enter(slow, carol, KEPT))
        await broker.reading.arrived.wait()
        await say(slow, "2", channel=KEPT)
        broker.reading.open()
    await say(slow, "3", channel=KEPT)
    assert (first.result(), second.result()) == (["1", "2"], ["1", "2"])
    assert (heard.text, also_heard.text) == ("kept-1/e=3 ", "kept-1/e=3 ")


async def test_what_comes_while_the_broker_is_asked_to_follow_is_in_the_history(
    slow: Node, broker: WaitingBroker
) -> None:
    alice, heard = joined(slow)
    broker.following.shut()
    async with asyncio.TaskGroup() as tasks:
        entering = tasks.create_task(enter(slow, alice, KEPT))
        await broker.following.arrived.wait()
        await say(slow, "1", channel=KEPT)
        broker.following.open()
    assert entering.result() == ["1"]
    assert heard.text == ""


async def test_a_newcomer_that_says_where_it_was_is_handed_what_came_after_and_told_whether_that_is_all(
    node: Node,
) -> None:
    await say(node, "1", "2", "3", channel=KEPT)
    top = (await node.broker.history(APP, KEPT.text)).top
    for since, data, complete in [
        (Position(top.epoch, 1), ["2", "3"], True),
        (top, [], True),
        (Position("another", 1), ["1", "2", "3"], False),
        (Position(top.epoch, 9), ["1", "2", "3"], False),
    ]:
        who, _ = joined(node)
        arrival = (await node.follow(who, KEPT, since=since, placed=True)).finish()
        node.subscribe(who, KEPT, arrival)
        assert [publication.data for publication in arrival.missed] == data
        assert (arrival.complete, arrival.reached) == (complete, top)


async def test_a_newcomer_learns_its_place_also_where_nothing_is_kept(node: Node) -> None:
    alice, _ = joined(node)
    await enter(node, alice)
    await say(node, "1", "2")
    bob, _ = joined(node)
    arrival = (await node.follow(bob, A, placed=True)).finish()
    node.subscribe(bob, A, arrival)
    assert arrival.reached is not None
    assert (arrival.reached.offset, list(arrival.missed)) == (2, [])


async def test_where_nothing_is_kept_a_newcomer_hears_only_what_comes_after(
    slow: Node, broker: WaitingBroker
) -> None:
    (alice, heard), (bob, also_heard) = joined(slow), joined(slow)
    await enter(slow, bob)
    broker.following.shut()
    async with asyncio.TaskGroup() as tasks:
        entering = tasks.create_task(enter(slow, alice))
        await say(slow, "1")
        broker.following.open()
    await say(slow, "2")
    assert entering.result() == []
    assert (heard.text, also_heard.text) == ("a/e=2 ", "a/e=1 a/e=2 ")


async def test_many_newcomers_ask_the_broker_once(slow: Node, broker: WaitingBroker) -> None:
    broker.following.shut()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(10):
            tasks.create_task(enter(slow, joined(slow)[0]))
        await broker.following.arrived.wait()
        broker.following.open()
    assert broker.asked == ["follow a"]
    assert slow.hub(APP).subscribers("a") == 10


@pytest.mark.parametrize("gate", ["following", "reading"])
async def test_a_follow_that_is_cancelled_leaves_nothing(
    slow: Node, broker: WaitingBroker, clock: ManualClock, gate: str
) -> None:
    waits_at = getattr(broker, gate)
    waits_at.shut()
    following = asyncio.ensure_future(slow.follow(joined(slow)[0], KEPT))
    await waits_at.arrived.wait()
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    waits_at.open()
    assert slow._sides["3"].gathering == {}
    clock.advance(LINGER_S)
    await slow.let_go()
    assert broker.asked[-1] == "unfollow kept-1"
    assert not slow._sides["3"].interest.holds("kept-1")


@pytest.mark.parametrize("gate", ["following", "reading"])
async def test_a_follow_that_fails_leaves_nothing_and_can_be_tried_again(
    slow: Node, broker: WaitingBroker, clock: ManualClock, gate: str
) -> None:
    getattr(broker, gate).failures = 1
    with pytest.raises(PublishFailed):
        await slow.follow(joined(slow)[0], KEPT)
    assert slow._sides["3"].gathering == {}
    alice, heard = joined(slow)
    await enter(slow, alice, KEPT)
    clock.advance(LINGER_S)
    await slow.let_go()  # the failed one has gone, alice has not
    await say(slow, "1", channel=KEPT)
    assert heard.text == "kept-1/e=1 "


async def test_a_publication_that_fails_is_told_and_counted_nowhere(
    slow: Node, broker: WaitingBroker
) -> None:
    broker.publishing.failures = 1
    with pytest.raises(PublishFailed):
        await say(slow, "1")
    assert slow.metrics.publications_total == 0


async def test_a_publication_that_cannot_be_written_takes_no_other_along(node: Node) -> None:
    alice, heard = joined(node)
    await enter(node, alice)
    await enter(node, alice, KEPT)
    node.turn.join(asyncio.get_running_loop().call_soon)
    node.on_publication("3", Publication("a", "e", "\ud83d"))  # no door lets it through
    node.on_publication("3", Publication("kept-1", "e", "1"))
    node.turn.join(None)
    assert heard.text == "kept-1/e=1 "
    assert node.metrics.faults_total == 1


# ---- turns of the loop ----------------------------------------------------------------------------------------


async def test_publications_of_one_turn_are_one_write_and_a_newcomer_gets_only_what_came_after(
    node: Node,
) -> None:
    (alice, heard), (bob, also_heard) = joined(node), joined(node)
    await enter(node, alice)
    node.turn.join(asyncio.get_running_loop().call_soon)
    await say(node, "1", "2")
    await enter(node, bob)
    await say(node, "3")
    node.unsubscribe(bob, A)
    await say(node, "4")
    node.turn.join(None)
    assert heard.written == [b"a/e=1 a/e=2 ", b"a/e=3 ", b"a/e=4 "]
    assert also_heard.text == "a/e=3 "
    assert plain(Publication("a", "e", "3")) == b"a/e=3 "


# ---- apps that change -----------------------------------------------------------------------------------------


async def test_connections_are_told_of_their_app_as_it_is_now(node: Node) -> None:
    alice, _ = joined(node)
    changed = replace(APP, event_bytes=5)
    node.apply(AppRegistry([changed]))
    assert isinstance(alice.owner, Bystander)
    assert alice.owner.apps == [changed]
    node.apply(AppRegistry([replace(APP, event_bytes=5)]))
    assert alice.owner.apps == [changed]  # it is the same
    node.apply(AppRegistry([replace(changed, enabled=False)]))
    assert alice.owner.closed_with == [(4003, "Application disabled")]


async def test_what_is_refused_has_changed_nothing(clock: ManualClock) -> None:
    broker = MemoryBroker(clock, random.Random(1))
    node = Node(AppRegistry([APP], own=APP), broker, clock=clock, dice=random.Random(1))
    other, before = App(id="4", keys=(AppKey("k4", "s"),)), node.apps
    with pytest.raises(ConfigError):
        node.apply(AppRegistry([other], own=other))
    assert node.apps is before
    await say(node, "1")
    assert list(node.hub(APP).connections) == []


@pytest.mark.parametrize("gate", ["following", "reading"])
async def test_who_was_about_to_enter_when_the_app_was_removed_leaves_nothing(
    slow: Node, broker: WaitingBroker, gate: str
) -> None:
    waits_at = getattr(broker, gate)
    waits_at.shut()
    alice, heard = joined(slow)
    following = asyncio.ensure_future(slow.follow(alice, KEPT))
    await waits_at.arrived.wait()
    slow.apply(AppRegistry([]))
    assert isinstance(alice.owner, Bystander)
    assert alice.owner.closed_with == [(4001, "Application does not exist")]
    waits_at.open()
    (await following).finish()
    await slow.released(alice, KEPT)
    assert broker.asked[-1] == "unfollow kept-1"
    await say(slow, "1", channel=KEPT)
    assert (heard.text, len(slow.hub(APP)), slow.metrics.faults_total) == ("", 0, 0)


async def test_who_was_about_to_sign_in_when_the_app_was_removed_leaves_nothing(
    slow: Node, broker: WaitingBroker
) -> None:
    broker.signing.shut()
    alice, _ = joined(slow)
    user = User("u", "{}", None, (), False)
    signing = asyncio.ensure_future(slow.sign_in(alice, user))
    await broker.signing.arrived.wait()
    slow.apply(AppRegistry([]))
    broker.signing.open()
    await signing
    await slow.sign_out(alice, user)
    assert slow.metrics.faults_total == 0
