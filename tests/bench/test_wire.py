"""The generator in Python: what it signs and how it frames."""

import pytest
from bench.wire import masked_frame, signed_request, take_frame
from hypothesis import given
from hypothesis import strategies as st


def test_a_request_is_signed_as_the_protocol_says() -> None:
    body = b'{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}'
    request = signed_request(
        "3", "278d425bdf160c739803", "7ad3773142a6692b25b8", body, port=80, now=1353088179
    )
    head = request.split(b"\r\n", 1)[0]
    assert b"body_md5=ec365a775a4cd0599faeb73354201b6f" in head
    assert b"auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c" in head
    assert request.endswith(b"\r\n\r\n" + body)


def server_frame(payload: bytes) -> bytes:
    size = len(payload)
    return bytes([0x81, size]) + payload if size < 126 else b"\x81\x7e" + size.to_bytes(2, "big") + payload


@given(payloads=st.lists(st.binary(max_size=300), max_size=5), cut=st.integers(1, 50))
def test_frames_come_out_whole_however_the_bytes_arrive(payloads: list[bytes], cut: int) -> None:
    wire = b"".join(map(server_frame, payloads))
    buffer = bytearray()
    taken: list[tuple[int, bytes]] = []
    for at in range(0, len(wire), cut):
        buffer += wire[at : at + cut]
        while (frame := take_frame(buffer)) is not None:
            taken.append(frame)
    assert taken == [(1, payload) for payload in payloads]
    assert not buffer


@given(payload=st.binary(max_size=300))
def test_a_clients_frame_is_masked(payload: bytes) -> None:
    frame = masked_frame(1, payload)
    assert frame[1] & 0x80
    head = 2 if len(payload) < 126 else 4
    mask, masked = frame[head : head + 4], frame[head + 4 :]
    assert bytes(byte ^ mask[at & 3] for at, byte in enumerate(masked)) == payload


def test_a_frame_that_no_event_of_the_bench_needs_is_refused() -> None:
    with pytest.raises(ValueError, match="65,535"):
        take_frame(bytearray(b"\x81\x7f" + bytes(8)))
