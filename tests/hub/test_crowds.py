"""Connections by app and address: every limit at its edge, and nothing left behind."""

from collections import Counter
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers import make_app
from toolboxai.apps.app import App
from toolboxai.hub import crowds
from toolboxai.hub.crowds import Crowds, Place, TooFast, TooMany
from toolboxai.protocol.allow_list import AllowedNetwork, AllowList

ADDRESS = "192.0.2.1"


def arrived(some: Crowds, app: App, address: str = ADDRESS, now: float = 0.0) -> Place:
    place = some.arrive(app, address, now)
    assert isinstance(place, Place), place
    return place


class TestQuota:
    def test_so_many_come_in_and_the_next_when_one_leaves(self) -> None:
        some, app = Crowds(), make_app(max_connections_per_ip=3)
        first, *_ = [arrived(some, app) for _ in range(3)]
        assert some.arrive(app, ADDRESS, 0.0) == TooMany(3)
        arrived(some, app, "192.0.2.2")
        some.leave(first)
        arrived(some, app)
        assert some.of_address(app, ADDRESS) == 3

    def test_each_app_counts_for_itself(self) -> None:
        some = Crowds()
        one, another = make_app(max_connections_per_ip=1), make_app(id="4", keys=(), max_connections_per_ip=1)
        arrived(some, one)
        arrived(some, another)
        assert some.arrive(one, ADDRESS, 0.0) == some.arrive(another, ADDRESS, 0.0) == TooMany(1)

    def test_the_addresses_of_one_ipv6_network_are_one(self) -> None:
        some, app = Crowds(), make_app(max_connections_per_ip=2)
        arrived(some, app, "2001:db8::1")
        arrived(some, app, "2001:db8:0:0:ffff:ffff:ffff:ffff")
        assert some.arrive(app, "2001:db8::2", 0.0) == TooMany(2)
        arrived(some, app, "2001:db8:0:1::1")

    def test_a_limit_that_is_new_finds_who_is_there_already(self) -> None:
        some = Crowds()
        for _ in range(5):
            arrived(some, make_app())
        assert some.arrive(make_app(max_connections_per_ip=5), ADDRESS, 0.0) == TooMany(5)
        arrived(some, make_app(max_connections_per_ip=6))

    def test_a_listed_network_has_its_own_or_none(self) -> None:
        listed = [
            AllowedNetwork(ip_network("10.1.0.0/16")),
            AllowedNetwork(ip_network("10.2.0.0/16"), max_connections_per_ip=2, connects_per_s_per_ip=1),
        ]
        some, app = Crowds(AllowList(listed)), make_app(max_connections_per_ip=1, connects_per_s_per_ip=1)
        for _ in range(50):
            arrived(some, app, "10.1.0.1")
        arrived(some, app, "10.2.0.1", 0.0)
        assert isinstance(some.arrive(app, "10.2.0.1", 0.0), TooFast)
        arrived(some, app, "10.2.0.1", 1.0)
        assert some.arrive(app, "10.2.0.1", 9.0) == TooMany(2)


class TestPace:
    def test_as_many_at_once_as_a_second_allows_then_one_in_its_part_of_it(self) -> None:
        some, app = Crowds(), make_app(connects_per_s_per_ip=4)
        for _ in range(4):
            arrived(some, app)
        assert some.arrive(app, ADDRESS, 0.0) == TooFast(0.25)
        assert some.arrive(app, ADDRESS, 0.125) == TooFast(0.125)
        arrived(some, app, now=0.25)
        assert isinstance(some.arrive(app, ADDRESS, 0.25), TooFast)
        for _ in range(4):
            arrived(some, app, now=10.0)
        assert isinstance(some.arrive(app, ADDRESS, 10.0), TooFast)

    def test_less_than_one_a_second_is_a_pace_too(self) -> None:
        some, app = Crowds(), make_app(connects_per_s_per_ip=0.1)
        arrived(some, app)
        assert some.arrive(app, ADDRESS, 4.0) == TooFast(6.0)
        arrived(some, app, now=10.0)

    def test_who_is_refused_does_not_wait_longer_for_it_and_is_not_counted(self) -> None:
        some, app = Crowds(), make_app(connects_per_s_per_ip=1)
        some.leave(arrived(some, app))
        assert [some.arrive(app, ADDRESS, 0.5) for _ in range(100)] == [TooFast(0.5)] * 100
        assert some.of_address(app, ADDRESS) == 0
        arrived(some, app, now=1.0)

    def test_what_has_no_pace_of_its_own_takes_none(self) -> None:
        some, app = Crowds(), make_app(connects_per_s_per_ip=1)
        for _ in range(10):
            some.arrive(app, ADDRESS, 0.0, paced=False)
        arrived(some, app)

    def test_paces_are_forgotten_when_they_say_nothing_any_more(self) -> None:
        some, app = Crowds(), make_app(connects_per_s_per_ip=2)
        for number in range(100):
            some.leave(arrived(some, app, f"192.0.2.{number}"))
        some.sweep(0.4)
        assert len(some) == 100
        some.sweep(0.5)
        assert len(some) == 0

    def test_a_flood_of_addresses_takes_a_bounded_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(crowds, "_PACES", 10)
        some, app = Crowds(), make_app(connects_per_s_per_ip=0.001)
        for number in range(200):
            some.leave(arrived(some, app, f"192.0.2.{number}"))
        assert len(some) == 10
        assert isinstance(some.arrive(app, "192.0.2.199", 1.0), TooFast)
        some.sweep(1.0)
        assert len(some) == 10

    def test_of_many_some_are_looked_through_at_a_time_and_all_in_turn(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(crowds, "_SWEPT", 10)
        some, slow, quick = (
            Crowds(),
            make_app(connects_per_s_per_ip=0.01),
            make_app(id="4", keys=(), connects_per_s_per_ip=1),
        )
        for number in range(25):
            some.leave(arrived(some, slow, f"192.0.2.{number}"))
            some.leave(arrived(some, quick, f"192.0.2.{number}"))
        for _ in range(8):
            some.sweep(2.0)
        assert len(some) == 25


STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.sampled_from([0.0, 0.1, 3.0])), max_size=60)


@given(STEPS, st.sampled_from([0, 1, 3]), st.sampled_from([0, 0.5, 3]))
def test_counts_are_those_of_who_is_there_and_nothing_is_left(
    steps: list[tuple[bool, int, float]], most: int, per_s: float
) -> None:
    some = Crowds()
    app = make_app(max_connections_per_ip=most, connects_per_s_per_ip=per_s)
    here: list[Place] = []
    now = 0.0
    for arrives, which, gap in steps:
        now += gap
        address = f"192.0.2.{which % 2}"
        if arrives:
            said = some.arrive(app, address, now)
            if isinstance(said, Place):
                here.append(said)
            assert not (isinstance(said, TooMany) and not most)
            assert not (isinstance(said, TooFast) and not per_s)
        elif here:
            some.leave(here.pop(which % len(here)))
        some.sweep(now)
        counts = Counter(place.neighbourhood for place in here)
        for one in ("192.0.2.0", "192.0.2.1"):
            assert some.of_address(app, one) == counts[one]
            assert not most or counts[one] <= most
    for place in here:
        some.leave(place)
    some.sweep(now + 100)
    assert len(some) == 0
