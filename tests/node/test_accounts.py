"""What became of a publication: the cases that no client brings about at will."""

import random
from collections import Counter
from typing import Any

import pytest

from toolboxai.apps.app import App, AppKey, HistoryRule
from toolboxai.apps.registry import AppRegistry
from toolboxai.apps.webhooks import WebhookRule
from toolboxai.broker.memory import MemoryBroker
from toolboxai.hub.connection import Connection
from toolboxai.node.accounts import Account, Accounts
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.publication import Position
from toolboxai.testing.clock import ManualClock
from waiting_broker import WaitingBroker
from wires import Wire, connection

HOOKS = (
    WebhookRule("http://one.test/", ("client_event",)),
    WebhookRule("http://two.test/", ("channel_occupied",)),
    WebhookRule("http://three.test/", channel_prefix="b"),
)
APP = App(id="3", keys=(AppKey("k", "s"),), history=(HistoryRule("kept-*", 50, 60.0),), webhooks=HOOKS)
A = ChannelName.parse("a")


class GoneWire(Wire):
    def take(self, frame: bytes) -> None:
        raise RuntimeError("the handler is closed")


@pytest.fixture
def node(clock: ManualClock) -> Node:
    dice = random.Random(1)
    return Node(AppRegistry([APP]), MemoryBroker(clock, dice), clock=clock, dice=dice)


async def enter(node: Node, wire: Wire | None = None, channel: ChannelName = A) -> Connection:
    who = connection(node.new_socket_id(), wire or Wire(), app=APP)
    node.attach(who)
    catch_up = await node.follow(who, channel)
    node.subscribe(who, channel, catch_up.finish())
    return who


async def say(node: Node, data: str = "1", **more: Any) -> Position:
    (position,) = await node.publish(APP, [A], "e", data, **more)
    return position


async def account(node: Node, position: Position, who: Connection | None = None) -> Account:
    found = await Accounts(node).of(position, socket_id=None if who is None else who.socket_id)
    assert found is not None
    return found


async def verdict(node: Node, position: Position, who: Connection) -> tuple[str, str]:
    socket = (await account(node, position, who)).socket
    assert socket is not None
    return socket.verdict, socket.text


async def test_whose_line_was_lost_at_that_moment(node: Node) -> None:
    whole = [await enter(node, GoneWire() if number % 2 else None) for number in range(5)]
    published = await say(node)
    excluding = await say(node, exclude=whole[0].socket_id)
    assert [(await verdict(node, published, who))[0] for who in whole] == [
        "written",
        "failed",
        "written",
        "failed",
        "written",
    ]
    assert [(await verdict(node, excluding, who))[0] for who in whole] == [
        "excluded",
        "failed",
        "written",
        "failed",
        "written",
    ]
    told = await account(node, excluding)
    assert (told.subscribers, told.written, told.failed) == (5, 2, 2)


async def test_what_could_not_be_written_to_anybody(node: Node) -> None:
    who = await enter(node)
    published = await say(node, "\ud83d")  # no door lets it through
    told = await account(node, published)
    assert (told.subscribers, told.written, told.failed, told.bytes) == (1, 0, 1, 3)
    assert (await verdict(node, published, who))[1].startswith(
        "nobody was sent it, for a fault of this server"
    )


async def test_publications_of_one_turn_are_told_of_one_by_one(node: Node) -> None:
    later: list[Any] = []
    node.turn.join(later.append)
    early, alice = await say(node), await enter(node)
    both = [await say(node), await say(node, exclude=alice.socket_id)]
    bob = await enter(node)
    last = await say(node)
    found = {
        who: [(await verdict(node, each, who))[0] for each in (early, *both, last)] for who in (alice, bob)
    }
    assert found[alice] == ["connected_later", "written", "excluded", "written"]
    assert found[bob] == ["connected_later", "subscribed_later", "subscribed_later", "written"]
    assert [(await account(node, each)).subscribers for each in (early, *both, last)] == [0, 1, 1, 2]


async def test_who_ends_in_the_same_turn_before_it_is_delivered_is_gone(node: Node) -> None:
    node.turn.join(lambda _work: None)
    alice = await enter(node)
    published = await say(node)
    node.detach(alice)
    assert (await verdict(node, published, alice))[0] == "gone"
    assert (await account(node, published)).subscribers == 0


async def test_who_had_it_from_elsewhere(node: Node) -> None:
    channel = ChannelName.parse("kept-1")
    who = connection(node.new_socket_id(), Wire(), app=APP)
    node.attach(who)
    catch_up = await node.follow(who, channel)
    arrival = catch_up.finish()
    node.handed_over(who, channel, 2)
    node.subscribe(who, channel, arrival)
    ids = [(await node.publish(APP, [channel], "e", f'{{"seq":{seq}}}'))[0] for seq in (2, 3)]
    assert [(await verdict(node, each, who))[0] for each in ids] == ["known", "written"]
    assert (await account(node, ids[0])).known == 1


async def test_a_reader_that_is_ending_is_written_nothing_more(node: Node) -> None:
    who = await enter(node)
    early = await say(node)
    who.noted().deaf_at = node.ring.count
    late = await say(node)
    assert [(await verdict(node, each, who))[0] for each in (early, late)] == ["written", "ending"]
    assert ((await account(node, late)).written, (await account(node, late)).slow) == (0, 1)


async def test_webhooks_of_a_client_event_are_counted_where_they_are_posted(node: Node) -> None:
    sent = await say(node, origin="client")
    assert (await account(node, sent)).webhooks == 0  # nobody posts them
    node.happenings.observer = Deaf()
    assert (await account(node, sent)).webhooks == 1
    assert (await account(node, await say(node))).webhooks == 0


class Deaf:
    """Hears everything, and does nothing."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_facts: None


async def test_when_its_app_has_been_removed_what_was_noted_is_still_told(node: Node) -> None:
    who = await enter(node)
    published = await say(node)
    node.apply(AppRegistry([App(id="4", keys=(AppKey("o", "s"),))]))
    node.departed.find(who.socket_id)
    told = await account(node, published)
    assert (told.app_id, told.subscribers, told.written) == ("3", 1, 1)
    assert await Accounts(node).of(published, app=App(id="4", keys=(AppKey("o", "s"),))) is None


async def test_a_connection_of_another_app(node: Node) -> None:
    other = App(id="4", keys=(AppKey("o", "s"),))
    node.apply(AppRegistry([APP, other]))
    stranger = connection(node.new_socket_id(), Wire(), app=other)
    node.attach(stranger)
    assert await verdict(node, await say(node), stranger) == ("other_app", "it is a connection of app 4")


async def test_without_the_broker_all_is_told_but_acks(clock: ManualClock) -> None:
    broker = WaitingBroker(clock)
    slow = Node(AppRegistry([APP]), broker, clock=clock, dice=random.Random(1))
    published = await say(slow)
    broker.reading.failures = 1
    assert (await account(slow, published)).subscribers == 0


async def test_changes_of_members_take_no_places_of_publications(node: Node) -> None:
    """They come in crowds, and nobody is told an id of theirs."""
    from toolboxai.protocol.member import Member

    room = ChannelName.parse("presence-a")
    for number in range(3):
        who = connection(node.new_socket_id(), Wire(), app=APP)
        node.attach(who)
        catch_up = await node.follow(who, room, Member(str(number), None))
        node.subscribe(who, room, catch_up.finish())
    assert node.ring.count == 0


async def test_what_is_left_out_of_all_of_them_adds_up(node: Node) -> None:
    dice, whole = random.Random(5), [await enter(node) for _ in range(20)]
    published = await say(node, exclude=whole[3].socket_id)
    for who in dice.sample(whole, 8):
        node.detach(who)
    told = await account(node, published)
    each = Counter([(await verdict(node, published, who))[0] for who in whole])
    assert each == {"written": 19, "excluded": 1}
    assert (told.subscribers, told.written) == (20, 19)


async def test_it_is_logged_where_everything_is(node: Node, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="toolboxai.node.node"):
        published = await say(node)
    assert [record.publication_ids for record in caplog.records] == [[published.text]]  # type: ignore[attr-defined]
    caplog.clear()
    await say(node)
    assert caplog.records == []
