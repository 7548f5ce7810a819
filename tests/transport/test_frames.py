"""RFC 6455 frames, read however they are cut into pieces, and each fault with its code."""

import re
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callers import client_frame
from toolboxai import limits
from toolboxai.transport.frames import (
    FrameReader,
    Message,
    Opcode,
    ProtocolFault,
    build_close,
    build_frame,
    text_frame,
)

LIMIT = 70_000
TEXT, BINARY, CLOSE, PING, PONG, MORE = (
    Opcode.TEXT,
    Opcode.BINARY,
    Opcode.CLOSE,
    Opcode.PING,
    Opcode.PONG,
    Opcode.CONTINUATION,
)


def read(*pieces: bytes, limit: int = LIMIT) -> list[Message]:
    reader = FrameReader(max_message_bytes=limit)
    return [message for piece in pieces for message in reader.feed(piece)]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:stop] for start, stop in pairwise(edges)]


# ---- streams that are right -----------------------------------------------------------------------------------

SIZES = st.sampled_from([0, 1, 125, 126, 127, 65535, 65536])
CONTROL = st.builds(
    lambda opcode, payload: (opcode, payload), st.sampled_from([PING, PONG]), st.binary(max_size=125)
)
WHOLE = st.one_of(
    st.text(max_size=50).map(lambda text: (TEXT, text.encode())),
    st.binary(max_size=50).map(lambda payload: (BINARY, payload)),
    SIZES.map(lambda size: (BINARY, b"x" * size)),
    SIZES.map(lambda size: (TEXT, b"y" * size)),
)
MASKS = st.binary(min_size=4, max_size=4)


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[Message]]:
    """Bytes of a client, and the messages in them: whole or in fragments, control frames in between."""
    data, wanted = b"", []
    for opcode, payload in draw(st.lists(WHOLE, max_size=4)):
        parts = cut(payload, draw(st.lists(st.integers(0, 70_000), max_size=3)))
        for number, part in enumerate(parts):
            final = number == len(parts) - 1
            data += client_frame(MORE if number else opcode, part, final=final, mask=draw(MASKS))
            if not final or draw(st.booleans()):
                control, body = draw(CONTROL)
                data += client_frame(control, body, mask=draw(MASKS))
                if final:
                    wanted.append(Message(opcode, payload))
                wanted.append(Message(control, body))
            else:
                wanted.append(Message(opcode, payload))
    return data, wanted


@given(streams(), st.lists(st.integers(0, 500_000), max_size=20))
def test_a_stream_reads_the_same_however_it_is_cut(
    stream: tuple[bytes, list[Message]], places: list[int]
) -> None:
    data, wanted = stream
    assert read(*cut(data, places)) == wanted


def test_a_stream_reads_the_same_byte_by_byte() -> None:
    data = (
        client_frame(TEXT, "Grüße ".encode(), final=False)
        + client_frame(PING, b"now")
        + client_frame(MORE, "an 😀 alle".encode())
        + client_frame(BINARY, b"z" * 300)
        + client_frame(CLOSE, struct.pack("!H", 1000) + b"bye")
    )
    wanted = [
        Message(PING, b"now"),
        Message(TEXT, "Grüße an 😀 alle".encode()),
        Message(BINARY, b"z" * 300),
        Message(CLOSE, b"\x03\xe8bye"),
    ]
    assert read(*[data[at : at + 1] for at in range(len(data))]) == wanted


def test_a_character_may_be_cut_by_a_fragment_and_by_a_read() -> None:
    smile = "😀".encode()
    data = client_frame(TEXT, smile[:1], final=False) + client_frame(MORE, smile[1:2], final=False)
    data += client_frame(MORE, smile[2:])
    for place in range(len(data)):
        assert read(data[:place], data[place:]) == [Message(TEXT, smile)]


@pytest.mark.parametrize(("most_bytes", "most"), [(10, 64), (limits.MESSAGE_BYTES, 1024)])
def test_a_message_has_so_many_fragments_even_if_they_are_empty(most_bytes: int, most: int) -> None:
    begun = client_frame(TEXT, b"a", final=False)
    rest = client_frame(MORE, final=False) * (most - 2) + client_frame(MORE)
    assert list(FrameReader(max_message_bytes=most_bytes).feed(begun + rest)) == [(Opcode.TEXT, b"a")]
    with pytest.raises(ProtocolFault, match=f"{most} fragments") as fault:
        list(FrameReader(max_message_bytes=most_bytes).feed(begun + client_frame(MORE, final=False) * most))
    assert fault.value.code == 1009


def test_an_idle_reader_holds_nothing() -> None:
    reader = FrameReader(max_message_bytes=LIMIT)
    list(reader.feed(client_frame(TEXT, b"x" * 1000)[:500]))
    assert reader._buffer is not None
    reader = FrameReader(max_message_bytes=LIMIT)
    list(reader.feed(client_frame(TEXT, b"x" * 1000)))
    assert reader._buffer is None


# ---- faults ---------------------------------------------------------------------------------------------------


def head(first: int, second: int, rest: bytes = b"") -> bytes:
    return bytes((first, second)) + rest


FAULTS = [
    pytest.param(head(0x81 | 0x40, 0x80), 1002, "reserved bit", id="rsv1"),
    pytest.param(head(0x81 | 0x20, 0x80), 1002, "reserved bit", id="rsv2"),
    pytest.param(head(0x81 | 0x10, 0x80), 1002, "reserved bit", id="rsv3"),
    *[
        pytest.param(head(0x80 | opcode, 0x80), 1002, f"opcode {opcode} is not in use", id=f"opcode-{opcode}")
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    ],
    pytest.param(head(0x81, 0x01, b"a"), 1002, "must be masked", id="unmasked"),
    pytest.param(head(0x09, 0x80), 1002, "control frame may not be fragmented", id="ping-in-fragments"),
    pytest.param(head(0x89, 0xFE), 1002, "at most 125 bytes", id="long-ping"),
    pytest.param(client_frame(MORE, b"a"), 1002, "without a message to continue", id="lone-continuation"),
    pytest.param(
        client_frame(TEXT, b"a", final=False) + client_frame(TEXT, b"b"),
        1002,
        "before the last one was finished",
        id="message-in-message",
    ),
    pytest.param(
        head(0x82, 0xFF, b"\x80" + bytes(7) + b"mask"),
        1002,
        "with its highest bit set",
        id="length-of-64-bits",
    ),
    pytest.param(head(0x82, 0xFE, b"\x00\x7dmask"), 1002, "as few bytes as it needs", id="125-in-16-bits"),
    pytest.param(
        head(0x82, 0xFF, (65535).to_bytes(8, "big") + b"mask"),
        1002,
        "as few bytes as it needs",
        id="65535-in-64",
    ),
    pytest.param(
        head(0x81, 0xFF, (LIMIT + 1).to_bytes(8, "big") + b"mask"), 1009, f"{LIMIT} bytes", id="too-large"
    ),
    pytest.param(
        client_frame(BINARY, b"x" * LIMIT, final=False) + client_frame(MORE, b"x"),
        1009,
        f"{LIMIT} bytes",
        id="too-large-in-fragments",
    ),
    pytest.param(client_frame(TEXT, b"\xff"), 1007, "UTF-8", id="no-utf8"),
    pytest.param(client_frame(TEXT, b"\xed\xa0\x80"), 1007, "UTF-8", id="surrogate"),
    pytest.param(client_frame(TEXT, "é".encode()[:1]), 1007, "UTF-8", id="cut-short"),
    pytest.param(
        client_frame(TEXT, "é".encode()[:1], final=False) + client_frame(MORE, b"a"),
        1007,
        "UTF-8",
        id="across",
    ),
    pytest.param(client_frame(TEXT, b"\xff", final=False), 1007, "UTF-8", id="in-the-first-fragment"),
    pytest.param(
        client_frame(TEXT, b"a\xff" + b"x" * 60_000)[:20], 1007, "UTF-8", id="before-the-frame-is-whole"
    ),
    pytest.param(client_frame(CLOSE, b"\x03"), 1002, "a code of two bytes", id="close-of-one-byte"),
    *[
        pytest.param(
            client_frame(CLOSE, struct.pack("!H", code)), 1002, f"{code} may not", id=f"close-{code}"
        )
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)
    ],
    pytest.param(client_frame(CLOSE, b"\x03\xe8\xff"), 1007, "UTF-8", id="close-reason"),
]


@pytest.mark.parametrize(("data", "code", "reason"), FAULTS)
@pytest.mark.parametrize("bytewise", [False, True], ids=["at-once", "bytewise"])
def test_each_fault_has_its_code(data: bytes, code: int, reason: str, bytewise: bool) -> None:
    pieces = [data[at : at + 1] for at in range(len(data))] if bytewise and len(data) < 1000 else [data]
    with pytest.raises(ProtocolFault, match=re.escape(reason)) as fault:
        read(*pieces)
    assert fault.value.code == code


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 3999, 4000, 4999])
def test_close_codes_that_may_be_sent(code: int) -> None:
    payload = struct.pack("!H", code) + "für immer".encode()
    assert read(client_frame(CLOSE, payload)) == [Message(CLOSE, payload)]


def test_what_came_before_a_fault_is_still_heard() -> None:
    reader = FrameReader(max_message_bytes=LIMIT)
    messages = reader.feed(client_frame(TEXT, b"a") + b"\xf1\x80")
    assert next(messages) == Message(TEXT, b"a")
    with pytest.raises(ProtocolFault):
        next(messages)


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_any_bytes_are_messages_or_a_fault(pieces: list[bytes]) -> None:
    try:
        assert all(isinstance(message, Message) for message in read(*pieces))
    except ProtocolFault as fault:
        known = fault.code in (1002, 1007, 1009)
        if not known:
            raise


# ---- text messages at once ------------------------------------------------------------------------------------

TEXTS = st.lists(st.text(max_size=200).map(str.encode) | st.binary(max_size=140), max_size=6).map(
    lambda payloads: b"".join(client_frame(TEXT, payload) for payload in payloads)
)


@st.composite
def odd_streams(draw: st.DrawFn) -> bytes:
    """Bytes of a client, with texts at the front, and perhaps one of them is another than it was."""
    data = draw(TEXTS) + draw(streams())[0] + draw(TEXTS)
    if data and draw(st.booleans()):
        place = draw(st.integers(0, min(len(data), 300) - 1))
        data = data[:place] + draw(st.binary(min_size=1, max_size=1)) + data[place + 1 :]
    return data


def outcome(pieces: list[bytes], limit: int, *, at_once: bool) -> tuple[list[Message], object]:
    """What is read of the pieces, and how it ends."""
    reader, messages = FrameReader(max_message_bytes=limit), list[Message]()
    try:
        for piece in pieces:
            texts, rest = reader.texts(piece) if at_once else ([], piece)
            messages += [Message(TEXT, text) for text in texts]
            if rest:
                messages.extend(reader.feed(rest))
    except ProtocolFault as fault:
        return messages, (fault.code, fault.reason)
    return messages, reader._buffer


@given(odd_streams(), st.lists(st.integers(0, 500_000), max_size=20), st.sampled_from([0, 60, 130, LIMIT]))
def test_texts_at_once_are_what_is_read_one_by_one(data: bytes, places: list[int], limit: int) -> None:
    pieces = cut(data, places)
    assert outcome(pieces, limit, at_once=True) == outcome(pieces, limit, at_once=False)


@given(odd_streams())
def test_texts_at_once_and_byte_by_byte(data: bytes) -> None:
    pieces = [data[at : at + 1] for at in range(min(len(data), 3000))]
    assert outcome(pieces, LIMIT, at_once=True) == outcome(pieces, LIMIT, at_once=False)


def test_texts_at_once_leave_the_rest() -> None:
    texts = b"".join(client_frame(TEXT, each) for each in (b"", b"a", "\u00e9".encode() * 100))
    rest = client_frame(PING) + client_frame(TEXT, b"b")
    reader = FrameReader(max_message_bytes=LIMIT)
    assert reader.texts(texts + rest) == ([b"", b"a", "\u00e9".encode() * 100], rest)
    assert reader.texts(rest) == ([], rest)
    list(reader.feed(texts[:-1]))
    assert reader.texts(texts[-1:] + rest) == (["\u00e9".encode() * 100], rest)


# ---- our own frames -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "begins"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_frame_has_the_shortest_length(size: int, begins: bytes) -> None:
    assert build_frame(TEXT, b"x" * size) == text_frame(b"x" * size) == begins + b"x" * size


def test_the_reason_of_a_close_is_cut_at_a_whole_character() -> None:
    assert build_close(4001, "why") == b"\x88\x05\x0f\xa1why"
    frame = build_close(4001, "é" * 100)
    assert len(frame) <= 2 + 125
    assert frame[4:].decode() == "é" * 61
