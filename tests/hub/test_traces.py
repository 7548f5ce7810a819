"""What is remembered of connections, bounded whatever they do."""

from toolboxai import limits
from toolboxai.hub.connection import Connection
from toolboxai.hub.ring import Moment, Published
from toolboxai.hub.traces import Departed, Traces
from toolboxai.hub.trail import Handed
from toolboxai.protocol.publication import Origin, Position
from wires import Wire, connection


def published(
    serial: int, channel: str = "a", *, origin: Origin = "api", exclude: str | None = None
) -> Published:
    return Published("3", Position("epoch", serial), channel, "e", 1, 0.0, origin, exclude, 1, serial)


def subscribed(serial: int, name: str = "1.1") -> Connection:
    made = connection(name, Wire())
    made.channels["a"] = Moment(serial, float(serial))
    return made


def leave(who: Connection, serial: int) -> None:
    who.noted().leave("a", who.channels.pop("a"), Moment(serial, float(serial)), expired=False, unsent=None)


def test_whether_it_was_subscribed_is_told_by_the_order_of_deliveries() -> None:
    who = subscribed(5)
    assert [Traces.of(who).attended(published(n)) for n in (4, 5, 900)] == [False, True, True]
    leave(who, 8)
    assert [Traces.of(who).attended(published(n)) for n in (4, 5, 7, 8)] == [False, True, True, False]
    who.channels["a"] = Moment(10, 0.0)
    gone = Traces.of(who, gone=Moment(12, 0.0))
    assert [gone.attended(published(n)) for n in (7, 9, 10, 11, 12)] == [True, False, True, True, False]
    assert gone.attended(published(11, "b")) is False


def test_what_is_told_of_a_connection_that_is_gone_does_not_change_any_more() -> None:
    who = subscribed(5)
    gone = Traces.of(who, gone=Moment(6, 0.0))
    who.channels.clear()
    assert gone.attended(published(5))


def test_what_a_newcomer_was_handed() -> None:
    plain = Handed("epoch", 3, 6, resumed=False, sockets=("1.1",))
    assert [plain.holds(published(n)) for n in (2, 3, 6, 7)] == [False, True, True, False]
    assert not plain.holds(published(4, origin="client")), "kept is what servers publish"
    assert not plain.holds(published(4, exclude="1.1"))
    assert plain.holds(published(4, exclude="1.2"))
    again = Handed("epoch", 3, 6, resumed=True, sockets=("1.1", "1.0"))
    assert again.holds(published(4, origin="client"))
    assert not again.holds(published(4, exclude="1.0")), "its own, on the connection before"
    assert not Handed("other", 3, 6, resumed=True, sockets=()).holds(published(4))


def test_of_a_connection_that_comes_and_goes_the_last_stays_are_remembered() -> None:
    who = connection("1.1", Wire())
    for serial in range(limits.STAYS + 5):
        who.channels["a"] = Moment(serial, 0.0)
        leave(who, serial + 1)
    assert who.trail is not None
    assert [stay.entered.serial for stay in who.trail.stays] == list(range(5, limits.STAYS + 5))


def test_the_last_that_are_gone_are_remembered_and_since_when_they_all_are() -> None:
    departed = Departed(most=3)
    for serial in range(5):
        departed.add(Traces.of(subscribed(serial, f"{serial}.1"), gone=Moment(serial, float(serial))))
    assert [departed.find(f"{serial}.1") is not None for serial in range(5)] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert (len(departed), departed.since) == (3, 1.0)
    assert len(departed.of_channel("3", "a")) == 3
    assert departed.of_channel("3", "b") == []
    assert departed.of_channel("4", "a") == []


def test_they_are_fewer_when_each_was_on_many_channels() -> None:
    departed = Departed(most=100, stays_most=50)
    for serial in range(20):
        who = connection(f"{serial}.1", Wire())
        who.channels |= {f"channel-{number}": Moment(0, 0.0) for number in range(20)}
        departed.add(Traces.of(who, gone=Moment(serial, 0.0)))
    assert len(departed) == 2
