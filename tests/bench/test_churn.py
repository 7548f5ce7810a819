"""Who reads numbered events with others coming and going: what counts as lost, and what does not."""

from bench.churn import SETTLED_S, Reading, Topic

NOW = 1000.0
LATER = NOW + SETTLED_S


def topic(sent: int) -> Topic:
    """One of which so many have been sent, and accepted just now."""
    made = Topic("news")
    for number in range(1, sent + 1):
        made.sent = number
        made.accepted(number, NOW)
    return made


def test_what_was_sent_before_may_come_or_not() -> None:
    news = topic(5)
    assert Reading(news).read(3) == 0
    assert Reading(news).read(6) == 0
    assert Reading(news).missing(LATER) == 0


def test_a_hole_is_what_is_lost() -> None:
    reading = Reading(topic(5))
    assert reading.read(7) == 1
    assert reading.read(8) == 0
    assert reading.read(11) == 2


def test_what_comes_twice_or_late_is_out_of_order() -> None:
    reading = Reading(topic(0))
    assert [reading.read(number) for number in (1, 2, 2, 1, 3)] == [0, 0, -1, -1, 0]


def test_what_was_accepted_long_enough_ago_and_has_not_come_is_missing() -> None:
    news = topic(0)
    reading = Reading(news)
    news.sent = 2
    news.accepted(1, NOW)
    news.accepted(2, NOW + 1)
    assert reading.missing(LATER - 0.1) == 0
    assert reading.missing(LATER) == 1
    assert reading.missing(LATER + 1) == 2
    assert reading.read(1) == 0
    assert reading.missing(LATER + 1) == 1


def test_nobody_is_sent_his_own() -> None:
    news = topic(0)
    reading = Reading(news)
    for number in (2, 4):
        reading.sends(number)
    assert [reading.read(number) for number in (1, 3, 5)] == [0, 0, 0]
    reading.sends(6)
    news.accepted(6, NOW)
    assert reading.missing(LATER) == 0
