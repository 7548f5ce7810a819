"""Where readers go on: never further than they had come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai import limits
from toolboxai.hub.cursors import Cursors, least
from toolboxai.hub.receipts import Cursor, SessionKey
from toolboxai.metrics import Metrics
from toolboxai.protocol.publication import Position

PAGE, USER = SessionKey("path", "page-0001"), SessionKey("user", "u1")


def at(offset: int, epoch: str = "1") -> Cursor:
    return Cursor(Position(epoch, offset))


def cursors(metrics: Metrics | None = None) -> Cursors:
    return Cursors(metrics or Metrics())


def found(some: Cursors, key: SessionKey, channel: str = "a", now: float = 0.0) -> Cursor | None:
    return least(some.find(key, channel, now))


def test_a_page_goes_on_where_it_was_and_once() -> None:
    some = cursors()
    some.leave(PAGE, "a", at(5), 0.0)
    assert found(some, PAGE) == at(5)
    assert found(some, PAGE, "b") is None
    assert found(some, USER) is None
    some.take(PAGE, "a", 0.0)
    some.take(PAGE, "a", 0.0)
    assert (found(some, PAGE), len(some)) == (None, 0)


def test_of_a_page_that_left_twice_everything_is_settled_when_it_is_back() -> None:
    some = cursors()
    some.leave(PAGE, "a", at(5), 0.0)
    some.leave(PAGE, "a", at(3), 0.0)
    assert found(some, PAGE) == at(3)
    some.take(PAGE, "a", 0.0)
    assert found(some, PAGE) is None


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_however_a_users_pages_come_back_none_is_taken_for_further_than_it_was(
    pages: list[int], dice: "object"
) -> None:
    some = cursors()
    for offset in pages:
        some.leave(USER, "a", at(offset), 0.0)
    order = list(pages)
    dice.shuffle(order)  # type: ignore[attr-defined]
    for offset in order:
        one = found(some, USER)
        assert one is not None
        assert one.position.offset <= offset
        some.take(USER, "a", 0.0)
    assert found(some, USER) is None
    assert not some.users_left("a")
    assert len(some) == 0


def test_of_several_it_is_not_known_which_events_are_its_own() -> None:
    some = cursors()
    some.leave(USER, "a", Cursor(Position("1", 3), ("1.1",)), 0.0)
    assert found(some, USER) == Cursor(Position("1", 3), ("1.1",))
    some.leave(USER, "a", Cursor(Position("1", 5), ("2.2",)), 0.0)
    assert found(some, USER) == at(3)


def test_positions_of_an_earlier_life_are_not_compared() -> None:
    some = cursors()
    some.leave(USER, "a", at(9), 0.0)
    some.leave(USER, "a", at(2, "2"), 0.0)
    assert found(some, USER) == at(2, "2")


def test_a_page_that_was_closed_long_ago_does_not_hold_up_the_one_that_is_back() -> None:
    some = cursors()
    some.leave(USER, "a", at(1), 0.0)
    assert found(some, USER, now=limits.RESUME_S + 1) == at(1)  # to be told of a gap
    some.leave(USER, "a", at(9), limits.RESUME_S + 1)
    assert found(some, USER, now=limits.RESUME_S + 1) == at(9)
    some.take(USER, "a", limits.RESUME_S + 1)
    assert found(some, USER, now=limits.RESUME_S + 1) is None


def test_it_is_known_whether_a_user_was_on_a_channel() -> None:
    some = cursors()
    some.leave(PAGE, "a", at(1), 0.0)
    assert not some.users_left("a")
    some.leave(USER, "a", at(1), 0.0)
    some.leave(USER, "a", at(2), 0.0)
    assert (some.users_left("a"), some.users_left("b")) == (True, False)
    some.take(USER, "a", 0.0)
    assert some.users_left("a")
    some.take(USER, "a", 0.0)
    assert not some.users_left("a")


def test_what_is_too_old_is_forgotten() -> None:
    some = cursors()
    some.leave(PAGE, "a", at(1), 0.0)
    some.leave(USER, "a", at(1), 10.0)
    some.leave(PAGE, "b", at(2), 20.0)
    some.sweep(limits.CURSOR_S + 9.9)
    assert found(some, PAGE, "a", limits.CURSOR_S + 9.9) is None  # though its page left something later
    assert len(some) == 3
    some.sweep(limits.CURSOR_S + 10.0)
    assert (found(some, USER), some.users_left("a")) == (None, False)
    some.sweep(limits.CURSOR_S + 20.0)
    assert len(some) == 0


def test_so_many_are_remembered_and_of_the_longest_gone_all_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CURSORS", 3)
    metrics = Metrics()
    some = cursors(metrics)
    for number in range(4):
        some.leave(SessionKey("path", f"page-000{number // 2}"), f"a{number}", at(1), 0.0)
    assert (len(some), metrics.places_forgotten_total) == (2, 2)
    assert found(some, PAGE, "a2") == found(some, PAGE, "a3") == at(1)


def test_all_of_them_are_told_in_the_order_in_which_they_left() -> None:
    some = cursors()
    some.leave(PAGE, "a", at(1), 1.0)
    some.leave(USER, "a", at(2), 2.0)
    some.leave(USER, "a", at(3), 3.0)
    some.leave(PAGE, "b", at(4), 4.0)
    assert list(some.all()) == [
        (USER, "a", at(2), 2.0),
        (USER, "a", at(3), 3.0),
        (PAGE, "a", at(1), 1.0),
        (PAGE, "b", at(4), 4.0),
    ]


def test_who_comes_back_while_they_are_told_is_no_fault() -> None:
    some = cursors()
    some.leave(PAGE, "a", at(1), 1.0)
    some.leave(USER, "a", at(2), 2.0)
    told = some.all()
    next(told)
    some.take(USER, "a", 2.0)
    assert list(told) == []
