"""Who is back within the hold has not been away; who has gone is told once, after it."""

from hypothesis import given
from hypothesis import strategies as st

from toolboxai.node.webhooks.hold import Hold, Key

HOLD_S = 3.0
A, ANNA, BEN = Key("3", "presence-a"), Key("3", "presence-a", "anna"), Key("3", "presence-a", "ben")
steps = st.lists(
    st.tuples(
        st.sampled_from(["arrived", "left", "wait"]),
        st.sampled_from([Key("3", "a"), Key("4", "a"), Key("3", "b"), Key("3", "a", "u")]),
        st.sampled_from([0.125, 1.0, 2.875, 3.0, 10.0]),
    ),
    max_size=60,
)


@given(steps)
def test_what_is_told_is_what_a_patient_observer_would_have_seen(steps: list[tuple[str, Key, float]]) -> None:
    """Each absence shorter than the hold is as if it had not been; each longer one is told, and only those."""
    hold, now = Hold(HOLD_S), 0.0
    away_since: dict[Key, float | None] = {}  # of those that are told as there: since when they are not
    for step, key, seconds in steps:
        if step == "arrived":
            assert hold.arrived(key) == (key not in away_since)
            away_since[key] = None
        elif step == "left":
            hold.left(key, now)
            if key in away_since:
                away_since[key] = now
        else:
            now += seconds
            told = hold.due(now)
            assert len(told) == len(set(told))
            for each in told:
                since = away_since.pop(each)
                assert since is not None
                assert now - since >= HOLD_S
            # A channel is told after its members, and so may wait for as long as they do.
            late = [k for k, since in away_since.items() if since is not None and since + HOLD_S <= now]
            assert all(not each.user_id and _has_member(away_since, each) for each in late)
            assert (hold.next_due is None) == all(since is None for since in away_since.values())
            assert hold.next_due is None or hold.next_due > now
    assert len(hold) == len(away_since)


def _has_member(away: dict[Key, float | None], channel: Key) -> bool:
    return any(k.user_id and k[:2] == channel[:2] and since is not None for k, since in away.items())


def test_members_are_told_before_their_channel() -> None:
    hold = Hold(HOLD_S)
    for key in (A, ANNA, BEN):
        assert hold.arrived(key)
    hold.left(A, 0.0)
    hold.left(ANNA, 0.001)
    hold.left(BEN, 0.002)
    assert hold.due(3.0) == []
    assert hold.due(3.5) == [ANNA, BEN, A]


def test_who_was_never_told_as_there_is_not_told_as_gone() -> None:
    hold = Hold(HOLD_S)
    hold.left(A, 0.0)
    assert hold.next_due is None
    assert hold.due(100.0) == []


def test_after_a_start_those_that_come_back_in_time_have_not_been_away() -> None:
    hold = Hold(HOLD_S)
    hold.restore([A, ANNA, BEN], 10.0)
    assert not hold.arrived(A)
    assert not hold.arrived(ANNA)
    assert hold.due(9.9) == []
    assert hold.due(10.0) == [BEN]
    assert hold.next_due is None


def test_coming_and_going_does_not_pile_up() -> None:
    hold = Hold(HOLD_S)
    for turn in range(1000):
        hold.arrived(A)
        hold.left(A, float(turn * 10))
        assert hold.due(turn * 10 + 5.0) == [A]
    assert len(hold) == 0
    assert hold._heap == []
