"""What sessions of old sockets ask: places and acknowledgements are seen to here, the rest is the application's."""

import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from toolboxai.close_codes import OldCloseCode
from toolboxai.legacy.admissions import Held, Place
from toolboxai.legacy.echo import EchoSession
from toolboxai.legacy.endpoints import Call, EndpointName
from toolboxai.legacy.questions import (
    Acknowledge,
    Admitted,
    Authenticate,
    Denial,
    Denied,
    Recall,
    Refused,
    Relay,
)
from toolboxai.legacy.session import OldSession
from toolboxai.node.node import Node
from toolboxai.transport.old_sockets_parts import Ledger, OldSocketsParts
from toolboxai.transport.pump import Pump

__all__ = ["OldSocketAnswers", "Visit"]

log = logging.getLogger(__name__)

_ACKNOWLEDGED: Final = (
    20_000  # users' places in channels that are remembered; beyond, the oldest are forgotten
)


@dataclass(slots=True)
class Visit:
    """One connection and what is noted of it."""

    call: Call
    place: "Place[Pump]"
    session: OldSession | EchoSession
    use: dict[str, str]
    pump: Pump | None = None
    counted: dict[str, str] | None = None  # as the ledger has it
    gone: bool = False

    def note(self, ledger: Ledger) -> None:
        """In the ledger, once: when its user is known, at once where none will be, or else at its end."""
        if self.counted is None:
            self.counted = dict(self.use)
            ledger.opened(**self.counted)

    def note_end(self, ledger: Ledger) -> None:
        """In the ledger: it is there no more."""
        self.note(ledger)
        ledger.closed(self.session.messages, **(self.counted or {}))


class OldSocketAnswers:
    """Counts who signs in, and asks the application for everything that it alone can know.

    Args:
        node: the process.
        parts: of the door.
    """

    def __init__(self, node: Node, parts: OldSocketsParts) -> None:
        self._node = node
        self._parts = parts
        self._acknowledged: OrderedDict[tuple[str, str], int] = OrderedDict()

    async def answer(self, visit: Visit, question: Any) -> Any:
        """Answer what the session of this visit asks."""
        if isinstance(question, Authenticate):
            answer = self._seated(visit, question, await self._parts.desk.answer(question))
            if isinstance(answer, Denied):
                about = {"path": visit.call.path, "reason": answer.why.value}
                self._node.refusals.tell(log, "old socket not signed in", **about)
            return answer
        if isinstance(question, Recall):
            channel = question.call.endpoint.private_channel(question.resource_id)
            user_id = question.principal.user_id
            known = self._acknowledged.get((channel, user_id), 0)
            return await self._parts.desk.recall(question, acknowledged=known)
        if isinstance(question, Relay) and visit.pump is not None:
            return await self._relay(question, visit.pump)
        return await self._parts.desk.answer(question)

    def told(self, visit: Visit, news: Acknowledge) -> None:
        """Take note of what the session of this visit tells; never waits."""
        if visit.pump is not None:
            visit.pump.acknowledged(news.channel, news.seq)
        # Nothing but a session has a story that could begin later.
        if visit.call.endpoint.name is EndpointName.CONTENT:
            self._acknowledge(news)

    async def _relay(self, question: Relay, pump: Pump) -> Any:
        app = self._node.apps.own
        if app is None or len(question.text.encode()) > app.event_bytes:
            most = 0 if app is None else app.event_bytes
            text = f"a message that is passed on may have {most} bytes with what stands around its data"
            return Refused("PAYLOAD_TOO_LARGE", text, {"limit": most})
        return await self._parts.desk.answer(msgspec.structs.replace(question, exclude=pump.socket_id))

    def _seated(self, visit: Visit, question: Authenticate, answer: Any) -> Any:
        """Count a user who is let in, unless that is one connection too many."""
        if not isinstance(answer, Admitted) or visit.gone or question.user_id is not None:
            return answer
        denied = self._take_session(visit, answer.user_id) or self._take_place(visit, answer.user_id)
        if denied is not None:
            return denied
        visit.use |= {
            "client": question.client,
            "user_id": answer.user_id,
            "organization_id": answer.principal.organization_id,
        }
        visit.note(self._parts.ledger)
        return answer

    def _take_session(self, visit: Visit, user_id: str) -> Denied | None:
        """The user's one connection of a session is this one from now on; the one before it gives up its place."""
        if visit.call.endpoint.name is not EndpointName.CONTENT or visit.pump is None:
            return None
        entered = self._parts.admissions.enter(
            visit.place, visit.call.resource_id, user_id, visit.pump, self._node.clock.monotonic()
        )
        if isinstance(entered, Held):
            return Denied(Denial.SESSION_TAKEN, entered.retry_after, 1, 1)
        if entered.replaced is not None:
            text = "Another connection of yours has taken this session"
            entered.replaced.close(OldCloseCode.SESSION_REPLACED, text)
        return None

    def _take_place(self, visit: Visit, user_id: str) -> Denied | None:
        crowd = self._parts.admissions.sign_in(visit.place, user_id)
        if crowd is None:
            return None
        return Denied(Denial.USER_LIMIT, crowd.retry_after, crowd.current, crowd.maximum)

    def _acknowledge(self, word: Acknowledge) -> None:
        key = (word.channel, word.principal.user_id)
        self._acknowledged[key] = max(word.seq, self._acknowledged.get(key, 0))
        self._acknowledged.move_to_end(key)
        if len(self._acknowledged) > _ACKNOWLEDGED:
            self._acknowledged.popitem(last=False)
