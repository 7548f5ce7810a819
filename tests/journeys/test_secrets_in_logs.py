"""Whatever door a secret comes in by, and whoever complains of it: none is ever in the log."""

import asyncio
import io
import json
import logging
import random
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from callers import Socket
from servers import APP_ID, KEY, SECRET, channel_auth, digest, signed
from toolboxai.app import DemoAccount, identity_for
from toolboxai.app.run import running
from toolboxai.config import load_settings
from toolboxai.ids import new_token
from toolboxai.logs import configure_logs
from toolboxai.platform.identity.model import Role

PASSWORD = "correct-horse-battery"
JWT_SECRET = "jwt-secret-of-this-test-and-of-no-other-0123456789"
METRICS_TOKEN = "metrics-token-of-this-test-and-no-other-0123456789"
BASIC = "basic-auth-password"
CODE = new_token(random.Random(11))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that would be logged, down to DEBUG; the logging of the test run comes back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs(level="DEBUG", form="json", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def test_no_secret_that_is_shown_to_any_door_is_logged(tmp_path: Path, log: io.StringIO) -> None:
    given = load_settings(
        {
            "PUSHER_APP_ID": APP_ID,
            "PUSHER_KEY": KEY,
            "PUSHER_SECRET": SECRET,
            "TOOLBOXAI_JWT_SECRET": JWT_SECRET,
            "TOOLBOXAI_METRICS_TOKEN": METRICS_TOKEN,
            "TOOLBOXAI_DATABASE_URL": f"sqlite:///{tmp_path / 'toolboxai.db'}",
            "TOOLBOXAI_PORT": "0",
            "TOOLBOXAI_DRAIN_S": "0",
        }
    )
    async with identity_for(given) as identity:
        await identity.create_user("ada", Role.ADMIN, PASSWORD)
    async with (
        running(given, demo=DemoAccount(name="teacher", code=CODE)) as here,
        httpx2.AsyncClient(base_url=here.url, trust_env=False) as http,
    ):
        login = await http.post("/api/v1/auth/login", json={"username": "ada", "password": PASSWORD})
        access, refresh = login.json()["access_token"], login.json()["refresh_token"]
        made = await http.post(
            "/api/v1/admin/apps", json={"name": "club"}, headers={"Authorization": f"Bearer {access}"}
        )
        secrets = {
            "password": PASSWORD,
            "access token": access,
            "refresh token": refresh,
            "app secret": SECRET,
            "JWT secret": JWT_SECRET,
            "metrics token": METRICS_TOKEN,
            "basic auth": BASIC,
            "one-time code": CODE,
            "signature": digest("anything"),
        }
        sockets = here.url.replace("http", "ws", 1)
        await asyncio.gather(
            *(over_http(http, secret, access) for secret in secrets.values()),
            *(over_sockets(sockets, secret) for secret in secrets.values()),
        )
        link = digest("a download link")
        await http.get(f"/api/v1/content/download/c_1?format=md&sheet=student&expires=1&signature={link}")
        await http.get(signed("GET", "/apps/3/channels", at=time.time())[:-1])
        await http.post("/api/v1/auth/one-time", json={"code": CODE})
        secrets |= {"new app's secret": made.json()["secret"], "download signature": link}
        await http.post("/api/v1/auth/login", json={"username": "ada", "password": PASSWORD + JWT_SECRET})
        loggers = logging.getLogger("toolboxai.test")
        for secret in secrets.values():  # as a library might that is told of a fault
            loggers.warning("fault", extra={"reason": f"https://teacher:{secret}@host refused"})
        loggers.warning("fault", extra={"reason": f"401 for {SECRET}, {METRICS_TOKEN}, {JWT_SECRET}"})
        loggers.warning("fault", extra={"reason": f"made with {made.json()['secret']}"})
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert {"connection opened", "connection closed", "old socket refused", "channel refused"} <= {
        line["event"] for line in lines
    }
    found = {name: [line for line in lines if secret in json.dumps(line)] for name, secret in secrets.items()}
    assert {name: some for name, some in found.items() if some} == {}


async def over_http(http: httpx2.AsyncClient, secret: str, access: str) -> None:
    """Into the address, the headers and the bodies of what there is to ask."""
    asked: list[tuple[str, str]] = [
        ("GET", f"/metrics?token={secret}"),
        ("GET", f"/api/v1/auth/me?access_token={secret}"),
        ("GET", f"/apps/3/channels?auth_key={KEY}&auth_signature={secret}"),
        ("GET", f"/apps/3/channels/private-a/sse?key={KEY}"),
        ("GET", f"/apps/3/channels/private-content-generation-a/sse?key={KEY}"),
        ("GET", f"/ws/roblox?token={secret}"),
    ]
    bearer = {"Authorization": f"Bearer {secret}", "X-Forwarded-For": "203.0.113.9"}
    basic = {"Authorization": f"Basic {secret}", "Cookie": f"session={secret}"}
    for number, (method, path) in enumerate(asked):
        await http.request(method, path, headers=(bearer, basic)[number % 2])
    await http.post(f"/pusher/app/{KEY}/0/{digest(secret)}/xhr?protocol=7&auth={secret}", headers=bearer)
    await http.post("/api/v1/auth/refresh", json={"refresh_token": secret})
    await http.post("/api/v1/auth/one-time", json={"code": secret + "x"})
    await http.post(
        "/api/v1/pusher/webhook",
        content=b"{}",
        headers={"X-Pusher-Key": KEY, "X-Pusher-Signature": secret},
    )
    await http.post(
        "/api/v1/pusher/auth",
        data={"socket_id": "1.1", "channel_name": "private-agent-a", "auth": secret},
        headers={"Authorization": f"Bearer {access}"},
    )


async def over_sockets(url: str, secret: str) -> None:
    """Into the address, the headers and the messages of the new sockets and the old ones."""
    agent = {"User-Agent": f"agent (Bearer {secret})", "Referer": f"http://x/?token={secret}"}
    async with Socket.opened(
        f"{url}/app/{KEY}?protocol=7&client=js&token={quote(secret)}", additional_headers=agent
    ) as socket:
        socket.greet(await socket.hear())
        for channel in ("private-a", "presence-a"):
            await socket.subscribe(channel, f"{KEY}:{secret}", channel_data=f'{{"user_id":"{secret}"}}')
        await socket.ask("pusher:signin", {"auth": f"{KEY}:{secret}", "user_data": f'{{"id":"{secret}"}}'})
        await socket.say(
            "pusher:subscribe", {"channel": "private-b", "auth": channel_auth(socket.id, "private-b")}
        )
        await socket.wire.send(b"\xff" + secret.encode())
    for path, headers in (
        (f"/ws/roblox?token={quote(secret)}", {}),
        ("/ws/roblox", {"Authorization": f"Bearer {secret}", **agent}),
        ("/ws/nowhere", {"Sec-WebSocket-Protocol": f"bearer, {quote(secret)[:60]}"}),
        (f"/ws/agent/a?auth={quote(secret)}", {"Authorization": f"Bearer {secret}"}),
    ):
        try:
            async with connect(f"{url}{path}", additional_headers=headers, proxy=None) as old:
                await old.send(json.dumps({"type": "auth", "data": {"token": secret}, "token": secret}))
        except WebSocketException:
            pass
