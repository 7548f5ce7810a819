"""Fair between users: who waits longest is not who gets everything."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.platform.runs.turns import Turns


def lined_up(*sessions: str, at_once: int = 1, per_user: int = 9) -> Turns:
    """Sessions are named by their owner's letter and a number: a1."""
    turns = Turns(at_once=at_once, at_once_per_user=per_user)
    for session in sessions:
        turns.enter(session, session[0])
        turns.take()
    return turns


def served(turns: Turns) -> Iterator[str]:
    """One after the other, as turns become free."""
    while turns.running:
        yield turns.running[0]
        turns.leave(turns.running[0])
        turns.take()


def test_users_are_served_one_after_the_other_however_many_sessions_one_has_handed_in() -> None:
    turns = lined_up("a1", "a2", "a3", "a4", "a5", "b1", "c1", "c2")
    assert list(served(turns)) == ["a1", "b1", "c1", "a2", "c2", "a3", "a4", "a5"]


def test_a_newcomer_joins_the_round_that_is_being_served() -> None:
    turns = lined_up("a1", "a2", "a3", "b1", "b2")
    order = served(turns)
    assert [next(order) for _ in range(3)] == ["a1", "b1", "a2"]
    turns.enter("c1", "c")
    assert list(turns.positions()) == ["b2", "c1", "a3"]


def test_who_was_served_stands_behind_those_who_were_not_also_when_nothing_of_his_waits() -> None:
    turns = lined_up("a1", "b1")
    turns.leave("a1")
    turns.enter("a2", "a")
    assert turns.take() == ["b1"]


def test_positions_are_the_order_in_which_turns_are_given() -> None:
    turns = lined_up("a1", "a2", "a3", "b1")
    assert turns.positions() == {"b1": 1, "a2": 2, "a3": 3}
    turns.leave("a2")
    assert turns.positions() == {"b1": 1, "a3": 2}


def test_one_user_has_no_more_turns_than_allowed_and_others_pass_by() -> None:
    turns = lined_up("a1", "a2", "a3", "b1", at_once=3, per_user=1)
    assert turns.running == ("a1", "b1")
    assert turns.positions() == {"a2": 1, "a3": 2}
    turns.enter("c1", "c")
    assert turns.take() == ["c1"]
    turns.enter("d1", "d")
    assert turns.positions() == {"d1": 1, "a2": 2, "a3": 3}


def test_the_next_process_has_the_same_order_and_is_as_fair_to_newcomers() -> None:
    before = lined_up("a1", "a2", "a3", "a4", "b1", "b2")
    after = Turns(at_once=1, at_once_per_user=9)
    after.restore(
        [(each, each[0]) for each in before.running], [(each, each[0]) for each in before.positions()]
    )
    assert after.positions() == before.positions()
    assert after.take() == []
    after.enter("c1", "c")
    assert after.positions()["c1"] <= 2, "one of b's at most goes before"


def test_a_session_that_is_there_is_not_taken_twice() -> None:
    turns = lined_up("a1", "a1", "a2")
    turns.enter("a2", "a")
    assert (turns.load, turns.waits("a2"), turns.waits("a1"), turns.knows("a9")) == (
        (1, 1),
        True,
        False,
        False,
    )
    turns.leave("a9")


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=60),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_whatever_happens_limits_hold_nobody_is_lost_and_no_turn_stays_free(
    happens: list[tuple[str, bool]], at_once: int, per_user: int
) -> None:
    turns = Turns(at_once=at_once, at_once_per_user=per_user)
    there: set[str] = set()
    for number, (owner, comes) in enumerate(happens):
        if comes:
            there.add(f"{owner}{number}")
            turns.enter(f"{owner}{number}", owner)
        elif there:
            gone = min(there)
            there.discard(gone)
            turns.leave(gone)
        turns.take()
        waiting = turns.positions()
        assert set(turns.running) | set(waiting) == there
        assert sorted(waiting.values()) == list(range(1, len(waiting) + 1))
        runs = [session[0] for session in turns.running]
        assert len(runs) <= at_once
        assert all(runs.count(each) <= per_user for each in runs)
        if len(runs) < at_once:
            assert all(runs.count(session[0]) == per_user for session in waiting)


@pytest.mark.parametrize("others", [1, 3])
def test_one_session_waits_for_one_of_each_other_user_at_most(others: int) -> None:
    crowd = [f"{owner}{number}" for owner in "abc"[:others] for number in range(1, 6)]
    turns = lined_up(*crowd, "z1")
    assert list(served(turns)).index("z1") <= others
