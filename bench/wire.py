"""What clients of the bench say and hear, byte for byte: signed requests, handshakes, signatures of channels, frames."""

import hashlib
import hmac
from typing import Final

from bench.servers import KEY, SECRET

__all__ = ["channel_auth", "masked_frame", "signed_request", "take_frame", "upgrade_request"]

MASK: Final = b"\x1f\x2e\x3d\x4c"
SOCKET_KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455's example; a server may not care


def signed_request(
    app_id: str, key: str, secret: str, body: bytes, *, port: int, now: int, path: str = "events"
) -> bytes:
    """A POST as the Channels API wants it."""
    route = f"/apps/{app_id}/{path}"
    digest = hashlib.md5(body).hexdigest()
    query = f"auth_key={key}&auth_timestamp={now}&auth_version=1.0&body_md5={digest}"
    signature = hmac.new(secret.encode(), f"POST\n{route}\n{query}".encode(), hashlib.sha256).hexdigest()
    return (
        f"POST {route}?{query}&auth_signature={signature} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def masked_frame(opcode: int, payload: bytes) -> bytes:
    """A client's frame; up to 65,535 bytes."""
    size = len(payload)
    head = (
        bytes([0x80 | opcode, 0x80 | size])
        if size < 126
        else bytes([0x80 | opcode, 0xFE]) + size.to_bytes(2, "big")
    )
    return head + MASK + bytes(byte ^ MASK[at & 3] for at, byte in enumerate(payload))


def take_frame(buffer: bytearray) -> tuple[int, bytes] | None:
    """The opcode and payload of a whole server's frame, taken off the buffer; None while it is incomplete."""
    if len(buffer) < 2:
        return None
    size, head = buffer[1] & 127, 2
    if size == 126:
        if len(buffer) < 4:
            return None
        size, head = int.from_bytes(buffer[2:4], "big"), 4
    elif size == 127:
        raise ValueError("a frame of more than 65,535 bytes: no event of the bench is that long")
    if len(buffer) < head + size:
        return None
    opcode, payload = buffer[0] & 15, bytes(buffer[head : head + size])
    del buffer[: head + size]
    return opcode, payload


def upgrade_request(path: str, port: int, headers: str = "", *, key: str = SOCKET_KEY) -> bytes:
    """A handshake.

    Args:
        path: of the WebSocket, with the query.
        port: of the server.
        headers: further lines, each with its end.
        key: of the handshake.
    """
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{headers}"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def channel_auth(socket_id: str, channel: str, member: str | None = None) -> dict[str, str]:
    """What a subscribe to a private channel has beside its name; to a presence channel, with the member's JSON."""
    text = f"{socket_id}:{channel}" if member is None else f"{socket_id}:{channel}:{member}"
    auth = {"auth": f"{KEY}:{hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()}"}
    return auth if member is None else auth | {"channel_data": member}
