"""RFC 6455 frames: bytes in, messages out. No I/O.

The server's side only: frames of clients are masked, ours are not. No extension is ever agreed on, so every reserved
bit is a fault. The mask is applied by the C helper of the websockets library.
"""

import codecs
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

try:
    from websockets.speedups import apply_mask
except ImportError:  # the library was built without its helper
    from websockets.utils import apply_mask

from toolboxai.limits import FRAGMENT_BYTES

__all__ = [
    "FrameReader",
    "Message",
    "Opcode",
    "ProtocolFault",
    "build_close",
    "build_frame",
    "cut_reason",
    "text_frame",
]


class Opcode(IntEnum):
    """What a frame is."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


class Message(NamedTuple):
    """A whole message or a control frame.

    Args:
        opcode: never CONTINUATION; fragments are joined.
        payload: unmasked; of TEXT it is valid UTF-8; of CLOSE it is empty or a code and a reason, both valid.
    """

    opcode: Opcode
    payload: bytes


class ProtocolFault(Exception):
    """The peer broke RFC 6455: send a close frame with this code and end."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


_KNOWN = frozenset(Opcode)
_OPCODES = {int(opcode): opcode for opcode in Opcode}
_FRAGMENTS_LEAST = 64  # however short messages have to be
_WHOLE_TEXT = 0x80 | Opcode.TEXT.value  # the first byte of a text message in one frame
_REJOINED_BYTES = 2048  # of a frame in pieces; to join a long one anew for each piece would cost too much
_SHORT_HEADS = tuple(bytes((_WHOLE_TEXT, size)) for size in range(126))
_UTF8 = codecs.getincrementaldecoder("utf-8")
# Codes that may stand in a close frame: RFC 6455 section 7.4 and the registry that it sets up.
_CLOSE_CODES = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})


def build_frame(opcode: Opcode, payload: bytes) -> bytes:
    """One whole, unmasked frame."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65536:
        return struct.pack("!BBH", 0x80 | opcode, 126, size) + payload
    return struct.pack("!BBQ", 0x80 | opcode, 127, size) + payload


def text_frame(text: bytes) -> bytes:
    """One whole text message."""
    size = len(text)
    return _SHORT_HEADS[size] + text if size < 126 else build_frame(Opcode.TEXT, text)


def build_close(code: int, reason: str) -> bytes:
    """A close frame; of the reason what fits."""
    return build_frame(Opcode.CLOSE, struct.pack("!H", code) + cut_reason(reason).encode())


def cut_reason(reason: str) -> str:
    """The part of a close's reason that fits into its frame: 123 bytes, and no broken character."""
    return reason.encode()[:123].decode(errors="ignore")


class FrameReader:
    """Collects bytes into messages.

    Args:
        max_message_bytes: one message, its fragments together; it also bounds how many they are.
    """

    __slots__ = ("_ahead", "_ahead_at", "_buffer", "_count", "_decoder", "_fragments", "_max", "_opcode")

    def __init__(self, *, max_message_bytes: int) -> None:
        self._max = max_message_bytes
        self._buffer: bytearray | None = None  # a frame that has not come whole
        self._ahead: codecs.IncrementalDecoder | None = None  # has read so many bytes of its payload
        self._ahead_at = 0
        self._opcode: Opcode | None = None  # of the message whose fragments are being gathered
        self._fragments: bytearray | None = None  # joined at once: a list would grow by empty fragments
        self._count = 0  # of them
        self._decoder: codecs.IncrementalDecoder | None = None

    def texts(self, data: bytes) -> tuple[list[bytes], bytes]:
        """Take the text messages, each in one frame, that these bytes begin with: nearly all that clients ever send.

        Returns:
            Them, and the bytes that are left for `feed`; whatever else there is, faults too, stands in these.
        """
        held = self._buffer
        if self._opcode is not None or (held is not None and len(held) > _REJOINED_BYTES):
            return [], data
        whole = data if held is None else bytes(held) + data
        texts: list[bytes] = []
        at, end = 0, len(whole)
        while end - at >= 6 and whole[at] == _WHOLE_TEXT:
            size, start = whole[at + 1] - 0x80, at + 6
            if size == 126:
                size, start = (whole[at + 2] << 8) | whole[at + 3], at + 8
                if size < 126:
                    break
            elif not 0 <= size < 126:
                break
            stop = start + size
            if stop > end or size > self._max:
                break
            text = apply_mask(whole[start:stop], whole[start - 4 : start])
            if not (text.isascii() or _is_utf8(text)):
                break
            texts.append(text)
            at = stop
        if not texts:
            return texts, data
        self._buffer, self._ahead, self._ahead_at = None, None, 0
        return texts, whole[at:]

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take bytes and yield what has become whole, in order.

        Raises:
            ProtocolFault: nothing more may be fed.
        """
        buffer = self._buffer
        if buffer is not None:
            buffer += data
        whole: bytes | bytearray = data if buffer is None else buffer
        at, end = 0, len(whole)
        while end - at >= 2:
            first, second = whole[at], whole[at + 1]
            size = second & 0x7F
            self._check_head(first, second, size)
            head = at + (2 if size < 126 else 4 if size == 126 else 10)
            if end < head + 4:
                break
            if size >= 126:
                size = _long_size(whole, at + 2, head)
            opcode = _OPCODES[first & 0x0F]
            if opcode < Opcode.CLOSE:
                self._check_size(size)
            start = head + 4
            stop = start + size
            if end < stop:
                if opcode < Opcode.CLOSE and self._is_text(opcode):
                    self._check_early(whole[start + self._ahead_at :], whole[head:start])
                break
            payload = apply_mask(whole[start:stop], whole[head:start]) if size else b""
            self._ahead, self._ahead_at = None, 0
            at = stop
            message = self._frame(opcode, payload, final=first >= 0x80)
            if message is not None:
                yield message
        if at == end:
            self._buffer = None
        elif buffer is None:
            self._buffer = bytearray(data[at:])
        else:
            del buffer[:at]

    def _check_head(self, first: int, second: int, size: int) -> None:
        opcode = first & 0x0F
        if first & 0x70:
            raise ProtocolFault(1002, "a reserved bit is set, and no extension was agreed on")
        if opcode not in _KNOWN:
            raise ProtocolFault(1002, f"opcode {opcode} is not in use")
        if second < 0x80:
            raise ProtocolFault(1002, "frames of a client must be masked")
        if opcode >= Opcode.CLOSE:
            if first < 0x80:
                raise ProtocolFault(1002, "a control frame may not be fragmented")
            if size > 125:
                raise ProtocolFault(1002, "a control frame has at most 125 bytes")
        elif opcode == Opcode.CONTINUATION:
            if self._opcode is None:
                raise ProtocolFault(1002, "a continuation without a message to continue")
        elif self._opcode is not None:
            raise ProtocolFault(1002, "a new message before the last one was finished")

    def _check_size(self, size: int) -> None:
        if self._fragments is not None:
            size += len(self._fragments)
        if size > self._max:
            raise ProtocolFault(1009, f"a message may have {self._max} bytes")

    def _is_text(self, opcode: Opcode) -> bool:
        return (self._opcode or opcode) is Opcode.TEXT

    def _check_early(self, masked: bytes | bytearray, mask: bytes | bytearray) -> None:
        """Bad UTF-8 ends the connection before the rest of a large frame has come; each byte is read ahead once."""
        if not masked:
            return
        if self._ahead is None:
            self._ahead = _UTF8()
            if self._decoder is not None:
                self._ahead.setstate(self._decoder.getstate())
        turn = self._ahead_at % 4
        self._ahead_at += len(masked)
        try:
            self._ahead.decode(apply_mask(masked, mask[turn:] + mask[:turn]))
        except UnicodeDecodeError as fault:
            raise ProtocolFault(1007, "a text message must be UTF-8") from fault

    def _frame(self, opcode: Opcode, payload: bytes, *, final: bool) -> Message | None:
        if opcode >= Opcode.CLOSE:
            if opcode is Opcode.CLOSE:
                _check_close(payload)
            return Message(opcode, payload)
        if final and self._opcode is None:
            if opcode is Opcode.TEXT:
                _check_text(payload)
            return Message(opcode, payload)
        return self._fragment(opcode, payload, final=final)

    def _fragment(self, opcode: Opcode, payload: bytes, *, final: bool) -> Message | None:
        if self._opcode is None or self._fragments is None:
            self._opcode = opcode
            self._fragments, self._count = bytearray(), 0
            self._decoder = _UTF8() if opcode is Opcode.TEXT else None
        if self._decoder is not None:
            try:
                self._decoder.decode(payload, final)
            except UnicodeDecodeError as fault:
                raise ProtocolFault(1007, "a text message must be UTF-8") from fault
        self._fragments += payload
        self._count += 1
        most = max(self._max // FRAGMENT_BYTES, _FRAGMENTS_LEAST)
        if self._count > most:
            raise ProtocolFault(1009, f"a message may have {most} fragments")
        if not final:
            return None
        message = Message(self._opcode, bytes(self._fragments))
        self._opcode = self._fragments = self._decoder = None
        return message


def _long_size(data: bytes | bytearray, at: int, end: int) -> int:
    size = int.from_bytes(data[at:end], "big")
    if size >> 63:
        raise ProtocolFault(1002, "frame length with its highest bit set")
    if size < (126 if end - at == 2 else 65536):
        raise ProtocolFault(1002, "a frame's length must be written in as few bytes as it needs")
    return size


def _check_text(payload: bytes) -> None:
    if not _is_utf8(payload):
        raise ProtocolFault(1007, "a text message must be UTF-8")


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def _check_close(payload: bytes) -> None:
    if not payload:
        return
    if len(payload) == 1:
        raise ProtocolFault(1002, "a close frame has no body, or a code of two bytes and a reason")
    code = (payload[0] << 8) | payload[1]
    if code not in _CLOSE_CODES and not 3000 <= code < 5000:
        raise ProtocolFault(1002, f"close code {code} may not be sent")
    _check_text(payload[2:])
