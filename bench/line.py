"""One WebSocket that is said things and waited for, a message at a time."""

import json
import socket
from collections.abc import Mapping
from typing import Any, Final

from bench.wire import masked_frame, take_frame, upgrade_request

__all__ = ["Line"]

PATIENCE_S: Final = 10.0
READ_BYTES: Final = 65536


class Line:
    """One open WebSocket.

    Args:
        port: of the server.
        path: of the request.
        token: of a user; empty: of nobody.

    Raises:
        ConnectionError: it was refused.
        TimeoutError: of each method, after `PATIENCE_S` without a word.
    """

    def __init__(self, port: int, path: str, token: str = "") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bearer = f"Authorization: Bearer {token}\r\n" if token else ""
        self.socket.sendall(upgrade_request(path, port, bearer))
        self._buffer = bytearray()
        while b"\r\n\r\n" not in self._buffer:
            self._read()
        head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if b" 101 " not in head:
            raise ConnectionError(f"{path} was answered with {head[:100]!r}")
        self._buffer = bytearray(rest)

    def say(self, message: Mapping[str, object]) -> None:
        """Send a message."""
        self.socket.sendall(masked_frame(1, json.dumps(message).encode()))

    def hear(self, part: str) -> dict[str, Any]:
        """The next message in which this stands."""
        while True:
            while (frame := take_frame(self._buffer)) is None:
                self._read()
            if part.encode() in frame[1]:
                message: dict[str, Any] = json.loads(frame[1])
                return message

    def until_quiet(self) -> None:
        """What still comes is of no interest."""
        self.socket.settimeout(0.3)
        try:
            while self.socket.recv(READ_BYTES):
                pass
        except TimeoutError:
            self.socket.settimeout(PATIENCE_S)

    def close(self) -> None:
        """It is not needed any more."""
        self.socket.close()

    def _read(self) -> None:
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise ConnectionError("the server has closed")
        self._buffer += data
