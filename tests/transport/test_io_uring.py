"""Many sends by one system call, on real sockets; and what becomes of what they do not take."""

import ctypes
import errno
import socket
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rings import needs_ring
from toolboxai.hub.lines import Batch
from toolboxai.hub.outbox import Line, Write
from toolboxai.transport.batches import Batches, open_batches
from toolboxai.transport.io_uring import FRAME_BYTES, IoUring, NoIoUring

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def ring() -> Iterator[IoUring]:
    ring = IoUring()
    yield ring
    ring.close()


@pytest.fixture
def pairs() -> Iterator[Callable[[int], list[Pair]]]:
    with ExitStack() as stack:

        def make(count: int) -> list[Pair]:
            made = [socket.socketpair() for _ in range(count)]
            for pair in made:
                for end in pair:
                    stack.enter_context(end)
                    end.setblocking(False)
            return made

        yield make


def _fill(here: socket.socket) -> int:
    filled = 0
    with suppress(BlockingIOError):
        while True:
            filled += here.send(b"\0" * 65536)
    return filled


def _drain(there: socket.socket) -> bytes:
    found = b""
    with suppress(BlockingIOError):
        while True:
            found += there.recv(1 << 20)
    return found


@needs_ring
def test_every_socket_gets_every_frame_in_order(ring: IoUring, pairs: Callable[[int], list[Pair]]) -> None:
    made = pairs(700)  # more than one call takes, and no divisor of what a ring holds
    descriptors = array("i", [here.fileno() for here, _ in made])
    frames = [b"%d." % number * number for number in range(1, 9)]
    for frame in frames:
        assert ring.send(descriptors, frame) == []
    assert {_drain(there) for _, there in made} == {b"".join(frames)}


@needs_ring
def test_what_is_not_taken_is_told_for_each(ring: IoUring, pairs: Callable[[int], list[Pair]]) -> None:
    made = pairs(6)
    descriptors = array("i", [here.fileno() for here, _ in made])
    made[1][1].close()
    _fill(made[3][0])
    assert ring.send(descriptors + array("i", [1_000_000]), b"event") == [
        (1, -errno.EPIPE),
        (3, -errno.EAGAIN),
        (6, -errno.EBADF),
    ]
    for place in (0, 2, 4, 5):
        assert _drain(made[place][1]) == b"event"


@needs_ring
def test_a_part_is_a_part(ring: IoUring, pairs: Callable[[int], list[Pair]]) -> None:
    [(here, there)] = pairs(1)
    frame = bytes(range(256)) * (FRAME_BYTES // 256)
    [(place, taken)] = ring.send(array("i", [here.fileno()]), frame)
    assert place == 0
    assert 0 < taken < len(frame)
    assert _drain(there) == frame[:taken]


@needs_ring
@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.binary(min_size=1, max_size=600)), min_size=1, max_size=60))
def test_any_row_of_calls(calls: list[tuple[int, bytes]]) -> None:
    ring = IoUring()
    made = [socket.socketpair() for _ in range(40)]
    try:
        wanted = [b""] * 40
        for count, frame in calls:
            assert ring.send(array("i", [here.fileno() for here, _ in made[:count]]), frame) == []
            wanted[:count] = [before + frame for before in wanted[:count]]
        for (_, there), text in zip(made, wanted, strict=True):
            there.setblocking(False)
            assert (there.recv(1 << 20) if text else b"") == text
    finally:
        ring.close()
        for pair in made:
            for end in pair:
                end.close()


class Transport:
    """A line over one end of a pair, with a transport's queue.

    Attributes:
        queued: what was left to it.
    """

    def __init__(self, here: socket.socket, *, waiting: int = 0, gone: bool = False) -> None:
        self.descriptor = here.fileno()
        self.waits: Callable[[], int] = self._waits
        self.write: Write = self._write
        self.waiting = waiting
        self.gone = gone
        self.queued = b""

    def _waits(self) -> int:
        self._there()
        return self.waiting

    def _write(self, frame: bytes) -> None:
        self._there()
        self.queued += frame

    def _there(self) -> None:
        if self.gone:
            raise RuntimeError("the handler is closed")


def batch(lines: Sequence[Line]) -> Batch:
    return Batch(
        tuple(lines), array("i", [line.descriptor for line in lines]), tuple(line.waits for line in lines), {}
    )


@needs_ring
def test_what_a_socket_does_not_take_and_what_must_wait_is_left_to_its_transport(
    ring: IoUring, pairs: Callable[[int], list[Pair]]
) -> None:
    made = pairs(4)
    _fill(made[1][0])
    waiting = Transport(made[2][0], waiting=3)
    gone = Transport(made[3][0], gone=True)
    lines: list[Transport] = [Transport(made[0][0]), Transport(made[1][0]), waiting, gone]
    assert list(Batches(ring)(batch(lines), b"event")) == [gone]
    assert [line.queued for line in lines] == [b"", b"event", b"event", b""]
    assert _drain(made[0][1]) == b"event"
    assert _drain(made[2][1]) == b""


@needs_ring
def test_a_frame_too_large_for_the_ring_is_left_to_the_transports(
    ring: IoUring, pairs: Callable[[int], list[Pair]]
) -> None:
    [(here, there)] = pairs(1)
    line, frame = Transport(here), b"x" * (FRAME_BYTES + 1)
    assert not Batches(ring)(batch([line]), frame)
    assert line.queued == frame
    assert _drain(there) == b""


@needs_ring
def test_the_rest_of_a_part_is_left_to_the_transport(
    ring: IoUring, pairs: Callable[[int], list[Pair]]
) -> None:
    [(here, there)] = pairs(1)
    line, frame = Transport(here), bytes(range(256)) * 4000
    Batches(ring)(batch([line]), frame)
    assert _drain(there) + line.queued == frame
    assert line.queued


@needs_ring
def test_a_ring_that_takes_fewer_than_it_is_given(
    ring: IoUring, pairs: Callable[[int], list[Pair]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel may lack memory for the moment."""
    made = pairs(5)
    descriptors = array("i", [here.fileno() for here, _ in made])
    real = ring._syscall
    monkeypatch.setattr(
        ring, "_syscall", lambda call, file, count, *rest: real(call, file, min(count, 2), *rest)
    )
    assert ring.send(descriptors, b"one") == [(place, -errno.EAGAIN) for place in (2, 3, 4)]
    monkeypatch.setattr(ring, "_syscall", real)
    assert ring.send(descriptors, b"two") == []
    assert [_drain(there) for _, there in made] == [b"onetwo"] * 2 + [b"two"] * 3


@needs_ring
@pytest.mark.parametrize("broken_off", ["before the call", "behind it"])
def test_a_call_that_was_broken_off_has_nothing_to_do_with_the_next(
    broken_off: str, ring: IoUring, pairs: Callable[[int], list[Pair]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an interrupt from the keyboard, which Python raises anywhere."""
    made = pairs(3)
    descriptors = array("i", [here.fileno() for here, _ in made])
    real = ring._syscall

    def interrupted(*arguments: object) -> int:
        if broken_off == "behind it":
            real(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(ring, "_syscall", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ring.send(descriptors, b"one")
    monkeypatch.setattr(ring, "_syscall", real)
    _fill(made[2][0])
    assert ring.send(descriptors[1:], b"two") == [(1, -errno.EAGAIN)]
    one = b"one" if broken_off == "behind it" else b""
    assert [_drain(there)[:6] for _, there in made[:2]] == [one, one + b"two"]


@needs_ring
def test_a_ring_that_does_not_tell_what_became_of_its_sends_is_not_waited_for(
    ring: IoUring, pairs: Callable[[int], list[Pair]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def silent(_call: int, _file: int, count: int, *_rest: object) -> int:
        if count:
            return count
        asked.append(ctypes.set_errno(errno.EINTR if not asked else errno.EBADR))
        return -1

    monkeypatch.setattr(ring, "_syscall", silent)
    [(here, _)] = pairs(1)
    with pytest.raises(OSError, match="does not tell"):
        ring.send(array("i", [here.fileno()]), b"event")
    assert len(asked) == 2


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOSYS])
def test_a_system_that_forbids_it(
    number: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Forbidding:
        def __init__(self, *_: object, **__: object) -> None:
            self.syscall = lambda *_: -1

    monkeypatch.setattr(ctypes, "PyDLL", Forbidding)
    monkeypatch.setattr(ctypes, "get_errno", lambda: number)
    with pytest.raises(NoIoUring, match=errno.errorcode[number]):
        IoUring()
    with caplog.at_level("INFO"):
        assert open_batches() is None
    assert "written to by itself" in caplog.text


def test_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(NoIoUring, match="only Linux"):
        IoUring()
