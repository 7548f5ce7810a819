"""What the old sockets need of the rest: the application that answers, the ledger that counts, and the settings."""

from dataclasses import dataclass
from typing import Any, Protocol

from toolboxai.ids import Dice
from toolboxai.legacy.admissions import Admissions
from toolboxai.legacy.deprecation import Deprecation
from toolboxai.legacy.messages import Stamp
from toolboxai.legacy.questions import Recall, Recalled
from toolboxai.transport.pump import Pump

__all__ = ["Desk", "Ledger", "OldSocketsParts"]


class Desk(Protocol):
    """Answers what sessions ask of the application; see ``legacy.questions``."""

    async def answer(self, question: Any) -> Any:
        """Every question but that for what has happened."""
        ...

    async def recall(self, question: Recall, *, acknowledged: int) -> Recalled | None:
        """What has happened; this user has said that it has the events up to `acknowledged`."""
        ...

    def holds(self, principal: Any) -> bool:
        """Whether what a user has signed in with is still good, its time aside; never waits, asked every second or so."""
        ...

    def parting(self, principal: Any) -> tuple[int, str]:
        """Close code and reason for somebody whose sign-in holds no more."""
        ...


class Ledger(Protocol):
    """Keeps who still uses what. Its calls never wait."""

    def opened(
        self, *, endpoint: str, user_agent: str, client: str, user_id: str, organization_id: str
    ) -> None:
        """A client has connected; texts are empty where they are not known."""
        ...

    def closed(
        self,
        messages: int,
        *,
        endpoint: str,
        user_agent: str,
        client: str,
        user_id: str,
        organization_id: str,
    ) -> None:
        """Its connection has ended, and it had sent this many messages; the texts are those of ``opened``."""
        ...


@dataclass(frozen=True, slots=True)
class OldSocketsParts:
    """What the door is made of.

    Args:
        desk: the application.
        deprecation: what is told, and who is refused.
        admissions: who is there.
        ledger: who was there.
        stamp: writes times.
        messages_per_minute: of one connection.
        auth_attempts_per_minute: of one connection.
        dice: for request ids.
    """

    desk: Desk
    deprecation: Deprecation
    admissions: "Admissions[Pump]"
    ledger: Ledger
    stamp: Stamp
    messages_per_minute: int
    auth_attempts_per_minute: int
    dice: Dice
