"""WebSocket over an asyncio transport: the handshake's answer, frames in and out, the closing handshake."""

import asyncio
import base64
import binascii
import hashlib
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar, cast

from toolboxai import limits
from toolboxai.hub.outbox import Line, Write
from toolboxai.protocol.publication import Publication
from toolboxai.transport.answers import Answer
from toolboxai.transport.deaf import Deaf
from toolboxai.transport.frames import (
    FrameReader,
    Opcode,
    ProtocolFault,
    build_close,
    build_frame,
    text_frame,
)
from toolboxai.transport.heads import RequestHead

__all__ = [
    "BadHandshake",
    "HandshakeRefused",
    "Listener",
    "WebSocketProtocol",
    "channels_frame",
    "handshake_reply",
    "key_reply",
]

_NO_CODE = 1005  # stands for a close without one, and is never sent
_POLICY = 1008
_GOING_AWAY = struct.pack("!H", 1001)
_SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def channels_frame(publication: Publication) -> bytes:
    """The Channels dialect on a WebSocket: one text frame with the message."""
    return text_frame(publication.text)


class BadHandshake(Exception):
    """The request asks for a WebSocket in a way that RFC 6455 does not know."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class HandshakeRefused(Exception):
    """The request is one for a WebSocket, and is answered otherwise.

    Args:
        answer: in full.
        code: the error code in it.
    """

    def __init__(self, answer: Answer, code: str) -> None:
        super().__init__(code)
        self.answer = answer
        self.code = code


def handshake_reply(head: RequestHead, headers: Mapping[str, str] | None = None) -> bytes:
    """The 101 for an upgrade request.

    Args:
        head: of the request.
        headers: to stand in it as well.

    Raises:
        BadHandshake: with the status to answer instead.
    """
    if head.header(b"sec-websocket-version") != "13":
        raise BadHandshake("426 Upgrade Required", "Sec-WebSocket-Version must be 13")
    key = head.header(b"sec-websocket-key") or ""
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 16:
        raise BadHandshake("400 Bad Request", "Sec-WebSocket-Key must be 16 bytes in base64")
    lines = b"".join([f"{name}: {value}\r\n".encode("latin-1") for name, value in (headers or {}).items()])
    return key_reply(key.encode(), lines)


def key_reply(key: bytes, lines: bytes = b"") -> bytes:
    """The 101 for a request with this key.

    Args:
        key: 16 bytes in base64.
        lines: headers to stand in it as well, each with the end of its line.
    """
    digest = hashlib.sha1(key + _GUID, usedforsecurity=False).digest()
    accept = binascii.b2a_base64(digest)  # with a newline at its end
    return b"%b%b\r\n%b\r\n" % (_SWITCHING, accept[:-1], lines)


def _descriptor(transport: asyncio.Transport) -> int:
    """The socket's, where what is written goes to it as it is; -1 where TLS is between, or it is no socket."""
    pipe = transport.get_extra_info("socket")
    return -1 if pipe is None or transport.get_extra_info("sslcontext") is not None else int(pipe.fileno())


def _for_good() -> int:
    """Of a connection that has ended: nothing may pass its transport, whose descriptor is another's soon."""
    return 1


class Listener(Protocol):
    """Who is told what comes in on a WebSocket."""

    def receive_all(self, texts: Sequence[bytes]) -> None:
        """Text messages that came in together, in their order; of these `heard` is not told as well."""
        ...

    def receive_binary(self, payload: bytes) -> None:
        """A binary message."""
        ...

    def pong(self, payload: bytes) -> None:
        """A pong frame."""
        ...

    def heard(self) -> None:
        """Bytes came in, and no text message is among them, or none that was whole in one frame."""
        ...

    def farewell(self, code: int, reason: str) -> bytes:
        """Frames to send before the close of a connection whose peer broke the framing."""
        ...

    def lagging(self, lags: bool) -> None:
        """The peer has begun, or ceased, to take less than we write."""
        ...

    def leaving(self, code: int) -> None:
        """The peer ends the connection with this code; 1001: its page is closed. `closed` comes after it."""
        ...

    def closed(self) -> None:
        """The connection has ended, or the peer has ended it or broke the framing; may be called again at the end."""
        ...


class Owner(Protocol):
    """Who keeps count of WebSockets."""

    def aborted(self, protocol: "WebSocketProtocol[Any]") -> None:
        """It is being cut off: the peer did not take or answer the close in time."""
        ...

    def broken(self, code: int, reason: str) -> None:
        """Its peer has broken the framing, or a bound of it."""
        ...

    def lost(self, protocol: "WebSocketProtocol[Any]") -> None:
        """It has ended."""
        ...


L = TypeVar("L", bound=Listener)
_DEAF = Deaf()


class WebSocketProtocol(asyncio.Protocol, Generic[L]):
    """One WebSocket; satisfies ``hub.outbox.Wire``.

    Args:
        transport: connected, its handshake answered.
        make_listener: called once, with this wire.
        max_message_bytes: 1009 above it.
        owner: told when a peer had to be cut off after the grace, and when the connection has ended.
    """

    __slots__ = (
        "_asked",
        "_closing",
        "_controls",
        "_controls_since",
        "_held",
        "_lags",
        "_owed",
        "_owner",
        "_reader",
        "_soon",
        "_taken",
        "_timer",
        "_transport",
        "_unread",
        "descriptor",
        "listener",
        "write",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        make_listener: "Callable[[WebSocketProtocol[Any]], L]",
        *,
        max_message_bytes: int = limits.MESSAGE_BYTES,
        owner: "Owner | None" = None,
    ) -> None:
        self._transport = transport
        self.write: Write = transport.write
        self.descriptor = _descriptor(transport)
        self._reader: FrameReader | None = FrameReader(max_message_bytes=max_message_bytes)
        self._asked = 0  # pings of ours that have not been answered
        self._controls = 0  # control frames of the peer since then, but for its answers
        self._controls_since = 0.0
        self._closing = False
        self._held = False
        self._lags = False
        self._unread = b""  # came in at once, and is taken slice by slice
        self._taken = 0  # bytes of it
        self._soon = False  # whether the next slice has its turn already
        self._owed: bytes | None = None  # the answer to the newest ping of a peer that does not read
        self._timer: asyncio.TimerHandle | None = None
        self._owner = owner
        # A connection is healthy while less than this waits for it; only above are frames weighed one by one.
        transport.set_write_buffer_limits(high=64 * 1024, low=16 * 1024)
        self.listener = make_listener(self)

    # ---- bytes in -------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._reader is None:  # the framing broke: what still comes are no frames
            return
        if self._unread:
            self._unread += data
        elif len(data) > limits.SLICE_BYTES:
            self._unread = data
            if not self._transport.is_closing():
                self._transport.pause_reading()
            self._read_on()
        else:
            self._take(data)

    def _take(self, data: bytes) -> None:
        """Read some, and carry out what it says."""
        reader = self._reader
        if reader is None:
            return
        texts, rest = reader.texts(data)
        if texts and not self._closing:
            self.listener.receive_all(texts)
        else:
            self.listener.heard()
        if rest:
            self._take_frames(reader, rest)

    def _take_frames(self, reader: FrameReader, data: bytes) -> None:
        """What is no text message in one frame, and what comes behind it."""
        try:
            for opcode, payload in reader.feed(data):
                if opcode is Opcode.TEXT:
                    if not self._closing:
                        self.listener.receive_all((payload,))
                elif opcode is Opcode.PING:
                    self._count_control()
                    self._pong(payload)
                elif opcode is Opcode.PONG:
                    if self._asked:
                        self._asked -= 1
                    else:
                        self._count_control()
                    self.listener.pong(payload)
                elif opcode is Opcode.CLOSE:
                    self._peer_closed(payload)
                    return
                elif opcode is Opcode.BINARY and not self._closing:
                    self.listener.receive_binary(payload)
        except ProtocolFault as fault:
            self._fail(fault)

    def _count_control(self) -> None:
        """Bound what costs the peer two bytes and us a call.

        Raises:
            ProtocolFault: there are too many.
        """
        self._controls += 1
        if 1 < self._controls <= limits.CONTROL_FRAMES:
            return
        now = asyncio.get_running_loop().time()
        if self._controls > 1 and now - self._controls_since < limits.CONTROL_FRAMES_S:
            text = f"more than {limits.CONTROL_FRAMES} control frames within {limits.CONTROL_FRAMES_S:.0f} s"
            raise ProtocolFault(_POLICY, text)
        self._controls, self._controls_since = 1, now

    def eof_received(self) -> bool:
        """See asyncio; a peer that sends no more gets no more."""
        return False

    def pause_writing(self) -> None:
        """See asyncio."""
        self._lags = True
        self.listener.lagging(True)

    def resume_writing(self) -> None:
        """See asyncio."""
        self._lags = False
        self.listener.lagging(False)
        if self._owed is not None:
            owed, self._owed = self._owed, None
            self._pong(owed)

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio."""
        del error
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._closing = True
        self.descriptor = -1
        self.listener.closed()
        if self._owner is not None:
            self._owner.lost(self)
        # It would hold us, and we it, until the collector of cycles comes, which it seldom does.
        self.listener = cast("L", _DEAF)

    # ---- the wire -------------------------------------------------------------------------------------------

    @property
    def line(self) -> Line | None:
        """See the wire."""
        return self if self.descriptor >= 0 else None

    @property
    def waits(self) -> Callable[[], int]:
        """See the line."""
        return self._transport.get_write_buffer_size if self.descriptor >= 0 else _for_good

    @staticmethod
    def frame(text: bytes) -> bytes:
        """See the wire."""
        return text_frame(text)

    def buffered(self) -> int:
        """See the wire."""
        return self._transport.get_write_buffer_size()

    def hold(self, held: bool) -> None:
        """See the wire."""
        self._held = held
        if not self._transport.is_closing():
            if held:
                self._transport.pause_reading()
            elif self._unread:
                self._read_on_soon()
            else:
                self._transport.resume_reading()

    def _read_on(self) -> None:
        """Take a slice of what has come in, and the next one in the loop's next turn.

        A flood of the smallest messages would otherwise keep everyone else waiting.
        """
        self._soon = False
        if self._held or self._transport.is_closing():
            return
        end = self._taken + limits.SLICE_BYTES
        part, self._taken = self._unread[self._taken : end], end
        if end < len(self._unread):
            self._read_on_soon()
        else:
            self._unread, self._taken = b"", 0
            self._transport.resume_reading()
        self._take(part)

    def _read_on_soon(self) -> None:
        if not self._soon:
            self._soon = True
            asyncio.get_running_loop().call_soon(self._read_on)

    def probe(self) -> None:
        """See the wire."""
        self._asked += 1
        self.write(build_frame(Opcode.PING, b""))

    def confirm(self, number: int) -> bool:
        """See the wire."""
        self._asked += 1
        self.write(build_frame(Opcode.PING, number.to_bytes(8, "big")))
        return True

    def shut(self, code: int, reason: str) -> None:
        """Send the close frame, wait for the peer's, and cut it off when that does not come in time."""
        if self._closing:
            return
        self._closing = True
        self.write(build_close(code, reason))
        self._arm()
        self.hold(False)  # the peer's answer must be read, however much of it waits unread before

    def _pong(self, payload: bytes) -> None:
        """Answer a ping. While the peer does not read, only the newest waits, as the RFC allows: no cap weighs pongs."""
        if self._closing:
            return
        if self._lags:
            self._owed = payload
        else:
            self.write(build_frame(Opcode.PONG, payload))

    def _peer_closed(self, payload: bytes) -> None:
        code = struct.unpack("!H", payload[:2])[0] if payload else _NO_CODE
        self.listener.leaving(code)
        self.listener.closed()  # first: after the answer no event may follow
        if not self._closing:
            self.write(build_close(code, "") if payload else build_frame(Opcode.CLOSE, b""))
        self._finish()

    def _fail(self, fault: ProtocolFault) -> None:
        """Say what broke the framing and nothing more; what the peer is still sending is thrown away.

        Closing at once, with bytes of the peer unread, would make the system reset the connection, and the peer would
        never see the close frame.
        """
        self._reader = None
        if self._owner is not None:
            self._owner.broken(fault.code, fault.reason)
        if not self._closing:
            self._closing = True
            self.write(
                self.listener.farewell(fault.code, fault.reason) + build_close(fault.code, fault.reason)
            )
        self.listener.closed()
        self._arm()
        self.hold(False)
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:  # TLS has no half-closed connections
            asyncio.get_running_loop().call_later(limits.TLS_LINGER_S, self._transport.close)

    def _finish(self) -> None:
        """Nothing more is read; what is written still goes out, within the grace."""
        self._closing = True
        self._arm()
        self._transport.close()

    def _arm(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(limits.APP_CLOSE_GRACE_S, self.cut_off)

    def cut_off(self) -> None:
        """Send nothing more and read nothing more."""
        if self._owner is not None:
            self._owner.aborted(self)
        self._transport.abort()
