"""What tests of the Studio plugin share: a token, a bundle, and a Studio that is connected."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from plugin_studio import PluginStudio, ScriptedNetwork, sources
from toolboxai.platform.roblox.files.bundle import write_bundle
from toolboxai.platform.roblox.files.tree import place_tree
from toolboxai.platform.roblox.model.instances import Script, ScriptKind
from world_plans import handmade, lesson, wish

__all__ = [
    "ADDRESS",
    "PLUGIN",
    "SCRIPTS",
    "TOKEN",
    "Server",
    "a_bundle",
    "command",
    "connected",
    "refusal",
    "token_of",
]

ADDRESS = "http://127.0.0.1:8009"
PLUGIN = "plugin_7"
SCRIPTS = (
    Script(
        id="quiz_server",
        kind=ScriptKind.SERVER,
        name="QuizServer",
        parent="ServerScriptService",
        source="print(1)\n",
    ),
    Script(
        id="board_pages",
        kind=ScriptKind.CLIENT,
        name="BoardPages",
        parent="StarterPlayer/StarterPlayerScripts",
        source='print("\U0001f41d")\n',
    ),
    Script(
        id="quiz_answers",
        kind=ScriptKind.MODULE,
        name="QuizAnswers",
        parent="ServerStorage",
        source="return {}\n",
    ),
)


def token_of(claims: Mapping[str, Any]) -> str:
    """Shaped as a token of ours; nothing signs it."""
    payload = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{payload}.signature"


TOKEN = token_of({"sub": PLUGIN, "role": "plugin"})


def a_bundle(environment_id: str = "env_1", **changes: Any) -> dict[str, Any]:
    """Of a world with boards, stations and scripts."""
    spec = wish(of=lesson(2, 2))
    place = place_tree(spec, handmade(), SCRIPTS)
    document: dict[str, Any] = json.loads(write_bundle(spec, place, SCRIPTS, "toolboxai test"))
    return {**document, "environment_id": environment_id, **changes}


class Server:
    """The plugin's REST, made up: bundles by id, what was posted, and a fault to answer with while there is one.

    Attributes:
        log: entries that are told to whoever asks without waiting; None: that is left open.
        ended: how commands have ended, by id; others are not known.
    """

    def __init__(self, **bundles: Mapping[str, Any] | str) -> None:
        self.bundles = dict(bundles)
        self.posts: list[Any] = []
        self.faults: list[Mapping[str, Any]] = []
        self.page: Mapping[str, Any] | None = None
        self.log: list[dict[str, Any]] | None = None
        self.ended: dict[str, str] = {}

    def __call__(self, asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
        path = asked["Url"].removeprefix(f"{ADDRESS}/api/v1/plugins/{PLUGIN}")
        if asked["Method"] == "POST":
            if self.faults:
                return self.faults.pop(0)
            self.posts += json.loads(asked["Body"])["messages"]
            return {"StatusCode": 200, "Body": '{"items": []}'}
        if path.startswith("/bundles/"):
            found = self.bundles.get(path.removeprefix("/bundles/"))
            if found is None:
                return refusal(404, "ENVIRONMENT_NOT_FOUND", "there is no such world")
            text = found if isinstance(found, str) else json.dumps(found)
            return {
                "StatusCode": 200,
                "Body": text,
                "Headers": {"etag": f'"{sha256(text.encode()).hexdigest()}"'},
            }
        if path.startswith("/commands/") and self.page is None:
            status = self.ended.get(path.removeprefix("/commands/"))
            if status is None:
                return refusal(404, "RESOURCE_NOT_FOUND", "there is no such command")
            return {"StatusCode": 200, "Body": json.dumps({"status": status, "payload": {}})}
        if self.log is not None and path.endswith("&wait=0"):
            return self._behind(int(path.removeprefix("/messages?cursor=").removesuffix("&wait=0")))
        return self.page

    def _behind(self, cursor: int) -> Mapping[str, Any]:
        entries = self.log or []
        newest = entries[-1]["seq"] if entries else 0
        after = cursor if cursor <= newest else 0
        items = [each for each in entries if each["seq"] > after][:100]
        complete = after == cursor and (not items or items[0]["seq"] == after + 1)
        page = {"items": items, "next_cursor": items[-1]["seq"] if items else newest, "complete": complete}
        return {"StatusCode": 200, "Body": json.dumps(page)}

    def results(self) -> list[Any]:
        """The data of the results that were told."""
        return [each["data"] for each in self.posts if each["type"] == "command_result"]


def refusal(status: int, code: str, message: str, **headers: str) -> Mapping[str, Any]:
    """As the server words one."""
    body = {"error_code": code, "message": message, "details": {}, "request_id": "req_1"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"StatusCode": status, "Body": json.dumps(body), "Headers": named}


def command(seq: int, action: str, payload: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """The envelope of a command."""
    data = {
        "command_id": f"command_{seq}",
        "action": action,
        "payload": payload,
        "expires_at": None,
        **changes,
    }
    return {"type": "plugin_command", "data": data, "timestamp": "2026-05-28T20:26:40Z", "seq": seq}


def connected(
    server: Server, settings: dict[str, str] | None = None, *, before: str = ""
) -> tuple[PluginStudio, ScriptedNetwork]:
    """A Studio whose WebSocket is open."""
    network = ScriptedNetwork(server)
    studio = PluginStudio(network, sources(), settings, before=before)
    if not network.streams:
        studio.connect(ADDRESS, TOKEN)
    network.stream.opens()
    studio.settle()
    return studio, network
