"""From what happened to bodies: filters first, then one event each, or gathered within bounds."""

import json
import random

import pytest

from servers import APP_ID, KEY, SECRET, digest
from toolboxai.apps.app import App, AppKey
from toolboxai.apps.webhooks import WebhookRule
from toolboxai.limits import WEBHOOK_BATCH_EVENTS
from toolboxai.node.webhooks.events import Noted, body_of, noted, restamped
from toolboxai.node.webhooks.gathering import Gathering
from toolboxai.node.webhooks.hold import Key
from toolboxai.node.webhooks.store import Announcement, Delivery, State

NOW = 1327078148.132


def gathering(*rules: WebhookRule) -> Gathering:
    apps = {
        app_id: App(id=app_id, keys=(AppKey(KEY, SECRET), AppKey("new", "s")), webhooks=rules)
        for app_id in (APP_ID, "4")
    }
    return Gathering(apps.get, random.Random(1))


def occupied(channel: str, app_id: str = APP_ID) -> Noted:
    there = Announcement(Key(app_id, channel), there=True)
    return noted(app_id, "channel_occupied", channel, announcement=there)


def names(delivery: Delivery) -> list[tuple[str, str]]:
    return [(event["name"], event["channel"]) for event in json.loads(delivery.body)["events"]]


def test_the_body_is_that_of_the_vector() -> None:
    text = noted(APP_ID, "channel_occupied", "my-channel").text
    body = body_of(NOW, [text])
    assert body == '{"time_ms":1327078148132,"events":[{"name":"channel_occupied","channel":"my-channel"}]}'
    assert digest(body) == "c19001ae3963ccb13bf618e5b16ba9848e7e74df0993aa0689168e341c6833cf"


def test_a_replay_has_another_time_and_the_same_events() -> None:
    text = noted(APP_ID, "client_event", "a", event='{"time_ms":1', data="x").text
    assert restamped(body_of(NOW, [text]), NOW + 1) == body_of(NOW + 1, [text])


def test_one_event_for_each_address_that_wants_it() -> None:
    all_of_it = WebhookRule("http://a")
    by_type = WebhookRule("http://b", event_types=("channel_vacated", "member_added"))
    by_prefix = WebhookRule("http://c", channel_prefix="presence-")
    made = gathering(all_of_it, by_type, by_prefix)
    events = [noted(APP_ID, "channel_vacated", "a"), noted(APP_ID, "channel_occupied", "presence-a")]
    deliveries, announcements, _ = made.add(events, NOW)
    assert [(each.url, names(each)) for each in deliveries] == [
        ("http://a", [("channel_vacated", "a")]),
        ("http://b", [("channel_vacated", "a")]),
        ("http://a", [("channel_occupied", "presence-a")]),
        ("http://c", [("channel_occupied", "presence-a")]),
    ]
    assert announcements == []
    assert len({each.id for each in deliveries}) == 4
    assert {(each.key, each.state, each.created_at) for each in deliveries} == {(KEY, State.PENDING, NOW)}
    assert made.next_due is None


def test_a_batch_is_of_one_app_and_one_address_and_goes_when_its_time_has_come() -> None:
    made = gathering(WebhookRule("http://a", batch_ms=500))
    deliveries, announcements, _ = made.add([occupied("a"), occupied("a", "4"), occupied("b")], NOW)
    assert [(each.app_id, each.state, names(each)) for each in deliveries] == [
        (APP_ID, State.GATHERING, [("channel_occupied", "a"), ("channel_occupied", "b")]),
        ("4", State.GATHERING, [("channel_occupied", "a")]),
    ]
    assert [each.key.channel for each in announcements] == ["a", "a", "b"]
    assert made.next_due == pytest.approx(NOW + 0.5)
    assert made.close(NOW + 0.4) == []
    longer, _, _ = made.add([occupied("c")], NOW + 0.4)
    assert (longer[0].id, longer[0].channels) == (deliveries[0].id, ("a", "b", "c"))
    whole = made.close(NOW + 0.51)
    assert [(each.id, each.state) for each in whole] == [(each.id, State.PENDING) for each in deliveries]
    assert json.loads(whole[0].body)["time_ms"] == int(NOW * 1000)
    assert made.next_due is None


def test_a_full_batch_goes_at_once() -> None:
    made = gathering(WebhookRule("http://a", batch_ms=5000))
    many = [noted(APP_ID, "cache_miss", f"cache-{number}") for number in range(WEBHOOK_BATCH_EVENTS + 1)]
    deliveries, _, _ = made.add(many, NOW)
    assert [(len(names(each)), each.state) for each in deliveries] == [
        (WEBHOOK_BATCH_EVENTS, State.PENDING),
        (1, State.GATHERING),
    ]
    large = [noted(APP_ID, "client_event", "a", data="x" * 200_000) for _ in range(2)]
    (full,), _, _ = made.add(large, NOW)
    assert (len(names(full)), full.state) == (3, State.PENDING)
    made.add(many[:1], NOW)
    assert [names(each) for each in made.close_all(NOW)] == [[("cache_miss", "cache-0")]]


def test_only_what_someone_is_told_of_is_remembered_as_told() -> None:
    made = gathering(WebhookRule("http://a", event_types=("channel_vacated",), channel_prefix="a"))
    _, announcements, _ = made.add([occupied("a"), occupied("b")], NOW)
    assert [each.key.channel for each in announcements] == ["a"]
    gone = noted(APP_ID, "channel_vacated", "b", announcement=Announcement(Key(APP_ID, "b"), there=False))
    assert made.add([gone], NOW)[1] == [gone.announcement]


def test_an_app_that_has_gone_posts_nothing() -> None:
    made = gathering(WebhookRule("http://a"))
    assert made.add([noted("9", "channel_occupied", "a")], NOW) == ([], [], 0)


def test_an_address_that_is_full_gets_nothing_and_the_others_do() -> None:
    made = gathering(WebhookRule("http://a"), WebhookRule("http://b", batch_ms=500))
    one, announced, dropped = made.add([occupied("c")], NOW, full={(APP_ID, "http://b")})
    assert ([each.url for each in one], len(announced), dropped) == (["http://a"], 1, 1)
    assert made.next_due is None
