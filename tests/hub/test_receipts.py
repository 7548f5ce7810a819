"""What a connection is known to have received: what was asked for, when the answer comes, and nothing more."""

from toolboxai.hub.receipts import Cursor, Receipts, SessionKey
from toolboxai.protocol.publication import Position

PAGE, USER = SessionKey("path", "page-0001"), SessionKey("user", "u1")


def at(offset: int, epoch: str = "1") -> Position:
    return Position(epoch, offset)


def nothing(_channel: str) -> bool:
    return False


def position(receipts: Receipts, channel: str = "a") -> Position:
    cursor = receipts.cursor(channel)
    assert cursor is not None
    return cursor.position


def entered(*, cursor: Cursor | None = None, reached: int = 5) -> Receipts:
    receipts = Receipts("1.1", PAGE)
    receipts.enter("a", PAGE, cursor or Cursor(at(reached)), at(reached))
    return receipts


def nowhere(_channel: str) -> None:
    """Of no channel it is known up to where it was written."""


def test_who_is_new_begins_where_it_entered() -> None:
    assert list(entered().cursors()) == [(PAGE, "a", Cursor(at(5), ("1.1",)))]


def test_who_comes_back_has_nothing_more_until_it_confirms() -> None:
    receipts = entered(cursor=Cursor(at(2), ("0.9",)))
    assert receipts.cursor("a") == Cursor(at(2), ("0.9", "1.1"))
    receipts.confirmed(receipts.ask(nowhere, nothing))
    assert position(receipts) == at(5)


def test_an_answer_confirms_what_was_written_when_it_was_asked_for() -> None:
    receipts = entered()
    number = receipts.ask({"a": at(7), "b": at(9)}.get, nothing)
    assert (position(receipts), receipts.asking) == (at(5), True)
    assert receipts.confirmed(number)
    assert (position(receipts), receipts.asking) == (at(7), False)


def test_an_answer_to_no_question_or_to_an_older_one_confirms_nothing() -> None:
    receipts = entered()
    assert not receipts.confirmed(0)
    first = receipts.ask({"a": at(7)}.get, nothing)
    assert not receipts.confirmed(first + 1)
    second = receipts.ask({"a": at(9)}.get, nothing)
    assert not receipts.confirmed(first)
    assert receipts.confirmed(second)
    assert not receipts.confirmed(second)
    assert position(receipts) == at(9)


def test_what_waits_for_a_slow_reader_is_not_confirmed_by_it() -> None:
    receipts = entered()
    assert receipts.confirmed(receipts.ask({"a": at(7)}.get, lambda channel: channel == "a"))
    assert position(receipts) == at(5)


def test_a_channel_that_was_entered_after_the_question_is_not_in_its_answer() -> None:
    receipts = entered()
    number = receipts.ask({"a": at(7), "b": at(3)}.get, nothing)
    receipts.enter("b", PAGE, Cursor(at(1)), at(3))
    receipts.leave("a")
    receipts.confirmed(number)
    assert receipts.cursor("a") is None
    assert position(receipts, "b") == at(1)


def test_a_top_of_before_takes_nothing_back() -> None:
    receipts = entered()
    receipts.confirmed(receipts.ask({"a": at(4)}.get, nothing))
    assert position(receipts) == at(5)
    receipts.confirmed(receipts.ask({"a": at(1, "2")}.get, nothing))
    assert position(receipts) == at(1, "2")  # the channel has a new life


def test_nobody_asks_where_nobody_is_known() -> None:
    receipts = Receipts("1.1", None)
    receipts.enter("a", None, Cursor(at(1)), at(1))
    assert (receipts.wanted, list(receipts.cursors())) == (False, [])
    receipts.enter("b", USER, Cursor(at(1)), at(1))
    assert receipts.wanted
    receipts.enter("b", None, Cursor(at(1)), at(1))
    assert not receipts.wanted


def test_who_becomes_known_is_known_where_it_was_not() -> None:
    receipts = Receipts("1.1", None)
    receipts.enter("a", None, Cursor(at(1)), at(1))
    receipts.enter("b", SessionKey("user", "u2"), Cursor(at(1)), at(1))
    assert receipts.adopt(USER) == ["a"]
    assert {(key, channel) for key, channel, _cursor in receipts.cursors()} == {
        (USER, "a"),
        (SessionKey("user", "u2"), "b"),
    }
    receipts.leave("a")
    receipts.leave("b")
    assert not receipts.wanted


def test_a_doubtful_place_leaves_nothing_behind_unless_it_answers() -> None:
    receipts = entered()
    receipts.doubt("a")  # it owes no answer: it is alive
    assert list(receipts.cursors())
    number = receipts.ask(nowhere, nothing)
    receipts.doubt("a")
    receipts.doubt("b")
    assert list(receipts.cursors()) == []
    assert receipts.cursor("a") is not None
    receipts.confirmed(number)
    assert list(receipts.cursors())


def test_a_page_that_is_closed_leaves_its_users_other_pages_nothing() -> None:
    receipts = entered()
    receipts.enter("b", USER, Cursor(at(1)), at(1))
    receipts.for_good = True
    assert [key for key, _channel, _cursor in receipts.cursors()] == [PAGE]


def test_of_earlier_connections_the_last_few_are_remembered() -> None:
    receipts = entered(cursor=Cursor(at(1), tuple(f"0.{number}" for number in range(8))))
    cursor = receipts.cursor("a")
    assert cursor is not None
    assert cursor.sockets == (*(f"0.{number}" for number in range(1, 8)), "1.1")
