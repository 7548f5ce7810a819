"""Every error has one shape, whoever raises it."""

import json
import logging
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel, Field, SecretStr
from starlette.types import Message, Scope

from toolboxai.errors import Conflict, RateLimitExceeded, ResourceNotFound
from toolboxai.metrics import Metrics
from toolboxai.web.application import create_api


class Note(BaseModel):
    title: str = Field(min_length=3)
    password: SecretStr = Field(min_length=8)


class Busy(Exception):
    pass


def _api(**settings: object) -> FastAPI:
    router = APIRouter()

    @router.post("/notes")
    async def notes(note: Note) -> dict[str, str]:
        return {"title": note.title}

    @router.post("/raw")
    async def raw(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @router.get("/numbers/{number}")
    async def numbers(number: int) -> dict[str, int]:
        if number == 1:
            raise ResourceNotFound("there is no number 1", details={"number": 1})
        if number == 2:
            raise RateLimitExceeded("slowly", retry_after_s=7)
        if number == 3:
            raise Conflict("half a character: \ud800")
        if number == 4:
            raise RuntimeError("the secret is 4711")
        if number == 6:
            raise Busy("the secret is 4711")
        return {"number": number}

    return create_api([router], **settings)  # type: ignore[arg-type]


def _client(api: FastAPI) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://server")


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with _client(_api(body_bytes=lambda: 1000, larger_bodies={"/raw": 2000}, passing=[Busy])) as client:
        yield client


def _checked(answer: httpx2.Response, status: int, error_code: str) -> dict[str, object]:
    assert answer.status_code == status
    body: dict[str, object] = answer.json()
    assert set(body) == {"error_code", "message", "details", "request_id"}
    assert body["error_code"] == error_code
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["message"]
    return body


async def test_an_error_of_ours_has_its_code_status_and_details(http: httpx2.AsyncClient) -> None:
    body = _checked(await http.get("/numbers/1"), 404, "RESOURCE_NOT_FOUND")
    assert body["details"] == {"number": 1}


async def test_too_often_says_when_to_come_back(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/numbers/2")
    assert _checked(answer, 429, "RATE_LIMIT_EXCEEDED")["details"] == {"retry_after": 7}
    assert answer.headers["retry-after"] == "7"


async def test_a_text_with_half_a_character_is_still_told(http: httpx2.AsyncClient) -> None:
    _checked(await http.get("/numbers/3"), 409, "CONFLICT")


async def test_a_fault_of_ours_is_counted_and_one_of_the_caller_is_not() -> None:
    metrics = Metrics()
    async with _client(_api(metrics=metrics, passing=[Busy])) as http:
        for number in (1, 2, 3, 6, 4):
            assert metrics.faults_total == 0
            await http.get(f"/numbers/{number}")
    assert metrics.faults_total == 1


@pytest.mark.parametrize("path", ["/raw", "/notes"])
async def test_who_goes_away_before_the_end_of_a_body_is_no_fault_of_ours(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics()
    come: list[Message] = [
        {"type": "http.request", "body": b"a part", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return come.pop(0)

    async def send(message: Message) -> None:
        """Nobody is there who hears it."""

    await _api(metrics=metrics)(_posted(path), receive, send)
    assert metrics.faults_total == 0
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def _posted(path: str) -> Scope:
    """A request as a server hands it on."""
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"900")],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("server", 80),
        "client": ("client", 1),
    }


async def test_a_fault_of_ours_is_logged_under_the_request_id_and_tells_nothing(
    http: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await http.get("/numbers/4", headers={"origin": "http://localhost:5173"})
    body = _checked(answer, 500, "INTERNAL_ERROR")
    assert "4711" not in answer.text
    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.__dict__["request_id"] == body["request_id"]
    assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"


async def test_a_fault_that_passes_by_says_when_to_come_back(
    http: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await http.get("/numbers/6")
    body = _checked(answer, 503, "PROVIDER_UNAVAILABLE")
    assert answer.headers["retry-after"] == "5"
    assert "4711" not in answer.text
    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.__dict__["request_id"] == body["request_id"]


async def test_wrong_fields_are_named_and_never_quoted(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/notes", json={"title": "a", "password": "hunter2"})
    details = _checked(answer, 422, "VALIDATION_ERROR")["details"]
    assert isinstance(details, dict)
    assert set(details["fields"]) == {"title", "password"}
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("path", "field"), [("/numbers/x", "path.number"), ("/numbers/" + "9" * 5000, "path.number")]
)
async def test_a_wrong_path_is_named(http: httpx2.AsyncClient, path: str, field: str) -> None:
    details = _checked(await http.get(path), 422, "VALIDATION_ERROR")["details"]
    assert isinstance(details, dict)
    assert set(details["fields"]) == {field}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 900,
        b'{"title": NaN, "password": 1}',
        b'{"title": "\\ud800\\ud800\\ud800", "password": "\\udfff\\udfff\\udfff\\udfff"}',
        b'{"\\ud800": 1}',
    ],
)
async def test_a_malformed_body_is_an_error_of_the_sender(http: httpx2.AsyncClient, body: bytes) -> None:
    _checked(
        await http.post("/notes", content=body, headers={"content-type": "application/json"}),
        422,
        "VALIDATION_ERROR",
    )


async def test_an_unknown_path_and_method_have_the_shape_too(http: httpx2.AsyncClient) -> None:
    _checked(await http.get("/nothing"), 404, "RESOURCE_NOT_FOUND")
    answer = await http.delete("/notes")
    assert "POST" in str(_checked(answer, 405, "METHOD_NOT_ALLOWED")["message"])
    assert answer.headers["allow"] == "POST"


async def test_a_body_that_is_announced_too_long_is_refused(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/notes", content=b"x" * 1001)
    assert _checked(answer, 413, "PAYLOAD_TOO_LARGE")["details"] == {"max_bytes": 1000}


@pytest.mark.parametrize("path", ["/notes", "/raw"])
async def test_a_body_that_grows_too_long_is_refused(http: httpx2.AsyncClient, path: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(21):
            yield b"x" * 100

    answer = await http.post(path, content=pieces(), headers={"content-type": "application/json"})
    _checked(answer, 413, "PAYLOAD_TOO_LARGE")


async def test_a_body_at_the_bound_of_its_path_is_taken(http: httpx2.AsyncClient) -> None:
    assert (await http.post("/raw", content=b"x" * 2000)).json() == {"bytes": 2000}
    answer = await http.post("/raw", content=b"x" * 2001)
    assert _checked(answer, 413, "PAYLOAD_TOO_LARGE")["details"] == {"max_bytes": 2000}


async def test_an_id_from_outside_is_kept_when_it_is_harmless(http: httpx2.AsyncClient) -> None:
    kept = await http.get("/numbers/5", headers={"x-request-id": "trace-0123"})
    assert kept.headers["x-request-id"] == "trace-0123"
    for odd in ("short", "a b c d e f g h", "x" * 65):
        answer = await http.get("/numbers/5", headers={"x-request-id": odd})
        assert answer.headers["x-request-id"].startswith("req_")


async def test_every_answer_has_safe_headers(http: httpx2.AsyncClient) -> None:
    for path in ("/numbers/5", "/nothing", "/numbers/4"):
        headers = (await http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("configured", "origin", "may"),
    [
        ((), "http://localhost:5173", True),
        ((), "http://127.0.0.1:8009", True),
        ((), "http://[::1]:3000", True),
        ((), "https://evil.example", False),
        ((), "http://localhost.evil.example", False),
        ((), "http://127.0.0.1.evil.example", False),
        ((), "null", False),
        (("https://school.example",), "https://school.example", True),
        (("https://school.example",), "http://localhost:5173", False),
    ],
)
async def test_only_known_origins_may_read(configured: tuple[str, ...], origin: str, may: bool) -> None:
    async with _client(_api(allowed_origins=configured)) as client:
        answer = await client.get("/numbers/5", headers={"origin": origin})
        asked = await client.options(
            "/notes", headers={"origin": origin, "access-control-request-method": "POST"}
        )
    for headers in (answer.headers, asked.headers):
        assert (headers.get("access-control-allow-origin") == origin) is may


async def test_the_routes_are_described(http: httpx2.AsyncClient) -> None:
    described = json.loads((await http.get("/api/openapi.json")).text)
    answers = described["paths"]["/notes"]["post"]["responses"]
    assert set(answers) == {"200", "default"}
    assert answers["default"]["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorAnswer")
    assert set(described["components"]["schemas"]["ErrorAnswer"]["required"]) == {
        "error_code",
        "message",
        "details",
        "request_id",
    }
