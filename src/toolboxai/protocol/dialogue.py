"""What a pump needs of the session that it drives, whichever dialect that speaks."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from toolboxai.apps.app import App
from toolboxai.errors import SubscriptionDenied
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.effects import Effect
from toolboxai.protocol.publication import Gap, Publication
from toolboxai.protocol.refusals import Refusal

__all__ = ["Dialogue"]


class Dialogue(Protocol):
    """The server's side of one connection: what comes in, and what the world answers, as effects in order.

    Times are monotonic seconds. A fault of the client is answered and never raised. What answers an effect is of no
    concern to a session that never has that effect: a session which inherits from here leaves it out.

    Attributes:
        heard_at: monotonic seconds of the last sign of life.
    """

    __slots__ = ()

    heard_at: float

    @property
    def refusals(self) -> Mapping[str, Refusal]:
        """By channel, why the client's last subscribe was refused, as far as it is remembered."""
        return {}

    def opening(self) -> Sequence[Effect]:
        """The wire is ready."""
        ...

    def receive(self, text: bytes, now: float) -> list[Effect]:
        """One message of the client."""
        ...

    def receive_binary(self, now: float) -> list[Effect]:
        """A binary message of the client."""
        ...

    def answered(self, question: Any, answer: Any, now: float) -> list[Effect]:
        """The world answers an ``Ask``."""
        raise _not_asked()

    def hint(self, recall: Any, text: bytes | None) -> Any:
        """A ``Subscribe.recall`` before it is asked, and the client's next message, should there be one."""
        raise _not_asked()

    def subscribed(
        self,
        channel: ChannelName,
        missed: Sequence[Publication] = (),
        *,
        members: Mapping[str, str | None] | None = None,
        cache_missed: bool = False,
        gap: Gap | None = None,
        recalled: Any = None,
    ) -> list[Effect]:
        """The channel is followed; `recalled` is the answer to ``Subscribe.recall``."""
        raise _not_asked()

    def missed(self, channel: str, gap: Gap) -> list[Effect]:
        """The client has missed something that it cannot be handed any more."""
        raise _not_asked()

    def subscribe_failed(self, channel: ChannelName) -> list[Effect]:
        """The channel cannot be followed now, through no fault of the client."""
        raise _not_asked()

    def channel_full(self, channel: ChannelName) -> list[Effect]:
        """The channel has as many users as the app allows."""
        raise _not_asked()

    def subscribe_refused(self, channel: ChannelName, denied: SubscriptionDenied) -> list[Effect]:
        """The client may not enter after all."""
        raise _not_asked()

    def expire(self, channel: ChannelName) -> list[Effect]:
        """The authorisation for this channel is over."""
        raise _not_asked()

    def signed_in(self, online: Collection[str]) -> list[Effect]:
        """The user of a ``SignIn`` is known to everyone."""
        raise _not_asked()

    def signin_failed(self) -> list[Effect]:
        """The user could not be made known now."""
        raise _not_asked()

    def publish_failed(self) -> list[Effect]:
        """What a ``Broadcast`` carried could not be published now."""
        raise _not_asked()

    def closing(self, code: int, message: str) -> list[Effect]:
        """We end the connection."""
        ...

    def failed(self) -> list[Effect]:
        """We end the connection because of a fault of ours."""
        ...

    def farewell(self, code: int, reason: str) -> list[Effect]:
        """The transport ends the connection, for a frame that broke its rules; what to say before."""
        ...

    def change_app(self, app: App, now: float) -> None:
        """The app has other keys or limits now."""
        ...

    def heard(self, now: float) -> None:
        """Anything at all came in."""
        ...

    def deadline(self, now: float) -> list[Effect]:
        """What silence and time ask for; called every second or so."""
        ...


def _not_asked() -> RuntimeError:
    return RuntimeError("the session is answered, and has asked for nothing of the kind")
