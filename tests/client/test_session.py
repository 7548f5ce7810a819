"""The protocol from the client's side, without a socket, a clock or a loop."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.client.effects import (
    Authorise,
    CatchUp,
    Close,
    Deliver,
    Denied,
    Dropped,
    Effect,
    Established,
    Event,
    Gap,
    Said,
    Send,
    Subscribed,
)
from toolboxai.client.errors import SendQueueFull
from toolboxai.client.session import ClientSession, Loss
from toolboxai.close_codes import Retry
from toolboxai.errors import BadChannelName

WELCOME = {"event": "pusher:connection_established", "data": '{"socket_id":"1.2","activity_timeout":60}'}
PRIVATE = "private-lesson"


def text(event: str, data: object = None, channel: str | None = None, **more: object) -> str:
    message = {"event": event, "data": data, **more}
    return json.dumps(message if channel is None else {**message, "channel": channel})


def sent(effects: Sequence[Effect]) -> list[dict[str, object]]:
    return [json.loads(effect.text) for effect in effects if isinstance(effect, Send)]


def names(effects: Sequence[Effect]) -> list[object]:
    return [effect.event.seq or effect.event.data for effect in effects if isinstance(effect, Deliver)]


def numbered(seq: int, channel: str = "news") -> str:
    return text("progress", json.dumps({"type": "progress", "data": {}, "seq": seq}), channel)


def connected(now: float = 0.0, socket_id: str = "1.2", **options: int) -> ClientSession:
    session = ClientSession(**options)
    welcome(session, now, socket_id)
    return session


def welcome(session: ClientSession, now: float = 0.0, socket_id: str = "1.2") -> list[Effect]:
    session.opened(now)
    return session.receive(json.dumps({**WELCOME, "data": json.dumps({"socket_id": socket_id})}), now)


def live(session: ClientSession, name: str, since: int | None = None) -> ClientSession:
    """Subscribe and have it confirmed."""
    for effect in session.subscribe(name, since=since):
        if isinstance(effect, Authorise):
            session.authorised(name, effect.socket_id, "key:signature")
    session.receive(text("pusher_internal:subscription_succeeded", "{}", name), 0)
    return session


class TestWelcome:
    def test_it_tells_the_socket_id(self) -> None:
        session = ClientSession()
        session.opened(0)
        assert session.receive(json.dumps(WELCOME), 0) == [Established("1.2")]
        assert session.socket_id == "1.2"

    def test_a_first_message_of_another_kind_closes(self) -> None:
        session = ClientSession()
        session.opened(0)
        (close,) = session.receive(text("pusher:pong", {}), 0)
        assert isinstance(close, Close)

    @pytest.mark.parametrize("data", ["{}", {}, None, "[]", "text", {"socket_id": 5}])
    def test_a_welcome_without_a_socket_id_closes(self, data: object) -> None:
        session = ClientSession()
        session.opened(0)
        (close,) = session.receive(text("pusher:connection_established", data), 0)
        assert isinstance(close, Close)

    def test_a_server_that_says_nothing_is_left_after_ten_seconds(self) -> None:
        session = ClientSession()
        session.opened(5)
        assert session.deadline() == 15
        assert session.tick(14.9) == []
        assert session.tick(15) == [Close("no welcome within 10 s")]

    def test_an_error_in_its_place_counts_as_a_close_with_that_code(self) -> None:
        session = ClientSession()
        session.opened(0)
        session.receive(text("pusher:error", {"code": 4001, "message": "App key x not in this cluster"}), 0)
        assert session.closed(1, 1006) == Loss(Retry.NEVER, 0.0, 4001, "App key x not in this cluster")


class TestSubscribe:
    def test_a_public_channel_needs_no_signature(self) -> None:
        session = connected()
        assert sent(session.subscribe("news")) == [
            {"event": "pusher:subscribe", "data": {"channel": "news", "auth": ""}}
        ]
        assert session.receive(text("pusher_internal:subscription_succeeded", "{}", "news"), 0) == [
            Subscribed("news")
        ]

    def test_a_private_channel_is_authorised_for_this_connection(self) -> None:
        session = connected()
        assert session.subscribe(PRIVATE) == [Authorise(PRIVATE, "1.2")]
        assert sent(session.authorised(PRIVATE, "1.2", "key:sig", '{"user_id":"7"}')) == [
            {
                "event": "pusher:subscribe",
                "data": {"channel": PRIVATE, "auth": "key:sig", "channel_data": '{"user_id":"7"}'},
            }
        ]

    def test_a_signature_for_the_last_connection_is_not_used_on_the_next(self) -> None:
        session = connected()
        session.subscribe(PRIVATE)
        session.closed(1)
        assert Authorise(PRIVATE, "3.4") in welcome(session, 2, "3.4")
        assert session.authorised(PRIVATE, "1.2", "key:old") == []
        assert session.refused(PRIVATE, "1.2", "no", 403) == []
        assert sent(session.authorised(PRIVATE, "3.4", "key:new"))

    def test_what_was_wanted_before_the_connection_is_subscribed_with_it(self) -> None:
        session = ClientSession()
        assert session.subscribe("news") == []
        assert sent(welcome(session))[0]["event"] == "pusher:subscribe"

    def test_the_auth_endpoint_says_no(self) -> None:
        session = connected()
        session.subscribe(PRIVATE)
        assert session.refused(PRIVATE, "1.2", "not yours", 403) == [Denied(PRIVATE, "not yours", 403)]
        session.closed(1)
        assert sent(welcome(session, 2)) == []

    def test_the_server_says_no(self) -> None:
        session = connected()
        session.subscribe("news")
        detail = {"type": "AuthError", "error": "Invalid signature", "status": 401}
        assert session.receive(text("pusher:subscription_error", detail, "news"), 0) == [
            Denied("news", "Invalid signature", 401)
        ]

    def test_a_name_that_is_none_is_refused_before_anything_is_sent(self) -> None:
        with pytest.raises(BadChannelName):
            connected().subscribe("two words")

    def test_leaving_says_so_and_hears_no_more(self) -> None:
        session = live(connected(), "news")
        assert sent(session.unsubscribe("news")) == [
            {"event": "pusher:unsubscribe", "data": {"channel": "news"}}
        ]
        assert session.receive(numbered(1), 0) == []

    def test_leaving_while_the_server_is_still_at_it_is_said_after_its_confirmation(self) -> None:
        session = connected()
        session.subscribe("news")
        assert session.unsubscribe("news") == []
        said = session.receive(text("pusher_internal:subscription_succeeded", "{}", "news"), 0)
        assert sent(said) == [{"event": "pusher:unsubscribe", "data": {"channel": "news"}}]


class TestEvents:
    def test_data_that_is_json_arrives_decoded_and_other_text_as_it_is(self) -> None:
        session = live(connected(), "news")
        assert session.receive(text("e", '{"a":[1]}', "news"), 0) == [Deliver(Event("e", "news", {"a": [1]}))]
        assert session.receive(text("e", "plain", "news"), 0) == [Deliver(Event("e", "news", "plain"))]
        assert session.receive(text("e", {"a": 1}, "news"), 0) == [Deliver(Event("e", "news", {"a": 1}))]

    def test_the_envelope_gives_the_number_and_presence_the_sender(self) -> None:
        session = live(connected(), "news")
        envelope = {"type": "e", "data": {}, "timestamp": "t", "seq": 7}
        assert session.receive(text("e", json.dumps(envelope), "news", user_id="u"), 0) == [
            Deliver(Event("e", "news", envelope, 7, "u"))
        ]

    def test_internal_events_get_the_name_that_users_know(self) -> None:
        session = live(connected(), "news")
        (event,) = session.receive(text("pusher_internal:subscription_count", "{}", "news"), 0)
        assert isinstance(event, Deliver)
        assert event.event.name == "pusher:subscription_count"

    @pytest.mark.parametrize(
        "message", ["", "not json", "[]", "5", '{"event":5}', '{"data":{}}', '{"event":"e","channel":{}}']
    )
    def test_what_is_no_message_is_told_and_harms_nothing(self, message: str) -> None:
        session = live(connected(), "news")
        (told,) = session.receive(message, 0)
        assert isinstance(told, Said)
        assert names(session.receive(numbered(1), 0)) == [1]

    def test_data_that_is_nested_too_deep_to_decode_arrives_as_text(self) -> None:
        session, deep = live(connected(), "news"), "[" * 5000 + "]" * 5000
        (delivered,) = session.receive(text("deep", deep, "news"), 0)
        assert delivered == Deliver(Event("deep", "news", deep))

    def test_a_message_that_is_nested_too_deep_is_told_and_harms_nothing(self) -> None:
        deep = "[" * 5000 + "]" * 5000
        (said,) = live(connected(), "news").receive(f'{{"event":"deep","channel":"news","data":{deep}}}', 0)
        assert isinstance(said, Said)

    def test_an_event_of_a_channel_that_is_not_ours_is_dropped(self) -> None:
        assert connected().receive(numbered(1), 0) == []
        assert connected().receive(text("something:new", {"x": 1}), 0) == []

    def test_an_error_that_keeps_the_connection_is_told(self) -> None:
        session = connected()
        message = text("pusher:error", {"code": 4301, "message": "Client event rejected due to rate limit"})
        assert session.receive(message, 0) == [Said(4301, "Client event rejected due to rate limit")]

    @given(st.text() | st.binary())
    def test_no_message_of_a_stranger_raises(self, message: str | bytes) -> None:
        live(connected(), "news").receive(message, 0)

    @given(
        st.sampled_from(
            [
                "pusher:connection_established",
                "pusher:error",
                "pusher:subscription_error",
                "pusher_internal:subscription_succeeded",
                "client-x",
            ]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(st.sampled_from(["code", "message", "socket_id", "error", "seq"]), inner)
            ),
            max_leaves=5,
        ),
        st.booleans(),
    )
    def test_no_shape_of_data_raises(self, event: str, data: object, nested: bool) -> None:
        session = live(connected(), "news")
        session.receive(text(event, json.dumps(data) if nested else data, "news"), 0)


class TestNumbers:
    """Every numbered event once and in order, whatever the connection does."""

    def test_an_event_that_came_already_is_not_shown_again(self) -> None:
        session = live(connected(), "news")
        shown = [names(session.receive(numbered(seq), 0)) for seq in (1, 1, 2, 1, 2)]
        assert shown == [[1], [], [2], [], []]

    def test_after_a_reconnect_the_missed_ones_are_fetched_and_live_ones_wait_for_them(self) -> None:
        session = live(connected(), "news")
        for seq in (1, 2, 3):
            session.receive(numbered(seq), 0)
        session.closed(1)
        welcome(session, 2, "3.4")
        confirmed = session.receive(text("pusher_internal:subscription_succeeded", "{}", "news"), 2)
        assert confirmed == [Subscribed("news"), CatchUp("news", 3)]
        assert session.receive(numbered(6), 2) == []
        missed = [Event("progress", "news", {"seq": seq}, seq) for seq in (5, 4)]
        assert names(session.caught_up("news", missed)) == [4, 5, 6]
        assert names(session.receive(numbered(7), 2)) == [7]

    def test_what_the_server_replays_and_the_history_gives_is_shown_once(self) -> None:
        session = live(connected(), "news", since=0)
        for seq in (1, 2, 3):
            assert session.receive(numbered(seq), 0) == []
        missed = [Event("progress", "news", {"seq": seq}, seq) for seq in (1, 2, 3, 4)]
        assert names(session.caught_up("news", missed)) == [1, 2, 3, 4]

    def test_a_hole_in_the_live_numbers_is_fetched(self) -> None:
        session = live(connected(), "news")
        session.receive(numbered(1), 0)
        assert session.receive(numbered(3), 0) == [CatchUp("news", 1)]
        assert names(session.caught_up("news", [Event("progress", "news", {"seq": 2}, 2)])) == [2, 3]

    def test_a_hole_that_cannot_be_filled_is_told_and_the_rest_goes_on(self) -> None:
        session = live(connected(), "news")
        session.receive(numbered(1), 0)
        session.receive(numbered(5), 0)
        effects = session.caught_up("news", [])
        assert effects[0] == Gap("news", 1, 5)
        assert names(effects) == [5]

    def test_the_first_number_may_be_any(self) -> None:
        session = live(connected(), "news")
        assert names(session.receive(numbered(41), 0)) == [41]

    def test_events_without_a_number_pass_in_their_order(self) -> None:
        session = live(connected(), "news", since=0)
        session.receive(text("plain", "a", "news"), 0)
        session.receive(numbered(1), 0)
        session.receive(text("plain", "b", "news"), 0)
        assert names(session.caught_up("news", [])) == ["a", 1, "b"]
        assert names(session.receive(text("plain", "b", "news"), 0)) == ["b"]

    def test_an_answer_of_the_history_that_comes_after_the_connection_is_gone_is_not_used(self) -> None:
        session = live(connected(), "news", since=0)
        session.closed(1)
        assert session.caught_up("news", [Event("progress", "news", {"seq": 1}, 1)]) == []

    @pytest.mark.parametrize("name", ["roblox-sync", "agent-status", "private-user-anna"])
    def test_on_a_name_that_many_share_each_counts_its_own(self, name: str) -> None:
        session = live(connected(), name)
        shown = []
        for agent, seq in (("a", 1), ("b", 1), ("a", 2), ("b", 1), ("a", 9), ("a", 2), ("b", 2)):
            envelope = {"type": "agent_status", "data": {"agent_id": f"agent_{agent}"}, "seq": seq}
            effects = session.receive(text("agent_status", json.dumps(envelope), name), 0)
            shown += [(agent, seq)] if effects else []
            assert effects in ([], [Deliver(Event("agent_status", name, envelope, seq))])
        assert shown == [("a", 1), ("b", 1), ("a", 2), ("a", 9), ("b", 2)]

    @given(st.data())
    def test_whatever_is_lost_repeated_and_cut_each_is_shown_once_and_in_order(
        self, data: st.DataObject
    ) -> None:
        """The server numbers 1..n; connections break anywhere; the history is whole."""
        session = live(connected(), "news", since=0)
        shown: list[object] = []
        fetching = True
        newest = 0
        for step in data.draw(
            st.lists(st.sampled_from(["event", "repeat", "lost", "cut", "history"]), max_size=40)
        ):
            if step in ("event", "lost"):
                newest += 1
            if step == "event" or (step == "repeat" and newest):
                effects = session.receive(numbered(newest), 0)
            elif step == "cut":
                session.closed(0)
                welcome(session)
                effects = session.receive(text("pusher_internal:subscription_succeeded", "{}", "news"), 0)
            elif step == "history" and fetching:
                everything = [Event("progress", "news", {"seq": seq}, seq) for seq in range(1, newest + 1)]
                effects = session.caught_up("news", everything)
                fetching = False
            else:
                continue
            shown += names(effects)
            fetching = fetching or any(isinstance(effect, CatchUp) for effect in effects)
        session.closed(0)
        welcome(session)
        session.receive(text("pusher_internal:subscription_succeeded", "{}", "news"), 0)
        everything = [Event("progress", "news", {"seq": seq}, seq) for seq in range(1, newest + 1)]
        shown += names(session.caught_up("news", everything))
        assert shown == list(range(1, newest + 1))


class TestTrigger:
    def test_it_leaves_with_its_channel(self) -> None:
        session = live(connected(), PRIVATE)
        assert sent(session.trigger(PRIVATE, "client-typing", {"who": "me"}, 0)) == [
            {"event": "client-typing", "channel": PRIVATE, "data": {"who": "me"}}
        ]

    @pytest.mark.parametrize(
        ("channel", "name", "text"),
        [
            (PRIVATE, "typing", "begins with 'client-'"),
            ("news", "client-x", "private and presence"),
            ("private-b", "client-x", "not subscribed"),
        ],
    )
    def test_what_cannot_be_sent_is_refused_with_the_reason(self, channel: str, name: str, text: str) -> None:
        session = live(live(connected(), PRIVATE), "news")
        with pytest.raises(ValueError, match=text):
            session.trigger(channel, name, {}, 0)

    def test_no_more_than_the_throttle_allows_leave_and_the_rest_follows_in_order(self) -> None:
        session = live(connected(), PRIVATE)
        now = 0.0
        left = [
            item["data"]
            for number in range(30)
            for item in sent(session.trigger(PRIVATE, "client-n", number, now))
        ]
        assert left == list(range(5))
        times = []
        while len(left) < 30:
            deadline = session.deadline()
            assert deadline is not None
            now = deadline
            batch = [item["data"] for item in sent(session.tick(now))]
            left += batch
            times += [now] * len(batch)
        assert left == list(range(30))
        assert all(sum(1 for at in times if start < at <= start + 1) <= 8 for start in times)

    def test_what_is_triggered_without_a_connection_leaves_after_the_subscription_in_order(self) -> None:
        session = live(connected(), PRIVATE)
        session.closed(1)
        assert session.trigger(PRIVATE, "client-n", 1, 1) == []
        assert session.trigger(PRIVATE, "client-n", 2, 1) == []
        welcome(session, 2, "3.4")
        session.authorised(PRIVATE, "3.4", "key:sig")
        confirmed = session.receive(text("pusher_internal:subscription_succeeded", "{}", PRIVATE), 2)
        assert [item["data"] for item in sent(confirmed)] == [1, 2]

    def test_a_full_queue_is_told_and_takes_no_more(self) -> None:
        session = live(connected(queue=2), PRIVATE)
        session.closed(1)
        session.trigger(PRIVATE, "client-n", 1, 1)
        session.trigger(PRIVATE, "client-n", 2, 1)
        with pytest.raises(SendQueueFull, match="2 events wait"):
            session.trigger(PRIVATE, "client-n", 3, 1)

    def test_a_channel_that_waits_does_not_hold_up_another(self) -> None:
        session = live(connected(), PRIVATE)
        session.subscribe("private-slow")
        assert session.trigger("private-slow", "client-n", 1, 0) == []
        assert sent(session.trigger(PRIVATE, "client-n", 2, 0))[0]["data"] == 2

    def test_what_waits_for_a_channel_that_is_denied_is_told(self) -> None:
        session = connected()
        session.subscribe(PRIVATE)
        session.trigger(PRIVATE, "client-n", 1, 0)
        assert session.refused(PRIVATE, "1.2", "no", 403) == [
            Denied(PRIVATE, "no", 403),
            Dropped(PRIVATE, "client-n"),
        ]


class TestSilence:
    def test_a_ping_is_answered(self) -> None:
        assert sent(connected().receive(text("pusher:ping", {}), 0)) == [{"event": "pusher:pong", "data": {}}]

    def test_after_the_servers_own_time_of_silence_we_ask_and_then_leave(self) -> None:
        session = ClientSession()
        session.opened(0)
        session.receive(json.dumps(WELCOME), 0)
        assert session.deadline() == 60
        assert session.tick(59) == []
        assert sent(session.tick(60)) == [{"event": "pusher:ping", "data": {}}]
        assert session.deadline() == 90
        assert session.tick(89) == []
        assert session.tick(90) == [Close("no sign of life within 30 s of asking")]

    def test_anything_said_counts_as_a_sign_of_life(self) -> None:
        session = live(connected(), "news")
        session.tick(120)
        session.receive(numbered(1), 121)
        assert session.deadline() == 241

    def test_without_a_connection_there_is_nothing_to_wait_for(self) -> None:
        session = connected()
        session.closed(1)
        assert session.deadline() is None
        assert session.tick(1000) == []


class TestLoss:
    @pytest.mark.parametrize(
        ("code", "retry"),
        [
            (1000, Retry.PAUSE),
            (1006, Retry.PAUSE),
            (4001, Retry.NEVER),
            (4009, Retry.NEVER),
            (4100, Retry.PAUSE),
            (4200, Retry.NOW),
            (4201, Retry.NOW),
            (4300, Retry.NEVER),
        ],
    )
    def test_the_close_code_decides(self, code: int, retry: Retry) -> None:
        session = connected(10)
        assert session.closed(25, code)[:3] == (retry, 15.0, code)

    def test_an_error_told_in_mid_connection_does_not_decide(self) -> None:
        session = connected()
        session.receive(text("pusher:error", {"code": None, "message": "Existing subscription"}), 0)
        assert session.closed(1, 1006).retry is Retry.PAUSE


def test_what_other_servers_say_differently_is_understood() -> None:
    session = live(connected(), "presence-room")
    wave = session.receive(text("client-wave", "", "presence-room", user_id=7), 0)
    assert wave == [Deliver(Event("client-wave", "presence-room", "", user_id="7"))]
    assert session.receive(text("pusher:error", {"code": None, "message": None}), 0) == [
        Said(None, "the server reported an error and did not say which")
    ]


def test_a_sealed_channel_without_its_secret_is_told() -> None:
    session = connected()
    sealed, plain = "private-encrypted-marks", PRIVATE
    for name in (sealed, plain):
        session.subscribe(name)
    assert session.authorised(sealed, "1.2", "key:x")[1:] == [
        Said(None, f"{sealed}: signed without a shared_secret, so what comes stays sealed")
    ]
    assert session.authorised(plain, "1.2", "key:x")[1:] == []
