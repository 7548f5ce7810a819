"""The door of the old sockets: who is let in, and what becomes of each connection.

A refusal before the handshake is an HTTP answer here, other than on Channels: these clients know no error but the
failed handshake, and whoever looks for the reason finds it in the answer.
"""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import msgspec

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.hub.about import Transport, Visitor
from toolboxai.ids import new_token
from toolboxai.legacy.admissions import Place, TooMany
from toolboxai.legacy.echo import EchoSession
from toolboxai.legacy.endpoints import Call, called
from toolboxai.legacy.messages import Voice, event_text
from toolboxai.legacy.pace import Pace
from toolboxai.legacy.session import OldSession
from toolboxai.node.background import Background
from toolboxai.node.node import Node
from toolboxai.protocol.handshake import TOKEN_PARAMETERS, origin_allowed
from toolboxai.protocol.publication import Publication
from toolboxai.transport.accept import Acceptor
from toolboxai.transport.answers import Answer
from toolboxai.transport.bearer import offered_token
from toolboxai.transport.frames import Opcode, build_frame
from toolboxai.transport.heads import RequestHead
from toolboxai.transport.old_socket_answers import OldSocketAnswers, Visit
from toolboxai.transport.old_sockets_parts import OldSocketsParts
from toolboxai.transport.pump import Pump
from toolboxai.transport.visitors import visitor
from toolboxai.transport.websocket import HandshakeRefused, WebSocketProtocol, handshake_reply

__all__ = ["OldSockets"]

log = logging.getLogger(__name__)

_NAME_CHARS: Final = 200


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
        self._answers = OldSocketAnswers(node, parts)

        def frame(publication: Publication) -> bytes:
            text = event_text(publication, parts.stamp)
            return build_frame(Opcode.TEXT, text) if text else b""

        self._dialect = frame  # one for all: the hub makes each frame once per dialect

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a path is of the old sockets, one that there is or not."""
        return path.startswith("/ws/")

    # ---- letting in -----------------------------------------------------------------------------------------

    def accept(self, transport: asyncio.Transport, head: RequestHead, peer: str) -> WebSocketProtocol[Any]:
        """Answer the handshake and take over the transport.

        Args:
            transport: of the request.
            head: of the request.
            peer: the address at the other end of the connection.

        Raises:
            BadHandshake, HandshakeRefused: nothing has been written yet.
        """
        address = head.address(self._acceptor.proxies, peer)
        try:
            return self._accept(transport, head, address)
        except HandshakeRefused as refused:
            self._node.metrics.legacy_connections_refused_total[refused.code.lower()] += 1
            about = {"path": head.path[:300], "status": refused.answer.status, "error_code": refused.code}
            self._node.refusals.tell(log, "old socket refused", **about, address=address)
            raise

    def _accept(
        self, transport: asyncio.Transport, head: RequestHead, address: str
    ) -> WebSocketProtocol[Any]:
        path = unquote(head.path)
        call = called(path)
        if call is None:
            raise self._refused(None, 404, "RESOURCE_NOT_FOUND", f"there is no WebSocket at {path[:300]}")
        app = self._checked(call, head)
        token, subprotocol = offered_token(head)
        if not call.endpoint.authenticates:
            token = None
        lines = dict(self._parts.deprecation.headers(call))
        if subprotocol is not None:
            lines["Sec-WebSocket-Protocol"] = subprotocol
        reply = handshake_reply(head, lines)
        place = self._placed(address, call, app)
        visit = Visit(call, place, self._session(call, token), self._use(call, head))
        self._count(call)
        echo = not call.endpoint.authenticates
        return self._acceptor.open(
            transport,
            app,
            partial(self._pump, app, visit, self._visitor(address, head, call)),
            reply,
            max_message_bytes=limits.OLD_ECHO_BYTES if echo else limits.MESSAGE_BYTES,
        )

    def _checked(self, call: Call, head: RequestHead) -> App:
        refused = self._parts.deprecation.refusal(call, self._node.clock.now())
        if refused is not None:
            about = (refused.error_code, refused.message, refused.details, refused.headers)
            raise self._refused(call, refused.status, *about)
        app = self._node.apps.own
        if app is None or not app.enabled or self._acceptor.draining:
            text = "the server is going away, or its app is switched off; come back in a moment"
            raise self._refused(call, 503, "PROVIDER_UNAVAILABLE", text, {}, {"Retry-After": "1"})
        if not origin_allowed(app, head.header(b"origin"), head.header(b"host")):
            text = "pages of this origin may not connect; the operator's setting is server.allowed_origins"
            raise self._refused(call, 403, "ORIGIN_NOT_ALLOWED", text)
        if TOKEN_PARAMETERS & {name.lower() for name, _ in parse_qsl(head.query, keep_blank_values=True)}:
            text = (
                "a token in the URL is refused, since addresses are logged; treat it as known to others, get a new "
                "one, and send it in an auth message, or in the header Authorization: Bearer ACCESS_TOKEN"
            )
            raise self._refused(call, 401, "AUTHENTICATION_REQUIRED", text)
        return app

    def _placed(self, address: str, call: Call, app: App) -> "Place[Pump]":
        here = len(self._node.hub(app))
        if 0 < app.max_connections <= here:
            raise self._crowded(call, TooMany(here, app.max_connections), "of this app")
        place = self._parts.admissions.arrive(address)
        if isinstance(place, TooMany):
            raise self._crowded(call, place, "from this address")
        return place

    def _crowded(self, call: Call, crowd: TooMany, whose: str) -> HandshakeRefused:
        details: dict[str, object] = {"current_connections": crowd.current, "max_connections": crowd.maximum}
        details |= {"endpoint": call.path, "retry_after": crowd.retry_after}
        text = f"there are {crowd.current} connections {whose}, {crowd.maximum} are allowed"
        retry = {"Retry-After": str(crowd.retry_after)}
        return self._refused(call, 429, "WEBSOCKET_CONNECTION_LIMIT", text, details, retry)

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

    @staticmethod
    def _visitor(address: str, head: RequestHead, call: Call) -> Visitor:
        """These clients tell no version; the endpoint stands for it."""
        return visitor(
            Transport.OLD,
            address,
            query={"protocol": call.endpoint.name.value},
            user_agent=head.header(b"user-agent"),
        )

    def _pump(self, app: App, visit: Visit, who: Visitor, wire: WebSocketProtocol[Any]) -> Pump:
        pump = visit.pump = Pump(
            self._node,
            app,
            wire,
            self._dialect,
            self._background,
            on_closed=partial(self._left, visit),
            dialogue=visit.session,
            answer=partial(self._answers.answer, visit),
            tell=partial(self._answers.told, visit),
            visitor=who,
        )
        self._pumps.add(pump)
        if not visit.call.endpoint.authenticates:
            visit.note(self._parts.ledger)
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
        self._node.metrics.legacy_connections[call.endpoint.name] += 1
        self._node.metrics.legacy_connections_total[call.endpoint.name] += 1

    # ---- time and ends --------------------------------------------------------------------------------------

    def look_at_the_clock(self) -> None:
        """Ping, and close whose time is over or whose token was taken back; called every second or so."""
        for pump in tuple(self._pumps):
            principal = pump.session.principal if isinstance(pump.session, OldSession) else None
            if principal is None or self._parts.desk.holds(principal):
                pump.check_silence()
            else:
                pump.close(*self._parts.desk.parting(principal))

    def _left(self, visit: Visit, pump: Pump) -> None:
        visit.gone = True
        self._pumps.discard(pump)
        self._acceptor.pumps.discard(pump)
        self._parts.admissions.leave(visit.place)
        self._node.metrics.legacy_connections[visit.call.endpoint.name] -= 1
        visit.note_end(self._parts.ledger)
        if visit.session.ended is not None:
            code, reason = visit.session.ended
            about = {"path": visit.call.path, "user_id": visit.use["user_id"], "code": code, "reason": reason}
            about["socket_id"] = pump.socket_id
            if about["user_id"]:
                log.info("old socket closed", extra=about)
            else:  # a stranger's
                self._node.refusals.tell(log, "old socket closed", **about)

    # ---- refusals -------------------------------------------------------------------------------------------

    def _refused(
        self,
        call: Call | None,
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
        told = {} if call is None else self._parts.deprecation.headers(call)
        lines = tuple((name.encode(), value.encode()) for name, value in {**told, **(headers or {})}.items())
        return HandshakeRefused(Answer(status, msgspec.json.encode(error), headers=lines), code)
