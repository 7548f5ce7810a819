"""One event on one channel, and the bytes that each dialect sends of it."""

import re
from collections.abc import Callable
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from toolboxai.protocol.codec import encode_event, scalar_at

__all__ = ["Dialect", "Gap", "Origin", "Position", "Publication"]


Origin: TypeAlias = Literal["api", "application", "client"]
"""Who publishes: a call of the signed HTTP API, the application in this process, or a client."""

_POSITION: Final = re.compile(r"([0-9a-z.]{1,64}):([0-9]{1,15})")


class Position(msgspec.Struct, frozen=True, gc=False):
    """Where a publication stands in its channel; of all publications none has the same, in no life of the server.

    Args:
        epoch: names one unbroken life of the channel's order; offsets of two epochs are never compared.
        offset: 1 for the first publication of the epoch, then without holes.
    """

    epoch: str
    offset: int

    @property
    def text(self) -> str:
        """As it is told outside: ``EPOCH:OFFSET``."""
        return f"{self.epoch}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read what `text` has written.

        Raises:
            ValueError: it is of another form.
        """
        match = _POSITION.fullmatch(text)
        if match is None:
            raise ValueError("a position is written EPOCH:OFFSET, as it was told with an event")
        return cls(match.group(1), int(match.group(2)))


class Gap(NamedTuple):
    """Publications that someone who was away cannot be handed any more.

    Args:
        after: the last that it is known to have received.
        top: the newest when it came back.
    """

    after: Position
    top: Position

    @property
    def data(self) -> str:
        """As ``pusher:resume_gap`` tells it: JSON with both positions."""
        return f'{{"after":"{self.after.text}","position":"{self.top.text}"}}'


_NOWHERE = Position("", 0)
_NO_KEYS: Final[dict[str, object]] = {}  # of most publications nobody asks for any


class Publication:
    """One event on one channel.

    Args:
        channel: the channel's name.
        event: the event's name, any characters.
        data: the data exactly as it was published; never parsed, never reshaped.
        user_id: the sender on presence channels, from the verified membership.
        exclude: the socket id of the one connection that is not to get it.
        at: unix seconds of acceptance.
        kept: whether it belongs to the channel's history, where there is one; a client's event and a change of
            members do not.
        of_members: whether it tells of members coming and going; who comes back is told who is there instead.
        cached: whether it becomes the event that a cache channel hands to newcomers.
        origin: who publishes it.
        transient: whether it is for those who are there alone, though the application publishes it: who comes back is
            not handed it, and does not miss it.

    Attributes:
        position: set by the broker.
    """

    __slots__ = (
        "_frames",
        "_keys",
        "_text",
        "at",
        "cached",
        "channel",
        "data",
        "event",
        "exclude",
        "kept",
        "of_members",
        "origin",
        "position",
        "transient",
        "user_id",
    )

    def __init__(
        self,
        channel: str,
        event: str,
        data: str,
        *,
        user_id: str | None = None,
        exclude: str | None = None,
        at: float = 0.0,
        kept: bool = True,
        of_members: bool = False,
        cached: bool = False,
        origin: Origin = "application",
        transient: bool = False,
    ) -> None:
        self.channel = channel
        self.event = event
        self.data = data
        self.user_id = user_id
        self.exclude = exclude
        self.at = at
        self.kept = kept
        self.of_members = of_members
        self.cached = cached
        self.origin = origin
        self.transient = transient
        self.position = _NOWHERE
        self._text: bytes | None = None
        self._frames: dict[Dialect, bytes] | None = None  # while it is being sent
        self._keys: dict[str, object] = _NO_KEYS

    @classmethod
    def of_text(cls, text: bytes) -> "Publication":
        """A message of the protocol that is already encoded, for several connections at once."""
        publication = cls("", "", "", kept=False)
        publication._text = text
        return publication

    @property
    def text(self) -> bytes:
        """The Channels message, as JSON; encoded once."""
        if self._text is None:
            self._text = encode_event(self.event, self.channel, self.data, self.user_id)
        return self._text

    def conflation_key(self, by: str) -> object:
        """What this event is the newest of, or None: it is like no other; read once, however many wait.

        Args:
            by: see ``FlowRule.conflate_by``.
        """
        if by == "event":
            return by
        if by not in self._keys:
            self._keys = self._keys or {}
            self._keys[by] = scalar_at(self.data, by)
        return self._keys[by]

    @property
    def seq(self) -> int | None:
        """The number that the application gave it within what it is about; None of one without, and of a client's."""
        seq = self.conflation_key("seq") if self.kept else None
        return seq if isinstance(seq, int) and not isinstance(seq, bool) else None

    def frame(self, dialect: "Dialect") -> bytes:
        """The bytes that a connection of this dialect is sent; made once until `sent`, however many listen."""
        frames = self._frames
        if frames is None:
            frames = self._frames = {}
        frame = frames.get(dialect)
        if frame is None:
            frame = frames[dialect] = dialect(self)
        return frame

    def sent(self) -> None:
        """Its subscribers have been sent it: what may be kept of it for long needs no frame."""
        self._frames = None

    def __repr__(self) -> str:
        return f"Publication({self.channel!r}, {self.event!r}, offset={self.position.offset})"


Dialect: TypeAlias = Callable[[Publication], bytes]
"""The form of frames on a connection: what bytes a publication becomes there."""
