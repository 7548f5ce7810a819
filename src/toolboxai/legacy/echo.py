"""The echo endpoint: every text comes back byte for byte, for anyone, and nothing else is ever said."""

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.close_codes import CloseCode, OldCloseCode
from toolboxai.protocol.dialogue import Dialogue
from toolboxai.protocol.effects import Close, Effect, Send
from toolboxai.protocol.rates import SlidingWindow

__all__ = ["EchoSession"]


class EchoSession(Dialogue):
    """One connection. It has no channels, and no words of ours: a close has its code alone.

    Args:
        now: monotonic seconds.

    Attributes:
        messages: of the client.
        ended: code and reason of the close that we began; None: we began none.
    """

    __slots__ = ("_window", "ended", "heard_at", "messages")

    def __init__(self, *, now: float) -> None:
        self.heard_at = now
        self._window = SlidingWindow(limits.OLD_ECHOES_PER_S)
        self.messages = 0
        self.ended: tuple[int, str] | None = None

    def opening(self) -> list[Effect]:
        """Nothing: the first frame is the client's."""
        return []

    def receive(self, text: bytes, now: float) -> list[Effect]:
        """Back it goes."""
        if self.ended is not None:
            return []
        self.messages += 1
        if not self._window.take(now):
            return self._end(
                OldCloseCode.RATE_LIMIT, f"More than {limits.OLD_ECHOES_PER_S} messages a second"
            )
        return [Send(text)]

    def receive_binary(self, now: float) -> list[Effect]:
        """Text alone is echoed."""
        del now
        return self._end(OldCloseCode.UNSUPPORTED_DATA, "Binary messages are not supported; send text")

    def closing(self, code: int, message: str) -> list[Effect]:
        """See the dialogue."""
        if code in (CloseCode.RECONNECT_NOW, CloseCode.UNKNOWN_APP, CloseCode.APP_DISABLED):
            code = OldCloseCode.GOING_AWAY
        return self._end(code, message)

    def failed(self) -> list[Effect]:
        """See the dialogue."""
        return self._end(OldCloseCode.SERVER_ERROR, "Internal server error, please reconnect")

    def farewell(self, code: int, reason: str) -> list[Effect]:
        """The close code says it all."""
        self.ended = (code, reason)
        return []

    def heard(self, now: float) -> None:
        """Anything at all came in."""
        self.heard_at = now

    def deadline(self, now: float) -> list[Effect]:
        """A connection that nobody uses ends."""
        if now - self.heard_at < limits.OLD_ECHO_IDLE_S:
            return []
        return self._end(OldCloseCode.IDLE, f"Nothing was heard for {limits.OLD_ECHO_IDLE_S:.0f} s")

    def _end(self, code: int, reason: str) -> list[Effect]:
        if self.ended is not None:
            return []
        self.ended = (int(code), reason)
        return [Close(code, reason)]

    def change_app(self, app: App, now: float) -> None:
        """Keys and limits of Channels are nothing to us."""
        del app, now
