"""Who is subscribed to what, and the loop that hands a publication to them."""

from toolboxai.hub.hub import Hub
from toolboxai.protocol.publication import Publication
from wires import Wire, connection, plain


def event(data: str, channel: str = "a", exclude: str | None = None) -> Publication:
    return Publication(channel, "e", data, exclude=exclude)


def test_a_publication_reaches_the_subscribers_of_its_channel() -> None:
    hub, wires = Hub(), [Wire() for _ in range(3)]
    alice, bob, carol = (connection(f"1.{number}", wire) for number, wire in enumerate(wires))
    for who in (alice, bob, carol):
        hub.add(who)
    assert hub.attach(alice, "a") is True
    assert hub.attach(bob, "a") is False
    assert hub.attach(carol, "b") is True
    assert hub.fan_out(event("1")) == 2
    assert hub.fan_out(event("2", "nobody-is-here")) == 0
    assert [wire.text for wire in wires] == ["a/e=1 ", "a/e=1 ", ""]


def test_the_excluded_connection_is_left_out_where_it_is_subscribed() -> None:
    hub, wires = Hub(), [Wire() for _ in range(2)]
    alice, bob = (connection(f"1.{number}", wire) for number, wire in enumerate(wires))
    for who in (alice, bob):
        hub.add(who)
        hub.attach(who, "a")
    hub.attach(bob, "b")
    assert hub.fan_out(event("1", exclude=alice.socket_id)) == 1
    assert hub.fan_out(event("2", exclude="9.9")) == 2
    assert hub.fan_out(event("3", "b", exclude=alice.socket_id)) == 1
    assert [wire.text for wire in wires] == ["a/e=2 ", "a/e=1 a/e=2 b/e=3 "]


def test_several_publications_of_a_channel_are_one_write_in_their_order() -> None:
    hub, wires = Hub(), [Wire() for _ in range(2)]
    alice, bob = (connection(f"1.{number}", wire) for number, wire in enumerate(wires))
    for who in (alice, bob):
        hub.add(who)
        hub.attach(who, "a")
    assert hub.fan_out(event("1"), event("2"), event("3")) == 6
    assert [wire.written for wire in wires] == [[b"a/e=1 a/e=2 a/e=3 "]] * 2
    assert hub.fan_out(event("4"), event("5", exclude=alice.socket_id), event("6")) == 5
    assert wires[0].text.endswith("a/e=3 a/e=4 a/e=6 ")
    assert wires[1].text.endswith("a/e=3 a/e=4 a/e=5 a/e=6 ")


def test_each_dialect_is_encoded_once_and_everyone_is_given_the_same_bytes() -> None:
    encoded: list[str] = []

    def new(publication: Publication) -> bytes:
        encoded.append("new")
        return plain(publication)

    def old(publication: Publication) -> bytes:
        encoded.append("old")
        return publication.data.encode()

    hub, wires = Hub(), [Wire() for _ in range(100)]
    for number, wire in enumerate(wires):
        who = connection(f"1.{number}", wire, new if number % 2 else old)
        hub.add(who)
        hub.attach(who, "a")
    assert hub.fan_out(event("1")) == 100
    assert sorted(encoded) == ["new", "old"]
    assert len({id(wire.written[0]) for wire in wires}) == 2


def test_detach_tells_when_the_channel_is_empty() -> None:
    hub = Hub()
    alice, bob = connection("1.1", Wire()), connection("1.2", Wire(), lambda p: b"")
    for who in (alice, bob):
        hub.add(who)
        hub.attach(who, "a")
    assert (hub.subscribers("a"), list(hub.channels())) == (2, ["a"])
    assert hub.detach(alice, "a") is False
    assert hub.detach(alice, "a") is False
    assert hub.detach(bob, "a") is True
    assert hub.detach(bob, "a") is False
    assert (hub.subscribers("a"), list(hub.channels()), alice.channels) == (0, [], {})


def test_a_connection_that_leaves_leaves_every_channel() -> None:
    hub = Hub()
    alice, bob = connection("1.1", Wire()), connection("1.2", Wire())
    for who in (alice, bob):
        hub.add(who)
    for channel in ("a", "b", "c"):
        hub.attach(alice, channel)
    hub.attach(bob, "b")
    assert (len(hub), hub.connection("1.1")) == (2, alice)
    assert sorted(hub.remove(alice)) == ["a", "c"]
    assert (len(hub), hub.connection("1.1"), list(hub.channels())) == (1, None, ["b"])
    assert hub.remove(alice) == []


def test_a_changed_way_out_is_used_on_every_channel() -> None:
    hub, wire = Hub(), Wire()
    alice = connection("1.1", wire)
    hub.add(alice)
    for channel in ("a", "b"):
        hub.attach(alice, channel)
    alice.outbox.lagging()
    wire.taken = -990  # bytes that wait already: the cap is 1000
    hub.rewire(alice)
    hub.fan_out(event("1"))
    hub.fan_out(event("2", "b"))
    assert wire.text == "a/e=1 "
    assert alice.outbox.closed


class GoneWire(Wire):
    """Its transport has been closed below us."""

    def take(self, frame: bytes) -> None:
        raise RuntimeError("the handler is closed")


def test_a_transport_that_has_gone_takes_nothing_from_the_others() -> None:
    hub, wires = Hub(), [GoneWire(), Wire(), GoneWire(), Wire(), GoneWire()]
    for number, wire in enumerate(wires):
        who = connection(f"1.{number}", wire)
        hub.add(who)
        hub.attach(who, "a")
    hub.fan_out(event("1"))
    hub.fan_out(event("2"), event("3"))
    hub.fan_out(event("4", exclude="1.3"))
    assert [wires[at].text for at in (1, 3)] == ["a/e=1 a/e=2 a/e=3 a/e=4 ", "a/e=1 a/e=2 a/e=3 "]
    assert hub.faults == 9


def test_a_subscription_made_in_the_middle_of_a_fan_out_does_not_hang_it() -> None:
    """It must not happen; if it does, the loop ends and the fault is counted."""
    hub = Hub()

    class Meddler(Wire):
        def take(self, frame: bytes) -> None:
            hub.attach(connection("9.9", Wire()), "a")

    for number in range(3):
        hub.attach(connection(f"1.{number}", Meddler()), "a")
    hub.fan_out(event("1"))
    assert hub.faults == 1


def numbered(number: int, exclude: str | None = None) -> Publication:
    return event(f'{{"seq":{number}}}', exclude=exclude)


def test_what_a_connection_has_from_elsewhere_is_left_out_until_something_newer_comes() -> None:
    hub, wires = Hub(), [Wire() for _ in range(2)]
    alice, bob = (connection(f"1.{number}", wire) for number, wire in enumerate(wires))
    alice.handed_over = {"a": 2}
    for who in (alice, bob):
        hub.add(who)
        hub.attach(who, "a")
    hub.fan_out(numbered(1))
    hub.fan_out(event("no number"), numbered(2), numbered(3), numbered(1))
    assert wires[0].text == 'a/e=no number a/e={"seq":3} a/e={"seq":1} '
    assert len(wires[1].written) == 2
    hub.fan_out(numbered(2), numbered(4))
    assert wires[0].written[-1] == b'a/e={"seq":2} a/e={"seq":4} '  # the direct way: one write
    hub.detach(alice, "a")
    assert alice.handed_over == {}


def test_a_number_that_a_client_writes_is_no_number_of_ours() -> None:
    hub, wire = Hub(), Wire()
    alice = connection("1.0", wire)
    alice.handed_over = {"a": 2}
    hub.add(alice)
    hub.attach(alice, "a")
    for seq in (1, 9):
        hub.fan_out(Publication("a", "client-e", f'{{"seq":{seq}}}', kept=False))
    hub.fan_out(numbered(2), numbered(3))
    assert wire.text == 'a/client-e={"seq":1} a/client-e={"seq":9} a/e={"seq":3} '


def test_a_number_that_is_known_is_left_out_for_a_sender_that_is_excluded_too() -> None:
    hub, wires = Hub(), [Wire() for _ in range(2)]
    alice, bob = (connection(f"1.{number}", wire) for number, wire in enumerate(wires))
    alice.handed_over = {"a": 5}
    for who in (alice, bob):
        hub.add(who)
        hub.attach(who, "a")
    hub.fan_out(numbered(5, exclude=bob.socket_id), numbered(6, exclude=bob.socket_id))
    assert [wire.text for wire in wires] == ['a/e={"seq":6} ', ""]


def test_who_lags_while_something_is_left_out_loses_nothing_of_the_rest() -> None:
    hub, wire = Hub(), Wire()
    alice = connection("1.0", wire)
    alice.handed_over = {"a": 1}
    hub.add(alice)
    hub.attach(alice, "a")
    alice.outbox.lagging()
    hub.rewire(alice)
    hub.fan_out(numbered(1), numbered(2))
    alice.outbox.recovered()
    hub.rewire(alice)
    hub.fan_out(numbered(3))
    assert wire.text == 'a/e={"seq":2} a/e={"seq":3} '
