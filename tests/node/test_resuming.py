"""Who comes back over a broker that takes its time, or does not answer: nothing is taken before it is handed over."""

import json

from callers import until
from pumps import Alice, joins, node_over
from servers import make_app
from toolboxai.metrics import Metrics
from toolboxai.node.background import Background
from toolboxai.protocol.channel import ChannelName
from toolboxai.testing.clock import ManualClock
from waiting_broker import WaitingBroker

APP = make_app(resume=True, history=())
A = ChannelName.parse("a")


class School:
    """A node over a waiting broker, and one page that comes and goes."""

    def __init__(self, clock: ManualClock, background: Background) -> None:
        self.broker = WaitingBroker(clock)
        self.node = node_over(self.broker, clock, APP)
        self.node.background = background
        self._background = background

    def page(self) -> Alice:
        return joins(self.node, self._background, APP, page="page-0001")

    async def was_there(self) -> None:
        alice = self.page()
        alice.says("pusher:subscribe", {"channel": "a"})
        await alice.settled()
        alice.pump.closed()

    async def publish(self, data: str) -> None:
        await self.node.publish(APP, [A], "e", data)

    async def comes_back(self) -> list[str]:
        alice = self.page()
        alice.says("pusher:subscribe", {"channel": "a"})
        await alice.settled()
        heard = [said["data"] for said in alice.heard if said["event"] == "e"]
        alice.pump.closed()
        return heard


async def test_what_was_missed_is_there_for_whoever_could_not_be_handed_it(clock: ManualClock) -> None:
    async with Background(Metrics()) as background:
        school = School(clock, background)
        await school.was_there()
        await school.publish("1")
        school.broker.reading.failures = 1
        alice = school.page()
        alice.says("pusher:subscribe", {"channel": "a"})
        await alice.settled()
        assert alice.heard[-1]["event"] == "pusher:subscription_error"
        alice.pump.closed()
        assert await school.comes_back() == ["1"]


async def test_nor_is_it_taken_by_a_connection_that_is_gone_before_it_is_read(clock: ManualClock) -> None:
    async with Background(Metrics()) as background:
        school = School(clock, background)
        await school.was_there()
        await school.publish("1")
        school.broker.reading.shut()
        alice = school.page()
        alice.says("pusher:subscribe", {"channel": "a"})
        await school.broker.reading.arrived.wait()
        alice.pump.closed()
        school.broker.reading.open()
        await alice.settled()
        assert await school.comes_back() == ["1"]


async def test_what_is_published_while_it_is_read_is_neither_lost_nor_doubled(clock: ManualClock) -> None:
    async with Background(Metrics()) as background:
        school = School(clock, background)
        await school.was_there()
        await school.publish("1")
        school.broker.reading.shut()
        alice = school.page()
        alice.says("pusher:subscribe", {"channel": "a"})
        await school.broker.reading.arrived.wait()
        await school.publish("2")
        school.broker.reading.open()
        await alice.settled()
        await school.publish("3")
        assert [json.loads(each)["data"] for each in alice.wire.written[2:]] == ["1", "2", "3"]
        await until(lambda: alice.wire.asked)
        alice.pump.pong(alice.wire.asked[-1].to_bytes(8, "big"))
        alice.pump.closed()
        await school.publish("4")
        assert await school.comes_back() == ["4"]


async def test_who_did_not_confirm_is_handed_all_of_it_once_more(clock: ManualClock) -> None:
    async with Background(Metrics()) as background:
        school = School(clock, background)
        await school.was_there()
        await school.publish("1")
        assert await school.comes_back() == ["1"]
        await school.publish("2")
        assert await school.comes_back() == ["1", "2"]
