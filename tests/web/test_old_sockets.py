"""A plain request at an old endpoint: what replaces it, and until when it is served; and the guide that tells how."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from callers import Http
from server_process import ROOT
from servers import serving
from toolboxai.app import running
from toolboxai.config import Settings, load_settings
from toolboxai.config.legacy_table import LegacyTable
from toolboxai.legacy.deprecation import MIGRATION_GUIDE, Deprecation
from toolboxai.legacy.endpoints import ENDPOINTS, called
from toolboxai.testing.clock import ManualClock
from toolboxai.web.application import create_api
from toolboxai.web.old_sockets import old_socket_routes

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z
PATHS = ["/ws/content/gen_abc123", "/ws/roblox", "/ws/plugin/plugin_1", "/ws/agent/agent_1", "/ws/native"]
SETTINGS = {
    "brownouts": [{"from": "2027-01-15T08:00:00Z", "to": "2027-01-15T08:10:00Z"}],
    "endpoints": {"content": {"mode": "off"}, "agent": {"mode": "on"}, "native": {"brownouts": []}},
}


def told(**settings: object) -> Deprecation:
    return Deprecation(LegacyTable.model_validate(settings).policies(), lambda: "/app/school")


def client(clock: ManualClock, **settings: object) -> httpx2.AsyncClient:
    api = create_api([old_socket_routes(told(**settings), clock)])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://school.example:8009")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def http(clock: ManualClock) -> AsyncIterator[httpx2.AsyncClient]:
    async with client(clock) as http:
        yield http


@pytest.mark.parametrize("path", PATHS)
async def test_a_plain_get_is_told_to_upgrade_and_all_that_the_handshake_would_tell(
    http: httpx2.AsyncClient, path: str
) -> None:
    call = called(path)
    assert call is not None
    answer = await http.get(path)
    assert answer.status_code == 426
    assert (answer.headers["upgrade"], answer.headers["connection"]) == ("websocket", "Upgrade")
    for name, value in told().headers(call).items():
        assert answer.headers[name] == value
    body = answer.json()
    assert list(body) == ["error_code", "message", "details", "request_id"]
    assert body["error_code"] == "UPGRADE_REQUIRED"
    assert body["details"] == told().facts(call)
    assert body["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["cache-control"] == "no-store", "the mode may be another one tomorrow"


@pytest.mark.parametrize("path", [*PATHS, "/ws/native/"])
async def test_head_and_a_slash_at_the_end_are_answered_alike(http: httpx2.AsyncClient, path: str) -> None:
    answer = await http.head(path)
    assert (answer.status_code, answer.headers["deprecation"]) == (426, "@1795305600")
    assert (await http.get(path)).status_code == 426


async def test_each_endpoint_answers_in_its_own_mode(clock: ManualClock) -> None:
    async with client(clock, **SETTINGS) as http:
        answers = {path: (await http.get(path)).status_code for path in PATHS}
        assert answers == dict(zip(PATHS, (410, 503, 503, 426, 426), strict=True))
        gone = await http.get("/ws/content/gen_abc123")
        assert gone.json()["error_code"] == "ENDPOINT_GONE"
        assert gone.json()["details"]["replacement"]["channel"] == "private-content-generation-gen_abc123"
        assert gone.headers["sunset"] == "Fri, 21 May 2027 00:00:00 GMT"
        assert 'rel="successor-version"' in gone.headers["link"]
        assert "upgrade" not in gone.headers


async def test_a_brownout_says_when_to_come_back_and_ends_then(clock: ManualClock) -> None:
    async with client(clock, **SETTINGS) as http:
        clock.advance(60.5)
        refused = await http.get("/ws/roblox")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "540")
        assert refused.json()["error_code"] == "ENDPOINT_BROWNOUT"
        assert refused.json()["details"]["until"] == "2027-01-15T08:10:00Z"
        assert refused.json()["details"]["retry_after"] == 540
        clock.advance(539.5)
        assert (await http.get("/ws/roblox")).status_code == 426


@pytest.mark.parametrize(
    "path",
    [
        "/ws",
        "/ws/",
        "/ws/other",
        "/ws/content",
        "/ws/content/",
        "/ws/content/a/b",
        "/ws/content/a%20b",
        "/ws/native//",
    ],
)
async def test_what_is_no_endpoint_is_not_there(http: httpx2.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_NOT_FOUND")
    assert "deprecation" not in answer.headers


@pytest.mark.parametrize("path", [*PATHS, "/ws/other"])
async def test_nothing_can_be_sent_there(http: httpx2.AsyncClient, path: str) -> None:
    answer = await http.post(path, json={"type": "auth"})
    assert (answer.status_code, answer.json()["error_code"]) == (405, "METHOD_NOT_ALLOWED")


async def test_a_page_of_an_allowed_origin_may_read_the_headers(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/ws/roblox", headers={"origin": "http://localhost:5173"})
    shown = answer.headers["access-control-expose-headers"].split(", ")
    assert {"Deprecation", "Sunset", "Link", "Retry-After"} <= set(shown)


async def test_the_api_index_shows_all_five_as_deprecated_with_what_replaces_them(
    http: httpx2.AsyncClient,
) -> None:
    described = (await http.get("/api/openapi.json")).json()["paths"]
    assert list(described) == [endpoint.path for endpoint in ENDPOINTS.values()]
    names = set()
    for endpoint in ENDPOINTS.values():
        operation = described[endpoint.path]["get"]
        assert set(described[endpoint.path]) == {"get"}
        assert operation["deprecated"] is True
        assert endpoint.private.rstrip("-") in operation["description"]
        assert endpoint.public.rstrip("-") in operation["description"]
        assert MIGRATION_GUIDE in operation["description"]
        assert {"426", "410", "503"} <= set(operation["responses"])
        assert "200" not in operation["responses"]
        names |= {operation["operationId"]}
        wanted = [endpoint.path.partition("{")[2].rstrip("}")] if "{" in endpoint.path else []
        assert [each["name"] for each in operation.get("parameters", [])] == wanted
    assert len(names) == 5


async def test_on_the_one_port_the_connection_goes_on_after_the_answer(clock: ManualClock) -> None:
    api = create_api([old_socket_routes(told(), clock)])
    async with serving(web=api) as server, server.http() as http:
        for _ in range(2):
            answer = await http.ask("GET", "/ws/content/gen_abc123?x=1")
            assert answer.status == 426
            assert answer.headers["upgrade"] == "websocket"
            assert answer.headers["connection"] == "Upgrade"
            assert json.loads(answer.body)["details"]["endpoint"] == "/ws/content/gen_abc123"


# ---- the application as it is joined --------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    environ = {
        "PUSHER_APP_ID": "3",
        "PUSHER_KEY": "school-key",
        "PUSHER_SECRET": "school-secret",
        "TOOLBOXAI_JWT_SECRET": "j" * 32,
        "TOOLBOXAI_DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite",
        "TOOLBOXAI_DRAIN_S": "0",
        "TOOLBOXAI_LEGACY_MODE": "off",
        "TOOLBOXAI_LEGACY_SUNSET": "2025-06-30",
    }
    file = tmp_path / "toolboxai.toml"
    file.write_text('[legacy.endpoints.roblox]\nmode = "warn"\n')
    return load_settings(environ, file=file, overrides={"server.port": 0})


async def test_the_server_answers_by_its_settings_and_has_the_guide_that_it_names(settings: Settings) -> None:
    async with running(settings) as server, Http.opened(int(server.url.rpartition(":")[2])) as http:
        gone = await http.ask("GET", "/ws/content/gen_1")
        assert gone.status == 410
        assert (gone.headers["deprecation"], gone.headers["sunset"]) == (
            "@1751241600",
            "Mon, 30 Jun 2025 00:00:00 GMT",
        )
        assert "</app/school-key?protocol=7#private-content-generation-gen_1>" in gone.headers["link"]
        assert (await http.ask("GET", "/ws/roblox")).status == 426
        guide = await http.ask("GET", gone.headers["link"].partition(">")[0].removeprefix("<"))
        assert guide.status == 200
        assert guide.headers["content-type"] == "text/markdown; charset=utf-8"
        assert guide.body == (ROOT / "docs" / MIGRATION_GUIDE.rpartition("/")[2]).read_bytes()
