"""The whole service in this process, joined as the settings say."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from websockets.asyncio.client import connect

from callers import Socket
from identity_parts import PASSWORD
from old_school import OldClient
from servers import APP_ID, KEY, SECRET, serving
from toolboxai.app.resources import rooms_on_disk
from toolboxai.app.run import running
from toolboxai.config import Settings, load_settings
from toolboxai.platform.identity.model import Role
from toolboxai.platform.resources.model import ResourceKind


def settings(home: Path, overrides: Mapping[str, str] | None = None, **environ: str) -> Settings:
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
        },
        overrides=overrides,
    )


async def admin(given: Settings) -> dict[str, str]:
    """Ada, who has one world and one agent; Olga elsewhere has a world too."""
    async with rooms_on_disk(given) as rooms:
        ada = await rooms.identity.create_user("ada", Role.ADMIN, PASSWORD)
        olga = await rooms.identity.create_user("olga", Role.TEACHER, PASSWORD, organization="elsewhere")
        for kind, owner, resource_id in (
            (ResourceKind.ENVIRONMENT, ada, "env_1"),
            (ResourceKind.AGENT, ada, "agent_1"),
            (ResourceKind.ENVIRONMENT, olga, "env_2"),
        ):
            await rooms.resources.add(kind, owner, resource_id=resource_id)
        return {"Authorization": f"Bearer {await rooms.identity.issue_access_token('ada')}"}


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


def status(environment_id: str, seq: int, **more: object) -> dict[str, object]:
    data = {"environment_id": environment_id, "status": "ready", **more}
    return {"type": "environment_status", "data": data, "timestamp": "2026-01-21T10:01:00.000Z", "seq": seq}


async def test_what_is_triggered_for_a_world_has_its_public_form_if_the_operator_names_its_organisation(
    tmp_path: Path,
) -> None:
    given = settings(tmp_path, {"channels.public_organization": "default"})
    ada = await admin(given)
    async with (
        running(given) as here,
        Socket.opened(f"{here.url.replace('http', 'ws', 1)}/app/{KEY}?protocol=7") as page,
        old_socket(here.url, ada) as old,
        httpx2.AsyncClient(base_url=f"{here.url}/api/v1/realtime", headers=ada, trust_env=False) as http,
    ):
        page.greet(await page.hear())
        await page.enter("roblox-sync")
        assert (await old.ask("subscribe", environment_id="env_1"))["type"] == "subscribed"
        assert (await old.hear())["type"] == "snapshot"
        for environment_id, seq in (("env_2", 1), ("env_1", 1), ("env_1", 2)):
            said = status(environment_id, seq, title="Ada's")
            body = {
                "channel": f"private-roblox-sync-{environment_id}",
                "event": "environment_status",
                "data": said,
            }
            assert (await http.post("/trigger", json=body)).status_code == 200
        whole, safe = (
            [status("env_1", seq, title="Ada's") for seq in (1, 2)],
            [status("env_1", 1), status("env_1", 2)],
        )
        assert [await old.hear() for _ in whole] == whole
        assert [json.loads((await page.hear())["data"]) for _ in safe] == safe
        await page.hears_nothing()
        for channel, items in (("private-roblox-sync-env_1", whole), ("roblox-sync", safe)):
            assert (await http.get("/history", params={"channel": channel})).json()["items"] == items
        foreign = await http.get("/history", params={"channel": "private-roblox-sync-env_2"})
        assert foreign.status_code == 403
