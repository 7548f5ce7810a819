"""The reference pages and the AsyncAPI document: valid, whole, without script, and from this server alone."""

import copy
import re
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import httpx2
import jsonschema_rs
import pytest
from markupsafe import Markup

from asyncapi_judge import Judge, faults_of, references
from toolboxai.legacy.endpoints import ENDPOINTS
from toolboxai.platform.messages.asyncapi import Place, asyncapi
from toolboxai.platform.messages.message import Sender
from toolboxai.platform.messages.registry import MESSAGES
from toolboxai.web.application import create_api
from toolboxai.web.pages import page_routes
from toolboxai.web.realtime_config import RealtimeConfig, realtime_config_routes
from toolboxai.web.reference.fields import prose, rows_of, words_of
from toolboxai.web.reference.routes import reference_routes

HERE = Place("school.example", "wss", "school-key")
DOCUMENT = asyncapi("1.2.3", HERE, HERE)
JUDGE = Judge(DOCUMENT)
PAGES = ("/docs", "/asyncapi")


def client(live: RealtimeConfig) -> httpx2.AsyncClient:
    api = create_api(
        [page_routes(live), realtime_config_routes(lambda: live), reference_routes(lambda: live)]
    )
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://school.example:8009")


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with client(RealtimeConfig.here("school-key")) as http:
        yield http


def policy_of(answer: httpx2.Response) -> dict[str, list[str]]:
    directives = (part.split() for part in answer.headers["content-security-policy"].split("; "))
    return {name: sources for name, *sources in directives}


# ---- the document -------------------------------------------------------------------------------------------


def test_it_is_valid_by_the_schema_that_the_makers_of_asyncapi_publish() -> None:
    assert faults_of(DOCUMENT) == []


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("operations", "send-system-notifications", "action"), "publish"),
        (("channels", "test-channel", "messages"), ["echo"]),
        (("servers", "channels", "host"), None),
        (("asyncapi",), "2.6.0"),
    ],
)
def test_that_schema_finds_what_is_wrong(place: tuple[str, ...], wrong: Any) -> None:
    broken = copy.deepcopy(DOCUMENT)
    part: Any = broken
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = wrong
    assert faults_of(broken) != []


def test_every_reference_leads_somewhere_and_every_schema_is_one() -> None:
    found = set(references(DOCUMENT))
    assert found
    for reference in found:
        JUDGE.look_up(reference)
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "http://json-schema.org/draft-07/schema#", **schema})


def test_every_message_of_the_registry_is_on_each_of_its_channels_and_sockets() -> None:
    for row in MESSAGES.values():
        places = [*row.channels, *(ENDPOINTS[name].path for name in row.endpoints)]
        for address in places:
            assert row.name in JUDGE.channel(address)["messages"], (row.name, address)
    addresses = [channel["address"] for channel in DOCUMENT["channels"].values()]
    assert len(addresses) == len(set(addresses))
    assert {endpoint.path for endpoint in ENDPOINTS.values()} <= set(addresses)


def test_who_says_what_on_an_old_socket_is_told_by_its_operations() -> None:
    for endpoint in ENDPOINTS.values():
        for action, sender in (("send", Sender.SERVER), ("receive", Sender.CLIENT)):
            operation = DOCUMENT["operations"].get(f"{action}-old-socket-{endpoint.name}", {"messages": []})
            said = {each["$ref"].rpartition("/")[2] for each in operation["messages"]}
            assert said == {
                row.name
                for row in MESSAGES.values()
                if endpoint.name in row.endpoints and row.sender in (sender, Sender.EITHER)
            }


def test_what_has_to_be_signed_says_so() -> None:
    for name, operation in DOCUMENT["operations"].items():
        private = name.startswith(("send-private-", "send-presence-"))
        assert bool(operation.get("security")) == (private or "old-socket" in name), name


def test_a_message_that_is_none_is_found_out() -> None:
    told = {"type": "ping", "timestamp": "2026-12-01T12:00:00Z"}
    JUDGE.judge("/ws/roblox", "ping", told)
    JUDGE.judge("test-channel", "echo", {"socket_id": None, "data": [1]})
    with pytest.raises(jsonschema_rs.ValidationError):
        JUDGE.judge("/ws/roblox", "ping", {**told, "extra": 1})
    with pytest.raises(jsonschema_rs.ValidationError):
        JUDGE.judge("test-channel", "echo", {"type": "echo", "data": {}})
    with pytest.raises(AssertionError):
        JUDGE.judge("test-channel", "ping", told)


# ---- over HTTP ----------------------------------------------------------------------------------------------


async def test_programs_get_the_document_with_the_server_as_they_have_reached_it(
    http: httpx2.AsyncClient,
) -> None:
    answer = await http.get("/asyncapi.json")
    document = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert faults_of(document) == []
    server = document["servers"]["channels"]
    assert (server["host"], server["protocol"]) == ("school.example:8009", "ws")
    assert server["variables"]["key"]["default"] == "school-key"
    odd = await http.get("/asyncapi.json", headers={"host": 'a"><script>'})
    assert odd.json()["servers"]["channels"]["host"] == "localhost"


async def test_where_another_service_carries_events_that_one_is_named() -> None:
    live = RealtimeConfig.elsewhere("k", host="live.example", port=6001, scheme="https", cluster=None)
    async with client(live) as http:
        servers = (await http.get("/asyncapi.json")).json()["servers"]
    assert (servers["channels"]["host"], servers["channels"]["protocol"]) == ("live.example:6001", "wss")
    assert servers["old-sockets"]["host"] == "school.example:8009"


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_has_no_script_and_loads_from_its_own_server_alone(
    http: httpx2.AsyncClient, path: str
) -> None:
    page = await http.get(path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert policy_of(page) == {
        "default-src": ["'none'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    assert re.findall(r"<style|<script|\son\w+=|\sstyle=|javascript:|https?://", page.text) == []
    for address in set(re.findall(r'(?:src|href)="([^"#]+)"', page.text)):
        assert address.startswith("/")
        assert (await http.get(address)).status_code == 200, address
    style = (await http.get("/reference.css")).text
    assert re.findall(r"@import|url\(|//", style) == []


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_can_be_read_by_a_screen_reader_and_found_through_by_its_links(
    http: httpx2.AsyncClient, path: str
) -> None:
    text = (await http.get(path)).text
    assert '<html lang="en">' in text
    levels = [int(level) for level in re.findall(r"<h([1-6])", text)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)
    assert text.count("<table>") == text.count("<thead>") == text.count('role="region"')


async def test_the_page_of_events_tells_of_every_channel_message_and_schema(http: httpx2.AsyncClient) -> None:
    text = (await http.get("/asyncapi")).text
    for channel in DOCUMENT["channels"].values():
        assert f"<code>{channel['address']}</code>" in text
    for name in (*MESSAGES, *DOCUMENT["components"]["schemas"]):
        assert name in text
    assert "wss://" not in text
    assert "ws://school.example:8009/app/{key}" in text


async def test_the_page_of_rest_tells_of_every_route_and_schema(http: httpx2.AsyncClient) -> None:
    text = (await http.get("/docs")).text
    described = (await http.get("/api/openapi.json")).json()
    for path, operations in described["paths"].items():
        for method in operations:
            assert f"<code>{method.upper()} {path}</code>" in text
    for name in described["components"]["schemas"]:
        assert f'id="schema-{name}"' in text
    assert 'href="/docs/rest.md"' in text


async def test_the_document_is_made_once_and_only_its_servers_are_each_readers_own(
    http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await http.get("/asyncapi")
    monkeypatch.setattr("toolboxai.platform.messages.asyncapi.MESSAGES", None)
    monkeypatch.setattr("toolboxai.web.reference.routes.asyncapi_view", None)
    for host in ("one.example", "two.example"):
        page = await http.get("/asyncapi", headers={"host": host})
        assert f"<code>ws://{host}</code>" in page.text
        document = (await http.get("/asyncapi.json", headers={"host": host})).json()
        assert document["servers"]["channels"]["host"] == host
        assert document["components"] == DOCUMENT["components"]


async def test_a_browser_gets_each_version_once(http: httpx2.AsyncClient) -> None:
    for path in (*PAGES, "/asyncapi.json", "/reference.css"):
        first = await http.get(path)
        again = await http.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = await http.head(path)
        assert (head.status_code, head.headers["etag"]) == (200, first.headers["etag"])


# ---- schemas in words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "anything"),
        ({"type": "string", "minLength": 1, "maxLength": 9}, "text of 1 to 9 characters"),
        ({"type": "string", "minLength": 1}, "text of 1 characters and more"),
        ({"type": "string", "pattern": "^a<b$"}, "text, <code>^a&lt;b$</code>"),
        ({"type": "string", "format": "binary"}, "file"),
        ({"type": "integer", "minimum": 1, "maximum": 3}, "whole number 1 to 3"),
        ({"type": "number", "minimum": 0}, "number from 0 on"),
        ({"type": "number", "maximum": 5}, "number up to 5"),
        ({"anyOf": [{"$ref": "#/x/Stage"}, {"type": "null"}]}, '<a href="#schema-Stage">Stage</a> or null'),
        ({"enum": ["a", "b"]}, "<code>a</code>, <code>b</code>"),
        ({"const": "<a>"}, "<code>&lt;a&gt;</code>"),
        ({"type": ["integer", "null"]}, "whole number or null"),
        (
            {"type": "array", "items": {"type": "boolean"}, "maxItems": 4},
            "list of true or false of 0 to 4 entries",
        ),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of whole number"),
    ],
)
def test_a_schema_is_told_in_words(schema: dict[str, Any], words: str) -> None:
    assert words_of(schema) == Markup(words)


def test_words_between_backticks_are_code_and_nothing_is_markup() -> None:
    assert prose("`a` and ``b<``, <i>") == Markup("<code>a</code> and <code>b&lt;</code>, &lt;i&gt;")


def test_fields_are_rows_with_what_is_said_of_them() -> None:
    schema = {
        "properties": {
            "limit": {"type": "integer", "default": 20, "description": "of a page"},
            "name": {"type": "string"},
        },
        "required": ["name"],
    }
    assert [(row.name, row.required, row.meaning) for row in rows_of(schema)] == [
        ("limit", False, "of a page; default 20"),
        ("name", True, ""),
    ]
