"""The door of the old sockets: who is let in, and what becomes of each connection.

A refusal before the handshake is an HTTP answer here, other than on Channels: these clients know no error but the
failed handshake, and whoever looks for the reason finds it in the answer.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, unquote

import msgspec

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.close_codes import OldCloseCode
from toolboxai.ids import Dice, new_token
from toolboxai.legacy.admissions import Admissions, Held, Place, TooMany
from toolboxai.legacy.deprecation import Deprecation, Refused
from toolboxai.legacy.echo import EchoSession
from toolboxai.legacy.endpoints import Call, EndpointName, called
from toolboxai.legacy.messages import Stamp, Voice, event_text
from toolboxai.legacy.pace import Pace
from toolboxai.legacy.questions import (
    Acknowledge,
    Admitted,
    Authenticate,
    Denial,
    Denied,
    Done,
    Recall,
    Recalled,
    Relay,
)
from toolboxai.legacy.questions import Refused as RefusedAnswer
from toolboxai.legacy.session import OldSession
from toolboxai.node.background import Background
from toolboxai.node.node import Node
from toolboxai.protocol.handshake import TOKEN_PARAMETERS, origin_allowed
from toolboxai.protocol.proxies import TrustedProxies
from toolboxai.protocol.publication import Publication
from toolboxai.transport.accept import Acceptor
from toolboxai.transport.answers import Answer
from toolboxai.transport.bearer import offered_token
from toolboxai.transport.frames import Opcode, build_frame
from toolboxai.transport.heads import RequestHead
from toolboxai.transport.pump import Pump
from toolboxai.transport.websocket import HandshakeRefused, WebSocketProtocol, handshake_reply

__all__ = ["Desk", "Ledger", "OldSockets", "OldSocketsParts"]

log = logging.getLogger(__name__)

_ACKNOWLEDGED: Final = (
    20_000  # users' places in channels that are remembered; beyond, the oldest are forgotten
)
_NAME_CHARS: Final = 200


class Desk(Protocol):
    """Answers what sessions ask of the application; see ``legacy.questions``."""

    async def answer(self, question: Any) -> Any:
        """Every question but that for what has happened."""
        ...

    async def recall(self, question: Recall, *, acknowledged: int) -> Recalled | None:
        """What has happened; this user has said that it has the events up to `acknowledged`."""
        ...


class Ledger(Protocol):
    """Keeps who still uses what. Its calls never wait."""

    def opened(
        self, *, endpoint: str, user_agent: str, client: str, user_id: str, organization_id: str
    ) -> None:
        """A client has connected; texts are empty where they are not known."""
        ...

    def spoke(
        self,
        messages: int,
        *,
        endpoint: str,
        user_agent: str,
        client: str,
        user_id: str,
        organization_id: str,
    ) -> None:
        """Its connection has ended, and it had sent this many messages."""
        ...


@dataclass(frozen=True, slots=True)
class OldSocketsParts:
    """What the door is made of.

    Args:
        desk: the application.
        deprecation: what is told, and who is refused.
        admissions: who is there.
        ledger: who was there.
        proxies: whose word on addresses is taken.
        stamp: writes times.
        messages_per_minute: of one connection.
        auth_attempts_per_minute: of one connection.
        dice: for request ids.
    """

    desk: Desk
    deprecation: Deprecation
    admissions: "Admissions[Pump]"
    ledger: Ledger | None
    proxies: TrustedProxies
    stamp: Stamp
    messages_per_minute: int
    auth_attempts_per_minute: int
    dice: Dice


@dataclass(slots=True)
class _Visit:
    """One connection and what is noted of it."""

    call: Call
    place: "Place[Pump]"
    session: OldSession | EchoSession
    use: dict[str, str]
    pump: Pump | None = None
    counted: bool = False  # in the ledger
    gone: bool = False


class OldSockets:
    """Opens connections of the old dialect, to our own app.

    Args:
        node: the process.
        acceptor: keeps all connections.
        background: owns work that waits.
        parts: see there.
    """

    def __init__(
        self, node: Node, acceptor: Acceptor, background: Background, parts: OldSocketsParts
    ) -> None:
        self._node = node
        self._acceptor = acceptor
        self._background = background
        self._parts = parts
        self._pumps: set[Pump] = set()
        self._acknowledged: OrderedDict[tuple[str, str], int] = OrderedDict()

        def frame(publication: Publication) -> bytes:
            text = event_text(publication, parts.stamp)
            return build_frame(Opcode.TEXT, text) if text else b""

        self._dialect = frame  # one for all: the hub makes each frame once per dialect

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a path is of the old sockets, one that there is or not."""
        return path.startswith("/ws/")

    # ---- letting in -----------------------------------------------------------------------------------------

    def accept(self, transport: asyncio.Transport, head: RequestHead) -> WebSocketProtocol[Any]:
        """Answer the handshake and take over the transport.

        Raises:
            BadHandshake, HandshakeRefused: nothing has been written yet.
        """
        try:
            return self._accept(transport, head)
        except HandshakeRefused as refused:
            self._node.metrics.legacy_connections_refused_total += 1
            about = {"path": head.path[:300], "status": refused.answer.status, "error_code": refused.code}
            log.info("old socket refused", extra={**about, "address": self._address(transport, head)})
            raise

    def _accept(self, transport: asyncio.Transport, head: RequestHead) -> WebSocketProtocol[Any]:
        path = unquote(head.path)
        call = called(path)
        if call is None:
            raise self._refused(404, "RESOURCE_NOT_FOUND", f"there is no WebSocket at {path[:300]}")
        app = self._checked(call, head)
        token, subprotocol = offered_token(head)
        if not call.endpoint.authenticates:
            token = None
        lines = dict(self._parts.deprecation.headers(call))
        if subprotocol is not None:
            lines["Sec-WebSocket-Protocol"] = subprotocol
        reply = handshake_reply(head, lines)
        place = self._placed(transport, head, call)
        visit = _Visit(call, place, self._session(call, token), self._use(call, head))
        self._count(call)
        echo = not call.endpoint.authenticates
        return self._acceptor.open(
            transport,
            app,
            partial(self._pump, app, visit),
            reply,
            max_message_bytes=limits.OLD_ECHO_BYTES if echo else limits.MESSAGE_BYTES,
        )

    def _checked(self, call: Call, head: RequestHead) -> App:
        refused = self._parts.deprecation.refusal(call, self._node.clock.now())
        if refused is not None:
            raise self._told(refused)
        app = self._node.apps.own
        if app is None or not app.enabled or self._acceptor.draining:
            text = "the server is going away, or its app is switched off; come back in a moment"
            raise self._refused(503, "PROVIDER_UNAVAILABLE", text, {}, {"Retry-After": "1"})
        if not origin_allowed(app, head.header(b"origin"), head.header(b"host")):
            text = "pages of this origin may not connect; the operator's setting is server.allowed_origins"
            raise self._refused(403, "ORIGIN_NOT_ALLOWED", text)
        if TOKEN_PARAMETERS & {name.lower() for name, _ in parse_qsl(head.query, keep_blank_values=True)}:
            text = (
                "a token in the URL is refused, since addresses are logged; treat it as known to others, get a new "
                "one, and send it in an auth message, or in the header Authorization: Bearer ACCESS_TOKEN"
            )
            raise self._refused(401, "AUTHENTICATION_REQUIRED", text)
        return app

    def _placed(self, transport: asyncio.Transport, head: RequestHead, call: Call) -> "Place[Pump]":
        place = self._parts.admissions.arrive(self._address(transport, head))
        if not isinstance(place, TooMany):
            return place
        details: dict[str, object] = {"current_connections": place.current, "max_connections": place.maximum}
        details |= {"endpoint": call.path, "retry_after": place.retry_after}
        text = f"there are {place.current} connections from this address, {place.maximum} are allowed"
        retry = {"Retry-After": str(place.retry_after)}
        raise self._refused(429, "WEBSOCKET_CONNECTION_LIMIT", text, details, retry)

    def _address(self, transport: asyncio.Transport, head: RequestHead) -> str:
        peer = transport.get_extra_info("peername") or ("unknown",)
        return self._parts.proxies.address(
            str(peer[0]), head.listed(b"x-forwarded-for"), head.listed(b"forwarded")
        )

    def _session(self, call: Call, token: str | None) -> OldSession | EchoSession:
        clock, parts = self._node.clock, self._parts
        if not call.endpoint.authenticates:
            return EchoSession(now=clock.monotonic())
        voice = Voice(call, parts.stamp, clock.now)
        notice = parts.deprecation.notice(call, parts.stamp(clock.now()))
        return OldSession(
            call,
            voice,
            Pace(
                messages_per_minute=parts.messages_per_minute,
                auth_attempts_per_minute=parts.auth_attempts_per_minute,
            ),
            now=clock.monotonic(),
            token=token,
            notice=None if notice is None else msgspec.json.encode(notice),
        )

    def _pump(self, app: App, visit: _Visit, wire: WebSocketProtocol[Any]) -> Pump:
        pump = visit.pump = Pump(
            self._node,
            app,
            wire,
            self._dialect,
            self._background,
            on_closed=partial(self._left, visit),
            dialogue=visit.session,
            answer=partial(self._answer, visit),
        )
        self._pumps.add(pump)
        return pump

    @staticmethod
    def _use(call: Call, head: RequestHead) -> dict[str, str]:
        agent = (head.header(b"user-agent") or "")[:_NAME_CHARS]
        return {
            "endpoint": call.endpoint.name.value,
            "user_agent": agent,
            "client": "",
            "user_id": "",
            "organization_id": "",
        }

    def _count(self, call: Call) -> None:
        metrics = self._node.metrics
        metrics.legacy_connections += 1
        match call.endpoint.name:
            case EndpointName.CONTENT:
                metrics.legacy_content_connections_total += 1
            case EndpointName.ROBLOX:
                metrics.legacy_roblox_connections_total += 1
            case EndpointName.PLUGIN:
                metrics.legacy_plugin_connections_total += 1
            case EndpointName.AGENT:
                metrics.legacy_agent_connections_total += 1
            case EndpointName.NATIVE:
                metrics.legacy_native_connections_total += 1

    # ---- what sessions ask ----------------------------------------------------------------------------------

    async def _answer(self, visit: _Visit, question: Any) -> Any:
        if isinstance(question, Authenticate):
            answer = self._seated(visit, question, await self._parts.desk.answer(question))
            if isinstance(answer, Denied):
                log.info(
                    "old socket not signed in", extra={"path": visit.call.path, "reason": answer.why.value}
                )
            return answer
        if isinstance(question, Acknowledge):
            self._acknowledge(question)
            return Done()
        if isinstance(question, Recall):
            channel = question.call.endpoint.private_channel(question.resource_id)
            user_id = question.principal.user_id
            known = self._acknowledged.get((channel, user_id), 0)
            return await self._parts.desk.recall(question, acknowledged=known)
        if isinstance(question, Relay) and visit.pump is not None:
            return await self._relay(question, visit.pump)
        return await self._parts.desk.answer(question)

    async def _relay(self, question: Relay, pump: Pump) -> Any:
        app = self._node.apps.own
        if app is None or len(question.text.encode()) > app.event_bytes:
            most = 0 if app is None else app.event_bytes
            text = f"a message that is passed on may have {most} bytes with what stands around its data"
            return RefusedAnswer("PAYLOAD_TOO_LARGE", text, {"limit": most})
        return await self._parts.desk.answer(msgspec.structs.replace(question, exclude=pump.socket_id))

    def _seated(self, visit: _Visit, question: Authenticate, answer: Any) -> Any:
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
        self._note(visit)
        return answer

    def _take_session(self, visit: _Visit, user_id: str) -> Denied | None:
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

    def _take_place(self, visit: _Visit, user_id: str) -> Denied | None:
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

    # ---- time and ends --------------------------------------------------------------------------------------

    def look_at_the_clock(self) -> None:
        """Ping, and close whose time is over; called every second or so."""
        for pump in tuple(self._pumps):
            pump.check_silence()

    def _left(self, visit: _Visit, pump: Pump) -> None:
        visit.gone = True
        self._pumps.discard(pump)
        self._acceptor.pumps.discard(pump)
        self._parts.admissions.leave(visit.place)
        self._node.metrics.legacy_connections -= 1
        self._note(visit)
        if visit.session.ended is not None:
            code, reason = visit.session.ended
            about = {"path": visit.call.path, "user_id": visit.use["user_id"], "code": code}
            log.info("old socket closed", extra={**about, "reason": reason, "socket_id": pump.socket_id})
        if visit.session.messages and self._parts.ledger is not None:
            self._parts.ledger.spoke(visit.session.messages, **visit.use)

    def _note(self, visit: _Visit) -> None:
        """In the ledger, once: when its user is known, or else at its end."""
        if not visit.counted and self._parts.ledger is not None:
            visit.counted = True
            self._parts.ledger.opened(**visit.use)

    # ---- refusals -------------------------------------------------------------------------------------------

    def _told(self, refused: Refused) -> HandshakeRefused:
        return self._refused(
            refused.status, refused.error_code, refused.message, refused.details, refused.headers
        )

    def _refused(
        self,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HandshakeRefused:
        error = {
            "error_code": code,
            "message": message,
            "details": details or {},
            "request_id": new_token(self._parts.dice, "req_", bits=80),
        }
        lines = tuple((name.encode(), value.encode()) for name, value in (headers or {}).items())
        return HandshakeRefused(Answer(status, msgspec.json.encode(error), headers=lines), code)
