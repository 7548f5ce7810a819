"""A session of the old dialect in whatever order and with whatever bytes: it never raises, and ends in good form."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from forms import FULL
from toolboxai.close_codes import CloseCode
from toolboxai.legacy.echo import EchoSession
from toolboxai.legacy.endpoints import called
from toolboxai.legacy.messages import Voice
from toolboxai.legacy.pace import Pace
from toolboxai.legacy.questions import (
    Admitted,
    Authenticate,
    CancelGeneration,
    Denial,
    Denied,
    Done,
    Follow,
    Recall,
    Recalled,
    Refused,
    Relay,
)
from toolboxai.legacy.session import OldSession
from toolboxai.platform.runs.events import stamp
from toolboxai.protocol.effects import (
    Ask,
    Close,
    Effect,
    HandedOver,
    Probe,
    Send,
    SignIn,
    Subscribe,
    Tell,
    Unsubscribe,
)
from toolboxai.protocol.publication import Publication

KNOWN = (Send, SignIn, Subscribe, Unsubscribe, Ask, Tell, HandedOver, Probe, Close)
PATHS = ["/ws/content/gen_1", "/ws/roblox", "/ws/plugin/plugin_1", "/ws/agent/agent_1"]
BEFORE_SIGN_IN = {"error", "auth_error", "goodbye", "deprecation"}
STORY = 12

NUMBERS: st.SearchStrategy[Any] = st.sampled_from(
    [0, 1, 5, STORY, 2**53, -1, 2**60, 1.5, "7", True, None, [], {}]
)
NAMES: st.SearchStrategy[Any] = st.sampled_from(
    ["env_1", "env_2", "a b", "é", "#", "", "x" * 300, "\u0000", 5, None, []]
)
TYPES = st.sampled_from(
    [
        "auth",
        "ping",
        "pong",
        "ack",
        "resume",
        "subscribe",
        "unsubscribe",
        "generation_cancel",
        "plugin_hello",
        "command_result",
        "snapshot",
        "goodbye",
        "",
        "x",
    ]
)
FIELDS = {"token": NAMES, "seq": NUMBERS, "last_seq": NUMBERS, "environment_id": NAMES, "client": NAMES}
MESSAGES = st.builds(
    lambda kind, beside, inside: json.dumps({"type": kind, **beside, "data": inside}).encode(),
    TYPES,
    st.fixed_dictionaries({}, optional=FIELDS),
    st.none() | st.just([]) | st.fixed_dictionaries({}, optional=FIELDS),
)
BYTES = (
    MESSAGES | st.binary(max_size=60) | st.sampled_from([b"[" * 9000, b'{"type":5}', b"1e999", b"9" * 500])
)
SECONDS = st.sampled_from([0.0, 0.1, 1.0, 9.0, 29.0, 31.0, 61.0])


def envelope(seq: int) -> bytes:
    kind = "generation_complete" if seq == STORY else "progress_update"
    return msgspec.json.encode({"type": kind, "data": {}, "timestamp": stamp(0), "seq": seq})


def published(channel: str, seq: int) -> Publication:
    text = envelope(seq).decode()
    return Publication(channel, json.loads(text)["type"], text)


def make(path: str, *, messages_per_minute: int = 100, notice: bytes | None = None) -> OldSession:
    call = called(path)
    assert call is not None
    pace = Pace(messages_per_minute=messages_per_minute, auth_attempts_per_minute=0)
    return OldSession(call, Voice(call, stamp, lambda: 0.0), pace, now=0.0, notice=notice)


def admitted(user_id: str, lifetime_s: float = 3600.0) -> Admitted:
    return Admitted(user_id, "teacher", ["content:generate"], lifetime_s, user_id)


def recalled(question: Recall, last_seq: int) -> Recalled | None:
    """What a store answers that keeps the whole story; only sessions have one."""
    if question.call.resource_id != "gen_1":
        return None
    end = min(last_seq + 1, question.before or last_seq + 1)
    return Recalled(
        {"status": "running"},
        [(seq, envelope(seq)) for seq in range((question.after or 0) + 1, end)],
        last_seq,
    )


ANSWERS = st.sampled_from(
    [
        admitted("1"),
        admitted("2", -1.0),
        Done(),
        Refused("CONFLICT", "no"),
        None,
        *(Denied(why, 3, 1, 1) for why in Denial),
    ]
)


def fits(question: Any, answer: Any) -> Any:
    """The answer, when it is one to this question; otherwise the usual one."""
    match question:
        case Authenticate():
            return answer if isinstance(answer, Admitted | Denied) else Denied(Denial.BAD_TOKEN)
        case Follow():
            return answer if isinstance(answer, Denied) else Done()
        case CancelGeneration() | Relay():
            return answer if isinstance(answer, Refused) else Done()
        case Recall():
            return None if answer is None else recalled(question, STORY)
    return Done()


STEPS = st.one_of(
    st.tuples(st.just("says"), BYTES),
    st.tuples(st.just("says"), BYTES),
    st.tuples(st.just("answered"), ANSWERS),
    st.tuples(st.just("answered"), ANSWERS),
    st.tuples(st.just("later"), SECONDS),
    st.tuples(st.just("binary"), st.none()),
    st.tuples(st.just("closing"), st.sampled_from(list(CloseCode))),
)


IN = (("says", b'{"type":"auth"}'), ("answered", admitted("1")), ("answered", None))


def about(kind: str, environment_id: str) -> tuple[str, bytes]:
    return "says", json.dumps({"type": kind, "environment_id": environment_id, "seq": 1}).encode()


@example(PATHS[1], [*IN, about("subscribe", "env_1"), about("unsubscribe", "env_1"), ("answered", Done())])
@example(PATHS[1], [*IN, about("subscribe", "a b"), about("ack", "a b"), ("answered", Done())])
@given(path=st.sampled_from(PATHS), steps=st.lists(STEPS, max_size=25))
def test_no_order_of_messages_answers_and_times_is_a_fault(
    path: str, steps: Sequence[tuple[str, Any]]
) -> None:
    alice = make(path)
    now, asked = 0.0, list[Any](alice.opening())
    for step, what in steps:
        effects: list[Effect] = []
        match step:
            case "says":
                effects = alice.receive(what, now)
            case "binary":
                effects = alice.receive_binary(now)
            case "closing":
                effects = alice.closing(what, "bye")
            case "later":
                now += what
                effects = alice.deadline(now)
            case _ if asked:  # the newest first, which no pump does
                effects = answer(alice, asked.pop(), what, now)
        assert all(isinstance(effect, KNOWN) for effect in effects), effects
        asked += [effect for effect in effects if isinstance(effect, Ask | Subscribe)]


def answer(alice: OldSession, asked: Ask | Subscribe, what: Any, now: float, last_seq: int = STORY) -> Any:
    """The world answers what it was asked."""
    if isinstance(asked, Ask):
        if isinstance(asked.question, Recall):
            what = recalled(asked.question, last_seq)
        return alice.answered(asked.question, fits(asked.question, what), now)
    if asked.recall is None:
        return alice.subscribed(asked.channel, [Publication(asked.channel.text, "maintenance", "{}")])
    if isinstance(what, Denied):
        return alice.subscribe_failed(asked.channel)
    missed = [published(asked.channel.text, seq) for seq in range(max(1, last_seq - 3), last_seq + 1)]
    return alice.subscribed(asked.channel, missed, recalled=recalled(asked.recall, last_seq))


class AnyOrder(RuleBasedStateMachine):
    """A client that says anything, in the order in which a pump lets it be heard: nothing while an answer is awaited."""

    def __init__(self) -> None:
        super().__init__()
        self.alice = make(PATHS[0])
        self.now = 0.0
        self.asked: list[Ask | Subscribe] = []
        self.said: list[dict[str, Any]] = []
        self.signed_in = False
        self.over = False
        self.last_seq = 0
        self.numbers: list[int] = []

    @initialize(
        path=st.sampled_from(PATHS[:1] * 3 + PATHS), notice=st.booleans(), last_seq=st.integers(0, STORY)
    )
    def connects(self, path: str, notice: bool, last_seq: int) -> None:
        self.last_seq = last_seq  # what comes later is delivered without a word of the session
        told = b'{"type":"deprecation","timestamp":""}' if notice else None
        self.alice = make(path, messages_per_minute=30, notice=told)
        self.take(self.alice.opening())

    def take(self, effects: Sequence[Effect], *, farewell: bool = False) -> None:
        """Carry out what the session asks for; it has to be in good form."""
        assert not (self.over and effects), effects
        for place, effect in enumerate(effects):
            assert isinstance(effect, KNOWN)
            if isinstance(effect, Send):
                self.hear(json.loads(effect.text))
            elif isinstance(effect, Close):
                assert place == len(effects) - 1, "nothing after a close"
                assert self.said[-1]["type"] == "goodbye"
                assert self.said[-1]["data"]["code"] == effect.code
            elif isinstance(effect, HandedOver):
                assert self.numbers[-1:] == [effect.seq] or not self.numbers
        waits = [effect for effect in effects if isinstance(effect, Ask | Subscribe)]
        self.asked = waits + self.asked
        if farewell or (effects and isinstance(effects[-1], Close)):
            self.over = True
            assert [said["type"] for said in self.said].count("goodbye") == 1
            assert self.said[-1]["type"] == "goodbye"

    def hear(self, message: dict[str, Any]) -> None:
        assert message["type"]
        assert "timestamp" in message
        self.signed_in = self.signed_in or message["type"] == "auth_response"
        assert self.signed_in or message["type"] in BEFORE_SIGN_IN
        self.said.append(message)
        if "seq" in message and self.alice.call.resource_id == "gen_1":
            self.numbers.append(message["seq"])

    @precondition(lambda self: not self.asked)
    @rule(text=BYTES)
    def says(self, text: bytes) -> None:
        self.take(self.alice.receive(text, self.now))

    @precondition(lambda self: not self.asked)
    @rule(has=st.none() | st.integers(0, STORY))
    def signs_in(self, has: int | None) -> None:
        said = {"type": "auth", "token": "Bearer x"} | ({} if has is None else {"last_seq": has})
        self.take(self.alice.receive(json.dumps(said).encode(), self.now))

    @precondition(lambda self: not self.asked)
    @rule(last_seq=st.integers(0, STORY))
    def resumes(self, last_seq: int) -> None:
        self.take(self.alice.receive(b'{"type":"resume","last_seq":%d}' % last_seq, self.now))

    @precondition(lambda self: self.asked)
    @rule(what=st.just(admitted("1")) | ANSWERS)
    def is_answered(self, what: Any) -> None:
        self.take(answer(self.alice, self.asked.pop(0), what, self.now, self.last_seq))

    @precondition(lambda self: self.asked)
    @rule(text=BYTES)
    def hints(self, text: bytes) -> None:
        first = self.asked[0]
        if isinstance(first, Subscribe) and first.recall is not None:
            self.asked[0] = msgspec.structs.replace(first, recall=self.alice.hint(first.recall, text))

    @rule(seconds=SECONDS, heard=st.sampled_from([True, True, True, False]))
    def time_goes_by(self, seconds: float, heard: bool) -> None:
        self.now += seconds
        if heard:
            self.alice.heard(self.now)
        self.take(self.alice.deadline(self.now))

    @precondition(lambda self: self.now > 10)
    @rule(how=st.sampled_from(["binary", "framing", "fault", *CloseCode]))
    def ends(self, how: str | CloseCode) -> None:
        match how:
            case "binary":
                self.take(self.alice.receive_binary(self.now))
            case "framing":
                effects = self.alice.farewell(1007, "not UTF-8")
                self.take(effects, farewell=bool(effects))
            case "fault":
                self.take(self.alice.failed())
            case CloseCode():
                self.take(self.alice.closing(how, "bye"))

    @invariant()
    def each_event_once(self) -> None:
        assert len(self.numbers) == len(set(self.numbers))

    @invariant()
    def nothing_is_followed_without_a_sign_in(self) -> None:
        assert self.signed_in or not any(isinstance(asked, Subscribe) for asked in self.asked)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=250 if FULL else 90, stateful_step_count=30, deadline=None)


@given(
    texts=st.lists(st.binary(max_size=20), max_size=130),
    after=st.sampled_from(["closing", "failed", "farewell", "binary", "silence"]),
)
def test_the_echo_says_what_it_hears_and_nothing_after_its_end(texts: list[bytes], after: str) -> None:
    alice = EchoSession(now=0.0)
    for place, text in enumerate(texts):
        effects = alice.receive(text, 0.0)
        if place < 100:
            assert effects == [Send(text)]
        else:
            assert [type(effect) for effect in effects] == [Close] * (place == 100)
    ends: dict[str, Any] = {
        "closing": lambda: alice.closing(CloseCode.RECONNECT_NOW, "bye"),
        "failed": alice.failed,
        "farewell": lambda: alice.farewell(1007, "bye"),
        "binary": lambda: alice.receive_binary(0.0),
        "silence": lambda: alice.deadline(61.0),
    }
    last = ends[after]()
    assert [type(effect) for effect in last] == [Close] * (after != "farewell" and len(texts) <= 100)
    assert [alice.receive(b"x", 0.0), *(end() for end in ends.values())] == [[]] * 6
