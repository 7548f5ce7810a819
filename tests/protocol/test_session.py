"""The server's side of one connection: every message in every state, as values."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from toolboxai.apps.app import App, AppKey
from toolboxai.close_codes import CloseCode
from toolboxai.ids import SocketId
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.effects import Broadcast, Close, Effect, Probe, Send, Subscribe, Unsubscribe
from toolboxai.protocol.publication import Publication
from toolboxai.protocol.session import ServerSession, refuse
from toolboxai.protocol.signing import sign_channel

APP = App(id="3", keys=(AppKey("KEY", "SECRET"),))
SID = SocketId("1.1")


def session(**settings: Any) -> ServerSession:
    return ServerSession(App(id="3", keys=APP.keys, **settings), SID, now=0.0)


def message(event: str, data: object = None, **more: object) -> bytes:
    return json.dumps({"event": event, **({} if data is None else {"data": data}), **more}).encode()


def subscribe(channel: str, auth: str | None = None, **more: object) -> bytes:
    if auth is None and channel.startswith("private-"):
        auth = "KEY:" + sign_channel("SECRET", SID, channel)
    return message("pusher:subscribe", {"channel": channel, "auth": auth or "", **more})


def inside(alice: ServerSession, channel: str) -> ServerSession:
    """Subscribe, and let the world say yes."""
    name = ChannelName.parse(channel)
    assert alice.receive(subscribe(channel), 0.0) == [Subscribe(name)]
    alice.subscribed(name)
    return alice


def said(effects: Sequence[Effect]) -> list[Any]:
    """What the client is sent; nothing else may be asked for."""
    assert all(isinstance(effect, Send) for effect in effects), effects
    return [json.loads(effect.text) for effect in effects if isinstance(effect, Send)]


def error(text: str, code: int | None = None) -> dict[str, Any]:
    return {"event": "pusher:error", "data": {"code": code, "message": text}}


def denial(effects: Sequence[Effect]) -> tuple[str, int]:
    """Type and status of a refused subscription, whose text is said twice: to old clients and to the channel."""
    plain, scoped = said(effects)
    assert plain == error(scoped["data"]["error"])
    assert scoped["event"] == "pusher:subscription_error"
    return scoped["data"]["type"], scoped["data"]["status"]


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
    ({"event": "client-x"}, "Client event rejected - channel '': an empty name is not allowed"),
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
    assert isinstance(alice.receive(event, 5.2)[0], Broadcast)


# ---- the rest -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [{}, "", None, {"any": 1}])
def test_ping_is_answered_and_pong_is_not(data: object) -> None:
    assert said(session().receive(message("pusher:ping", data), 0.0)) == [
        {"event": "pusher:pong", "data": {}}
    ]
    assert session().receive(message("pusher:pong", data), 0.0) == []


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


# ---- whatever comes -------------------------------------------------------------------------------------------

KNOWN = (Send, Subscribe, Unsubscribe, Broadcast)
EVENTS = st.sampled_from(
    [
        "pusher:subscribe",
        "pusher:unsubscribe",
        "pusher:ping",
        "pusher:pong",
        "pusher:signin",
        "client-x",
        "",
        "x",
    ]
)
CHANNELS = st.sampled_from(
    ["a", "private-a", "presence-a", "cache-a", "#server-to-user-1", "b d", "", "a" * 300]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_have_only_known_effects(messages: list[bytes]) -> None:
    alice = session()
    for text in messages:
        assert all(isinstance(effect, KNOWN) for effect in alice.receive(text, 0.0))


@given(
    event=EVENTS,
    data=ANYTHING | st.fixed_dictionaries({"channel": CHANNELS, "auth": ANYTHING}),
    channel=ANYTHING,
)
def test_any_message_has_only_known_effects(event: str, data: object, channel: object) -> None:
    alice = inside(session(), "private-a")
    text = json.dumps({"event": event, "data": data, "channel": channel}).encode()
    for effect in alice.receive(text, 0.0):
        assert isinstance(effect, KNOWN)
        if isinstance(effect, Send):
            json.loads(effect.text)


class AnyOrder(RuleBasedStateMachine):
    """A client that says anything in any order, against a model of what it may be in."""

    def __init__(self) -> None:
        super().__init__()
        self.alice = session()
        self.pending: set[str] = set()
        self.active: set[str] = set()
        self.closing = False
        self.now = 0.0

    def hears(self, text: bytes) -> list[Effect]:
        self.now += 1.0
        return self.alice.receive(text, self.now)

    @rule(channel=st.sampled_from(["a", "private-a"]))
    def subscribe(self, channel: str) -> None:
        effects = self.hears(subscribe(channel))
        if self.closing:
            assert effects == []
        elif channel in self.pending | self.active:
            assert said(effects) == [error(f"Existing subscription to channel {channel}")]
        else:
            assert effects == [Subscribe(ChannelName.parse(channel))]
            self.pending.add(channel)

    @rule(succeeds=st.booleans())
    def world_answers(self, succeeds: bool) -> None:
        for channel in tuple(self.pending):
            self.pending.discard(channel)
            name = ChannelName.parse(channel)
            if succeeds:
                self.alice.subscribed(name)
                self.active.add(channel)
            else:
                self.alice.subscribe_failed(name)

    @rule(channel=st.sampled_from(["a", "private-a"]))
    def unsubscribe(self, channel: str) -> None:
        effects = self.hears(message("pusher:unsubscribe", {"channel": channel}))
        if self.closing:
            assert effects == []
        elif channel in self.active:
            assert effects == [Unsubscribe(ChannelName.parse(channel))]
            self.active.discard(channel)
        else:
            assert len(said(effects)) == 1

    @rule()
    def client_event(self) -> None:
        effects = self.hears(message("client-x", {}, channel="private-a"))
        allowed = Broadcast if "private-a" in self.active else Send
        assert [type(effect) for effect in effects] == ([] if self.closing else [allowed])

    @rule()
    def close(self) -> None:
        self.alice.closing(CloseCode.RECONNECT_NOW, "bye")
        self.closing = True

    @invariant()
    def the_session_knows_its_channels(self) -> None:
        assert set(self.alice.channels) == self.pending | self.active


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
