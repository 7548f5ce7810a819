"""What an application in front of our server does: it signs for its users, and serves their page."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from server_process import ROOT
from servers import KEY, channel_auth, digest

MASTER_KEY = b"32 bytes that only the app knows"
PEERS = Path(__file__).parent / "peers"
PUSHER_JS = ROOT / "node_modules" / "pusher-js" / "dist" / "web" / "pusher-with-encryption.js"


def shared_secret(channel: str) -> str:
    return base64.b64encode(hashlib.sha256(channel.encode() + MASTER_KEY).digest()).decode()


def _example(name: str) -> Callable[[Request], Response]:
    return lambda _request: FileResponse(ROOT / "examples" / name)


class AuthEndpoint:
    """An ASGI application.

    Attributes:
        asked: the channels of each request, in order.
        refused: channels that nobody may enter.
        expires_at: unix seconds that are signed into every authorisation from now on.
        watchlist: whom those who sign in watch.
        wrong_secrets: how many encrypted channels more get a secret that does not fit.
        broken: whether every request fails.
    """

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.refused: set[str] = set()
        self.expires_at: float | None = None
        self.watchlist: list[str] = []
        self.wrong_secrets = 0
        self.broken = False
        self.app = Starlette(
            routes=[
                *(
                    Route(path, self._channel, methods=["POST"])
                    for path in ("/pusher/auth", "/broadcasting/auth")
                ),
                Route("/batch", self._batch, methods=["POST"]),
                Route("/pusher/user-auth", self._user, methods=["POST"]),
                Route("/page", lambda _: FileResponse(PEERS / "in_browser.html")),
                Route("/page.mjs", lambda _: FileResponse(PEERS / "page.mjs")),
                *(
                    Route(f"/examples/{name}", _example(name))
                    for name in ("batch-authorizer.mjs", "renew.mjs")
                ),
                Route("/pusher.js", lambda _: FileResponse(PUSHER_JS)),
            ]
        )

    async def _fields(self, request: Request) -> dict[str, list[str]]:
        return parse_qs((await request.body()).decode(), keep_blank_values=True)

    def _signed(self, socket_id: str, channel: str, user: str) -> dict[str, Any]:
        data: dict[str, Any] = {}
        if channel.startswith("presence-"):
            data = {"user_id": user, "user_info": {"name": user.title()}}
        if self.expires_at is not None:
            data["expires_at"] = self.expires_at
        channel_data = json.dumps(data) if data else None
        answer: dict[str, Any] = {"auth": channel_auth(socket_id, channel, channel_data)}
        if channel_data is not None:
            answer["channel_data"] = channel_data
        if channel.startswith("private-encrypted-"):
            fits = self.wrong_secrets <= 0
            self.wrong_secrets -= 1
            answer["shared_secret"] = shared_secret(channel if fits else "another")
        return answer

    async def _channel(self, request: Request) -> Response:
        fields = await self._fields(request)
        (channel,) = fields["channel_name"]
        self.asked.append([channel])
        if self.broken or channel in self.refused:
            return Response("no", 500 if self.broken else 403)
        return JSONResponse(self._signed(fields["socket_id"][0], channel, fields.get("user", ["anna"])[0]))

    async def _batch(self, request: Request) -> Response:
        fields = await self._fields(request)
        names = fields["channel_names[]"]
        assert len(names) <= 100, "no endpoint has to take more at once"
        self.asked.append(names)
        if self.broken:
            return Response("no", 500)
        answers: dict[str, Any] = {}
        for name in names:
            if name in self.refused:
                answers[name] = {"error_code": "INSUFFICIENT_PERMISSIONS", "status": 403}
            else:
                answers[name] = self._signed(fields["socket_id"][0], name, request.query_params["user"])
        return JSONResponse({"channels": answers})

    async def _user(self, request: Request) -> Response:
        fields = await self._fields(request)
        user = {"id": fields["user"][0], "user_info": {"name": "x"}, "watchlist": self.watchlist}
        user_data = json.dumps(user)
        auth = f"{KEY}:" + digest(f"{fields['socket_id'][0]}::user::{user_data}")
        return JSONResponse({"auth": auth, "user_data": user_data})
