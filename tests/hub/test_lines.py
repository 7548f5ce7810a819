"""A hub that is given a way to write to many plain sockets at once."""

from collections.abc import Collection

from toolboxai.hub.hub import Hub
from toolboxai.hub.lines import BATCH_LEAST, Batch
from toolboxai.hub.outbox import Line
from toolboxai.hub.ring import Ring
from toolboxai.hub.slices import Slices
from toolboxai.protocol.publication import Position, Publication
from wires import Wire, connection, plain

MANY = BATCH_LEAST + 2
FRAME = plain(Publication("a", "e", "1"))


class Socket(Wire):
    """A wire that is a plain socket."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.descriptor = descriptor
        self.waits = self.buffered
        self.line: Line | None = self


class Hall:
    """Some sockets on one channel, and what was written to many at once.

    Attributes:
        gone: descriptors whose transport is gone.
    """

    def __init__(self, count: int, *, size: int = 1000) -> None:
        self.ring = Ring()
        self.slices = Slices(size=size)
        self.slices.submit = self.submit
        self.hub = Hub(ring=self.ring, slices=self.slices)
        self.at_once: list[tuple[list[int], bytes]] = []
        self.gone: set[int] = set()
        self.sockets = [Socket(descriptor) for descriptor in range(count)]
        self.connections = [connection(f"1.{socket.descriptor}", socket) for socket in self.sockets]
        for each in self.connections:
            self.hub.add(each)
            self.hub.attach(each, "a")

    def submit(self, batch: Batch, frame: bytes) -> Collection[Line]:
        assert [line.descriptor for line in batch.lines] == batch.descriptors.tolist()
        self.at_once.append((batch.descriptors.tolist(), frame))
        return [line for line in batch.lines if line.descriptor in self.gone]

    @property
    def by_itself(self) -> list[int]:
        return [socket.descriptor for socket in self.sockets if socket.written]


def test_many_are_written_to_at_once() -> None:
    hall = Hall(MANY)
    assert hall.hub.fan_out(Publication("a", "e", "1"), alone=True) == MANY
    assert hall.at_once == [(list(range(MANY)), FRAME)]
    assert hall.by_itself == []


def test_few_are_not_nor_is_what_a_transport_could_join_with_more() -> None:
    few, many = Hall(BATCH_LEAST - 1), Hall(MANY)
    few.hub.fan_out(Publication("a", "e", "1"), alone=True)
    many.hub.fan_out(Publication("a", "e", "1"))
    assert few.at_once == many.at_once == []
    assert few.by_itself == list(range(BATCH_LEAST - 1))
    assert many.by_itself == list(range(MANY))


def test_who_lags_or_is_left_out_or_is_no_socket_is_written_to_by_itself_or_not() -> None:
    hall = Hall(MANY)
    hall.connections[1].outbox.lagging()
    hall.hub.rewire(hall.connections[1])
    hall.hub.fan_out(Publication("a", "e", "1"), alone=True)
    assert hall.at_once == [([0, *range(2, MANY)], FRAME)]
    assert hall.by_itself == [1]
    hall.connections[1].outbox.recovered()
    hall.hub.rewire(hall.connections[1])
    hall.hub.fan_out(Publication("a", "e", "1"), alone=True)
    assert sorted(hall.at_once[1][0]) == list(range(MANY))
    hall.hub.fan_out(Publication("a", "e", "1", exclude="1.0"), alone=True)
    assert hall.by_itself == list(range(1, MANY))
    assert len(hall.at_once) == 2


def test_who_has_left_is_written_to_no_more() -> None:
    hall = Hall(MANY)
    hall.hub.detach(hall.connections[0], "a")
    hall.hub.fan_out(Publication("a", "e", "1"), alone=True)
    assert hall.at_once[0][0] == list(range(1, MANY))


def test_one_whose_transport_has_gone_is_told_of() -> None:
    hall = Hall(MANY)
    hall.gone = {3}
    publication = Publication("a", "e", "1")
    publication.position = Position("x", 1)
    hall.ring.add("3", publication, MANY)
    hall.hub.fan_out(publication, alone=True)
    assert hall.hub.faults == 1
    assert [(left.socket_id, left.fate) for left in hall.ring.left_out(publication.position)] == [
        ("1.3", "failed")
    ]


def test_one_that_begins_to_lag_in_the_middle_is_written_to_once() -> None:
    hall = Hall(MANY)

    def submit(batch: Batch, frame: bytes) -> Collection[Line]:
        hall.connections[2].outbox.lagging()
        hall.hub.rewire(hall.connections[2])
        return hall.submit(batch, frame)

    hall.slices.submit = submit
    hall.hub.fan_out(Publication("a", "e", "1"), alone=True)
    assert hall.at_once[0][0] == list(range(MANY))
    assert hall.by_itself == []


def test_slices_of_a_large_channel_are_written_at_once_each() -> None:
    size = BATCH_LEAST
    hall = Hall(2 * size, size=size)
    hall.hub.fan_out(Publication("a", "e", "1"))
    hall.slices.finish()
    assert [len(descriptors) for descriptors, _ in hall.at_once] == [size, size]
