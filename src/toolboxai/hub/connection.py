"""One connection, as the rest of the process sees it."""

from toolboxai.apps.app import App
from toolboxai.hub.outbox import Outbox
from toolboxai.ids import SocketId
from toolboxai.protocol.publication import Dialect

__all__ = ["Connection"]


class Connection:
    """Who it is, how publications are written for it, and where it is subscribed.

    Args:
        app: the app it belongs to.
        socket_id: its name in the cluster.
        dialect: the form of its frames.
        outbox: its way out.
    """

    __slots__ = ("app", "channels", "dialect", "outbox", "socket_id")

    def __init__(self, app: App, socket_id: SocketId, dialect: Dialect, outbox: Outbox) -> None:
        self.app = app
        self.socket_id = socket_id
        self.dialect = dialect
        self.outbox = outbox
        self.channels: set[str] = set()
