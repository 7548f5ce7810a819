"""A connection's way out: free while it is healthy, weighed while it lags, closed once past the cap."""

from toolboxai.hub.outbox import Outbox
from wires import Wire


class Full:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def outbox(cap_bytes: int = 100) -> tuple[Outbox, Wire, Full]:
    wire, full = Wire(), Full()
    return Outbox(wire, cap_bytes=cap_bytes, on_full=full), wire, full


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
