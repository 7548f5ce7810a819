"""A Channels server of a few lines, whose every move a test decides."""

import asyncio
import contextlib
import itertools
import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

__all__ = ["Peer", "ScriptedServer"]


class Peer:
    """One connection, from the server's side."""

    def __init__(self, socket: WebSocket, socket_id: str) -> None:
        self.socket = socket
        self.socket_id = socket_id
        self.heard: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    async def say(self, event: str, data: Any = None, channel: str | None = None) -> None:
        message = {"event": event, "data": data} | ({} if channel is None else {"channel": channel})
        await self.socket.send_text(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        message = await asyncio.wait_for(self.heard.get(), 5)
        assert message is not None, "the client left"
        return message

    async def confirm(self) -> dict[str, Any]:
        """Take the next subscribe and confirm it."""
        message = await self.hear()
        assert message["event"] == "pusher:subscribe"
        await self.say("pusher_internal:subscription_succeeded", "{}", message["data"]["channel"])
        return message

    async def publish(self, channel: str, seq: int) -> None:
        envelope = {"type": "step", "data": {}, "timestamp": "2025-01-21T10:00:00Z", "seq": seq}
        await self.say("step", json.dumps(envelope), channel)


class ScriptedServer:
    """Welcomes, and leaves the rest to the test."""

    def __init__(self) -> None:
        self.url = ""
        self.peers: asyncio.Queue[Peer] = asyncio.Queue()
        self.greeting: tuple[str, Any] | None = None
        self.tokens: list[str | None] = []
        self.history: list[dict[str, Any]] = []
        self.history_asked: list[tuple[str, int]] = []
        self.auth_answers: list[Response] = []
        self.authorised: list[list[str]] = []
        self.config: dict[str, Any] | None = None
        self.config_asked = 0
        self._ids = itertools.count(1)

    async def peer(self) -> Peer:
        return await asyncio.wait_for(self.peers.get(), 5)

    async def channels(self, websocket: WebSocket) -> None:
        await websocket.accept()
        peer = Peer(websocket, f"{next(self._ids)}.1")
        welcome = {"socket_id": peer.socket_id, "activity_timeout": 120}
        greeting = self.greeting or ("pusher:connection_established", json.dumps(welcome))
        await peer.say(*greeting)
        self.peers.put_nowait(peer)
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                peer.heard.put_nowait(json.loads(await websocket.receive_text()))
        peer.heard.put_nowait(None)

    async def auth(self, request: Request) -> Response:
        self.tokens.append(request.headers.get("authorization"))
        if self.auth_answers:
            return self.auth_answers.pop(0)
        fields = parse_qsl((await request.body()).decode())
        socket_id = dict(fields)["socket_id"]
        names = [value for name, value in fields if name in ("channel_name", "channel_names[]")]
        self.authorised.append(names)
        signed = {name: {"auth": f"key:for-{socket_id}-{name}"} for name in names}
        if "channel_name" in dict(fields):
            return JSONResponse(signed[names[0]])
        return JSONResponse({"channels": signed})

    async def configuration(self, _request: Request) -> Response:
        self.config_asked += 1
        missing = {"error_code": "RESOURCE_NOT_FOUND", "message": "no such thing"}
        return JSONResponse(missing, 404) if self.config is None else JSONResponse(self.config)

    async def events(self, request: Request) -> Response:
        after = int(request.query_params["after"])
        self.history_asked.append((request.query_params.get("channel", ""), after))
        newer = [item for item in self.history if item["seq"] > after]
        return JSONResponse({"items": newer[:2], "next_cursor": "more" if newer[2:] else None})

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                WebSocketRoute("/app/{key}", self.channels),
                Route("/api/v1/pusher/auth", self.auth, methods=["POST"]),
                Route("/api/v1/realtime/config", self.configuration),
                Route("/api/v1/realtime/history", self.events),
                Route("/events", self.events),
            ]
        )
