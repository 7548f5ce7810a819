"""Subscriptions that end at a time of their own."""

from toolboxai.hub.connection import Connection
from toolboxai.node.expiries import Expiries
from toolboxai.protocol.channel import ChannelName
from wires import Bystander, Wire, connection

A, B = ChannelName.parse("private-a"), ChannelName.parse("private-b")


def someone(name: str = "1.1") -> Connection:
    return connection(name, Wire())


def told(who: Connection) -> list[str]:
    assert isinstance(who.owner, Bystander)
    return who.owner.expired_channels


def test_each_ends_at_its_time_and_is_told_once() -> None:
    expiries, alice, bob = Expiries(), someone("1.1"), someone("1.2")
    expiries.add(alice, A, 20.0)
    expiries.add(alice, B, 10.0)
    expiries.add(bob, A, 10.5)
    expiries.sweep(9.9)
    assert (told(alice), told(bob)) == ([], [])
    expiries.sweep(10.0)
    assert (told(alice), told(bob)) == ([B.text], [])
    expiries.sweep(30.0)
    expiries.sweep(31.0)
    assert (told(alice), told(bob)) == ([B.text, A.text], [A.text])
    assert len(expiries) == 0


def test_a_renewal_counts_instead_of_what_it_renews() -> None:
    expiries, alice = Expiries(), someone()
    for at in range(10, 1000):
        expiries.add(alice, A, float(at))
    assert len(expiries) == 1
    expiries.sweep(998.0)
    assert told(alice) == []
    expiries.sweep(999.0)
    assert told(alice) == [A.text]


def test_who_has_left_is_not_told() -> None:
    expiries, alice, bob = Expiries(), someone("1.1"), someone("1.2")
    for who in (alice, bob):
        expiries.add(who, A, 10.0)
        expiries.add(who, B, 10.0)
    expiries.drop(alice, A)
    expiries.drop(alice, A)
    expiries.forget(bob)
    expiries.sweep(10.0)
    assert (told(alice), told(bob)) == ([B.text], [])
    assert expiries._ends == {}
