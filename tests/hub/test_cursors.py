"""Where readers go on: never further than they had come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai import limits
from toolboxai.hub.cursors import Cursors
from toolboxai.hub.receipts import Cursor, SessionKey
from toolboxai.protocol.publication import Position

PAGE, USER = SessionKey("path", "page-0001"), SessionKey("user", "u1")


def at(offset: int, epoch: str = "1") -> Cursor:
    return Cursor(Position(epoch, offset))


def test_a_page_goes_on_where_it_was_and_once() -> None:
    cursors = Cursors()
    cursors.leave(PAGE, "a", at(5), 0.0)
    assert cursors.find(PAGE, "a") == at(5)
    assert cursors.find(PAGE, "b") is None
    assert cursors.find(USER, "a") is None
    cursors.take(PAGE, "a")
    cursors.take(PAGE, "a")
    assert (cursors.find(PAGE, "a"), len(cursors)) == (None, 0)


def test_of_a_page_that_left_twice_everything_is_settled_when_it_is_back() -> None:
    cursors = Cursors()
    cursors.leave(PAGE, "a", at(5), 0.0)
    cursors.leave(PAGE, "a", at(3), 0.0)
    assert cursors.find(PAGE, "a") == at(3)
    cursors.take(PAGE, "a")
    assert cursors.find(PAGE, "a") is None


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_however_a_users_pages_come_back_none_is_taken_for_further_than_it_was(
    pages: list[int], dice: "object"
) -> None:
    cursors = Cursors()
    for offset in pages:
        cursors.leave(USER, "a", at(offset), 0.0)
    order = list(pages)
    dice.shuffle(order)  # type: ignore[attr-defined]
    for offset in order:
        found = cursors.find(USER, "a")
        assert found is not None
        assert found.position.offset <= offset
        cursors.take(USER, "a")
    assert cursors.find(USER, "a") is None
    assert not cursors.users_left("a")


def test_positions_of_an_earlier_life_are_not_compared() -> None:
    cursors = Cursors()
    cursors.leave(USER, "a", at(9), 0.0)
    cursors.leave(USER, "a", at(2, "2"), 0.0)
    assert cursors.find(USER, "a") == at(2, "2")


def test_it_is_known_whether_a_user_was_on_a_channel() -> None:
    cursors = Cursors()
    cursors.leave(PAGE, "a", at(1), 0.0)
    assert not cursors.users_left("a")
    cursors.leave(USER, "a", at(1), 0.0)
    cursors.leave(USER, "a", at(2), 0.0)
    assert (cursors.users_left("a"), cursors.users_left("b")) == (True, False)
    cursors.take(USER, "a")
    assert cursors.users_left("a")
    cursors.take(USER, "a")
    assert not cursors.users_left("a")


def test_what_is_too_old_is_forgotten() -> None:
    cursors = Cursors()
    cursors.leave(PAGE, "a", at(1), 0.0)
    cursors.leave(USER, "a", at(1), 10.0)
    cursors.leave(PAGE, "a", at(2), 20.0)
    cursors.sweep(limits.CURSOR_S + 9.9)
    assert len(cursors) == 2
    cursors.sweep(limits.CURSOR_S + 10.0)
    assert (cursors.find(USER, "a"), cursors.users_left("a")) == (None, False)
    cursors.sweep(limits.CURSOR_S + 20.0)
    assert len(cursors) == 0


def test_so_many_are_remembered_and_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CURSORS", 3)
    cursors = Cursors()
    for number in range(5):
        cursors.leave(PAGE, f"a{number}", at(1), 0.0)
    assert [cursors.find(PAGE, f"a{number}") is not None for number in range(5)] == [
        False,
        False,
        True,
        True,
        True,
    ]
