"""Signing in and out over HTTP."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from identity_parts import PASSWORD
from toolboxai.platform.identity.limiter import ALLOWANCES, Attempts
from toolboxai.platform.identity.model import PERMISSIONS, Role, User
from toolboxai.platform.identity.service import IdentityService
from toolboxai.testing.clock import ManualClock
from toolboxai.web.application import create_api
from toolboxai.web.auth import auth_routes
from toolboxai.web.security import Authenticator

Http = Callable[..., httpx2.AsyncClient]


@pytest.fixture
async def anna(identity: IdentityService) -> User:
    return await identity.create_user("anna", Role.TEACHER, PASSWORD, email="anna@school.example")


@pytest.fixture
async def http(identity: IdentityService, anna: User) -> AsyncIterator[httpx2.AsyncClient]:
    authenticator = Authenticator(identity)
    transport = httpx2.ASGITransport(create_api([auth_routes(identity, authenticator)]))
    async with httpx2.AsyncClient(transport=transport, base_url="http://server/api/v1/auth") as client:
        yield client


async def signed_in(http: httpx2.AsyncClient) -> dict[str, Any]:
    answer = await http.post("/login", json={"username": "anna", "password": PASSWORD})
    assert answer.status_code == 200
    session: dict[str, Any] = answer.json()
    return session


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]


@pytest.mark.parametrize("name", [{"username": "anna"}, {"email": "anna@school.example"}])
async def test_login_answers_with_tokens_and_the_account(
    http: httpx2.AsyncClient, anna: User, name: dict[str, str]
) -> None:
    answer = await http.post("/login", json={**name, "password": PASSWORD})
    body = answer.json()
    assert set(body) == {"access_token", "refresh_token", "token_type", "expires_in", "user"}
    assert (body["token_type"], body["expires_in"]) == ("bearer", 900)
    assert body["user"] == {
        "id": anna.id,
        "username": "anna",
        "email": "anna@school.example",
        "display_name": "anna",
        "role": "teacher",
        "permissions": sorted(PERMISSIONS[Role.TEACHER]),
    }
    assert answer.headers["cache-control"] == "no-store"
    assert (await http.get("/me", headers=bearer(body["access_token"]))).json() == body["user"]


async def test_a_wrong_password_and_an_unknown_name_get_one_answer(http: httpx2.AsyncClient) -> None:
    said = []
    for name in ("anna", "nobody"):
        answer = await http.post("/login", json={"username": name, "password": "wrong password"})
        assert code_of(answer) == (401, "INVALID_TOKEN")
        assert answer.headers["www-authenticate"] == "Bearer"
        said.append({**answer.json(), "request_id": None})
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "password"),
        ({"password": PASSWORD}, "body"),
        ({"username": "anna", "email": "anna@school.example", "password": PASSWORD}, "body"),
        ({"username": "anna", "password": ""}, "password"),
        ({"username": "anna", "password": 5}, "password"),
        ({"username": "a" * 255, "password": PASSWORD}, "username"),
        ({"username": "anna", "password": "x" * 1025}, "password"),
        ({"username": ["anna"], "password": PASSWORD}, "username"),
        ({"username": "anna", "password": PASSWORD, "role": "admin"}, "role"),
        ([], "body"),
        (None, "body"),
    ],
)
async def test_a_login_that_does_not_fit_names_the_field(
    http: httpx2.AsyncClient, body: Any, field: str
) -> None:
    answer = await http.post("/login", json=body)
    assert code_of(answer) == (422, "VALIDATION_ERROR")
    assert field in answer.json()["details"]["fields"]
    assert PASSWORD not in answer.text


@pytest.mark.parametrize("text", ['"\\ud800"', '"anna\\u0000"', '"\\u0000"'])
async def test_odd_characters_sign_nobody_in_and_break_nothing(http: httpx2.AsyncClient, text: str) -> None:
    json_header = {"content-type": "application/json"}
    name = await http.post(
        "/login", content=f'{{"username": {text}, "password": "12345678"}}', headers=json_header
    )
    word = await http.post(
        "/login", content=f'{{"username": "anna", "password": {text}}}', headers=json_header
    )
    code = await http.post("/refresh", content=f'{{"refresh_token": {text}}}', headers=json_header)
    assert {answer.status_code for answer in (name, word, code)} <= {401, 422}


async def test_too_many_tries_are_told_when_to_come_back(
    http: httpx2.AsyncClient, clock: ManualClock
) -> None:
    wrong = {"username": "anna", "password": "wrong password"}
    for _ in range(5):
        assert (await http.post("/login", json=wrong)).status_code == 401
    answer = await http.post("/login", json=wrong)
    assert code_of(answer) == (429, "RATE_LIMIT_EXCEEDED")
    assert answer.headers["retry-after"] == "1"
    clock.advance(1)
    await signed_in(http)


async def test_a_refresh_token_is_good_once(http: httpx2.AsyncClient) -> None:
    first = await signed_in(http)
    answer = await http.post("/refresh", json={"refresh_token": first["refresh_token"]})
    assert answer.status_code == 200
    assert set(answer.json()) == set(first)
    again = await http.post("/refresh", json={"refresh_token": first["refresh_token"]})
    assert code_of(again) == (401, "INVALID_TOKEN")


async def test_an_access_token_does_not_refresh_nor_the_other_way(http: httpx2.AsyncClient) -> None:
    session = await signed_in(http)
    refreshed = await http.post("/refresh", json={"refresh_token": session["access_token"]})
    assert code_of(refreshed) == (401, "INVALID_TOKEN")
    assert code_of(await http.get("/me", headers=bearer(session["refresh_token"]))) == (401, "INVALID_TOKEN")


async def test_logout_revokes_both_tokens(http: httpx2.AsyncClient) -> None:
    session = await signed_in(http)
    answer = await http.post("/logout", headers=bearer(session["access_token"]))
    assert (answer.status_code, answer.content) == (204, b"")
    assert code_of(await http.get("/me", headers=bearer(session["access_token"]))) == (401, "INVALID_TOKEN")
    refreshed = await http.post("/refresh", json={"refresh_token": session["refresh_token"]})
    assert code_of(refreshed) == (401, "INVALID_TOKEN")


async def test_a_token_that_is_over_says_so(http: httpx2.AsyncClient, clock: ManualClock) -> None:
    session = await signed_in(http)
    clock.advance(1000)
    assert code_of(await http.get("/me", headers=bearer(session["access_token"]))) == (401, "TOKEN_EXPIRED")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "AUTHENTICATION_REQUIRED"),
        ("", "AUTHENTICATION_REQUIRED"),
        ("Bearer", "INVALID_TOKEN"),
        ("Bearer ", "INVALID_TOKEN"),
        ("Basic YW5uYTpzZWNyZXQ=", "INVALID_TOKEN"),
        ("Bearer a.b.c", "INVALID_TOKEN"),
        ("Bearer dev-token-admin", "INVALID_TOKEN"),
    ],
)
async def test_without_a_good_token_nobody_is_let_in(
    http: httpx2.AsyncClient, header: str | None, expected: str
) -> None:
    headers = {} if header is None else {"authorization": header}
    for answer in (await http.get("/me", headers=headers), await http.post("/logout", headers=headers)):
        assert code_of(answer) == (401, expected)


@pytest.mark.parametrize("name", ["token", "access_token", "jwt", "Token"])
async def test_a_token_in_the_address_is_refused_and_the_text_says_why(
    http: httpx2.AsyncClient, name: str
) -> None:
    session = await signed_in(http)
    token = session["access_token"]
    for headers in ({}, bearer(token)):
        answer = await http.get("/me", params={name: token}, headers=headers)
        assert code_of(answer) == (401, "AUTHENTICATION_REQUIRED")
        assert "URL" in answer.json()["message"]
        assert token not in answer.text


@pytest.mark.parametrize("path", ["/register", "/demo-login", "/one-time"])
async def test_there_is_no_other_way_in(http: httpx2.AsyncClient, path: str) -> None:
    answer = await http.post(path, json={"code": "x", "role": "admin"})
    assert code_of(answer) == (404, "RESOURCE_NOT_FOUND")


@pytest.fixture
def demo(identity: IdentityService) -> Http:
    api = create_api([auth_routes(identity, Authenticator(identity), demo=True)])

    def connect(address: str) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(api, client=(address, 50_000))
        return httpx2.AsyncClient(transport=transport, base_url="http://server/api/v1/auth")

    return connect


async def test_the_demos_code_signs_in_once_and_from_this_machine_only(
    identity: IdentityService, anna: User, demo: Http
) -> None:
    code = await identity.one_time_code(anna)
    async with demo("192.0.2.1") as stranger, demo("127.0.0.1") as here:
        assert code_of(await stranger.post("/one-time", json={"code": code})) == (
            403,
            "INSUFFICIENT_PERMISSIONS",
        )
        answer = await here.post("/one-time", json={"code": code})
        assert answer.json()["user"]["id"] == anna.id
        assert code_of(await here.post("/one-time", json={"code": code})) == (401, "INVALID_TOKEN")


async def test_one_address_has_so_many_logins_a_minute(
    identity: IdentityService, http: httpx2.AsyncClient
) -> None:
    for number in range(ALLOWANCES[Attempts.LOGIN].address.patience.free + 1):
        await http.post("/login", json={"username": f"nobody{number}", "password": "wrong password"})
    answer = await http.post("/login", json={"username": "anna", "password": PASSWORD})
    assert code_of(answer) == (429, "RATE_LIMIT_EXCEEDED")
