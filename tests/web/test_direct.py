"""Routes that go past the framework answer as if they did not."""

import logging
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse

from toolboxai.errors import RateLimitExceeded, ValidationError
from toolboxai.metrics import Metrics
from toolboxai.web.application import create_api
from toolboxai.web.channels_auth import CHANNEL_AUTH_PATHS
from toolboxai.web.direct import direct_endpoints

PAGE = "http://localhost:3000"


class Busy(Exception):
    """What passes by."""


async def answer(request: Request) -> JSONResponse:
    match (await request.body()).decode():
        case "wrong":
            raise ValidationError("it is wrong", details={"fields": {"body": "wrong"}})
        case "often":
            raise RateLimitExceeded("too often", retry_after_s=7)
        case "busy":
            raise Busy
        case "fault":
            raise RuntimeError("ours")
        case said:
            return JSONResponse({"said": said})


def client(direct: bool, metrics: Metrics | None = None) -> httpx2.AsyncClient:
    router = APIRouter(prefix="/api")
    router.post("/ask")(answer)
    api = create_api(
        [router],
        direct=["/api/ask"] if direct else (),
        passing=[Busy],
        body_bytes=lambda: 100,
        metrics=metrics,
    )
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://server")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/ask", "hello", 200),
        ("POST", "/api/ask?a=b", "hello", 200),
        ("POST", "/api/ask", "wrong", 422),
        ("POST", "/api/ask", "often", 429),
        ("POST", "/api/ask", "busy", 503),
        ("POST", "/api/ask", "fault", 500),
        ("POST", "/api/ask", "x" * 101, 413),
        ("POST", "/api/ask/", "hello", 404),
        ("GET", "/api/ask", "", 405),
        ("OPTIONS", "/api/ask", "", 200),
    ],
)
@pytest.mark.parametrize("origin", [None, PAGE, "https://elsewhere.example"])
async def test_it_answers_word_for_word_as_the_framework(
    method: str, path: str, body: str, status: int, origin: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    headers = {"X-Request-Id": "req_12345678", "Access-Control-Request-Method": "POST"}
    if origin is not None:
        headers["Origin"] = origin
    if (
        method == "OPTIONS" and origin != PAGE
    ):  # nobody asks what a page may do, or a page that may do nothing
        status = 405 if origin is None else 400
    told = []
    for direct in (False, True):
        metrics = Metrics()
        async with client(direct, metrics) as http:
            answered = await http.request(method, path, content=body, headers=headers)
        told.append(
            (answered.status_code, sorted(answered.headers.items()), answered.content, metrics.faults_total)
        )
    assert told[0] == told[1]
    assert told[0][0] == status


def routes_of(endpoint: Any) -> APIRouter:
    router = APIRouter()
    router.post("/ask")(endpoint)
    return router


async def asks_for_more(request: Request, more: str) -> JSONResponse:
    raise NotImplementedError


def of_the_request(request: Request) -> str:
    raise NotImplementedError


async def depends(request: Request, more: str = Depends(of_the_request)) -> JSONResponse:
    raise NotImplementedError


@pytest.mark.parametrize("endpoint", [asks_for_more, depends])
def test_what_needs_the_framework_cannot_go_past_it(endpoint: Any) -> None:
    with pytest.raises(ValueError, match="/ask"):
        direct_endpoints([routes_of(endpoint)], ["/ask"])


def test_a_path_that_is_no_route_is_a_mistake() -> None:
    assert CHANNEL_AUTH_PATHS
    with pytest.raises(ValueError, match="/nowhere"):
        direct_endpoints([routes_of(answer)], ["/nowhere"])
