"""A newcomer is handed exactly what it does not know, whatever came while that was read."""

from hypothesis import given
from hypothesis import strategies as st

from toolboxai.broker.base import Cached, History, Joined
from toolboxai.node.catch_up import CatchUp, Gathering
from toolboxai.protocol.publication import Position, Publication

EPOCH = "1"


def event(
    offset: int,
    *,
    kept: bool = True,
    cached: bool = False,
    exclude: str | None = None,
    epoch: str = EPOCH,
) -> Publication:
    publication = Publication("a", "e", str(offset), kept=kept, cached=cached, exclude=exclude)
    publication.position = Position(epoch, offset)
    return publication


def top(offset: int) -> Position:
    return Position(EPOCH, offset)


def gathering_one(cached: bool = False) -> tuple[CatchUp, Gathering]:
    gathering: Gathering = {}
    return CatchUp(gathering, "a", "1.1", cached=cached), gathering


def data(publications: object) -> list[str]:
    assert isinstance(publications, list)
    return [publication.data for publication in publications]


def test_where_nothing_is_read_nothing_is_handed_over() -> None:
    catch_up, gathering = gathering_one()
    gathering["a"][0].append(event(1))
    arrival = catch_up.finish()
    assert (list(arrival.missed), arrival.members, arrival.cache_missed) == ([], None, False)
    assert gathering == {}


@given(st.integers(0, 10), st.integers(0, 10), st.integers(0, 10))
def test_history_and_what_was_gathered_are_one_row_without_gap_or_double(
    read: int, first: int, more: int
) -> None:
    """The history ends at `read`; what was gathered begins anywhere up to there, and goes on."""
    catch_up, gathering = gathering_one()
    catch_up.read(History([event(offset) for offset in range(1, read + 1)], top(read), complete=True))
    begun = min(first, read + 1)
    gathering["a"][0].extend(event(offset) for offset in range(begun, read + more + 1))
    assert data(catch_up.finish().missed) == [str(offset) for offset in range(1, read + more + 1)]


def test_of_members_only_changes_after_the_snapshot_are_told() -> None:
    catch_up, gathering = gathering_one()
    catch_up.joined(Joined({"1": None}, top(5)))
    gathering["a"][0].extend(
        [
            event(4, kept=False),
            event(5, kept=False),
            event(6, kept=False),
            event(7, kept=False, exclude="1.1"),
        ]
    )
    arrival = catch_up.finish()
    assert (data(arrival.missed), arrival.members) == (["6"], {"1": None})


def test_a_new_life_of_the_channel_is_news_altogether() -> None:
    catch_up, gathering = gathering_one()
    catch_up.read(History([], top(9), complete=True))
    gathering["a"][0].append(event(1, epoch="2"))
    assert data(catch_up.finish().missed) == ["1"]


def test_of_a_cache_the_newest_is_handed_over_once() -> None:
    catch_up, gathering = gathering_one(cached=True)
    catch_up.read(History([], top(3), complete=True, cached=Cached(event(3, cached=True), 9.0)))
    gathering["a"][0].append(event(3, cached=True))
    arrival = catch_up.finish()
    assert (data(arrival.missed), arrival.cache_missed) == (["3"], False)


def test_what_came_while_the_cache_was_read_takes_its_place() -> None:
    catch_up, gathering = gathering_one(cached=True)
    catch_up.read(History([], top(3), complete=True, cached=Cached(event(3, cached=True), 9.0)))
    gathering["a"][0].append(event(4, cached=True))
    assert data(catch_up.finish().missed) == ["4"]


def test_an_empty_cache_is_told_also_when_a_client_event_came_meanwhile() -> None:
    catch_up, gathering = gathering_one(cached=True)
    catch_up.read(History([], top(0), complete=True))
    gathering["a"][0].append(event(1))
    arrival = catch_up.finish()
    assert (data(arrival.missed), arrival.cache_missed) == (["1"], True)


def test_finishing_twice_is_no_fault_and_others_go_on_gathering() -> None:
    gathering: Gathering = {}
    one, two = (CatchUp(gathering, "a", f"1.{number}", cached=False) for number in range(2))
    one.finish()
    one.finish()
    assert len(gathering["a"]) == 1
    two.finish()
    assert gathering == {}
