"""The whole service in this process, joined as the settings say."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from websockets.asyncio.client import connect

from identity_parts import PASSWORD
from old_school import OldClient
from servers import APP_ID, KEY, SECRET, serving
from toolboxai.app import identity_for
from toolboxai.app.run import running
from toolboxai.config import Settings, load_settings
from toolboxai.platform.identity.model import Role


def settings(home: Path, **environ: str) -> Settings:
    return load_settings(
        {
            "PUSHER_APP_ID": APP_ID,
            "PUSHER_KEY": KEY,
            "PUSHER_SECRET": SECRET,
            "TOOLBOXAI_JWT_SECRET": "a secret of the tests, long enough to sign",
            "TOOLBOXAI_DATABASE_URL": f"sqlite:///{home / 'toolboxai.db'}",
            "TOOLBOXAI_PORT": "0",
            "TOOLBOXAI_DRAIN_S": "0",
            **environ,
        }
    )


async def admin(given: Settings) -> dict[str, str]:
    async with identity_for(given) as identity:
        await identity.create_user("ada", Role.ADMIN, PASSWORD)
        return {"Authorization": f"Bearer {await identity.issue_access_token('ada')}"}


@asynccontextmanager
async def old_socket(url: str, headers: dict[str, str]) -> AsyncIterator[OldClient]:
    """At ``/ws/roblox``, signed in."""
    ws = f"{url.replace('http', 'ws', 1)}/ws/roblox"
    async with connect(ws, additional_headers=headers, proxy=None) as wire:
        client = OldClient(wire)
        assert (await client.hear())["type"] == "auth_response"
        yield client


async def test_with_a_far_service_its_clients_and_the_old_sockets_here_hear_the_same(tmp_path: Path) -> None:
    async with serving() as far, far.socket() as page:
        given = settings(
            tmp_path,
            TOOLBOXAI_PUBLISHER="pusher",
            PUSHER_HOST="127.0.0.1",
            PUSHER_PORT=str(far.port),
            PUSHER_SCHEME="http",
        )
        ada = await admin(given)
        await page.enter("system-notifications")
        async with running(given) as here, old_socket(here.url, ada) as old:
            async with httpx2.AsyncClient(base_url=here.url, headers=ada, trust_env=False) as http:
                for seq in (1, 2):
                    said = {
                        "type": "system_notification",
                        "data": {"message": "back at nine"},
                        "timestamp": "2026-01-21T10:01:00.000Z",
                        "seq": seq,
                    }
                    body = {"channel": "system-notifications", "event": "system_notification", "data": said}
                    assert (await http.post("/api/v1/realtime/trigger", json=body)).status_code == 200
                    assert json.loads((await page.hear())["data"]) == said == await old.hear()
                # What goes out on the name of all worlds is kept here, wherever it went.
                body = {"channel": "roblox-sync", "event": "system_notification", "data": said}
                assert (await http.post("/api/v1/realtime/trigger", json=body)).status_code == 200
                kept = await http.get("/api/v1/realtime/history", params={"channel": "roblox-sync"})
                assert kept.json() == {"items": [said], "next_cursor": None}
            await page.hears_nothing()
