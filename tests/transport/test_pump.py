"""One connection between its session, the node and the wire, over a broker that takes its time."""

import asyncio
import json
import random

import pytest

from pumps import Alice, heard_at, joins, node_over
from servers import APP, make_app
from toolboxai import limits
from toolboxai.broker.memory import MemoryBroker
from toolboxai.close_codes import CloseCode
from toolboxai.node.background import Background
from toolboxai.node.interest import LINGER_S
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.effects import Effect
from toolboxai.protocol.session import ServerSession
from toolboxai.testing.clock import ManualClock
from waiting_broker import WaitingBroker


@pytest.fixture
def broker(clock: ManualClock) -> WaitingBroker:
    return WaitingBroker(clock)


@pytest.fixture
def alice(broker: WaitingBroker, clock: ManualClock, background: Background) -> Alice:
    return joins(node_over(broker, clock), background)


async def test_messages_wait_their_turn_behind_a_subscribe_that_waits(
    alice: Alice, broker: WaitingBroker
) -> None:
    broker.following.shut()
    alice.subscribes("private-a")
    alice.says("pusher:ping")
    alice.subscribes("private-b")
    alice.says("client-x", 1, channel="private-a")
    alice.says("pusher:unsubscribe", {"channel": "private-a"})
    alice.says("pusher:ping")
    assert alice.events == []
    broker.following.open()
    await alice.settled()
    assert alice.events == [
        "subscription_succeeded private-a",
        "pong",
        "subscription_succeeded private-b",
        "pong",
    ]
    assert isinstance(alice.pump.session, ServerSession)
    assert alice.pump.session.channels == ("private-b",)


async def test_reading_pauses_while_too_much_waits_and_goes_on_after(
    alice: Alice, broker: WaitingBroker
) -> None:
    broker.following.shut()
    alice.subscribes("a")
    for _ in range(limits.INBOUND_QUEUE - 1):
        alice.says("pusher:ping")
    assert not alice.wire.held
    alice.says("pusher:ping")
    assert alice.wire.held
    alice.says("pusher:ping")  # what one read had brought already
    broker.following.open()
    await alice.settled()
    assert not alice.wire.held
    assert alice.events == ["subscription_succeeded a"] + ["pong"] * (limits.INBOUND_QUEUE + 1)


async def test_reading_pauses_while_what_waits_is_too_long(alice: Alice, broker: WaitingBroker) -> None:
    broker.following.shut()
    alice.subscribes("a")
    long = "x" * (limits.INBOUND_BYTES // 2)
    alice.says("pusher:ping", long)
    assert not alice.wire.held
    alice.says("pusher:ping", long)
    assert alice.wire.held
    broker.following.open()
    await alice.settled()
    assert not alice.wire.held
    broker.following.shut()
    alice.subscribes("b")  # nothing of it is left
    alice.says("pusher:ping", long)
    assert not alice.wire.held
    broker.following.open()
    await alice.settled()
    assert alice.events[-2:] == ["subscription_succeeded b", "pong"]


async def test_a_close_while_a_subscribe_waits_leaves_nothing(
    alice: Alice, broker: WaitingBroker, clock: ManualClock
) -> None:
    broker.following.shut()
    alice.subscribes("a")
    alice.says("pusher:ping")
    await broker.following.arrived.wait()
    alice.pump.closed()
    broker.following.open()
    await alice.settled()
    assert (alice.events, alice.ended) == ([], [alice.pump])
    assert list(alice.node.hub(APP).channels()) == []
    clock.advance(LINGER_S)
    await alice.node.let_go()
    assert broker.asked == ["follow a", "unfollow a"]


async def test_a_broker_that_fails_is_the_servers_fault_and_the_connection_stays(
    alice: Alice, broker: WaitingBroker
) -> None:
    broker.following.failures = 1
    alice.subscribes("a")
    await alice.settled()
    error, denied = alice.heard[1:]
    assert error["data"]["code"] is None
    assert denied["data"] == {"type": "ServerError", "error": error["data"]["message"], "status": 4302}
    alice.subscribes("a")
    await alice.settled()
    assert alice.events[-1] == "subscription_succeeded a"


async def test_a_client_event_that_is_not_taken_is_told(alice: Alice, broker: WaitingBroker) -> None:
    alice.subscribes("private-a")
    await alice.settled()
    broker.publishing.failures = 1
    alice.says("client-x", 1, channel="private-a")
    await alice.settled()
    assert alice.heard[-1]["data"] == {"code": None, "message": "The event could not be published; try again"}
    assert alice.ended == []


async def test_the_error_of_a_close_is_said_once_then_the_wire_is_shut(alice: Alice) -> None:
    alice.pump.close(CloseCode.RECONNECT_NOW, "come back")
    alice.pump.close(CloseCode.RECONNECT_NOW, "come back")
    assert [each["data"] for each in alice.heard[1:]] == [{"code": 4200, "message": "come back"}]
    assert alice.wire.shut_with == (4200, "come back")
    assert alice.ended == [alice.pump]
    assert alice.node.metrics.connections == 0


async def test_silence_is_probed_then_closed_and_told_once(alice: Alice, clock: ManualClock) -> None:
    clock.advance(APP.activity_timeout_s + 1)
    alice.pump.check_silence()
    assert (alice.wire.probes, alice.ended) == (1, [])
    clock.advance(APP.pong_timeout_s + 1)
    alice.pump.check_silence()
    alice.pump.check_silence()
    assert [each["data"]["code"] for each in alice.heard[1:]] == [4201]
    assert alice.wire.shut_with == (4201, "Pong reply not received")


async def test_a_wire_that_has_gone_is_written_to_no_more(alice: Alice) -> None:
    alice.pump.closed()
    alice.pump.close(CloseCode.RECONNECT_NOW, "come back")
    assert (alice.events, alice.wire.shut_with) == ([], None)


async def test_a_slow_reader_is_closed_after_the_fan_out_and_its_error_goes_last(
    clock: ManualClock, background: Background
) -> None:
    node = node_over(MemoryBroker(clock, random.Random(1)), clock)
    slow, quick = joins(node, background), joins(node, background)
    for who in (slow, quick):
        who.subscribes("a")
    slow.pump.lagging(True)
    channel = ChannelName.parse("a")
    for number in range(120):
        await slow.node.publish(APP, [channel], "e", str(number) + "x" * 10_000)
    await asyncio.sleep(0)
    assert len(quick.events) == 121
    assert quick.ended == []
    last = slow.heard[-1]
    assert last["event"] == "pusher:error"
    assert last["data"]["code"] == 4100
    assert slow.wire.shut_with is not None
    assert slow.wire.shut_with[0] == 4100
    assert slow.wire.buffered() < limits.OUTBOX_BYTES + 1000
    assert slow.node.metrics.slow_consumers_total == 1
    kept = [each["data"][:3] for each in slow.heard[2:-1]]
    assert kept == [
        each["data"][:3] for each in quick.heard[2 : 2 + len(kept)]
    ]  # a beginning, without a hole


async def test_a_reader_that_recovers_in_time_loses_nothing(
    clock: ManualClock, background: Background
) -> None:
    alice = joins(node_over(MemoryBroker(clock, random.Random(1)), clock), background)
    alice.subscribes("a")
    channel = ChannelName.parse("a")
    for number in range(300):
        alice.pump.lagging(number % 50 == 10)
        if number % 50 == 20:
            alice.wire.taken = sum(map(len, alice.wire.written))
        await alice.node.publish(APP, [channel], "e", "x" * 10_000)
    assert len(alice.events) == 301
    assert alice.ended == []


async def test_a_fault_of_our_own_closes_with_a_pause_and_is_counted(
    alice: Alice, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*_args: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(alice.node, "unsubscribe", breaks)
    alice.subscribes("a")
    await alice.settled()
    alice.says("pusher:unsubscribe", {"channel": "a"})
    assert alice.wire.shut_with is not None
    assert alice.wire.shut_with[0] == 4100
    assert alice.node.metrics.faults_total == 1
    assert caplog.messages.count("connection failed") == 1


def test_the_app_of_these_tests_has_the_usual_limits() -> None:
    assert make_app().event_bytes == 10240


# ---- messages that come in together ---------------------------------------------------------------------------


def said(event: str, data: object = None) -> bytes:
    return json.dumps({"event": event, "data": data}).encode()


PING = said("pusher:ping")


async def test_answers_to_messages_of_one_read_leave_in_one_write_and_in_their_order(
    clock: ManualClock, background: Background
) -> None:
    node = node_over(MemoryBroker(clock, random.Random(1)), clock)
    alice = joins(node, background)
    enter = said("pusher:subscribe", {"channel": "a"})
    alice.pump.receive_all([PING, PING, enter, PING, b"{", PING])
    pong = b'{"event":"pusher:pong","data":{}}'
    greeting, pongs, entered, rest = alice.wire.written
    assert b"connection_established" in greeting
    assert pongs == pong * 2
    assert b"subscription_succeeded" in entered
    assert rest.startswith(pong)
    assert rest.endswith(pong)
    assert b"Invalid message format" in rest
    assert (alice.pump.received, node.app_metrics(APP).messages_sent_total) == (6, 7)


async def test_what_stands_behind_the_end_is_not_heard(clock: ManualClock, background: Background) -> None:
    app = make_app(authorised_within_s=10)
    alice = joins(node_over(MemoryBroker(clock, random.Random(1)), clock, app), background, app)
    alice.pump.receive_all([PING, said("pusher:signin", {"auth": "", "user_data": ""}), PING])
    assert alice.events == ["pong", "error"]
    assert alice.wire.shut_with is not None
    assert alice.pump.received == 2


async def test_a_fault_of_ours_comes_after_what_was_answered_before_it(
    clock: ManualClock, background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = joins(node_over(MemoryBroker(clock, random.Random(1)), clock), background)
    hears = ServerSession.receive

    def receive(session: ServerSession, text: bytes, now: float) -> list[Effect]:
        if text == b"fault":
            raise ZeroDivisionError
        return hears(session, text, now)

    monkeypatch.setattr(ServerSession, "receive", receive)
    alice.pump.receive_all([PING, b"fault", PING])
    assert alice.events == ["pong", "error"]
    assert alice.wire.shut_with == (CloseCode.OVER_CAPACITY, "Internal server error, please reconnect")


async def test_messages_of_one_read_are_one_sign_of_life(alice: Alice, clock: ManualClock) -> None:
    clock.advance(7.0)
    alice.pump.receive_all([PING, PING])
    assert heard_at(alice.pump) == clock.monotonic()


# ---- endings --------------------------------------------------------------------------------------------------


async def test_whom_we_end_has_first_what_was_published_before(
    clock: ManualClock, background: Background
) -> None:
    node = node_over(MemoryBroker(clock, random.Random(1)), clock)
    node.slices.size = 1
    alice, bob = joins(node, background), joins(node, background)
    for each in (alice, bob):
        each.subscribes("a")
    node.turn.join(lambda _call: None)  # a loop that is not there yet
    await node.publish(APP, (ChannelName.parse("a", max_chars=200),), "news", "1")
    node.turn.flush()
    bob.pump.close(CloseCode.RECONNECT_NOW, "come back")
    assert bob.events[1:] == ["news a", "error"]
    assert alice.events[1:] == []


@pytest.mark.parametrize("faulty", ["_on_closed", "_backlog", "departed"])
async def test_whatever_fails_nothing_is_written_to_whom_has_gone(
    faulty: str, clock: ManualClock, background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its descriptor is another's soon, and events of a channel may be written to descriptors."""
    node = node_over(MemoryBroker(clock, random.Random(1)), clock)
    alice = joins(node, background)
    alice.subscribes("a")

    class Faulty:
        busy = False

        def __call__(self, *_: object) -> None:
            raise ZeroDivisionError

        add = end = __call__

    if faulty == "departed":
        monkeypatch.setattr(node, "departed", Faulty())
    else:
        monkeypatch.setattr(alice.pump, faulty, Faulty())
    with pytest.raises(ZeroDivisionError):
        alice.pump.closed()
    assert len(node.hub(APP)) == node.hub(APP).subscribers("a") == 0
