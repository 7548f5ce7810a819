"""Bad input on every route of the application: a clear error, nothing half done, and the next good one goes through."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx2
import pytest

from callers import Http
from forms import FULL
from odd_input import ODD_BODIES, TRICKS, assert_refused, listener
from school import SERVE, Open, a_lesson, calls, generate, open_school
from server_process import serving
from toolboxai.legacy.endpoints import called

# A body that each route takes. A route that is not here takes none, or gets the bodies that none takes.
GOOD: Mapping[str, dict[str, Any]] = {
    "/api/v1/admin/apps": {"id": "77", "name": "Club", "enabled": True, "event_bytes": 9},
    "/api/v1/admin/apps/{app_id}": {"name": "Club", "enabled": True, "event_bytes": 9},
    "/api/v1/admin/notifications": {
        "message": "Back at nine",
        "level": "info",
        "starts_at": "2026-12-01T12:00:00Z",
        "ends_at": "2026-12-01T13:00:00Z",
    },
    "/api/v1/attempts": {
        "content_id": "content_none",
        "class_id": "class_none",
        "source": "page",
        "answers": [{"question_id": "q1", "answer": "rain", "answered_at": "2026-01-01T09:00:00Z"}],
    },
    "/api/v1/auth/browser": {"refresh_token": "none"},
    "/api/v1/auth/login": {"username": "nobody", "password": "wrong horse battery"},
    "/api/v1/auth/oidc/session": {"code": "none"},
    "/api/v1/admin/users": {
        "username": "kim",
        "role": "student",
        "email": "kim@school.example",
        "display_name": "Kim",
    },
    "/api/v1/admin/users/roster": {"username": "kim"},  # which is no CSV
    "/api/v1/admin/users/{user_id}": {"display_name": "Kim", "role": "student", "disabled": True},
    "/api/v1/auth/welcome": {"code": "none", "password": "wrong horse battery"},
    "/api/v1/auth/refresh": {"refresh_token": "none"},
    "/api/v1/classes": {"name": "7b"},
    "/api/v1/classes/join": {"code": "K7QM-3F2P", "pseudonym": "Otter"},
    "/api/v1/classes/return": {"code": "none"},
    "/api/v1/classes/{class_id}": {"name": "7b", "names_shown": True},
    "/api/v1/classes/{class_id}/join-code": {"hours": 1},
    "/api/v1/classes/{class_id}/members": {"username": "nobody", "pseudonym": "Otter"},
    "/api/v1/classes/{class_id}/members/{user_id}": {"pseudonym": "Otter"},
    "/api/v1/content/generate": a_lesson(
        language="en",
        difficulty="easy",
        duration_minutes=45,
        seed=1,
        title="Water",
        question_types=["true_false"],
        environment_theme="fantasy",
        source_files=[{"name": "a.txt", "content_base64": "YQ=="}],
    ),
    "/api/v1/agents": {"name": "grader", "task_types": ["grade"], "concurrency": 1},
    "/api/v1/agents/{agent_id}/tasks": {
        "task_type": "grade",
        "input": {},
        "priority": 5,
        "timeout_s": 60,
        "max_attempts": 1,
    },
    "/api/v1/agents/{agent_id}/claim": {"worker": "w", "task_types": ["grade"]},
    "/api/v1/tasks/{task_id}/progress": {"lease_id": "lease_1", "progress_percent": 1, "message": "begun"},
    "/api/v1/tasks/{task_id}/complete": {"lease_id": "lease_1", "result": {}},
    "/api/v1/tasks/{task_id}/fail": {
        "lease_id": "lease_1",
        "error_code": "NO_MODEL",
        "message": "away",
        "retry": True,
    },
    "/api/v1/tasks/{task_id}/release": {"lease_id": "lease_1"},
    "/api/v1/content/proposals": {
        "source_text": "Rain falls.",
        "language": "en",
        "source_files": [{"name": "a.txt", "content_base64": "YQ=="}],
    },
    "/api/v1/content/{content_id}": {"title": "Water", "lesson": {}, "quiz": {}},
    "/api/v1/content/{content_id}/download-link": {"format": "md", "sheet": "student", "revision": 1},
    "/api/v1/content/{content_id}/questions/{question_id}/regenerate": {"seed": 1},
    "/api/v1/content/{content_id}/sections/{section_id}/regenerate": {"seed": 1},
    "/api/v1/game-servers": {"environment_id": "env_none", "name": "7b"},
    "/api/v1/game-servers/{game_server_id}/answers": {
        "answers": [
            {
                "id": "a-1",
                "player": "0a1b2c3d-0000-4000-8000-000000000001",
                "question_id": "q1",
                "answer": "rain",
                "answered_at": "2026-01-01T09:00:00Z",
            }
        ]
    },
    "/api/v1/game-servers/{game_server_id}/events": {
        "events": [
            {
                "id": "e-1",
                "type": "custom",
                "data": {"name": "door", "value": 1},
                "at": "2026-01-01T09:00:00Z",
            }
        ]
    },
    "/api/v1/game-servers/{game_server_id}/messages": {
        "type": "announcement",
        "data": {"text": "Ten minutes left"},
    },
    "/api/v1/me": {"password": "no horse at all"},
    "/api/v1/roblox/environments": {
        "content_id": "content_none",
        "name": "Water",
        "theme": "classroom",
        "size": "small",
        "features": {"terrain": True},
        "seed": 1,
        "max_players": 30,
    },
    "/api/v1/roblox/environments/{environment_id}/rebuild": {
        "seed": 2,
        "theme": "fantasy",
        "size": "small",
    },
    "/api/v1/roblox/environments/{environment_id}/scripts/{script_id}": {"source": "print(1)"},
    "/api/v1/plugins": {"name": "Studio", "studio_version": "0.650", "capabilities": ["world_events"]},
    "/api/v1/plugins/{plugin_id}/commands": {
        "action": "show_message",
        "payload": {"text": "Hello"},
        "expires_in_s": 60,
        "command_id": "c-1",
    },
    "/api/v1/plugins/{plugin_id}/config": {"folder": "Lessons"},
    "/api/v1/plugins/{plugin_id}/messages": {
        "messages": [{"type": "plugin_event", "data": {}, "message_id": "m-1"}]
    },
    "/api/v1/pusher/auth": {"socket_id": "1.1", "channel_name": "private-test-channel"},
    "/api/v1/pusher/user-auth": {"socket_id": "1.1"},
    "/api/v1/pusher/webhook": {"time_ms": 1, "events": []},
    "/api/v1/realtime/trigger": {"channel": "news", "event": "headline", "data": 1, "socket_id": "1.1"},
    "/api/v1/realtime/echo": {"socket_id": "1.1", "data": 1},
    "/api/v1/shares": {"kind": "content_session", "id": "gen_none", "role": "viewer", "username": "nobody"},
    "/api/v1/shares/redeem": {"code": "none", "pseudonym": "Otter"},
}
ANY_JSON = {("/api/v1/realtime/trigger", "data"), ("/api/v1/realtime/echo", "data")}
# Pages may add fields of their own to what stock clients send.
TAKES_MORE = {"/api/v1/pusher/auth", "/api/v1/pusher/user-auth"}
KINDS = ("application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data")
# Values that no field takes, but those of ANY_JSON.
ODD = ({"x": [1]}, [{"x": 1}], -1.5, "\x00", "\x00" * 300, "x" * 600_000)


def unsigned(claims: dict[str, Any]) -> str:
    """A token that says it needs no signature."""
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        + "."
    )


BAD_TOKENS = (
    "Bearer",
    "Bearer a.b.c",
    "Bearer " + "x" * 9000,
    "Basic YWRhOmFkYQ==",
    "Bearer " + unsigned({"sub": "user_1", "role": "admin", "typ": "access", "exp": 4_000_000_000}),
    "bearer \u00ff",
)


@pytest.fixture
def strict(tmp_path: Path, database_url: str) -> Iterator[Open]:
    """A server of its own, for the refusals slow strangers down."""
    (tmp_path / "school").mkdir()
    school = open_school(tmp_path / "school", database_url=database_url, names=("ada",))
    with serving([*SERVE, "0"], cwd=school.home, env=school.env) as server:
        yield Open(school, server)


class Routes:
    """All routes of the application, as it describes itself."""

    def __init__(self, described: Mapping[str, Any]) -> None:
        self.all = [
            (method.upper(), path, operation)
            for path, operations in described["paths"].items()
            for method, operation in operations.items()
        ]

    @classmethod
    async def read(cls, http: httpx2.AsyncClient) -> "Routes":
        routes = cls((await http.get("/api/openapi.json")).json())
        assert len(routes.all) > 15
        return routes

    def with_body(self) -> Iterator[tuple[str, str, bool]]:
        """Method, path, and whether it goes without a body, too."""
        for method, path, operation in self.all:
            if "requestBody" in operation:
                yield method, path, not operation["requestBody"].get("required", False)

    def parameters(self, place: str) -> Iterator[tuple[str, str, str]]:
        for method, path, operation in self.all:
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == place:
                    yield method, path, parameter["name"]


def shared(values: Sequence[str], turn: int) -> Sequence[str]:
    """All of them in the full form; in the short one a third: the routes share out what is odd."""
    return values if FULL else values[turn % 3 :: 3]


def at(path: str, value: str = "gen_none", known: Mapping[str, str] = MappingProxyType({})) -> str:
    """The path with every id replaced: by that of something that is there, where it is known."""
    parts = [known.get(part, value) if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts)


async def a_class(http: httpx2.AsyncClient, stranger: httpx2.AsyncClient) -> Mapping[str, str]:
    """A class of Ada's with a pupil in it: ids by what paths call them."""
    made = (await http.post("/api/v1/classes", json={"name": "7a"})).json()
    opened = await http.post(f"/api/v1/classes/{made['class_id']}/join-code")
    code = {"code": opened.json()["code"], "pseudonym": "Newt"}
    pupil = (await stranger.post("/api/v1/classes/join", json=code)).json()["user"]
    return {"{class_id}": made["class_id"], "{user_id}": pupil["id"]}


async def kept_of(http: httpx2.AsyncClient, known: Mapping[str, str]) -> list[Any]:
    """All that bodies could change of them."""
    room = f"/api/v1/classes/{known['{class_id}']}"
    paths = ("/api/v1/classes", room, f"{room}/members", f"/api/v1/admin/users/{known['{user_id}']}")
    return [(await http.get(path)).json() for path in paths]


OPEN_TO_ALL = {
    "/api/v1/auth/browser",
    "/api/v1/auth/login",
    "/api/v1/auth/oidc/callback",
    "/api/v1/auth/oidc/login",
    "/api/v1/auth/oidc/session",
    "/api/v1/auth/refresh",
    "/api/v1/auth/ways",
    "/api/v1/auth/welcome",
    "/api/v1/classes/join",
    "/api/v1/classes/return",
    "/api/v1/realtime/config",
    "/api/v1/shares/redeem",
}


@pytest.mark.timeout(120)
async def test_every_route_of_the_application(strict: Open) -> None:
    ada = strict.school["ada"]
    async with calls(strict.server, ada) as http, calls(strict.server) as stranger, listener(strict) as ear:
        routes = await Routes.read(http)
        await tokens_that_do_not_hold(routes, stranger)
        known = await a_class(http, stranger)
        before = await kept_of(http, known)
        await bodies_that_do_not_fit(routes, http, known)
        assert await kept_of(http, known) == before
        await parameters_that_do_not_fit(routes, http)
        await paths_that_lead_nowhere(routes, http)
        await bodies_that_are_too_large(routes, http)

        # Nothing of all this was begun, kept or published.
        assert (await http.get("/api/v1/content/sessions")).json() == {"items": [], "next_cursor": None}
        await ear.hears_nothing()
        # And what is right still works.
        accepted = await generate(http)
        assert (await http.get(accepted["status_url"])).status_code == 200
        echo = {"data": "hello"}
        assert (await http.post("/api/v1/realtime/echo", json=echo)).status_code == 200
        assert (await ear.hear())["event"] == "echo"
    log = strict.server.log.read_text()
    assert '"level": "error"' not in log
    assert "Traceback" not in log


async def tokens_that_do_not_hold(routes: Routes, stranger: httpx2.AsyncClient) -> None:
    for turn, (method, path, operation) in enumerate(routes.all):
        if path in OPEN_TO_ALL or operation.get("deprecated"):  # the old sockets tell everyone that they go
            continue
        for header in (None, *shared(BAD_TOKENS, turn)):
            headers = {} if header is None else {b"Authorization": header.encode("latin-1")}
            there = at(path, known={"{game_server_id}": "game_none"})
            answer = await stranger.request(method, there, headers=headers, json=GOOD.get(path))
            if answer.status_code != 431:
                assert answer.status_code == 401, f"{method} {path} {header}: {answer.text}"
            assert_refused(answer, header)


async def bodies_that_do_not_fit(routes: Routes, http: httpx2.AsyncClient, known: Mapping[str, str]) -> None:
    for turn, (method, path, optional) in enumerate(routes.with_body()):
        there = at(path, known=known)
        for number, body in enumerate(ODD_BODIES):
            if optional and body in (b"", b"null"):
                continue
            other = KINDS[(number + turn) % len(KINDS)]
            for kind in KINDS if FULL else {KINDS[0], other} if (number + turn) % 3 == 0 else KINDS[:1]:
                answer = await http.request(method, there, content=body, headers={"Content-Type": kind})
                assert_refused(answer, (kind, body))
        assert path in GOOD, f"{path} takes a body: tell here what a good one is"
        for place, name in enumerate(GOOD[path]):
            # The fields of a body share out what is odd in the short form; the first has all of it.
            for value in ODD if FULL or place == 0 else (ODD[place % 5], ODD[(place + 2) % 5]):
                if (path, name) in ANY_JSON and "\x00" not in str(value):
                    continue
                answer = await http.request(method, there, json={**GOOD[path], name: value})
                assert_refused(answer, {name: value})
        if path not in TAKES_MORE:
            answer = await http.request(method, there, json={**GOOD[path], "no_such_field": 1})
            assert_refused(answer, "an unknown field")


async def parameters_that_do_not_fit(routes: Routes, http: httpx2.AsyncClient) -> None:
    for turn, (method, path, name) in enumerate(routes.parameters("query")):
        for value in shared(("-1", "x", "\x00", "9" * 5000, "1e3", "\u2603"), turn):
            answer = await http.request(method, at(path), params={name: value})
            if answer.status_code != 200:  # a name of a channel or a format may be any text
                assert_refused(answer, {name: value})
    for name in ("token", "access_token"):
        answer = await http.get("/api/v1/content", params={name: "x"})
        assert_refused(answer, name)


async def paths_that_lead_nowhere(routes: Routes, http: httpx2.AsyncClient) -> None:
    async with Http.opened(http.base_url.port or 0) as raw:  # a library would tidy the path up
        for turn, (method, path, _name) in enumerate(routes.parameters("path")):
            for trick in shared(TRICKS, turn):
                told = await raw.ask(method, at(path, trick), headers=dict(http.headers))
                assert 400 <= told.status < 500, (method, path, trick, told)
                there = called(at(path, trick)) is not None  # an old socket: any id may be one
                expected = "UPGRADE_REQUIRED" if there else "RESOURCE_NOT_FOUND"
                assert json.loads(told.body)["error_code"] == expected, (trick, told)
                assert "x-injected" not in told.headers
    for turn, (method, path, _operation) in enumerate(routes.all):
        for other in set(shared(("PUT", "PATCH", "TRACE"), turn)) - {method}:
            assert_refused(await http.request(other, at(path)), other)
        assert_refused(await http.request(method, f"{at(path)}/no/such/thing"), "a longer path")


async def bodies_that_are_too_large(routes: Routes, http: httpx2.AsyncClient) -> None:
    for number, (method, path, _optional) in enumerate(routes.with_body()):
        if number < 2:
            answer = await http.request(method, at(path), content=b" " * (12 << 20))
            assert answer.status_code == 413
            assert_refused(answer, "12 MiB")
        # Announced, and never sent.
        async with Http.opened(http.base_url.port or 0) as raw:
            head = {"Authorization": http.headers["Authorization"], "Content-Type": "application/json"}
            raw.send(raw.request(method, at(path), headers={**head, "Content-Length": str(1 << 40)}))
            told = await raw.answer()
            assert (told.status, json.loads(told.body)["error_code"]) == (413, "PAYLOAD_TOO_LARGE")
