"""The pages: what they are made of, what they may load, and what they tell about where live updates are."""

import json
import re
from collections.abc import AsyncIterator, Iterable
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest

from server_process import ROOT
from toolboxai.legacy.deprecation import MIGRATION_GUIDE
from toolboxai.platform.audit.entry import Action
from toolboxai.platform.content.exports.formats import FORMATS
from toolboxai.platform.content.samples import sample_text, sample_wishes
from toolboxai.platform.messages.environment import ComponentState, EnvironmentStatus
from toolboxai.platform.roblox.model.files import WorldFormat
from toolboxai.platform.roblox.model.spec import Component, Size, Theme
from toolboxai.web.application import create_api
from toolboxai.web.pages import PAGES, page_routes
from toolboxai.web.realtime_config import RealtimeConfig, realtime_config_routes

STATIC = Path(str(files("toolboxai.web") / "static"))
SCRIPT_BYTES = 200_000
STYLE_BYTES = 30_000
VENDORED = "pusher.min.js"
OURS = sorted(path.name for path in STATIC.iterdir() if not path.name.startswith("pusher"))
every_page = pytest.mark.parametrize("path", PAGES)


def client(live: RealtimeConfig) -> httpx2.AsyncClient:
    api = create_api([page_routes(live), realtime_config_routes(lambda: live)])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://school.example:8009")


def elsewhere(**settings: object) -> RealtimeConfig:
    """As the publisher's settings say; what is not said is not set."""
    unset = {"host": None, "port": None, "scheme": None, "cluster": None}
    return RealtimeConfig.elsewhere("key", **{**unset, **settings})  # type: ignore[arg-type]


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with client(RealtimeConfig.here("school-key")) as http:
        yield http


def loaded_by(page: str) -> set[str]:
    """All files that a page can load: those that it names, and the modules that these import, at once or later."""
    ahead, found = re.findall(r'(?:src|href)="/static/([^"]*)"', page), set[str]()
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            if name.endswith(".js"):
                ahead += re.findall(
                    r'(?:from |import\()"\./([^"]+)"', (STATIC / name).read_text(encoding="utf-8")
                )
    return found


def policy_of(answer: httpx2.Response) -> dict[str, list[str]]:
    directives = (part.split() for part in answer.headers["content-security-policy"].split("; "))
    return {name: sources for name, *sources in directives}


# ---- the page and its files -----------------------------------------------------------------------------------


@every_page
async def test_a_page_may_load_from_its_own_server_and_connect_to_it_and_nothing_else(
    http: httpx2.AsyncClient, path: str
) -> None:
    page = await http.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert policy_of(page) == {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        # Pictures of worlds are fetched with a token, and shown by the script that has fetched them.
        "img-src": ["'self'", "blob:"] if path in ("/", "/worlds") else ["'self'"],
        "connect-src": ["'self'", "ws://school.example:8009", "wss://school.example:8009"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
        "require-trusted-types-for": ["'script'"],
    }
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("host", ["a b", "x; script-src *", "[::1]:8009", "käse", "a/b", "*", ""])
async def test_a_host_that_is_no_plain_name_does_not_get_into_the_policy(host: str) -> None:
    async with client(RealtimeConfig.here("k")) as http:
        page = await http.get("/", headers={b"host": host.encode()})
    assert policy_of(page)["connect-src"] == ["'self'"]
    assert policy_of(page)["script-src"] == ["'self'"]


@every_page
async def test_nothing_of_a_page_is_written_inline_and_nothing_comes_from_another_host(
    http: httpx2.AsyncClient, path: str
) -> None:
    page = (await http.get(path)).text
    assert re.findall(r"<style|<script(?![^>]* src=)|\son\w+=|\sstyle=|javascript:", page) == []
    named = re.findall(r'<(?:script|link|img)\b[^>]*? (?:src|href)="([^"]*)"', page)
    assert named
    assert [path for path in named if not path.startswith("/static/")] == []
    assert [
        path for path in re.findall(r'<a\b[^>]*? href="([^"]*)"', page) if not re.match("#|/(?!/)", path)
    ] == []
    for name in OURS:
        text = (STATIC / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert re.findall(r"(?:https?:|wss?:)?//[a-z0-9-]+\.[a-z]+|@import|url\(", text) == [], name
        assert re.findall(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b", text) == [], name


async def test_every_file_that_a_page_names_is_there_with_its_type(http: httpx2.AsyncClient) -> None:
    loaded = set[str]().union(*[loaded_by((await http.get(path)).text) for path in PAGES])
    types = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    for name in loaded:
        answer = await http.get(f"/static/{name}")
        assert answer.status_code == 200, name
        assert answer.headers["content-type"].startswith(types[name.rpartition(".")[2]])
        assert answer.content == (STATIC / name).read_bytes()
        assert policy_of(answer)["default-src"] == ["'none'"]
    # What nobody names would only lie there.
    around = {"shell.html", "sharing.html", *(f"{name}.html" for name, _title in PAGES.values())}
    assert set(OURS) - loaded == around


async def test_the_sample_text_is_one_request_away(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/static/sample.md")
    assert answer.text == sample_text()
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    wishes = await http.get("/static/sample.json")
    assert wishes.json() == sample_wishes()
    assert wishes.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("toolboxai.rbxmx", "application/xml"), ("Channels.luau", "text/plain; charset=utf-8")],
)
async def test_what_studio_takes_is_a_file_for_everybody(
    name: str, media_type: str, http: httpx2.AsyncClient
) -> None:
    answer = await http.get(f"/plugins/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.content == (STATIC.parent / "studio" / name).read_bytes()
    again = await http.get(f"/plugins/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    missing = await http.get(f"/plugins/other-{name}")
    assert missing.status_code == 404
    assert "there are Channels.luau, toolboxai.rbxmx" in missing.json()["message"]


async def test_who_begins_at_the_migration_guide_gets_every_page_of_the_documentation_that_links_lead_to(
    http: httpx2.AsyncClient,
) -> None:
    ahead, seen = [MIGRATION_GUIDE], set[str]()
    while ahead:
        path = ahead.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = await http.get(path)
        assert (answer.status_code, path) == (200, path)
        assert answer.content == (ROOT / path[1:]).read_bytes()
        picture = {"png": "image/png", "svg": "image/svg+xml"}.get(path.rpartition(".")[2])
        if picture is not None:
            assert answer.headers["content-type"] == picture
            continue
        assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
        links = re.findall(r"\]\(([^)#\s]+\.(?:md|png|svg))", answer.text)
        there = [urljoin(path, link) for link in links if "://" not in link]
        ahead += [link for link in there if link.startswith("/docs/")]
    assert len(seen) > 15
    assert "/docs/images/world-plan.svg" in seen


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/docs/",
        "/docs/adr/",
        "/docs/event.svg",
        "/docs/../pages.py",
        "/docs/..%2fpages.py",
        "/docs/adr/%2e%2e/legacy.md",
        "/static/",
        "/static/pages.py",
        "/static/../pages.py",
        "/static/%2e%2e/pages.py",
        "/static/..%2fpages.py",
        "/static/shell.html",
        "/static/sharing.html",
        "/static/desk.html",
        "/static/a/b",
    ],
)
async def test_nothing_else_is_served(http: httpx2.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_NOT_FOUND")


async def test_a_browser_asks_each_time_and_gets_each_version_once(http: httpx2.AsyncClient) -> None:
    for path in ("/", "/static/door.js"):
        first = await http.get(path)
        assert first.headers["cache-control"] == "no-cache"
        tag = first.headers["etag"]
        again = await http.get(path, headers={"if-none-match": f'"other", W/{tag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
        assert (await http.get(path, headers={"if-none-match": '"other"'})).status_code == 200
        head = await http.head(path)
        assert (head.status_code, head.headers["etag"]) == (200, tag)


@every_page
async def test_a_page_is_small(http: httpx2.AsyncClient, path: str) -> None:
    loaded = loaded_by((await http.get(path)).text)
    for ending, most in ((".js", SCRIPT_BYTES), (".css", STYLE_BYTES)):
        assert sum((STATIC / name).stat().st_size for name in loaded if name.endswith(ending)) < most


def test_pusher_js_is_the_published_one_unchanged_and_has_its_licence_beside_it() -> None:
    package = ROOT / "node_modules" / "pusher-js"
    assert package.is_dir(), "pusher-js is not installed; run: scripts/test-tools"
    published = package / "dist" / "web" / VENDORED
    assert sha256((STATIC / VENDORED).read_bytes()).hexdigest() == sha256(published.read_bytes()).hexdigest()
    version = json.loads((package / "package.json").read_text())["version"]
    assert f"v{version}" in published.with_suffix(".js.LICENSE.txt").read_text()
    assert (STATIC / "pusher-js.LICENCE.txt").read_bytes() == (package / "LICENCE").read_bytes()


# ---- where live updates are -----------------------------------------------------------------------------------


async def test_anybody_may_read_where_live_updates_are_and_learns_no_secret(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/api/v1/realtime/config")
    assert answer.status_code == 200
    assert answer.json() == {
        "key": "school-key",
        "cluster": "local",
        "host": None,
        "port": None,
        "scheme": None,
        "auth_endpoint": "/api/v1/pusher/auth",
        "user_auth_endpoint": "/api/v1/pusher/user-auth",
    }


@pytest.mark.parametrize(
    ("settings", "told", "origin"),
    [
        ({"cluster": "eu"}, ("eu", None, None, "https"), "wss://ws-eu.pusher.com"),
        ({"host": "api-us2.pusher.com"}, ("us2", None, None, "https"), "wss://ws-us2.pusher.com"),
        (
            {"host": "api-eu.pusher.com", "cluster": "eu", "port": 443},
            ("eu", None, None, "https"),
            "wss://ws-eu.pusher.com",
        ),
        ({"host": "live.example"}, ("local", "live.example", None, "https"), "wss://live.example"),
        (
            {"host": "127.0.0.1", "port": 6001, "scheme": "http"},
            ("local", "127.0.0.1", 6001, "http"),
            "ws://127.0.0.1:6001",
        ),
    ],
)
async def test_another_publisher_is_named_and_the_page_may_connect_there_alone(
    settings: dict[str, object], told: tuple[object, ...], origin: str
) -> None:
    async with client(elsewhere(**settings)) as http:
        config = (await http.get("/api/v1/realtime/config")).json()
        page = await http.get("/")
    assert (config["cluster"], config["host"], config["port"], config["scheme"]) == told
    assert policy_of(page)["connect-src"] == ["'self'", origin]


@pytest.mark.parametrize(
    ("file", "table", "known"),
    [
        ("words.js", "FORMATS", FORMATS),
        ("worlds_words.js", "WORLD_FORMATS", WorldFormat),
        ("worlds_words.js", "THEMES", Theme),
        ("worlds_words.js", "SIZES", Size),
        ("worlds_words.js", "COMPONENTS", Component),
        ("worlds_words.js", "COMPONENT_STATES", ComponentState),
        ("plan_words.js", "WORLD_STATES", EnvironmentStatus),
    ],
)
def test_whatever_the_server_names_has_words_on_the_page(file: str, table: str, known: Iterable[str]) -> None:
    text = (STATIC / file).read_text(encoding="utf-8")
    named = text.split(f"export const {table} = {{", 1)[1].split("}", 1)[0]
    assert sorted(re.findall(r"(\w+): [\"\[]", named)) == sorted(known)


def test_every_action_of_the_audit_has_words_on_the_page() -> None:
    named = (
        (STATIC / "school_words.js").read_text(encoding="utf-8").split("AUDIT = {", 1)[1].split("};", 1)[0]
    )
    assert sorted(re.findall(r"(\w+): \"", named)) == sorted(Action)
