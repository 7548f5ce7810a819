"""Clients that come back: WebSocket, authorisation over HTTP, subscribe; one thread on epoll, for ``bench.reconnect``."""

import errno
import json
import select
import socket
import struct
import time
from collections import deque
from collections.abc import Sequence
from typing import Final

from bench.bystander import Bystander
from bench.wire import masked_frame, take_frame

PATIENCE_S: Final = 60.0
READ_BYTES: Final = 65536
AT_ONCE: Final = 32  # sockets between two looks at the bystander
RESET: Final = struct.pack("ii", 1, 0)  # no port is left waiting for a minute
IP_BIND_ADDRESS_NO_PORT: Final = 24  # linux/in.h


class Line:
    """One connection of a client's.

    Args:
        wire: on its way to the server.
        client: whose.
        request: to be sent once it is there.
    """

    __slots__ = ("client", "heard", "request", "wire")

    def __init__(self, wire: socket.socket, client: "Client", request: bytes) -> None:
        self.wire = wire
        self.client = client
        self.request: bytes | None = request
        self.heard = bytearray()


class Client:
    """One of them.

    Args:
        address: from which it comes.
        upgrade: its request for a WebSocket.
        ask: its request for a signature, without the length, the empty line and the body.
        channel: that it subscribes to.

    Attributes:
        socket_line, auth_line: its connections; None: it has none.
        upgraded: whether the first speaks WebSocket.
        subscribed_at: monotonic seconds; None: it is not.
        refused: what it was answered instead.
    """

    __slots__ = (
        "address",
        "ask",
        "auth_line",
        "channel",
        "refused",
        "socket_line",
        "subscribed_at",
        "upgrade",
        "upgraded",
    )

    def __init__(self, address: str, upgrade: bytes, ask: bytes, channel: str) -> None:
        self.address = address
        self.upgrade = upgrade
        self.ask = ask
        self.channel = channel
        self.socket_line: Line | None = None
        self.auth_line: Line | None = None
        self.upgraded = False
        self.subscribed_at: float | None = None
        self.refused = ""


class Clients:
    """All of them.

    Args:
        port: of the server.
        bystander: has a turn between them.
        asking_at_once: so many have a connection for their authorisation at the same time; the others wait for it.
    """

    def __init__(self, port: int, bystander: Bystander, *, asking_at_once: int) -> None:
        self._asking_at_once = asking_at_once
        self._asking = 0
        self._to_ask: deque[tuple[Client, bytes]] = deque()
        self._to = ("127.0.0.1", port)
        self._bystander = bystander
        self._epoll = select.epoll()
        self._lines: dict[int, Line] = {}
        self._under_way = 0

    # ---- what is done with all of them ----------------------------------------------------------------------

    def lose(self, clients: Sequence[Client]) -> None:
        """Every connection is gone, without a word."""
        for number, client in enumerate(clients):
            self._end(client)
            client.subscribed_at = None
            if number % AT_ONCE == 0:
                self._bystander.turn()

    def come(self, clients: Sequence[Client], *, at_once: int) -> None:
        """All come back; returns when all are subscribed, or nobody waits any longer.

        Args:
            clients: who.
            at_once: so many are under way at the same time.
        """
        away, deadline = deque(clients), time.monotonic() + PATIENCE_S
        while (away or self._under_way) and time.monotonic() < deadline:
            for _ in range(AT_ONCE):
                if away and self._under_way < at_once:
                    client = away.popleft()
                    client.upgraded, client.refused = False, ""
                    client.socket_line = self._dial(client, client.upgrade)
                    self._under_way += 1
            self._turn(0.0 if away and self._under_way < at_once else 0.02)
        for client in clients:
            if client.subscribed_at is None:
                self._end(client)
        self._under_way = 0
        self._to_ask.clear()  # what they wanted to ask was about connections that have ended

    def idle(self, seconds: float) -> None:
        """Let the bystander alone have its turns; a little longer while something is on its way to it."""
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until or (self._bystander.waits and now < until + 5):
            self._turn(0.001)

    # ---- one turn -------------------------------------------------------------------------------------------

    def _turn(self, seconds: float) -> None:
        for fd, _events in self._epoll.poll(min(seconds, self._bystander.due_in()), AT_ONCE):
            line = self._lines.get(fd)
            if line is not None:
                self._ready(line)
        self._bystander.turn()

    def _dial(self, client: Client, request: bytes) -> Line:
        wire = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        wire.bind((client.address, 0))
        done = wire.connect_ex(self._to)
        if done not in (0, errno.EINPROGRESS):
            raise OSError(done, "no connection could be begun")
        line = Line(wire, client, request)
        self._lines[wire.fileno()] = line
        self._epoll.register(wire.fileno(), select.EPOLLOUT)
        return line

    def _hang_up(self, line: Line | None) -> None:
        if line is not None:
            del self._lines[line.wire.fileno()]
            line.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            line.wire.close()

    def _hang_up_auth(self, client: Client) -> None:
        if client.auth_line is not None:
            self._hang_up(client.auth_line)
            client.auth_line = None
            self._asking -= 1

    def _end(self, client: Client) -> None:
        self._hang_up(client.socket_line)
        self._hang_up_auth(client)
        client.socket_line = None

    def _fail(self, client: Client, why: str) -> None:
        if client.subscribed_at is None:
            client.refused = why
            self._under_way -= 1
        client.subscribed_at = None
        self._end(client)
        self._ask()  # its place at the authorisation is another's now

    def _ready(self, line: Line) -> None:
        try:
            if line.request is not None:
                line.wire.send(line.request)
                line.request = None
                self._epoll.modify(line.wire.fileno(), select.EPOLLIN)
                return
            data = line.wire.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError as fault:
            self._fail(line.client, str(fault))
            return
        if not data:
            self._fail(line.client, "the server ended the connection")
            return
        line.heard += data
        if line is line.client.auth_line:
            self._authorised(line.client, line.heard)
        else:
            self._spoken_to(line.client, line)

    # ---- what the server says -------------------------------------------------------------------------------

    def _authorised(self, client: Client, heard: bytearray) -> None:
        head, end, body = bytes(heard).partition(b"\r\n\r\n")
        if not end or not body.endswith(b"}"):  # as all bodies of this endpoint
            return
        if head[9:12] != b"200":
            self._fail(client, body.decode())
            return
        self._hang_up_auth(client)
        self._ask()
        wanted = {"channel": client.channel, **json.loads(body)}
        self._say(client, json.dumps({"event": "pusher:subscribe", "data": wanted}).encode())

    def _spoken_to(self, client: Client, line: Line) -> None:
        if not client.upgraded:
            end = line.heard.find(b"\r\n\r\n")
            if end < 0:
                return
            if line.heard[9:12] != b"101":
                self._fail(client, bytes(line.heard[:80]).decode("latin-1"))
                return
            del line.heard[: end + 4]
            client.upgraded = True
        while client.socket_line is line and (frame := take_frame(line.heard)) is not None:
            self._frame(client, *frame)

    def _frame(self, client: Client, opcode: int, payload: bytes) -> None:
        if opcode == 9:
            self._say(client, payload, 10)
        elif b'"pusher:connection_established"' in payload:
            socket_id = json.loads(json.loads(payload)["data"])["socket_id"]
            body = f"socket_id={socket_id}&channel_name={client.channel}".encode()
            ask = b"%bContent-Length: %d\r\n\r\n%b" % (client.ask, len(body), body)
            self._to_ask.append((client, ask))
            self._ask()
        elif b'"pusher_internal:subscription_succeeded"' in payload:
            client.subscribed_at = time.monotonic()
            self._under_way -= 1
        else:  # an error, or a close
            self._fail(client, payload.decode(errors="replace"))

    def _ask(self) -> None:
        while self._to_ask and self._asking < self._asking_at_once:
            client, ask = self._to_ask.popleft()
            if client.socket_line is not None:
                client.auth_line = self._dial(client, ask)
                self._asking += 1

    def _say(self, client: Client, text: bytes, opcode: int = 1) -> None:
        assert client.socket_line is not None
        client.socket_line.wire.send(masked_frame(opcode, text))
