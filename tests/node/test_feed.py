"""The feed: nothing while nobody reads, then names, sizes and ids, so many a second."""

import asyncio
from typing import ClassVar

import pytest

from toolboxai import limits
from toolboxai.errors import RateLimitExceeded
from toolboxai.node.feed import Feed
from toolboxai.node.feed_entry import Entry, Kind, Named, Wanted
from toolboxai.protocol.publication import Origin, Position, Publication
from toolboxai.testing.clock import ManualClock

ALL = Wanted()


@pytest.fixture
def feed(clock: ManualClock) -> Feed:
    return Feed(clock)


def publish(
    feed: Feed, clock: ManualClock, times: int = 1, *, app_id: str = "3", origin: Origin = "api"
) -> None:
    for number in range(times):
        publication = Publication(
            "news", "headline", '"secret"', exclude="1.1", at=clock.now(), origin=origin
        )
        feed.published(app_id, publication, Position("e", number + 1))


def test_nothing_is_noted_before_somebody_reads_nor_when_nobody_does_any_more(
    feed: Feed, clock: ManualClock
) -> None:
    publish(feed, clock)
    assert not feed.open
    assert feed.look(0, ALL).items == []
    publish(feed, clock)
    assert [each.kind for each in feed.look(0, ALL).items] == [Kind.PUBLICATION]
    clock.advance(limits.FEED_IDLE_S - 1)
    feed.sweep()
    assert feed.open
    clock.advance(2)
    feed.sweep()
    assert not feed.open
    publish(feed, clock)
    clock.advance(1)
    again = feed.look(0, ALL)
    assert (again.items, again.since) == ([], clock.now())


def test_an_entry_has_names_sizes_and_ids_and_nothing_of_what_was_said(
    feed: Feed, clock: ManualClock
) -> None:
    feed.look(0, ALL)
    publish(feed, clock)
    publish(feed, clock, origin="client")
    by_server, by_client = feed.look(0, ALL).items
    assert by_server.named == Named(channel="news", event="headline", size=8)
    assert by_server.detail == {"what": "published", "origin": "api", "publication_id": "e:1"}
    assert (by_client.kind, by_client.named.socket_id) == (Kind.CLIENT_EVENT, "1.1")
    assert "secret" not in repr((by_server, by_client))


def test_numbers_go_on_and_each_entry_is_told_once(feed: Feed, clock: ManualClock) -> None:
    first = feed.look(0, ALL)
    publish(feed, clock, 3)
    second = feed.look(first.next, ALL)
    assert [each.n for each in second.items] == [1, 2, 3]
    assert feed.look(second.next, ALL).items == []
    assert feed.look(10**9, ALL).items == second.items, "of an earlier life of the process: from the start"


def test_at_most_fifty_a_second_and_what_was_sampled_away_is_told_by_kind(
    feed: Feed, clock: ManualClock
) -> None:
    feed.look(0, ALL)
    for _ in range(3):
        before = feed.look(0, ALL).next
        for part in range(100):
            publish(feed, clock, 10)
            if part % 50 == 49:
                feed.tell(Kind.ERROR, "3", "told_client")
            clock.advance(0.01)
        items = [each for each in feed.look(before, ALL).items if each.n > before]
        assert len(items) <= 2 * limits.FEED_PER_S
        assert sum(each.kind is Kind.ERROR for each in items) == 2
    page = feed.look(0, ALL)
    shown = sum(each.kind is Kind.PUBLICATION for each in page.items)
    assert page.sampled_away == {Kind.PUBLICATION: 3000 - shown}


def test_readers_get_what_they_ask_for_and_the_rest_takes_no_place(feed: Feed, clock: ManualClock) -> None:
    small = Wanted(frozenset({Kind.PUBLICATION}), "small")
    feed.look(0, small)
    publish(feed, clock, 1000, app_id="large")
    feed.tell(Kind.ERROR, "small", "told_client")
    publish(feed, clock, app_id="small")
    page = feed.look(0, small)
    assert [each.app_id for each in page.items] == ["small"]
    assert page.sampled_away == {}
    feed.look(0, ALL)
    publish(feed, clock, app_id="large")
    assert len(feed.look(0, ALL).items) == 2
    assert len(feed.look(0, small).items) == 1


def test_what_is_forgotten_is_counted_as_missed(clock: ManualClock) -> None:
    feed = Feed(clock, entries=5)
    feed.look(0, ALL)
    publish(feed, clock)
    after = feed.look(0, ALL).next
    publish(feed, clock, 10)
    page = feed.look(after, ALL)
    assert (len(page.items), page.missed) == (5, 5)
    assert feed.look(0, ALL).missed == 0, "who has just come has missed nothing"


def test_a_long_text_is_cut(feed: Feed) -> None:
    feed.look(0, ALL)
    feed.tell(Kind.ERROR, "3", "told_client", {"reason": "x" * 5000})
    assert len(str(feed.look(0, ALL).items[0].detail["reason"])) == 300


def test_of_many_wishes_the_oldest_are_let_go(feed: Feed, clock: ManualClock) -> None:
    for number in range(limits.FEED_READERS + 1):
        feed.look(0, Wanted(app_id=f"app {number}"))
    publish(feed, clock, app_id="app 0")
    publish(feed, clock, app_id="app 1")
    assert [each.app_id for each in feed.look(0, ALL).items] == ["app 1"]


async def test_who_waits_is_told_as_soon_as_something_comes_and_what_comes_with_it(
    feed: Feed, clock: ManualClock
) -> None:
    waiting = asyncio.create_task(feed.wait(0, ALL, 25))
    await asyncio.sleep(0)
    publish(feed, clock)
    publish(feed, clock)
    assert len((await waiting).items) == 2


async def test_who_waits_looks_at_each_entry_once(
    feed: Feed, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counting(Wanted):
        looked: ClassVar[list[int]] = []

        def fits(self, entry: Entry) -> bool:
            self.looked.append(entry.n)
            return super().fits(entry)

    monkeypatch.setattr(limits, "FEED_GATHER_S", 0)
    feed.look(0, ALL)
    waiting = asyncio.create_task(feed.wait(0, Counting(frozenset({Kind.ERROR})), 25))
    for _ in range(3):
        await asyncio.sleep(0)
        publish(feed, clock, 2)
        for _ in range(3):
            await asyncio.sleep(0)
    feed.tell(Kind.ERROR, "3", "told_client")
    assert [each.n for each in (await waiting).items] == [7]
    assert Counting.looked == [1, 2, 3, 4, 5, 6, 7]


async def test_who_waits_in_vain_gets_an_empty_answer(feed: Feed) -> None:
    page = await feed.wait(0, ALL, 0.01)
    assert (page.items, page.next) == ([], 0)


async def test_nobody_waits_once_the_server_leaves(feed: Feed) -> None:
    waiting = asyncio.create_task(feed.wait(0, ALL, 25))
    await asyncio.sleep(0)
    feed.leave()
    assert (await waiting).items == []
    assert (await feed.wait(0, ALL, 25)).items == []


async def test_only_so_many_wait_at_the_same_time(feed: Feed, clock: ManualClock) -> None:
    waiting = [asyncio.create_task(feed.wait(0, ALL, 25)) for _ in range(limits.FEED_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimitExceeded, match="come back"):
        await feed.wait(0, ALL, 25)
    assert (await feed.wait(0, ALL, 0)).items == [], "who does not wait is answered"
    publish(feed, clock)
    assert all(page.items for page in await asyncio.gather(*waiting))
