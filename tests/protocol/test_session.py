"""The server's side of one connection: every message in every state, as values."""

import json
from dataclasses import replace
from typing import Any

import pytest

from sessions import (
    SID,
    denial,
    enter_as,
    error,
    inside,
    message,
    said,
    session,
    sign_in,
    signed_in,
    subscribe,
)
from toolboxai.apps.app import AppKey
from toolboxai.close_codes import CloseCode
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.effects import Broadcast, Close, Ponged, Probe, Send, SignIn, Subscribe, Unsubscribe
from toolboxai.protocol.member import Member
from toolboxai.protocol.publication import Publication
from toolboxai.protocol.session import refuse
from toolboxai.protocol.signing import sign_channel

# ---- opening --------------------------------------------------------------------------------------------------


def test_the_first_message_is_a_string_inside_a_string() -> None:
    (first,) = said(session(activity_timeout_s=30).opening())
    assert first["event"] == "pusher:connection_established"
    assert json.loads(first["data"]) == {"socket_id": "1.1", "activity_timeout": 30}


# ---- subscribing ----------------------------------------------------------------------------------------------


def test_a_subscribe_is_a_question_to_the_world_and_answered_by_it() -> None:
    alice, name = session(), ChannelName.parse("a")
    assert alice.receive(subscribe("a"), 0.0) == [Subscribe(name)]
    assert alice.channels == ("a",)
    succeeded = {"event": "pusher_internal:subscription_succeeded", "channel": "a", "data": "{}"}
    assert said(alice.subscribed(name)) == [succeeded]


def test_what_was_missed_follows_the_success_in_order() -> None:
    alice, name = session(), ChannelName.parse("a")
    alice.receive(subscribe("a"), 0.0)
    missed = [Publication("a", "e", str(number)) for number in range(3)]
    assert [each["data"] for each in said(alice.subscribed(name, missed))] == ["{}", "0", "1", "2"]


def test_a_failure_of_the_world_can_be_tried_again() -> None:
    alice, name = session(), ChannelName.parse("a")
    alice.receive(subscribe("a"), 0.0)
    assert denial(alice.subscribe_failed(name)) == ("ServerError", 4302)
    assert alice.receive(subscribe("a"), 0.0) == [Subscribe(name)]


@pytest.mark.parametrize("answered", [False, True], ids=["pending", "active"])
def test_a_second_subscribe_is_an_error(answered: bool) -> None:
    alice = session()
    alice.receive(subscribe("a"), 0.0)
    if answered:
        alice.subscribed(ChannelName.parse("a"))
    assert said(alice.receive(subscribe("a"), 0.0)) == [error("Existing subscription to channel a")]


def test_a_public_channel_does_not_look_at_auth() -> None:
    assert session().receive(subscribe("a", "KEY:nonsense", channel_data="{}"), 0.0) == [
        Subscribe(ChannelName.parse("a"))
    ]


@pytest.mark.parametrize(
    ("request_text", "wanted"),
    [
        (subscribe("b d"), ("InvalidChannel", 4009)),
        (subscribe("#x"), ("InvalidChannel", 4009)),
        (subscribe("a" * 201), ("LimitReached", 4009)),
        (subscribe("private-a", ""), ("AuthError", 401)),
        (subscribe("private-a", "KEY:bad"), ("AuthError", 401)),
        (subscribe("private-a", channel_data='{"user_id":"1"}'), ("AuthError", 401)),
        (subscribe("private-encrypted-a", "KEY:bad"), ("AuthError", 401)),
        (subscribe("presence-a", "KEY:x", channel_data='{"user_id":"1"}'), ("AuthError", 401)),
        (subscribe("private-cache-a", ""), ("AuthError", 401)),
        (subscribe("#server-to-user-1"), ("AuthError", 401)),
    ],
)
def test_what_is_refused_leaves_nothing_behind(request_text: bytes, wanted: tuple[str, int]) -> None:
    alice = session()
    assert denial(alice.receive(request_text, 0.0)) == wanted
    assert alice.channels == ()


def test_one_connection_is_in_so_many_channels_and_no_more() -> None:
    alice = session()
    for number in range(1000):
        alice.receive(subscribe(f"c{number}"), 0.0)
    assert denial(alice.receive(subscribe("one-more"), 0.0)) == ("LimitReached", 4100)
    assert len(alice.channels) == 1000


WRONG = [5, True, [], {}, ["KEY:1"], {"auth": 1}]


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_on_a_public_channel_the_rest_of_a_subscribe_is_not_looked_at(wrong: object) -> None:
    for data in ({"auth": wrong}, {"channel_data": wrong}, {"auth": None, "more": wrong}):
        request = message("pusher:subscribe", {"channel": "a", **data})
        assert session().receive(request, 0.0) == [Subscribe(ChannelName.parse("a"))]


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("field", ["auth", "channel_data"])
def test_what_is_shown_for_a_private_channel_is_text(field: str, wrong: object) -> None:
    data = {"channel": "private-a", "auth": "KEY:" + sign_channel("SECRET", SID, "private-a"), field: wrong}
    alice = session()
    assert denial(alice.receive(message("pusher:subscribe", data), 0.0)) == ("AuthError", 401)
    assert alice.channels == ()


def test_nothing_shown_is_told_as_nothing_shown() -> None:
    for data in ({"auth": None}, {"auth": ""}, {}):
        request = message("pusher:subscribe", {"channel": "private-a", **data})
        (told, _) = said(session().receive(request, 0.0))
        assert told == error("Auth info required to subscribe to private-a")


# ---- unsubscribing --------------------------------------------------------------------------------------------


def test_unsubscribe_is_not_answered_and_the_channel_is_free_again() -> None:
    alice = inside(session(), "a")
    assert alice.receive(message("pusher:unsubscribe", {"channel": "a"}), 0.0) == [
        Unsubscribe(ChannelName.parse("a"))
    ]
    inside(alice, "a")


@pytest.mark.parametrize("pending", [False, True])
def test_unsubscribe_without_a_subscription(pending: bool) -> None:
    alice = session()
    if pending:
        alice.receive(subscribe("b"), 0.0)
    text = "No current subscription to channel b, or subscription in progress"
    assert said(alice.receive(message("pusher:unsubscribe", {"channel": "b"}), 0.0)) == [error(text)]


# ---- client events --------------------------------------------------------------------------------------------

PRIVATE = ChannelName.parse("private-a")


def test_a_client_event_is_a_broadcast_of_its_data_as_a_string() -> None:
    alice = inside(session(), "private-a")
    heard = alice.receive(message("client-x", {"t": 1}, channel="private-a", user_id="9"), 0.0)
    assert heard == [Broadcast(PRIVATE, "client-x", '{"t":1}')]
    heard = alice.receive(message("client-x", "as it is", channel="private-a"), 0.0)
    assert heard == [Broadcast(PRIVATE, "client-x", "as it is")]


def test_end_to_end_encrypted_channels_take_client_events() -> None:
    alice = inside(session(), "private-encrypted-a")
    assert len(alice.receive(message("client-x", {}, channel="private-encrypted-a"), 0.0)) == 1


ONLY_PRIVATE = "Client event rejected - only supported on private and presence channels"
NOT_IN = "Cannot broadcast client event (connection not subscribed to channel private-z)"
REJECTED: list[tuple[dict[str, Any], str]] = [
    ({"event": "client-x", "channel": "a"}, ONLY_PRIVATE),
    ({"event": "client-x", "channel": "private"}, ONLY_PRIVATE),
    ({"event": "client-x", "channel": "cache-a"}, ONLY_PRIVATE),
    ({"event": "client-x", "channel": "#server-to-user-1"}, ONLY_PRIVATE),
    ({"event": "client-x", "channel": "private-z"}, NOT_IN),
    ({"event": "client-x"}, ONLY_PRIVATE),
    ({"event": "client-x", "channel": None}, ONLY_PRIVATE),
    ({"event": "client-x", "channel": ""}, ONLY_PRIVATE),
    ({"event": "client-x", "channel": "#x"}, ONLY_PRIVATE),
    ({"event": "client-x", "channel": "bad name"}, ONLY_PRIVATE),
    ({"event": "client-x", "channel": "private-bad name"}, NOT_IN[:-2] + "bad name)"),
    ({"event": "client-x", "channel": "private-" + "z" * 300}, NOT_IN[:-2] + "z" * 192 + ")"),
    (
        {"event": "client-" + "x" * 194, "channel": "private-a"},
        "Client event rejected - the event's name has 201",
    ),
    (
        {"event": "clientx", "channel": "private-a"},
        "Client event rejected - client events must be prefixed by",
    ),
    (
        {"event": "my-client-x", "channel": "private-a"},
        "Client event rejected - client events must be prefixed by",
    ),
    (
        {"event": "client-x", "channel": "private-a", "data": "x" * 10241},
        "The data content of this event exceeds",
    ),
    (
        {"event": "client-x", "channel": "private-a", "data": "é" * 5121},
        "The data content of this event exceeds",
    ),
    ({"event": "pusher:unheard-of"}, "Client event rejected - client events must be prefixed by"),
]


@pytest.mark.parametrize(("frame", "text"), REJECTED)
def test_a_client_event_that_may_not_be_sent(frame: dict[str, Any], text: str) -> None:
    alice = inside(inside(session(), "private-a"), "a")
    (answer,) = said(alice.receive(json.dumps(frame).encode(), 0.0))
    assert answer["data"]["message"].startswith(text)
    assert answer["data"]["code"] is None


def test_the_checks_come_in_their_order() -> None:
    """The app's switch, the name, the kind, the subscription, the size, and the rate last: refused ones cost nothing."""
    off = session(client_events=False)
    assert said(off.receive(message("client-x", {}, channel="a"), 0.0))[0]["data"]["message"].startswith(
        "To send client events, you must enable this feature"
    )
    alice = inside(session(), "private-a")
    for _ in range(50):
        alice.receive(message("client-x", "x" * 10241, channel="private-a"), 0.0)
    assert len(alice.receive(message("client-x", {}, channel="private-a"), 0.0)) == 1


def test_the_rate_is_per_connection_and_the_only_error_with_a_code() -> None:
    alice, bob = inside(session(), "private-a"), inside(session(), "private-a")
    event = message("client-x", {}, channel="private-a")
    got = [alice.receive(event, 5.0) for _ in range(11)]
    assert [type(effects[0]) for effects in got] == [Broadcast] * 10 + [Send]
    assert said(got[10]) == [error("Client event rejected due to rate limit", 4301)]
    assert isinstance(bob.receive(event, 5.0)[0], Broadcast)
    assert isinstance(alice.receive(event, 5.9)[0], Send)
    assert isinstance(alice.receive(event, 6.0)[0], Broadcast)


# ---- the rest -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [{}, "", None, {"any": 1}])
def test_ping_is_answered_and_pong_is_an_answer(data: object) -> None:
    assert said(session().receive(message("pusher:ping", data), 0.0)) == [
        {"event": "pusher:pong", "data": {}}
    ]
    assert session().receive(message("pusher:pong", data), 0.0) == [Ponged()]


def test_signing_in_is_refused_without_harm() -> None:
    (answer,) = said(session().receive(message("pusher:signin", {"auth": "KEY:x", "user_data": "{}"}), 0.0))
    assert answer["data"]["code"] is None


@pytest.mark.parametrize("text", [b"not json", b"[]", b"{}", b'{"event":7}', message("pusher:subscribe", 5)])
def test_what_cannot_be_read_is_named_and_the_session_goes_on(text: bytes) -> None:
    alice = session()
    assert said(alice.receive(text, 0.0)) == [error("Invalid message format")]
    inside(alice, "a")


def test_closing_is_an_error_and_a_close_once_and_then_nothing_is_heard() -> None:
    alice = inside(session(), "a")
    effects = alice.closing(CloseCode.RECONNECT_NOW, "come back")
    assert effects == refuse(CloseCode.RECONNECT_NOW, "come back")
    assert said(effects[:1]) == [error("come back", 4200)]
    assert effects[1] == Close(4200, "come back")
    assert alice.closing(CloseCode.RECONNECT_NOW, "come back") == []
    assert alice.receive(message("pusher:ping"), 0.0) == []
    assert alice.receive(b"not json", 0.0) == []


# ---- silence --------------------------------------------------------------------------------------------------


def test_silence_is_probed_and_only_an_unanswered_probe_ends_the_connection() -> None:
    alice = session(activity_timeout_s=120, pong_timeout_s=30)
    assert alice.deadline(120.0) == []
    assert alice.deadline(120.1) == [Probe()]
    assert alice.deadline(150.0) == []
    effects = alice.deadline(150.2)
    assert effects == refuse(CloseCode.PONG_NOT_RECEIVED, "Pong reply not received")
    assert alice.deadline(200.0) == []


def test_anything_heard_starts_the_silence_anew() -> None:
    alice = session(activity_timeout_s=120, pong_timeout_s=30)
    assert alice.deadline(121.0) == [Probe()]
    alice.heard(130.0)
    assert alice.deadline(249.0) == []
    assert alice.deadline(251.0) == [Probe()]


def test_a_probe_that_comes_late_has_its_full_time_to_be_answered() -> None:
    """The loop stood still for long: the client is asked before it is judged."""
    alice = session(activity_timeout_s=120, pong_timeout_s=30)
    assert alice.deadline(1000.0) == [Probe()]
    assert alice.deadline(1005.0) == []
    assert alice.deadline(1030.0) == []
    assert len(alice.deadline(1030.1)) == 2


# ---- presence -------------------------------------------------------------------------------------------------


def test_a_member_is_who_the_signature_says_and_is_told_who_is_there() -> None:
    alice, name = session(), ChannelName.parse("presence-a")
    effects = alice.receive(enter_as("presence-a", {"user_id": 7, "user_info": {"name": "A"}}), 0.0)
    assert effects == [Subscribe(name, Member("7", '{"name": "A"}'))]
    (told,) = said(alice.subscribed(name, members={"7": '{"name": "A"}', "8": None}))
    presence = {"ids": ["7", "8"], "hash": {"7": {"name": "A"}, "8": None}, "count": 2}
    assert json.loads(told["data"]) == {"presence": presence}


def test_who_is_signed_in_enters_as_that_user_unless_it_says_otherwise() -> None:
    alice = signed_in(session(), {"id": "u1", "user_info": {"name": "A"}})
    auth = "KEY:" + sign_channel("SECRET", SID, "presence-a")
    name, other = ChannelName.parse("presence-a"), ChannelName.parse("presence-b")
    assert alice.receive(subscribe("presence-a", auth), 0.0) == [
        Subscribe(name, Member("u1", '{"name": "A"}'))
    ]
    assert alice.receive(enter_as("presence-b", {"user_id": "u2"}), 0.0) == [
        Subscribe(other, Member("u2", None))
    ]


def test_while_the_sign_in_is_under_way_nobody_enters_as_that_user() -> None:
    alice = session()
    alice.receive(sign_in({"id": "u1"}), 0.0)
    auth = "KEY:" + sign_channel("SECRET", SID, "presence-a")
    assert denial(alice.receive(subscribe("presence-a", auth), 0.0)) == ("AuthError", 401)
    assert denial(alice.receive(subscribe("#server-to-user-u1"), 0.0)) == ("AuthError", 401)


def test_a_full_channel_can_be_tried_again() -> None:
    alice, name = session(), ChannelName.parse("presence-a")
    request = enter_as("presence-a", {"user_id": "1"})
    alice.receive(request, 0.0)
    assert denial(alice.channel_full(name)) == ("LimitReached", 4100)
    assert alice.channels == ()
    assert alice.receive(request, 0.0) == [Subscribe(name, Member("1", None))]


def test_the_sender_of_a_client_event_is_the_member_who_entered() -> None:
    alice, name = session(), ChannelName.parse("presence-a")
    event = message("client-x", {}, channel="presence-a", user_id="9")
    for user_id in ("1", "2"):  # leaving and coming back as another is allowed
        alice.receive(enter_as("presence-a", {"user_id": user_id}), 0.0)
        alice.subscribed(name, members={user_id: None})
        assert alice.receive(event, 0.0) == [Broadcast(name, "client-x", "{}", user_id)]
        alice.receive(message("pusher:unsubscribe", {"channel": "presence-a"}), 0.0)


# ---- cache channels -------------------------------------------------------------------------------------------


def test_an_empty_cache_is_told_after_the_success() -> None:
    alice, name = session(), ChannelName.parse("cache-a")
    alice.receive(subscribe("cache-a"), 0.0)
    miss = {"event": "pusher:cache_miss", "channel": "cache-a", "data": "{}"}
    assert said(alice.subscribed(name, cache_missed=True))[1:] == [miss]


# ---- signing in -----------------------------------------------------------------------------------------------


def test_signing_in_is_a_question_to_the_world_and_answered_with_the_text_that_was_signed() -> None:
    alice, text = session(), '{ "id":"u1" , "watchlist":["u2","u3"] }'
    (effect,) = alice.receive(sign_in(text), 0.0)
    assert isinstance(effect, SignIn)
    assert (effect.user.id, effect.user.watchlist) == ("u1", ("u2", "u3"))
    success, watchlist = said(alice.signed_in({"u3"}))
    assert success["event"] == "pusher:signin_success"
    assert json.loads(success["data"]) == {"user_data": text}
    assert watchlist["event"] == "pusher_internal:watchlist_events"
    groups = [{"name": "online", "user_ids": ["u3"]}, {"name": "offline", "user_ids": ["u2"]}]
    assert json.loads(watchlist["data"]) == {"events": groups}


def test_a_long_watchlist_is_told_between_the_success_and_the_snapshot() -> None:
    alice = session()
    alice.receive(sign_in({"id": "u", "watchlist": [f"u{number}" for number in range(101)]}), 0.0)
    events = [each["event"] for each in said(alice.signed_in(()))]
    assert events == ["pusher:signin_success", "pusher:error", "pusher_internal:watchlist_events"]


def test_an_app_without_watchlists_tells_of_none() -> None:
    alice = session(watchlist=False)
    alice.receive(sign_in({"id": "u", "watchlist": [f"u{number}" for number in range(101)]}), 0.0)
    assert [each["event"] for each in said(alice.signed_in(()))] == ["pusher:signin_success"]


def test_signing_in_once_more_repeats_the_success_and_as_another_is_an_error() -> None:
    alice = signed_in(session(), {"id": "u1"})
    (again,) = said(alice.receive(sign_in({"id": "u1", "user_info": {}}), 0.0))
    assert again["event"] == "pusher:signin_success"
    (other,) = said(alice.receive(sign_in({"id": "u2"}), 0.0))
    assert "signed in as another user" in other["data"]["message"]
    assert alice.user is not None
    assert alice.user.id == "u1"


def test_a_sign_in_that_the_world_cannot_take_may_be_tried_again() -> None:
    alice = session()
    alice.receive(sign_in({"id": "u1"}), 0.0)
    (told,) = said(alice.signin_failed())
    assert told["data"]["code"] is None
    assert isinstance(alice.receive(sign_in({"id": "u2"}), 0.0)[0], SignIn)


@pytest.mark.parametrize(
    "data",
    [
        {"auth": "KEY:0", "user_data": '{"id":"u1"}'},
        {"auth": "nosig", "user_data": '{"id":"u1"}'},
        {"auth": 5, "user_data": '{"id":"u1"}'},
        {"auth": "KEY:0", "user_data": {"id": "u1"}},
        {"user_data": '{"id":"u1"}'},
        [],
        "",
        None,
    ],
    ids=repr,
)
def test_where_something_must_be_proven_a_false_proof_ends_the_connection(data: object) -> None:
    bad = message("pusher:signin", data)
    assert session(authorised_within_s=30).receive(bad, 0.0) == refuse(
        CloseCode.UNAUTHORIZED, "Connection is unauthorized"
    )
    (told,) = said(session().receive(bad, 0.0))
    assert told["data"]["code"] is None


@pytest.mark.parametrize(
    "proof",
    [
        "nothing",
        "a public channel",
        "a channel that was full",
        "a sign-in that failed",
        "a private channel",
        "a user",
    ],
)
def test_who_has_proven_nothing_in_time_is_closed(proof: str) -> None:
    alice = session(authorised_within_s=30)
    if proof == "a public channel":
        inside(alice, "a")
    elif proof == "a private channel":
        inside(alice, "private-a")
    elif proof == "a channel that was full":
        alice.receive(enter_as("presence-a", {"user_id": "1"}), 0.0)
        alice.channel_full(ChannelName.parse("presence-a"))
    elif proof == "a sign-in that failed":
        alice.receive(sign_in({"id": "u"}), 0.0)
        alice.signin_failed()
    elif proof == "a user":
        signed_in(alice, {"id": "u"})
    assert alice.deadline(29.9) == []
    proven = proof in ("a private channel", "a user")
    late = refuse(CloseCode.UNAUTHORIZED, "Connection not authorized within timeout")
    assert alice.deadline(30.0) == ([] if proven else late)


# ---- authorisations that end ----------------------------------------------------------------------------------


def test_an_authorisation_that_ends_ends_the_subscription_and_the_channel_is_free_again() -> None:
    alice, name = session(), ChannelName.parse("private-a")
    request = enter_as("private-a", {"expires_at": 1.5})
    assert alice.receive(request, 0.0) == [Subscribe(name, None, 1.5)]
    alice.subscribed(name)
    left, told = alice.expire(name)
    assert left == Unsubscribe(name, expired=True)
    assert said([told]) == [{"event": "pusher:subscription_expired", "channel": "private-a", "data": "{}"}]
    assert alice.channels == ()
    assert alice.expire(name) == []
    gone = error("Cannot broadcast client event (connection not subscribed to channel private-a)")
    assert said(alice.receive(message("client-x", {}, channel="private-a"), 0.0)) == [gone]
    assert alice.receive(request, 0.0) == [Subscribe(name, None, 1.5)]


def test_tidying_up_what_has_expired_is_no_fault() -> None:
    alice, name = inside(session(), "private-a"), ChannelName.parse("private-a")
    alice.expire(name)
    leave = message("pusher:unsubscribe", {"channel": "private-a"})
    assert alice.receive(leave, 0.0) == []
    assert len(said(alice.receive(leave, 0.0))) == 1  # the second time it is


# ---- an app that changes --------------------------------------------------------------------------------------


def test_other_keys_count_from_the_change_on_and_what_was_checked_stays() -> None:
    alice = session()
    inside(alice, "private-a")
    old = alice.app.keys[0]
    new = AppKey("new-key", "new secret")
    auths = {pair.key: f"{pair.key}:{sign_channel(pair.secret, SID, 'private-b')}" for pair in (old, new)}
    alice.change_app(replace(alice.app, keys=(new,)), 0.0)
    refused = alice.receive(subscribe("private-b", auths[old.key]), 0.0)
    assert denial(refused)[0] == "AuthError"
    assert alice.receive(subscribe("private-b", auths[new.key]), 0.0) == [
        Subscribe(ChannelName.parse("private-b"))
    ]
    assert "private-a" in alice.channels


def test_a_shorter_name_limit_keeps_nobody_in_a_channel() -> None:
    alice = session()
    inside(alice, "a-long-name")
    alice.change_app(replace(alice.app, channel_name_chars=3), 0.0)
    left = alice.receive(message("pusher:unsubscribe", {"channel": "a-long-name"}), 0.0)
    assert left == [Unsubscribe(ChannelName.parse("a-long-name"))]


def test_another_rate_of_client_events_counts_at_once() -> None:
    alice = session(client_events_per_s=1)
    inside(alice, "private-a")
    event = message("client-x", {}, channel="private-a")
    assert isinstance(alice.receive(event, 0.0)[0], Broadcast)
    assert said(alice.receive(event, 0.0))[0]["data"]["code"] == CloseCode.CLIENT_EVENT_RATE
    alice.change_app(replace(alice.app, client_events_per_s=2), 0.0)
    assert [isinstance(alice.receive(event, 0.0)[0], Broadcast) for _ in range(3)] == [True, True, False]


def test_a_time_limit_that_comes_later_begins_then_and_knows_who_has_proven() -> None:
    alice, bob = session(), session()
    inside(bob, "private-a")
    for each in (alice, bob):
        each.change_app(replace(each.app, authorised_within_s=30), 100.0)
        each.heard(129.0)
        assert each.deadline(129.9) == []
    assert alice.deadline(130.0) == refuse(CloseCode.UNAUTHORIZED, "Connection not authorized within timeout")
    assert bob.deadline(130.0) == []
