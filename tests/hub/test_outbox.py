"""A connection's way out: free while it is healthy, weighed while it lags, closed once past the cap."""

from collections.abc import Callable

from toolboxai.apps.app import FlowRule
from toolboxai.hub.outbox import Outbox
from toolboxai.metrics import AppMetrics
from toolboxai.protocol.publication import Publication
from wires import Wire, plain, unnoted

KEEP = FlowRule("*")


class Full:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def outbox(cap_bytes: int = 100) -> tuple[Outbox, Wire, Full]:
    wire, full = Wire(), Full()
    return Outbox(wire, cap_bytes=cap_bytes, metrics=AppMetrics(), on_full=full), wire, full


def test_while_healthy_the_way_out_is_the_wires_own() -> None:
    out, wire, full = outbox()
    assert out.write == wire.write
    for _ in range(50):
        out.write(b"x" * 50)  # nobody weighs it: the transport takes it
    assert (wire.buffered(), full.times, out.closed) == (2500, 0, False)


def test_while_it_lags_each_frame_is_weighed_against_the_cap() -> None:
    out, wire, full = outbox(cap_bytes=100)
    out.lagging()
    out.write(b"x" * 60)
    out.write(b"x" * 40)
    assert (wire.buffered(), full.times) == (100, 0)
    wire.taken = 50
    out.write(b"x" * 50)
    assert (wire.buffered(), full.times, out.closed) == (100, 0, False)


def test_past_the_cap_nothing_more_is_queued_and_it_is_told_once() -> None:
    out, wire, full = outbox(cap_bytes=100)
    out.lagging()
    write_kept_by_the_hub = out.write
    out.write(b"x" * 100)
    for _ in range(5):
        write_kept_by_the_hub(b"y")
        out.write(b"z")
    assert (wire.buffered(), full.times, out.closed) == (100, 1, True)


def test_it_is_healthy_again_when_the_wire_says_so() -> None:
    out, wire, _full = outbox()
    out.lagging()
    assert out.write != wire.write
    out.recovered()
    assert out.write == wire.write


def test_closed_is_for_good() -> None:
    out, wire, full = outbox()
    out.close()
    out.recovered()
    out.write(b"x")
    out.lagging()
    out.write(b"x" * 1000)
    assert (wire.written, full.times, out.closed) == ([], 0, True)


def fanned(number: int) -> Callable[[], list[Publication]]:
    return lambda: [Publication("a", "e", str(number))]


def test_a_rule_changes_nothing_while_the_wire_keeps_up() -> None:
    out, wire, _full = outbox()
    assert out.way(KEEP, plain, list, unnoted) == wire.write


def test_what_waits_under_a_rule_leaves_in_order_once_the_wire_keeps_up() -> None:
    out, wire, full = outbox()
    out.lagging()
    for number in range(3):
        out.way(KEEP, plain, fanned(number), unnoted)(b"")
    assert (wire.text, out.waits_for("a"), out.behind) == ("", True, True)
    out.recovered()
    assert (wire.text, out.waits_for("a"), out.behind) == ("a/e=0 a/e=1 a/e=2 ", False, False)
    assert full.times == 0


def test_a_wire_that_lags_again_in_the_middle_takes_the_rest_later() -> None:
    out, wire, _full = outbox()
    out.lagging()
    for number in range(3):
        out.way(KEEP, plain, fanned(number), unnoted)(b"")

    def lags(frame: bytes) -> None:
        wire.take(frame)
        out.lagging()

    wire.write = lags
    out.recovered()
    assert (wire.text, out.behind) == ("a/e=0 ", True)
    wire.write = wire.take
    out.recovered()
    assert wire.text == "a/e=0 a/e=1 a/e=2 "


def test_everything_that_waits_is_weighed_together() -> None:
    out, wire, full = outbox(cap_bytes=20)
    out.lagging()
    out.way(KEEP, plain, fanned(1), unnoted)(b"")
    out.write(b"x" * 15)
    assert (full.times, out.closed, out.behind) == (1, True, True)
    out.recovered()
    assert wire.text == ""


def test_a_rule_that_says_close_closes() -> None:
    out, _wire, full = outbox()
    out.lagging()
    small = FlowRule("*", queue_bytes=5)
    out.way(small, plain, fanned(1), unnoted)(b"")
    out.way(small, plain, fanned(2), unnoted)(b"")
    assert (full.times, out.closed) == (1, True)


def test_what_nobody_wants_any_more_is_not_sent() -> None:
    out, wire, _full = outbox()
    out.lagging()
    out.way(KEEP, plain, fanned(1), unnoted)(b"")
    out.drop("a")
    out.recovered()
    assert wire.text == ""
