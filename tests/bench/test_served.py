"""The search for how many connections a server serves."""

import pytest
from bench.phases.served import Try, expected, largest
from bench.results import Served


def search(capacity: int, *, start: int, ceiling: int = 20_000, tries: int = 99) -> Served:
    left = iter(range(tries))
    return largest(
        lambda count: Try(100.0, True) if count <= capacity else Try(None, False),
        start,
        ceiling,
        lambda: next(left, None) is not None,
    )


@pytest.mark.parametrize("start", [10, 700, 3000, 19_000])
def test_it_is_found_within_a_tenth_wherever_the_search_begins(start: int) -> None:
    found = search(2900, start=start)
    assert found.connections <= 2900
    assert found.fails_at is not None
    assert found.connections < found.fails_at <= found.connections * 1.1
    assert len(found.tries) <= 14


def test_who_serves_as_many_as_may_be_open_is_not_said_to_fail() -> None:
    found = search(50_000, start=4000)
    assert (found.connections, found.fails_at, found.all_there_may_be) == (20_000, None, True)
    assert [count for count, _, _ in found.tries] == [4000, 8000, 16_000, 20_000]


def test_who_serves_nobody_serves_none() -> None:
    assert search(0, start=1000).connections == 0


def test_when_time_is_over_it_is_what_was_seen_so_far() -> None:
    assert search(2900, start=1000, tries=1).connections == 2000
    assert not search(2900, start=1000, tries=1).all_there_may_be
    assert search(2900, start=5000, tries=1).connections == 2500
    assert search(2900, start=1000, tries=0).connections == 1000


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Served(14_000, 15_000), "14,000"),
        (Served(500, 1000), "500 to 1,000"),
        (Served(19_500, None), "at least 19,500"),
    ],
)
def test_it_is_told_as_exactly_as_it_is_known(found: Served, words: str) -> None:
    assert found.words == words


def test_the_search_begins_where_the_cost_of_a_delivery_points() -> None:
    assert expected(5.0, 1) == 50_000  # within 250 ms
    assert expected(5.0, 10) == 20_000  # before the next one comes
    assert expected(25.0, 100) == 400
