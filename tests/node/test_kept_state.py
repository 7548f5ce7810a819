"""What a process leaves to the next: kept events, and how far readers had come. What cannot be read is left out."""

import json
import random
from collections.abc import AsyncIterator, Sequence

import pytest

from pumps import Alice, joins, node_over
from servers import make_app
from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.broker.memory import MemoryBroker
from toolboxai.metrics import Metrics
from toolboxai.node import kept_state
from toolboxai.node.background import Background
from toolboxai.node.kept_state import FORM, KeptChunk, Whence, load, saved
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.testing.clock import ManualClock

APP = make_app(resume=True)
ANOTHER = make_app(id="4", keys=APP.keys, resume=True)
A = ChannelName.parse("a")


class Machine:
    """On which one process follows the other. Unix time goes on; each has a monotonic time of its own."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._lives = 0
        self.clock = ManualClock()
        self.node: Node
        self.starts()

    def starts(self, app: App = APP) -> None:
        self._lives += 1
        self.clock = ManualClock(self.clock.now())
        self.node = node_over(MemoryBroker(self.clock, random.Random(self._lives)), self.clock, app)
        self.node.background = self._background

    def page(self, name: str = "page-0001") -> Alice:
        alice = joins(self.node, self._background, APP, page=name)
        alice.says("pusher:subscribe", {"channel": "a"})
        return alice

    async def publish(self, *data: str) -> None:
        for each in data:
            await self.node.publish(APP, [A], "e", each)


@pytest.fixture
async def machine() -> AsyncIterator[Machine]:
    async with Background(Metrics()) as background:
        yield Machine(background)


def told(alice: Alice) -> list[str]:
    """What it was handed: the data of events, and ``gap``."""
    said = [each for each in alice.heard if each["event"] in ("e", "pusher:resume_gap")]
    return ["gap" if each["event"] != "e" else each["data"] for each in said]


async def left(machine: Machine) -> Sequence[KeptChunk]:
    """One page was there, is gone, and has missed two events."""
    machine.page().pump.closed()
    await machine.publish("1", "2")
    return await saved(machine.node)


async def test_a_page_goes_on_in_the_next_process_where_it_was(machine: Machine) -> None:
    machine.clock.advance(50.0)
    chunks = await left(machine)
    machine.clock.advance(20.0)
    machine.starts()
    load(machine.node, Whence.LEFT, chunks)
    await machine.publish("3")
    assert told(machine.page()) == ["1", "2", "3"]
    assert told(machine.page("page-0002")) == []


async def test_who_is_away_for_longer_than_anything_is_kept_is_told(machine: Machine) -> None:
    chunks = await left(machine)
    machine.clock.advance(limits.RESUME_S + 1)
    machine.starts()
    load(machine.node, Whence.LEFT, chunks)
    await machine.publish("3")
    assert told(machine.page()) == ["gap"]


async def test_and_in_the_end_is_a_stranger(machine: Machine) -> None:
    chunks = await left(machine)
    machine.clock.advance(limits.CURSOR_S + 1)
    machine.starts()
    load(machine.node, Whence.LEFT, chunks)
    assert told(machine.page()) == []


async def test_a_copy_of_a_running_process_has_those_too_who_are_there(machine: Machine) -> None:
    alice = machine.page()
    await machine.publish("1")
    chunks = await saved(machine.node)
    await machine.publish("2")
    assert told(alice) == ["1", "2"]
    machine.starts()
    load(machine.node, Whence.RESTORED, chunks)
    assert told(machine.page()) == ["gap"]  # what it has seen beyond the copy is not known


async def test_a_user_goes_on_too(machine: Machine) -> None:
    alice = joins(machine.node, machine._background, APP)
    alice.signs_in("u")
    alice.says("pusher:subscribe", {"channel": "a"})
    alice.pump.closed()
    await machine.publish("1")
    chunks = await saved(machine.node)
    machine.starts()
    load(machine.node, Whence.LEFT, chunks)
    alice = joins(machine.node, machine._background, APP)
    alice.signs_in("u")
    alice.says("pusher:subscribe", {"channel": "a"})
    assert told(alice) == ["1"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"form": FORM + 1}, "form 2"),
        ({"body": b"\x93"}, "truncated"),
        ({"body": b"nonsense"}, "got `int`"),
        ({"body": json.dumps({}).encode()}, "got `int`"),
    ],
)
async def test_what_cannot_be_read_is_told_and_left_out_and_the_rest_is_loaded(
    machine: Machine, caplog: pytest.LogCaptureFixture, change: dict[str, object], reason: str
) -> None:
    chunks = await left(machine)
    machine.starts()
    load(machine.node, Whence.LEFT, [chunks[0]._replace(**change), *chunks])  # type: ignore[arg-type]
    assert told(machine.page()) == ["1", "2"]
    (record,) = [record for record in caplog.records if "cannot be read" in record.message]
    assert reason in record.__dict__["reason"]


async def test_what_is_left_of_an_app_that_is_not_served_any_more_is_told(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    chunks = await left(machine)
    machine.starts(ANOTHER)
    load(machine.node, Whence.LEFT, chunks)
    assert list(machine.node.broker.saved(ANOTHER)) == []
    assert "not served any more" in caplog.text


async def test_too_much_is_told_and_not_saved(
    machine: Machine, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_state, "MOST_BYTES", 10)
    assert await left(machine) == []
    (record,) = [record for record in caplog.records if "not all" in record.message]
    assert record.__dict__["left_out"] == 2  # the channel, and the page's place on it


async def test_a_channel_that_cannot_be_written_down_is_told_and_the_rest_is_saved(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    machine.page().pump.closed()
    other = ChannelName.parse("other")
    machine.page("page-0002").says("pusher:subscribe", {"channel": "other"})
    with pytest.raises(UnicodeEncodeError):  # half of a pair, which only code of our own process can publish
        await machine.node.publish(APP, [other], "e", "\ud800")
    await machine.publish("1", "2")
    chunks = await saved(machine.node)
    machine.starts()
    load(machine.node, Whence.LEFT, chunks)
    assert told(machine.page()) == ["1", "2"]
    (record,) = [record for record in caplog.records if "cannot be saved" in record.message]
    assert record.__dict__["channel"] == "other"


async def test_much_is_saved_in_parts(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_state, "_CHUNK_BYTES", 100)
    for number in range(5):
        machine.page(f"page-{number:04d}").pump.closed()
    await machine.publish("1")
    chunks = await saved(machine.node)
    assert len(chunks) == 6
    machine.starts()
    load(machine.node, Whence.LEFT, chunks)
    assert [told(machine.page(f"page-{number:04d}")) for number in range(6)] == [["1"]] * 5 + [[]]
