"""Who listens to a connection when nothing that it says matters."""

from collections.abc import Sequence

__all__ = ["Deaf"]


class Deaf:
    """Satisfies ``transport.websocket.Listener`` for a connection that was refused, or has ended."""

    __slots__ = ()

    def receive_all(self, texts: Sequence[bytes]) -> None:
        """Ignore them."""

    def receive_binary(self, payload: bytes) -> None:
        """Ignore it."""

    def pong(self, payload: bytes) -> None:
        """Ignore it."""

    def farewell(self, code: int, reason: str) -> bytes:
        """It has had its refusal."""
        del code, reason
        return b""

    def heard(self) -> None:
        """Ignore it."""

    def leaving(self, code: int) -> None:
        """Ignore it."""

    def lagging(self, lags: bool) -> None:
        """Nothing more is written."""

    def closed(self) -> None:
        """Nothing to let go of."""
