"""Large channels in slices: what is written to in one go, and whose turn it is."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from toolboxai import limits
from toolboxai.hub.connection import Connection
from toolboxai.hub.lines import Batch, Submit, batch_of
from toolboxai.hub.outbox import Write
from toolboxai.protocol.publication import Dialect, Position, Publication

__all__ = ["Slice", "Slices"]


class Slice:
    """Some of a channel's subscribers, of one dialect; most channels have no more than one.

    Args:
        dialect: the form of their frames.

    Attributes:
        writes: the way out of each; changed by `enter` and `leave`.
        owed: what was published and is not written to them yet, the oldest first; None: nothing.
        since: monotonic seconds since when they are owed something.
    """

    __slots__ = ("_batch", "dialect", "owed", "since", "writes")

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.writes: dict[Connection, Write] = {}
        self._batch: Batch | None = None
        self.owed: list[Publication] | None = None
        self.since = 0.0

    def enter(self, connection: Connection, way: Write) -> None:
        """Write to the connection by this way from now on."""
        self.writes[connection] = way
        self._batch = None

    def leave(self, connection: Connection) -> None:
        """Write no more to the connection."""
        del self.writes[connection]
        self._batch = None

    def batch(self) -> Batch:
        """All of them, for one call; made once for all publications between two changes."""
        if self._batch is None:
            self._batch = batch_of(self.writes)
        return self._batch

    def frame(self, publications: Sequence[Publication]) -> bytes:
        """The bytes of all of these, for one write."""
        if len(publications) == 1:
            return publications[0].frame(self.dialect)
        return b"".join([publication.frame(self.dialect) for publication in publications])

    @property
    def before(self) -> Position | None:
        """Up to where everything has been written, while something is owed that the broker has given a place."""
        for publication in self.owed or ():
            epoch, offset = publication.position.epoch, publication.position.offset
            if epoch:
                return Position(epoch, offset - 1)
        return None


_WriteOwed: TypeAlias = Callable[[Slice], object]


class Slices:
    """The slices that are owed something. Each call of `next` writes to one, of each channel in turn.

    What is published on a channel while it has its turns is written together with what a slice is owed already: in
    the time that one event takes to reach everyone, each subscriber is written to once, however much comes.

    Args:
        size: so many subscribers are written to in one go at most.
        now: monotonic seconds.

    Attributes:
        size: as given.
        submit: writes to many plain sockets at once; None: each is written to by itself.
        on_due: called when the first becomes due; until somebody takes care of it, everything is written at once.
    """

    def __init__(self, *, size: int = limits.FAN_OUT_SLICE, now: Callable[[], float] = lambda: 0.0) -> None:
        self.size = size
        self.submit: Submit | None = None
        self.on_due: Callable[[], object] = self.finish
        self._now = now
        self._due: dict[tuple[_WriteOwed, str], dict[Slice, None]] = {}  # whose turn is next comes first

    def __bool__(self) -> bool:
        return bool(self._due)

    def owe(
        self, write: _WriteOwed, channel: str, slices: Iterable[Slice], publications: Sequence[Publication]
    ) -> None:
        """Have these written to all slices of a channel, when it is their turn.

        Args:
            write: writes to a slice what it is owed; of the channel's app.
            channel: which.
            slices: all that the channel has.
            publications: in their order.
        """
        begun = not self._due
        due = self._due.setdefault((write, channel), {})
        now = self._now()
        for piece in slices:
            if piece.owed is None:
                piece.owed, piece.since = list(publications), now
                due.setdefault(piece)  # it may still stand there, if it was written before its turn
            else:
                piece.owed += publications
        if begun:
            self.on_due()

    def next(self) -> float | None:
        """Write to one slice; returns for how many seconds it was owed something. None: nothing was due any more."""
        while self._due:
            turn = next(iter(self._due))
            due = self._due.pop(turn)
            piece = next(iter(due))
            del due[piece]
            if due:
                self._due[turn] = due
            if piece.owed is not None:  # else it was written before its turn
                write, _channel = turn
                write(piece)
                return self._now() - piece.since
        return None

    def finish(self) -> None:
        """Write to all of them now."""
        while self._due:
            self.next()
