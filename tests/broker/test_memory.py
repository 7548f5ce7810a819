"""The broker of one process: it never waits, and lets go of everything."""

import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from forms import FULL
from toolboxai import limits
from toolboxai.apps.app import App, AppKey, HistoryRule
from toolboxai.broker.memory import MemoryBroker
from toolboxai.node.immediate import run_immediate
from toolboxai.protocol.publication import Position, Publication
from toolboxai.testing.clock import ManualClock

APP = App(id="3", keys=(AppKey("k", "s"),), history=(HistoryRule("kept-*", events=3, seconds=60.0),))
CHANNELS = st.sampled_from(["a", "b", "kept-a"])


def test_it_says_who_forgot_to_bind_it(clock: ManualClock) -> None:
    broker = MemoryBroker(clock, random.Random(1))
    run_immediate(broker.follow(APP, "a"))
    with pytest.raises(RuntimeError, match="before bind"):
        run_immediate(broker.publish(APP, Publication("a", "e", "1")))


def test_two_processes_have_no_epoch_in_common(clock: ManualClock) -> None:
    epochs = set()
    for seed in range(2):
        broker = MemoryBroker(clock, random.Random(seed))
        epochs.add(run_immediate(broker.publish(APP, Publication("kept-a", "e", "1", at=clock.now()))).epoch)
    assert len(epochs) == 2


def test_a_million_channels_that_nobody_follows_leave_nothing(clock: ManualClock) -> None:
    broker = MemoryBroker(clock, random.Random(1))
    broker.bind(lambda _app_id, _publication: None, lambda _app_id, _told: None)
    for number in range(1000):
        run_immediate(broker.publish(APP, Publication(f"c{number}", "e", "1", at=clock.now())))
        run_immediate(broker.publish(APP, Publication(f"kept-{number}", "e", "1", at=clock.now())))
        run_immediate(broker.follow(APP, f"f{number}"))
        run_immediate(broker.unfollow(APP, f"f{number}"))
    clock.advance(61)
    broker.sweep()
    assert broker._streams == {}
    assert broker._keeping == {}


class AnyInterleaving(RuleBasedStateMachine):
    """Publish, follow, leave, wait in any order: what is followed comes once, in order, without a hole."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.broker = MemoryBroker(self.clock, random.Random(1))
        self.heard: list[Publication] = []
        self.broker.bind(
            lambda _app_id, publication: self.heard.append(publication), lambda _app_id, _told: None
        )
        self.followed: set[str] = set()
        self.expected: list[str] = []
        self.last: dict[str, Position] = {}
        self.count = 0

    @rule(channel=CHANNELS)
    def publish(self, channel: str) -> None:
        self.count += 1
        publication = Publication(channel, "e", str(self.count), at=self.clock.now())
        position = run_immediate(self.broker.publish(APP, publication))
        last = self.last.get(channel, Position("", 0))
        assert position.offset == (last.offset + 1 if position.epoch == last.epoch else 1)
        if channel in self.followed and last.epoch:
            assert position.epoch == last.epoch
        self.last[channel] = position
        if channel in self.followed:
            self.expected.append(publication.data)

    @rule(channel=CHANNELS)
    def follow(self, channel: str) -> None:
        run_immediate(self.broker.follow(APP, channel))
        if channel not in self.followed and not channel.startswith("kept-"):
            self.last.pop(channel, None)
        self.followed.add(channel)

    @rule(channel=CHANNELS)
    def unfollow(self, channel: str) -> None:
        run_immediate(self.broker.unfollow(APP, channel))
        self.followed.discard(channel)

    @rule(seconds=st.sampled_from([1.0, 30.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.broker.sweep()
        for channel in [name for name in self.last if name not in self.followed]:
            history = run_immediate(self.broker.history(APP, channel))
            if not history.publications:
                del self.last[channel]

    @rule(channel=CHANNELS)
    def read(self, channel: str) -> None:
        history = run_immediate(self.broker.history(APP, channel))
        offsets = [publication.position.offset for publication in history.publications]
        assert offsets == list(range(history.top.offset - len(offsets) + 1, history.top.offset + 1))
        assert len(offsets) <= 3
        assert [publication.data for publication in self.heard] == self.expected


TestAnyInterleaving = AnyInterleaving.TestCase
TestAnyInterleaving.settings = settings(
    max_examples=60 if FULL else 30, stateful_step_count=25, deadline=None
)


def test_what_is_kept_of_a_channel_fits_a_newcomers_outbox(clock: ManualClock) -> None:
    broker = MemoryBroker(clock, random.Random(1))
    broker.bind(lambda _app_id, _publication: None, lambda _app_id, _told: None)
    large = App("3", (AppKey("k", "s"),), history=(HistoryRule("kept-*", events=1000, seconds=60),))
    for number in range(200):
        run_immediate(
            broker.publish(large, Publication("kept-a", "e", str(number).rjust(10_000), at=clock.now()))
        )
    history = run_immediate(broker.history(large, "kept-a"))
    kept = [int(publication.data) for publication in history.publications]
    assert kept == list(range(200 - len(kept), 200))
    assert sum(len(each.text) for each in history.publications) > limits.HISTORY_BYTES - 11_000
    assert sum(len(each.text) for each in history.publications) <= limits.HISTORY_BYTES
    assert not history.complete


def resuming() -> App:
    return App("3", (AppKey("k", "s"),), resume=True)


def test_so_many_channels_are_remembered_though_nobody_follows_them(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REMEMBERED", 3)
    broker, app = MemoryBroker(clock, random.Random(1)), resuming()
    for number in range(10):
        run_immediate(broker.follow(app, f"a{number}"))
        run_immediate(broker.unfollow(app, f"a{number}"))
    assert [channel for _app_id, channel in broker._streams] == ["a7", "a8", "a9"]


def test_a_channel_that_all_have_left_is_forgotten_though_it_is_published_to(clock: ManualClock) -> None:
    broker, app = MemoryBroker(clock, random.Random(1)), resuming()
    run_immediate(broker.follow(app, "a"))
    run_immediate(broker.unfollow(app, "a"))
    for _ in range(10):
        run_immediate(broker.publish(app, Publication("a", "e", "1", at=clock.now())))
        clock.advance(limits.RESUME_S / 4)
        broker.sweep()
    assert (broker._streams, broker._remembered, broker._tails["3"].used) == ({}, {}, 0)


def test_a_sweep_looks_at_so_many_and_the_next_goes_on(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SWEPT_AT_ONCE", 4)
    broker, app = MemoryBroker(clock, random.Random(1)), resuming()
    broker.bind(lambda _app_id, _publication: None, lambda _app_id, _told: None)
    for number in range(10):
        run_immediate(broker.follow(app, f"a{number}"))
        run_immediate(broker.publish(app, Publication(f"a{number}", "e", "1", at=clock.now())))
    clock.advance(limits.RESUME_S + 1)
    left = []
    for _ in range(3):
        broker.sweep()
        left.append(sum(1 for stream in broker._streams.values() if stream.tail and stream.tail.kept))
    assert left == [6, 2, 0]
