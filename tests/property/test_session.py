"""A session in whatever order and with whatever bytes: only known effects, and never more than is allowed."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from forms import FULL
from sessions import denial, enter_as, error, inside, message, said, session, sign_in, subscribe
from toolboxai.close_codes import CloseCode
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.effects import Broadcast, Effect, Ponged, Send, SignIn, Subscribe, Unsubscribe
from toolboxai.protocol.member import Member

KNOWN = (
    Send,
    Subscribe,
    Unsubscribe,
    Broadcast,
    Ponged,
)  # nothing of this is signed: nobody signs in or out by chance
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


ROOMS = st.sampled_from(["a", "private-a", "presence-a"])


class AnyOrder(RuleBasedStateMachine):
    """A client that says anything in any order, against a model of what it may be in and whom it speaks for."""

    def __init__(self) -> None:
        super().__init__()
        self.alice = session()
        self.pending: set[str] = set()
        self.active: dict[str, str | None] = {}  # the user id by channel, on presence channels
        self.entering: dict[str, str] = {}
        self.expired: set[str] = set()
        self.signing_in: str | None = None
        self.user: str | None = None
        self.closing = False
        self.now = 0.0

    def hears(self, text: bytes) -> list[Effect]:
        self.now += 1.0
        return self.alice.receive(text, self.now)

    @rule(channel=ROOMS, user_id=st.sampled_from(["1", "2"]))
    def subscribe(self, channel: str, user_id: str) -> None:
        member = Member(user_id, None) if channel == "presence-a" else None
        effects = self.hears(enter_as(channel, {"user_id": user_id}) if member else subscribe(channel))
        if self.closing:
            assert effects == []
        elif channel in self.pending or channel in self.active:
            assert said(effects) == [error(f"Existing subscription to channel {channel}")]
        else:
            assert effects == [Subscribe(ChannelName.parse(channel), member)]
            self.pending.add(channel)
            self.entering[channel] = user_id
            self.expired.discard(channel)

    @rule(succeeds=st.booleans())
    def world_answers(self, succeeds: bool) -> None:
        for channel in tuple(self.pending):
            self.pending.discard(channel)
            name = ChannelName.parse(channel)
            if succeeds:
                self.alice.subscribed(name)
                self.active[channel] = self.entering[channel] if channel == "presence-a" else None
            else:
                self.alice.subscribe_failed(name)

    @rule(channel=ROOMS)
    def unsubscribe(self, channel: str) -> None:
        effects = self.hears(message("pusher:unsubscribe", {"channel": channel}))
        if self.closing:
            assert effects == []
        elif channel in self.active:
            assert effects == [Unsubscribe(ChannelName.parse(channel))]
            del self.active[channel]
        elif channel in self.expired:
            assert effects == []
            self.expired.discard(channel)
        else:
            assert len(said(effects)) == 1

    @rule(channel=ROOMS)
    def authorisation_ends(self, channel: str) -> None:
        effects = self.alice.expire(ChannelName.parse(channel))
        if channel in self.active:
            assert effects[0] == Unsubscribe(ChannelName.parse(channel), expired=True)
            del self.active[channel]
            self.expired.add(channel)
        else:
            assert effects == []

    @rule(user_id=st.sampled_from(["1", "2"]))
    def sign_in(self, user_id: str) -> None:
        effects = self.hears(sign_in({"id": user_id}))
        if self.closing:
            assert effects == []
        elif self.user is None and self.signing_in is None:
            assert isinstance(effects[0], SignIn)
            self.signing_in = user_id
        else:
            (told,) = said(effects)
            same = user_id in (self.user, self.signing_in)
            assert told["event"] == ("pusher:signin_success" if same else "pusher:error")

    @rule(succeeds=st.booleans())
    def world_knows_the_user(self, succeeds: bool) -> None:
        if self.signing_in is not None:
            assert len(said(self.alice.signed_in(()) if succeeds else self.alice.signin_failed())) == 1
            self.user = self.signing_in if succeeds else None
            self.signing_in = None

    @rule(user_id=st.sampled_from(["1", "2"]))
    def own_channel(self, user_id: str) -> None:
        effects = self.hears(subscribe(f"#server-to-user-{user_id}"))
        if self.closing:
            assert effects == []
        elif user_id != self.user:
            assert denial(effects) == ("AuthError", 401)
        elif effects and isinstance(effects[0], Subscribe):
            self.alice.subscribe_failed(effects[0].channel)

    @rule(channel=ROOMS)
    def client_event(self, channel: str) -> None:
        effects = self.hears(message("client-x", {}, channel=channel))
        if self.closing:
            assert effects == []
        elif channel in self.active and channel != "a":
            name = ChannelName.parse(channel)
            assert effects == [Broadcast(name, "client-x", "{}", self.active[channel])]
        else:
            assert len(said(effects)) == 1

    @rule()
    def close(self) -> None:
        self.alice.closing(CloseCode.RECONNECT_NOW, "bye")
        self.closing = True

    @invariant()
    def the_session_knows_its_channels(self) -> None:
        assert set(self.alice.channels) == self.pending | set(self.active)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=80 if FULL else 40, stateful_step_count=25, deadline=None)
