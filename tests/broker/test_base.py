"""What every broker promises: one order, no holes, history by rule, and a new epoch for a new life."""

from collections.abc import Sequence

import pytest

from toolboxai import limits
from toolboxai.apps.app import App, AppKey, HistoryRule
from toolboxai.broker.base import Broker, Control, Terminate, UserChange
from toolboxai.errors import ChannelFull
from toolboxai.protocol.member import Member
from toolboxai.protocol.publication import Position, Publication
from toolboxai.testing.clock import ManualClock

KEPT = "kept-1"
APP = App(id="3", keys=(AppKey("k", "s"),), history=(HistoryRule("kept-*", events=5, seconds=60.0),))
RESUMING = App(id="5", keys=(AppKey("k5", "s"),), resume=True)
OTHER = App(id="4", keys=(AppKey("k4", "s"),))


class Receiver:
    """The node's end."""

    def __init__(self, broker: Broker) -> None:
        self.heard: list[tuple[str, Publication]] = []
        self.told: list[tuple[str, Control]] = []
        broker.bind(
            lambda app_id, publication: self.heard.append((app_id, publication)),
            lambda app_id, control: self.told.append((app_id, control)),
        )

    @property
    def data(self) -> list[str]:
        return [publication.data for _app_id, publication in self.heard]


@pytest.fixture
def receiver(broker: Broker) -> Receiver:
    return Receiver(broker)


async def publish(
    broker: Broker, clock: ManualClock, *data: str, channel: str = KEPT, app: App = APP
) -> list[Position]:
    return [await broker.publish(app, Publication(channel, "e", each, at=clock.now())) for each in data]


def texts(publications: Sequence[Publication]) -> list[str]:
    return [publication.data for publication in publications]


async def test_what_is_followed_is_delivered_in_order_with_offsets_without_holes(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.follow(APP, "a")
    positions = await publish(broker, clock, *map(str, range(20)), channel="a")
    assert receiver.data == list(map(str, range(20)))
    assert [publication.position for _app, publication in receiver.heard] == positions
    assert {position.epoch for position in positions} == {positions[0].epoch}
    assert [position.offset for position in positions] == list(range(1, 21))


async def test_what_is_not_followed_is_not_delivered(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.follow(APP, "a")
    await publish(broker, clock, "1", channel="b")
    await publish(broker, clock, "2", channel="a", app=OTHER)
    await broker.unfollow(APP, "a")
    await publish(broker, clock, "3", channel="a")
    assert receiver.heard == []


async def test_the_same_channel_of_two_apps_is_two_channels(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    for app in (APP, OTHER):
        await broker.follow(app, "a")
        await publish(broker, clock, app.id, channel="a", app=app)
    assert [(app_id, publication.position.offset) for app_id, publication in receiver.heard] == [
        ("3", 1),
        ("4", 1),
    ]


async def test_following_twice_delivers_once_and_unfollowing_the_unfollowed_is_no_fault(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.unfollow(APP, "a")
    await broker.follow(APP, "a")
    await broker.follow(APP, "a")
    await publish(broker, clock, "1", channel="a")
    assert receiver.data == ["1"]


async def test_the_newest_are_kept_by_rule_and_survive_the_last_follower(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.follow(APP, KEPT)
    positions = await publish(broker, clock, *"1234567")
    await broker.unfollow(APP, KEPT)
    history = await broker.history(APP, KEPT)
    assert texts(history.publications) == list("34567")
    assert (history.top, history.complete) == (positions[-1], False)
    (eighth,) = await publish(broker, clock, "8")
    assert (eighth.epoch, eighth.offset) == (positions[0].epoch, 8)


async def test_history_is_kept_though_nobody_ever_followed(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await publish(broker, clock, "1", "2")
    history = await broker.history(APP, KEPT)
    assert (texts(history.publications), history.top.offset, history.complete) == (["1", "2"], 2, True)


async def test_without_a_rule_nothing_is_kept(broker: Broker, receiver: Receiver, clock: ManualClock) -> None:
    await broker.follow(APP, "a")
    await publish(broker, clock, "1", channel="a")
    history = await broker.history(APP, "a")
    assert (history.publications, history.top.offset, history.complete) == ((), 1, False)
    assert (await broker.history(APP, "never-heard-of")).complete


async def test_since_a_position_only_what_came_after_it(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    positions = await publish(broker, clock, *"1234567")
    asked = [await broker.history(APP, KEPT, since=position) for position in positions]
    assert [texts(history.publications) for history in asked] == [
        list("34567"),  # the second is no longer kept
        list("34567"),
        list("4567"),
        list("567"),
        list("67"),
        list("7"),
        [],
    ]
    assert [history.complete for history in asked] == [False, True, True, True, True, True, True]
    assert {history.top for history in asked} == {positions[-1]}


async def test_a_position_of_another_epoch_or_of_the_future_is_never_complete(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    (position,) = await publish(broker, clock, "1")
    assert not (await broker.history(APP, KEPT, since=Position("another", 1))).complete
    assert not (await broker.history(APP, KEPT, since=Position(position.epoch, 9))).complete
    assert not (await broker.history(APP, "kept-empty", since=position)).complete


async def test_what_is_kept_expires_by_the_clock_and_the_offsets_go_on(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.follow(APP, KEPT)
    (first,) = await publish(broker, clock, "1")
    clock.advance(30)
    await publish(broker, clock, "2")
    clock.advance(30)
    history = await broker.history(APP, KEPT)
    assert (texts(history.publications), history.complete) == (["2"], False)
    clock.advance(31)
    broker.sweep()
    assert (await broker.history(APP, KEPT)).publications == ()
    (third,) = await publish(broker, clock, "3")
    assert (third.epoch, third.offset) == (first.epoch, 3)


async def test_a_channel_forgotten_by_all_begins_a_new_epoch(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    (first,) = await publish(broker, clock, "1")
    clock.advance(61)
    broker.sweep()
    assert not (await broker.history(APP, KEPT, since=first)).complete
    (again,) = await publish(broker, clock, "2")
    assert again.epoch != first.epoch
    assert again.offset == 1
    history = await broker.history(APP, KEPT, since=first)
    assert (texts(history.publications), history.complete) == (["2"], False)


async def test_a_followed_channel_is_not_forgotten(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.follow(APP, "a")
    (first,) = await publish(broker, clock, "1", channel="a")
    clock.advance(10_000)
    broker.sweep()
    (second,) = await publish(broker, clock, "2", channel="a")
    assert (second.epoch, second.offset) == (first.epoch, 2)


async def test_of_an_app_that_resumes_who_was_away_is_handed_what_clients_sent_too(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.follow(RESUMING, "a")
    (first,) = await publish(broker, clock, "1", channel="a", app=RESUMING)
    said = Publication("a", "client-e", "2", at=clock.now(), kept=False, exclude="1.1")
    await broker.publish(RESUMING, said)
    await publish(broker, clock, "3", channel="a", app=RESUMING)
    missed = await broker.missed(RESUMING, "a", since=first)
    assert (texts(missed.publications), missed.top.offset, missed.complete) == (["2", "3"], 3, True)
    assert (await broker.history(RESUMING, "a")).publications == ()


async def test_a_place_is_remembered_though_everyone_has_gone(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.follow(RESUMING, "a")
    begun = (await broker.history(RESUMING, "a")).top
    await broker.unfollow(RESUMING, "a")
    clock.advance(limits.RESUME_S - 1)
    broker.sweep()
    await publish(broker, clock, "1", channel="a", app=RESUMING)
    missed = await broker.missed(RESUMING, "a", since=begun)
    assert (texts(missed.publications), missed.complete) == (["1"], True)
    clock.advance(limits.RESUME_S)
    broker.sweep()
    missed = await broker.missed(RESUMING, "a", since=begun)
    assert (texts(missed.publications), missed.complete) == ([], False)


async def test_without_resume_nothing_but_history_is_there_for_who_was_away(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    positions = await publish(broker, clock, *"123")
    missed = await broker.missed(APP, KEPT, since=positions[0])
    assert (texts(missed.publications), missed.complete) == (["2", "3"], True)


async def test_restored_history_is_handed_out_and_delivered_to_nobody(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.follow(APP, KEPT)
    await broker.restore(APP, KEPT, [Publication(KEPT, "e", each, at=clock.now()) for each in "12"])
    assert receiver.heard == []
    (third,) = await publish(broker, clock, "3")
    assert third.offset == 3
    assert texts((await broker.history(APP, KEPT)).publications) == ["1", "2", "3"]
    assert receiver.data == ["3"]


async def test_history_that_has_begun_is_not_restored_over(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await publish(broker, clock, "live")
    await broker.restore(APP, KEPT, [Publication(KEPT, "e", "old", at=clock.now())])
    assert texts((await broker.history(APP, KEPT)).publications) == ["live"]


async def test_restoring_where_nothing_is_kept_keeps_nothing(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.restore(APP, "a", [Publication("a", "e", "1", at=clock.now())])
    assert (await broker.history(APP, "a")).publications == ()


# ---- cache ----------------------------------------------------------------------------------------------------


def cached(data: str, *, at: float, channel: str = "cache-a") -> Publication:
    return Publication(channel, "e", data, at=at, cached=True)


async def test_the_newest_event_that_is_to_be_cached_is_handed_out_until_its_time_is_over(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    assert (await broker.history(APP, "cache-a")).cached is None
    for data in ("1", "2"):
        await broker.publish(APP, cached(data, at=clock.now()))
    await publish(broker, clock, "not cached", channel="cache-a")
    clock.advance(APP.cache_ttl_s - 1)
    found = (await broker.history(APP, "cache-a")).cached
    assert found is not None
    assert (found.publication.data, found.ttl_s) == ("2", 1.0)
    clock.advance(1)
    broker.sweep()
    assert (await broker.history(APP, "cache-a")).cached is None
    assert receiver.heard == []


async def test_a_cache_outlives_its_followers(broker: Broker, receiver: Receiver, clock: ManualClock) -> None:
    await broker.follow(APP, "cache-a")
    await broker.publish(APP, cached("1", at=clock.now()))
    await broker.unfollow(APP, "cache-a")
    broker.sweep()
    found = (await broker.history(APP, "cache-a")).cached
    assert found is not None
    assert found.publication.data == "1"
    assert receiver.data == ["1"]
    assert (await broker.history(OTHER, "cache-a")).cached is None


# ---- presence -------------------------------------------------------------------------------------------------

ROOM = "presence-a"
ANNA, BEN = Member("anna", '{"name":"Anna"}'), Member("ben", None)


def changes(receiver: Receiver) -> list[tuple[str, str, str | None]]:
    return [(each.event.rpartition(":")[2], each.data, each.exclude) for _app, each in receiver.heard]


async def test_a_user_joins_with_its_first_connection_and_leaves_with_its_last(
    broker: Broker, receiver: Receiver
) -> None:
    await broker.follow(APP, ROOM)
    first = await broker.join(APP, ROOM, "1.1", ANNA)
    assert (first.members, first.added) == ({"anna": '{"name":"Anna"}'}, True)
    second = await broker.join(APP, ROOM, "1.2", BEN)
    assert (set(second.members), second.added) == ({"anna", "ben"}, True)
    third = await broker.join(APP, ROOM, "1.3", BEN)
    assert (set(third.members), third.added, third.removed) == ({"anna", "ben"}, False, None)
    # who has left, or never came, leaves without a word
    gone = [await broker.leave(APP, ROOM, socket_id) for socket_id in ("1.2", "1.3", "1.3", "9.9")]
    assert gone == [None, "ben", None, None]
    added = "member_added"
    assert changes(receiver) == [
        (added, '{"user_id":"anna","user_info":{"name":"Anna"}}', "1.1"),
        (added, '{"user_id":"ben"}', "1.2"),
        ("member_removed", '{"user_id":"ben"}', "1.3"),
    ]
    assert list(await broker.members(APP, ROOM)) == ["anna"]


async def test_a_snapshot_knows_of_everything_up_to_its_place_in_the_channels_order(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.follow(APP, ROOM)
    await broker.join(APP, ROOM, "1.1", ANNA)
    await publish(broker, clock, "1", channel=ROOM)
    top = (await broker.join(APP, ROOM, "1.2", BEN)).top
    assert top == receiver.heard[-1][1].position
    await broker.leave(APP, ROOM, "1.1")
    assert receiver.heard[-1][1].position == Position(top.epoch, top.offset + 1)


async def test_of_a_users_connections_the_newest_info_counts(broker: Broker, receiver: Receiver) -> None:
    await broker.join(APP, ROOM, "1.1", ANNA)
    joined = await broker.join(APP, ROOM, "1.2", Member("anna", '{"name":"A."}'))
    assert joined.members == await broker.members(APP, ROOM) == {"anna": '{"name":"A."}'}


async def test_a_full_channel_takes_more_connections_of_its_users_and_no_other_user(
    broker: Broker, receiver: Receiver
) -> None:
    small = App(id="3", keys=APP.keys, presence_members=1)
    await broker.join(small, ROOM, "1.1", ANNA)
    with pytest.raises(ChannelFull):
        await broker.join(small, ROOM, "1.2", BEN)
    await broker.join(small, ROOM, "1.3", ANNA)
    await broker.leave(small, ROOM, "1.2")  # it was never in
    assert list(await broker.members(small, ROOM)) == ["anna"]
    await broker.leave(small, ROOM, "1.1")
    await broker.leave(small, ROOM, "1.3")
    assert list((await broker.join(small, ROOM, "1.2", BEN)).members) == ["ben"]


async def test_a_connection_that_joins_as_another_user_leaves_as_the_first(
    broker: Broker, receiver: Receiver
) -> None:
    await broker.join(APP, ROOM, "1.1", ANNA)
    joined = await broker.join(APP, ROOM, "1.1", BEN)
    assert (list(joined.members), joined.added, joined.removed) == (["ben"], True, "anna")


async def test_members_are_counted_by_channel_and_app(broker: Broker, receiver: Receiver) -> None:
    await broker.join(APP, ROOM, "1.1", ANNA)
    await broker.join(APP, ROOM, "1.2", BEN)
    await broker.join(OTHER, ROOM, "1.3", ANNA)
    assert await broker.user_counts(APP, [ROOM, "presence-b"]) == {ROOM: 2, "presence-b": 0}
    assert await broker.user_counts(OTHER, [ROOM]) == {ROOM: 1}
    assert await broker.members(APP, "presence-b") == {}


async def test_members_do_not_enter_history_or_cache(broker: Broker, receiver: Receiver) -> None:
    await broker.join(APP, KEPT, "1.1", ANNA)
    await broker.leave(APP, KEPT, "1.1")
    history = await broker.history(APP, KEPT)
    assert (history.publications, history.cached) == ((), None)


# ---- users ----------------------------------------------------------------------------------------------------


async def test_a_user_is_online_from_its_first_connection_to_its_last(
    broker: Broker, receiver: Receiver
) -> None:
    assert await broker.sign_in(APP, "anna", "1.1", ["ben", "carl"]) == set()
    assert await broker.sign_in(APP, "ben", "1.2", ["anna", "carl"]) == {"anna"}
    assert await broker.sign_in(APP, "ben", "1.3", ["ben"]) == {"ben"}
    for socket_id in ("1.2", "1.3", "1.3", "9.9"):
        await broker.sign_out(APP, "ben", socket_id)
    await broker.sign_out(APP, "carl", "9.9")
    assert receiver.told == [
        ("3", UserChange("anna", online=True)),
        ("3", UserChange("ben", online=True)),
        ("3", UserChange("ben", online=False)),
    ]


async def test_users_of_another_app_are_strangers(broker: Broker, receiver: Receiver) -> None:
    await broker.sign_in(APP, "anna", "1.1", [])
    assert await broker.sign_in(OTHER, "ben", "1.2", ["anna"]) == set()
    await broker.sign_out(OTHER, "anna", "1.1")
    assert ("4", UserChange("anna", online=False)) not in receiver.told


async def test_what_is_told_reaches_every_node_the_telling_one_included(
    broker: Broker, receiver: Receiver
) -> None:
    await broker.tell(APP, Terminate("anna"))
    assert receiver.told == [("3", Terminate("anna"))]


# ---- apps that change -----------------------------------------------------------------------------------------


def ruled(*history: HistoryRule) -> App:
    return App(id="3", keys=APP.keys, history=history)


async def test_a_rule_that_comes_later_counts_from_there_on_and_the_order_goes_on(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.follow(APP, "a")
    (first,) = await publish(broker, clock, "1", channel="a")
    now = ruled(HistoryRule("a", events=5, seconds=60.0))
    broker.app_changed(now)
    (second,) = await publish(broker, clock, "2", channel="a", app=now)
    assert (second.epoch, second.offset) == (first.epoch, 2)
    history = await broker.history(now, "a")
    assert (texts(history.publications), history.complete) == (["2"], False)
    assert (await broker.history(now, "a", since=first)).complete
    clock.advance(60.0)
    broker.sweep()
    assert (await broker.history(now, "a")).publications == ()
    assert receiver.data == ["1", "2"]


async def test_a_smaller_rule_lets_go_of_what_it_does_not_cover(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await publish(broker, clock, *"12345")
    fewer = ruled(HistoryRule("kept-*", events=2, seconds=60.0))
    broker.app_changed(fewer)
    history = await broker.history(fewer, KEPT)
    assert (texts(history.publications), history.complete) == (["4", "5"], False)
    none = ruled()
    broker.app_changed(none)
    assert (await broker.history(none, KEPT)).publications == ()


async def test_a_change_of_one_app_leaves_the_others(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await publish(broker, clock, "1")
    broker.app_changed(OTHER)
    broker.forget_app(OTHER)
    assert texts((await broker.history(APP, KEPT)).publications) == ["1"]


async def test_nothing_is_left_of_an_app_that_is_forgotten(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.follow(APP, KEPT)
    (before,) = await publish(broker, clock, "1")
    await broker.join(APP, "presence-a", "1.1", Member("u", None))
    await broker.sign_in(APP, "u", "1.1", ())
    receiver.heard.clear()
    broker.forget_app(APP)
    broker.sweep()
    (after,) = await publish(broker, clock, "2")
    assert receiver.heard == []
    assert after.epoch != before.epoch
    assert texts((await broker.history(APP, KEPT)).publications) == ["2"]
    assert await broker.members(APP, "presence-a") == {}
    assert await broker.sign_in(APP, "v", "2.2", ("u",)) == set()


# ---- over a restart -------------------------------------------------------------------------------------------


async def test_the_next_process_goes_on_with_what_was_kept_in_the_same_order(
    broker: Broker, successor: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    positions = await publish(broker, clock, *"1234567")
    assert successor.load(APP, broker.saved(APP), goes_on=True) == 1
    for position in positions:
        before = await broker.history(APP, KEPT, since=position)
        after = await successor.history(APP, KEPT, since=position)
        assert (texts(after.publications), after.complete) == (texts(before.publications), before.complete)
    again = Receiver(successor)
    await successor.follow(APP, KEPT)
    (eighth,) = await publish(successor, clock, "8")
    assert (eighth, again.data) == (Position(positions[0].epoch, 8), ["8"])


async def test_who_was_there_finds_in_the_next_process_what_clients_sent_too(
    broker: Broker, successor: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.follow(RESUMING, "a")
    (first,) = await publish(broker, clock, "1", channel="a", app=RESUMING)
    said = Publication("a", "client-e", "2", user_id="u", at=clock.now(), kept=False, exclude="1.1")
    await broker.publish(RESUMING, said)
    successor.load(RESUMING, broker.saved(RESUMING), goes_on=True)
    missed = await successor.missed(RESUMING, "a", since=first)
    (found,) = missed.publications
    assert (found.text, found.exclude, found.position, found.kept) == (
        said.text,
        "1.1",
        said.position,
        False,
    )
    assert (missed.complete, missed.top.offset) == (True, 2)


async def test_a_place_on_a_channel_on_which_nothing_happened_outlives_the_process_for_a_while(
    broker: Broker, successor: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.follow(RESUMING, "a")
    top = (await broker.history(RESUMING, "a")).top
    successor.load(RESUMING, broker.saved(RESUMING), goes_on=True)
    assert (await successor.missed(RESUMING, "a", since=top)).complete
    clock.advance(limits.RESUME_S + 1)
    successor.sweep()
    assert not (await successor.missed(RESUMING, "a", since=top)).complete


async def test_a_cached_event_outlives_the_process_and_not_its_own_time(
    broker: Broker, successor: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    news = Publication("cache-a", "e", "1", at=clock.now(), cached=True)
    await broker.publish(OTHER, news)
    clock.advance(OTHER.cache_ttl_s - 10)
    successor.load(OTHER, broker.saved(OTHER), goes_on=True)
    cached = (await successor.history(OTHER, "cache-a")).cached
    assert cached is not None
    assert (cached.publication.text, cached.ttl_s) == (news.text, 10)
    clock.advance(11)
    assert (await successor.history(OTHER, "cache-a")).cached is None


async def test_what_is_too_old_when_the_next_process_begins_is_not_loaded(
    broker: Broker, successor: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await publish(broker, clock, "1")
    saved = list(broker.saved(APP))
    clock.advance(61)
    assert successor.load(APP, saved, goes_on=True) == 0
    assert list(broker.saved(APP)) == []


async def test_nothing_is_saved_of_channels_that_keep_nothing_nor_of_another_app(
    broker: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await broker.follow(APP, "a")
    await publish(broker, clock, "1", channel="a")
    await publish(broker, clock, "2")
    assert [channel.name for channel in broker.saved(APP)] == [KEPT]
    assert list(broker.saved(OTHER)) == []


async def test_a_copy_of_a_process_that_ran_on_begins_a_new_epoch_with_the_same_history(
    broker: Broker, successor: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    """A position beyond the copy would otherwise be taken for one of the new life."""
    (first, second) = await publish(broker, clock, "1", "2")
    successor.load(APP, broker.saved(APP), goes_on=False)
    history = await successor.history(APP, KEPT, since=first)
    assert (texts(history.publications), history.complete) == (["1", "2"], False)
    assert history.top.epoch != second.epoch


async def test_the_rules_of_the_next_process_count_for_what_it_loads(
    broker: Broker, successor: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    await publish(broker, clock, *"12345")
    fewer = ruled(HistoryRule("kept-*", events=2, seconds=60.0))
    successor.load(fewer, broker.saved(APP), goes_on=True)
    history = await successor.history(fewer, KEPT)
    assert (texts(history.publications), history.complete) == (["4", "5"], False)


async def test_what_is_put_back_beside_what_was_loaded_is_only_what_is_newer(
    broker: Broker, successor: Broker, receiver: Receiver, clock: ManualClock
) -> None:
    said = [Publication(KEPT, "e", f'{{"seq":{number}}}', at=clock.now()) for number in range(1, 5)]
    for publication in said[:2]:
        await broker.publish(APP, publication)
    successor.load(APP, broker.saved(APP), goes_on=False)
    await successor.restore(APP, KEPT, said)
    assert [each.seq for each in (await successor.history(APP, KEPT)).publications] == [1, 2, 3, 4]
    await successor.restore(APP, KEPT, said)
    assert (await successor.history(APP, KEPT)).top.offset == 4
