"""A connection without a socket, for the pure floors: what is written to it is a list."""

from toolboxai.apps.app import App, AppKey
from toolboxai.hub.connection import Connection
from toolboxai.hub.outbox import Line, Outbox, Write
from toolboxai.hub.ring import Fate
from toolboxai.ids import SocketId
from toolboxai.metrics import AppMetrics
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.publication import Dialect, Position, Publication
from toolboxai.protocol.refusals import Refusal

APP = App(id="3", keys=(AppKey("KEY", "SECRET"),))


def plain(publication: Publication) -> bytes:
    """A dialect that is easy to read in a test."""
    return f"{publication.channel}/{publication.event}={publication.data} ".encode()


def unnoted(_position: Position, _fate: Fate, _newer: Position | None) -> None:
    """Whoever takes no note of what is left out."""


class Wire:
    """Keeps what it is given; `taken` bytes of it have left."""

    def __init__(self) -> None:
        self.write: Write = self.take
        self.line: Line | None = None
        self.written: list[bytes] = []
        self.taken = 0
        self.held = False
        self.shut_with: tuple[int, str] | None = None
        self.probes = 0
        self.asked: list[int] = []

    def take(self, frame: bytes) -> None:
        self.written.append(frame)

    def buffered(self) -> int:
        return sum(map(len, self.written)) - self.taken

    def frame(self, text: bytes) -> bytes:
        return text

    def hold(self, held: bool) -> None:
        self.held = held

    def probe(self) -> None:
        self.probes += 1

    def confirm(self, number: int) -> bool:
        self.asked.append(number)
        return True

    def shut(self, code: int, reason: str) -> None:
        self.shut_with = (code, reason)

    @property
    def text(self) -> str:
        return b"".join(self.written).decode()


class Bystander:
    """The owner of a connection without a session: it notes what the process wants of it."""

    heard_at: float | None = None
    ponged_at: float | None = None
    received = 0

    def __init__(self) -> None:
        self.closed_with: list[tuple[int, str]] = []
        self.expired_channels: list[str] = []
        self.apps: list[App] = []

    def close(self, code: int, message: str) -> None:
        self.closed_with.append((code, message))

    def expired(self, channel: ChannelName) -> None:
        self.expired_channels.append(channel.text)

    def app_changed(self, app: App) -> None:
        self.apps.append(app)

    @property
    def refusals(self) -> dict[str, Refusal]:
        return {}


def connection(name: str, wire: Wire, dialect: Dialect = plain, *, app: App = APP) -> Connection:
    outbox = Outbox(wire, cap_bytes=1000, metrics=AppMetrics(), on_full=lambda: None)
    return Connection(app, SocketId(name), dialect, outbox, Bystander())
