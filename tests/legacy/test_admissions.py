"""Who may be connected at once: every limit at its edge, and nothing left behind."""

from collections import Counter
from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.legacy.admissions import Admissions, Entered, Held, Limits, Place, TooMany
from toolboxai.protocol.allow_list import AllowedNetwork, AllowList

ADDRESS = "192.0.2.1"


def arrived(some: Admissions[str], address: str = ADDRESS) -> Place[str]:
    place = some.arrive(address)
    assert isinstance(place, Place)
    return place


def signed_in(some: Admissions[str], user_id: str = "anna", address: str = ADDRESS) -> Place[str]:
    place = arrived(some, address)
    assert some.sign_in(place, user_id) is None
    return place


class TestAddresses:
    def test_fifty_come_in_and_the_next_when_one_leaves(self) -> None:
        some = Admissions[str](Limits())
        places = [arrived(some) for _ in range(50)]
        refused = some.arrive(ADDRESS)
        assert refused == TooMany(current=50, maximum=50, retry_after=10)
        assert some.of_address(ADDRESS) == 50
        arrived(some, "192.0.2.2")
        some.leave(places[7])
        arrived(some)
        assert isinstance(some.arrive(ADDRESS), TooMany)

    def test_zero_is_no_limit(self) -> None:
        some = Admissions[str](Limits(connections_per_ip=0, connections_per_user=0))
        for _ in range(200):
            signed_in(some)
        assert (some.of_address(ADDRESS), some.of_user("anna")) == (200, 200)

    def test_listed_networks_have_limits_of_their_own_and_their_users_the_usual_ones(self) -> None:
        listed = [
            AllowedNetwork(ip_network("192.0.2.0/24")),
            AllowedNetwork(ip_network("2001:db8::/32"), legacy_connections_per_ip=3),
        ]
        some = Admissions[str](Limits(connections_per_ip=1), allow_list=AllowList(listed))
        for address in (ADDRESS, "::ffff:192.0.2.1", "2001:db8::1"):
            places = [signed_in(some, address=address) for _ in range(3)]
            assert (some.of_address(address), some.of_user("anna")) == (3, 3)
            fourth = some.arrive(address)
            assert isinstance(fourth, TooMany) == (address == "2001:db8::1")
            if isinstance(fourth, Place):
                some.leave(fourth)
            for place in places:
                some.leave(place)
        arrived(some, "192.0.3.1")
        assert isinstance(some.arrive("192.0.3.1"), TooMany)

    def test_the_addresses_of_one_ipv6_network_count_together(self) -> None:
        some = Admissions[str](Limits(connections_per_ip=2))
        arrived(some, "2001:db8::1")
        arrived(some, "2001:db8:0:0:ffff:ffff:ffff:ffff")
        assert some.arrive("2001:db8::3") == TooMany(2, 2, 10)
        arrived(some, "2001:db8:0:1::1")

    def test_an_address_counts_once_in_whatever_form_it_comes(self) -> None:
        some = Admissions[str](Limits(connections_per_ip=2))
        arrived(some, ADDRESS)
        arrived(some, "::ffff:192.0.2.1")
        assert isinstance(some.arrive(ADDRESS), TooMany)
        arrived(some, "::ffff:192.0.2.2")

    def test_those_without_an_address_count_together(self) -> None:
        some = Admissions[str](Limits(connections_per_ip=1))
        arrived(some, "unknown")
        assert isinstance(some.arrive("unknown"), TooMany)


class TestUsers:
    def test_ten_sign_in_and_the_next_when_one_leaves(self) -> None:
        some = Admissions[str](Limits())
        places = [signed_in(some, address=f"192.0.2.{number}") for number in range(10)]
        eleventh = arrived(some)
        assert some.sign_in(eleventh, "anna") == TooMany(current=10, maximum=10)
        assert some.sign_in(arrived(some), "ben") is None
        some.leave(places[0])
        assert some.sign_in(eleventh, "anna") is None
        assert some.of_user("anna") == 10

    def test_signing_in_again_counts_once_also_where_no_place_is_left(self) -> None:
        some = Admissions[str](Limits(connections_per_user=1))
        place = signed_in(some)
        assert some.sign_in(place, "anna") is None
        assert some.of_user("anna") == 1

    def test_who_signs_in_as_another_moves(self) -> None:
        some = Admissions[str](Limits())
        place = signed_in(some)
        some.enter(place, "gen_1", "anna", "a", 0.0)
        assert some.sign_in(place, "ben") is None
        assert (some.of_user("anna"), some.of_user("ben")) == (0, 1)
        assert some.holder("gen_1", "anna") is None

    def test_where_the_other_has_no_room_everything_stays(self) -> None:
        some = Admissions[str](Limits(connections_per_user=1))
        signed_in(some, "ben")
        place = signed_in(some)
        some.enter(place, "gen_1", "anna", "a", 0.0)
        assert some.sign_in(place, "ben") == TooMany(1, 1)
        assert (some.of_user("anna"), some.of_user("ben")) == (1, 1)
        assert some.holder("gen_1", "anna") == "a"

    def test_an_answer_that_comes_after_the_connection_has_gone_counts_nothing(self) -> None:
        some = Admissions[str](Limits())
        stays = signed_in(some)
        some.enter(stays, "gen_1", "anna", "stays", 0.0)
        gone = arrived(some)
        some.leave(gone)
        some.leave(gone)
        assert some.sign_in(gone, "anna") is None
        assert some.enter(gone, "gen_1", "anna", "gone", 0.0) == Entered(None)
        assert (some.of_address(ADDRESS), some.of_user("anna")) == (1, 1)
        assert some.holder("gen_1", "anna") == "stays"


class TestSessions:
    """The numbers of `at` are seconds."""

    @pytest.fixture
    def some(self) -> Admissions[str]:
        return Admissions(Limits(connections_per_user=0))

    def enter(
        self, some: Admissions[str], holder: str, at: float, user_id: str = "anna"
    ) -> Entered[str] | Held:
        return some.enter(signed_in(some, user_id), "gen_1", user_id, holder, at)

    def test_the_newest_has_the_session_and_the_one_before_is_handed_out(self, some: Admissions[str]) -> None:
        assert self.enter(some, "first", 0.0) == Entered(None)
        assert self.enter(some, "second", 0.0) == Entered("first")
        assert self.enter(some, "third", 0.0) == Entered("second")

    def test_other_users_and_other_sessions_are_not_touched(self, some: Admissions[str]) -> None:
        self.enter(some, "anna's", 0.0)
        assert self.enter(some, "ben's", 0.0, "ben") == Entered(None)
        assert some.enter(signed_in(some), "gen_2", "anna", "other", 0.0) == Entered(None)
        assert some.holder("gen_1", "anna") == "anna's"

    def test_who_was_replaced_leaves_and_its_successor_stays(self, some: Admissions[str]) -> None:
        first, second = signed_in(some), signed_in(some)
        some.enter(first, "gen_1", "anna", "first", 0.0)
        some.enter(second, "gen_1", "anna", "second", 0.0)
        some.leave(first)
        assert some.holder("gen_1", "anna") == "second"
        some.leave(second)
        assert (some.holder("gen_1", "anna"), len(some)) == (None, 0)

    def test_entering_again_replaces_nobody(self, some: Admissions[str]) -> None:
        place = signed_in(some)
        for _ in range(9):
            assert some.enter(place, "gen_1", "anna", "a", 0.0) == Entered(None)

    def test_a_connection_has_one_session(self, some: Admissions[str]) -> None:
        place = signed_in(some)
        some.enter(place, "gen_1", "anna", "a", 0.0)
        some.enter(place, "gen_2", "anna", "a", 0.0)
        assert (some.holder("gen_1", "anna"), some.holder("gen_2", "anna")) == (None, "a")

    def test_after_three_replacements_within_30_s_the_newest_is_left_alone_for_30_s(
        self, some: Admissions[str]
    ) -> None:
        self.enter(some, "a", 100.0)
        assert [self.enter(some, f"{at}", at) for at in (110.0, 120.0, 139.5)] == [
            Entered("a"),
            Entered("110.0"),
            Entered("120.0"),
        ]
        assert self.enter(some, "x", 139.5) == Held(retry_after=30)
        assert self.enter(some, "x", 140.0) == Held(retry_after=30)
        assert self.enter(some, "x", 169.4) == Held(retry_after=1)
        assert some.holder("gen_1", "anna") == "139.5"
        assert self.enter(some, "b", 169.5) == Entered("139.5")
        assert [self.enter(some, "c", 169.5), self.enter(some, "d", 169.5)] == [Entered("b"), Entered("c")]
        assert self.enter(some, "x", 169.5) == Held(30)

    def test_three_replacements_of_which_the_first_is_30_s_old_are_no_fight(
        self, some: Admissions[str]
    ) -> None:
        self.enter(some, "a", 100.0)
        said = [self.enter(some, f"{at}", at) for at in (110.0, 120.0, 140.0, 150.0, 170.0, 180.0)]
        assert all(isinstance(one, Entered) for one in said)

    def test_a_refused_one_leaves_and_changes_nothing(self, some: Admissions[str]) -> None:
        for holder in "abcd":
            self.enter(some, holder, 0.0)
        refused = signed_in(some)
        assert some.enter(refused, "gen_1", "anna", "x", 1.0) == Held(29)
        some.leave(refused)
        assert some.holder("gen_1", "anna") == "d"

    def test_signing_in_anew_does_not_end_the_calm(self, some: Admissions[str]) -> None:
        for holder in "abc":
            self.enter(some, holder, 0.0)
        last = signed_in(some)
        some.enter(last, "gen_1", "anna", "d", 0.0)
        some.enter(last, "gen_1", "anna", "d", 1.0)
        assert self.enter(some, "x", 2.0) == Held(28)

    def test_a_session_whose_holder_has_left_is_free(self, some: Admissions[str]) -> None:
        for holder in "abc":
            self.enter(some, holder, 0.0)
        last = signed_in(some)
        some.enter(last, "gen_1", "anna", "d", 0.0)
        some.leave(last)
        assert self.enter(some, "x", 1.0) == Entered(None)

    def test_rejecting_the_second_keeps_the_first(self) -> None:
        some = Admissions[str](Limits(session_conflict="reject"))
        first, second = signed_in(some), signed_in(some)
        assert some.enter(first, "gen_1", "anna", "first", 0.0) == Entered(None)
        assert some.enter(second, "gen_1", "anna", "second", 1e9) == Held(retry_after=60)
        assert some.enter(first, "gen_1", "anna", "first", 0.0) == Entered(None)
        some.leave(first)
        assert some.enter(second, "gen_1", "anna", "second", 0.0) == Entered(None)


# ---- whatever happens in whatever order ------------------------------------------------------------------------


@dataclass
class Known:
    """What a connection should take up, told as plainly as can be."""

    address: str
    place: Place[int]
    user_id: str | None = None
    session: str | None = None


@dataclass
class Model:
    limits: Limits
    here: dict[int, Known] = field(default_factory=dict)

    def counted(self) -> Counter[str]:
        return Counter(known.address for known in self.here.values())

    def users(self) -> Counter[str]:
        return Counter(known.user_id for known in self.here.values() if known.user_id)

    def holder(self, session: str, user_id: str) -> int | None:
        holders = [
            number
            for number, known in self.here.items()
            if (known.session, known.user_id) == (session, user_id)
        ]
        assert len(holders) <= 1
        return holders[0] if holders else None


ADDRESSES, USERS, SESSIONS = ("192.0.2.1", "192.0.2.2", "10.0.0.1"), ("anna", "ben"), ("gen_1", "gen_2")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["arrive", "arrive", "sign_in", "sign_in", "enter", "enter", "leave"]),
        st.integers(0, 7),  # which connection
        st.integers(0, 5),  # which address, user, session
        st.floats(0, 20),  # seconds since the step before
    ),
    max_size=80,
)


@given(STEPS, st.sampled_from([1, 2, 3]), st.sampled_from([0, 2, 4]), st.booleans())
def test_counts_are_those_of_who_is_there_and_nothing_is_left(
    steps: list[tuple[str, int, int, float]], per_user: int, per_ip: int, rejecting: bool
) -> None:
    limits = Limits(per_user, per_ip, "reject" if rejecting else "replace")
    some = Admissions[int](limits, allow_list=AllowList([AllowedNetwork(ip_network("10.0.0.0/8"))]))
    model, now = Model(limits), 0.0
    for number, (step, which, what, gap) in enumerate(steps):
        now += gap
        if step == "arrive":
            arrive(some, model, number, ADDRESSES[what % 3])
        elif model.here:
            chosen = sorted(model.here)[which % len(model.here)]
            known = model.here[chosen]
            if step == "sign_in":
                sign_in(some, model, known, USERS[what % 2])
            elif step == "enter" and known.user_id:
                enter(some, model, chosen, SESSIONS[what % 2], now)
            elif step == "leave":
                some.leave(model.here.pop(chosen).place)
        for address in ADDRESSES:
            assert some.of_address(address) == model.counted()[address]
        for user_id in USERS:
            assert some.of_user(user_id) == model.users()[user_id] <= per_user
            for session in SESSIONS:
                assert some.holder(session, user_id) == model.holder(session, user_id)
    for known in model.here.values():
        some.leave(known.place)
    assert len(some) == 0


def arrive(some: Admissions[int], model: Model, number: int, address: str) -> None:
    said = some.arrive(address)
    most = 0 if address.startswith("10.") else model.limits.connections_per_ip
    full = 0 < most <= model.counted()[address]
    assert isinstance(said, TooMany) is full
    if isinstance(said, Place):
        model.here[number] = Known(address, said)


def sign_in(some: Admissions[int], model: Model, known: Known, user_id: str) -> None:
    others = model.users()[user_id]
    said = some.sign_in(known.place, user_id)
    if known.user_id == user_id:
        assert said is None
    elif others >= model.limits.connections_per_user:
        assert said == TooMany(others, model.limits.connections_per_user)
    else:
        assert said is None
        known.user_id, known.session = user_id, None


def enter(some: Admissions[int], model: Model, number: int, session: str, now: float) -> None:
    known = model.here[number]
    assert known.user_id is not None
    before = model.holder(session, known.user_id)
    said = some.enter(known.place, session, known.user_id, number, now)
    if before in (None, number):
        assert said == Entered(None)
    elif isinstance(said, Held):
        assert 1 <= said.retry_after <= 60
        return
    else:
        assert said == Entered(before)
        assert model.limits.session_conflict == "replace"
        assert before is not None
        model.here[before].session = None
    known.session = session
