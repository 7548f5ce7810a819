"""Who is signed in here, and who watches whom."""

from toolboxai.hub.connection import Connection
from toolboxai.hub.users import Users
from wires import Wire, connection


def someone(name: str) -> Connection:
    return connection(name, Wire())


def test_connections_are_found_by_their_user_and_by_whom_they_watch() -> None:
    users = Users()
    alice, also_alice, bob = (someone(f"1.{number}") for number in range(3))
    users.sign_in(alice, "alice", ["bob", "carol"])
    users.sign_in(also_alice, "alice", ["bob"])
    users.sign_in(bob, "bob", [])
    assert list(users.connections("alice")) == [alice, also_alice]
    assert list(users.watchers("bob")) == [alice, also_alice]
    assert list(users.watchers("carol")) == [alice]
    assert list(users.watchers("alice")) == []


def test_who_goes_is_forgotten_and_nothing_stays_of_it() -> None:
    users, alice, bob = Users(), someone("1.1"), someone("1.2")
    users.sign_in(alice, "alice", ["bob"])
    users.remove(bob)  # it never signed in
    users.remove(alice)
    users.remove(alice)
    assert (list(users.connections("alice")), list(users.watchers("bob"))) == ([], [])
    assert (alice.user_id, alice.watchlist) == (None, ())
    assert (users._signed_in, users._watchers) == ({}, {})


def test_a_list_that_was_asked_for_is_not_changed_by_those_who_go() -> None:
    users, alice, bob = Users(), someone("1.1"), someone("1.2")
    for who in (alice, bob):
        users.sign_in(who, "both", ["x"])
    for found in (users.connections("both"), users.watchers("x")):
        seen = []
        for who in found:
            users.remove(who)
            seen.append(who)
        assert len(seen) == len(list(found))
