"""Which of many entries are shown."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from toolboxai.node.fair_sample import FairSample, fair_shares

KINDS = ("a", "b", "c", "d")


def sample() -> FairSample:
    return FairSample(KINDS, per_s=20, reserve=2)


def taken(chosen: FairSample, second: int, wanted: dict[str, int]) -> Counter[str]:
    """What is shown of so many of each kind, spread evenly over one second."""
    moments = sorted(
        (second + (number + 0.5) / count, kind) for kind, count in wanted.items() for number in range(count)
    )
    return Counter(kind for at, kind in moments if chosen.take(kind, at))


@given(st.lists(st.dictionaries(st.sampled_from(KINDS), st.integers(1, 60)), max_size=6))
def test_never_more_in_a_second_than_there_are_places_and_what_is_not_shown_is_counted(
    seconds: list[dict[str, int]],
) -> None:
    chosen = sample()
    shown, come = Counter[str](), Counter[str]()
    for second, wanted in enumerate(seconds):
        in_it = taken(chosen, second, wanted)
        assert in_it.total() <= 20
        for kind, count in wanted.items():
            assert in_it[kind] >= min(count, 1), "a rare kind is always seen"
        shown += in_it
        come += Counter(wanted)
    assert shown + Counter(chosen.away) == come


def test_as_many_as_have_a_place_are_all_shown() -> None:
    chosen = sample()
    assert taken(chosen, 0, {"a": 14}) == {"a": 14}
    assert chosen.away == {}


def test_of_two_busy_kinds_each_gets_its_half_whoever_comes_first_and_over_the_whole_second() -> None:
    chosen = sample()
    taken(chosen, 0, {"a": 500, "b": 100})
    moments = [1 + number / 1000 for number in range(1000)]
    shown = [(at, kind) for at in moments for kind in ("a", "b") if chosen.take(kind, at)]
    assert Counter(kind for _, kind in shown) == {"a": 8, "b": 8}
    assert max(at for at, _ in shown) > 1.8


def test_after_a_pause_it_begins_anew() -> None:
    chosen = sample()
    taken(chosen, 0, {"a": 500})
    assert taken(chosen, 9, {"b": 14}) == {"b": 14}


def test_when_the_clock_is_set_back_a_second_begins_anew() -> None:
    chosen = sample()
    taken(chosen, 9, {"a": 500})
    assert taken(chosen, 3, {"a": 500}) == {"a": 14}
    assert chosen.away == {"a": 1000 - 28}


@given(st.dictionaries(st.sampled_from(KINDS), st.integers(0, 100)), st.integers(8, 60))
def test_nobody_gets_more_than_it_wants_while_another_lacks(wanted: dict[str, int], places: int) -> None:
    shares = fair_shares(wanted, KINDS, places, 2)
    assert sum(shares.values()) <= places
    assert all(share >= 2 for share in shares.values())
    lacking = [shares[kind] for kind in KINDS if shares[kind] < wanted.get(kind, 0)]
    if lacking:
        assert max(shares.values()) - min(lacking) <= 1
        assert sum(shares.values()) == places
