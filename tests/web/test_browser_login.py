"""A sign-in that its browser keeps: over a reload, for every window, and for nobody else."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from identity_parts import PASSWORD
from toolboxai.errors import StorageUnavailable
from toolboxai.platform.identity.model import Role, User
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.identity.tokens import REFRESH_TTL_S
from toolboxai.testing.clock import ManualClock
from toolboxai.web.application import create_api
from toolboxai.web.auth import auth_routes
from toolboxai.web.browser_login import browser_login_routes
from toolboxai.web.security import Authenticator

OWN = {"origin": "http://school.example", "sec-fetch-site": "same-origin"}


@pytest.fixture
async def anna(identity: IdentityService) -> User:
    return await identity.create_user("anna", Role.TEACHER, PASSWORD)


@pytest.fixture
async def http(identity: IdentityService, anna: User) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser: it keeps cookies."""
    authenticator = Authenticator(identity)
    routes = [auth_routes(identity, authenticator), browser_login_routes(identity, authenticator)]
    transport = httpx2.ASGITransport(create_api(routes))
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://school.example/api/v1/auth", headers=OWN
    ) as client:
        yield client


async def sign_in(http: httpx2.AsyncClient) -> str:
    answer = await http.post("/login", json={"username": "anna", "password": PASSWORD})
    refresh_token: str = answer.json()["refresh_token"]
    return refresh_token


async def keep(http: httpx2.AsyncClient, **headers: str) -> httpx2.Response:
    return await http.put("/browser", json={"refresh_token": await sign_in(http)}, headers=headers)


async def whose(http: httpx2.AsyncClient, access_token: str) -> tuple[int, str | None]:
    answer = await http.get("/me", headers={"authorization": f"Bearer {access_token}"})
    return answer.status_code, answer.json().get("username")


async def test_each_window_gets_access_tokens_as_often_as_it_needs_them(http: httpx2.AsyncClient) -> None:
    kept = await keep(http)
    assert set(kept.json()) == {"access_token", "token_type", "expires_in", "user"}  # no script holds more
    answers = [await http.post("/browser") for _window in range(3)]
    assert [answer.json()["user"]["username"] for answer in answers] == ["anna"] * 3
    for answer in (kept, *answers):
        assert await whose(http, answer.json()["access_token"]) == (200, "anna")


async def test_no_script_reads_it_no_other_site_sends_it_and_it_goes_with_the_browser(
    http: httpx2.AsyncClient,
) -> None:
    (cookie,) = (await keep(http)).headers.get_list("set-cookie")
    name, _, rest = cookie.partition("=")
    assert name == "toolboxai-login"
    assert {part.strip().lower() for part in rest.split(";")[1:]} == {"httponly", "path=/", "samesite=strict"}


@pytest.mark.parametrize(
    ("origin", "name", "secure"),
    [
        ("http://127.0.0.1:8009", "toolboxai-login-8009", False),
        ("https://school.example", "__Host-toolboxai-login", True),
        ("https://school.example:8443", "__Host-toolboxai-login-8443", True),
    ],
)
async def test_it_is_of_one_server_and_secret_where_that_is_reached_by_https(
    http: httpx2.AsyncClient, origin: str, name: str, secure: bool
) -> None:
    (cookie,) = (await keep(http, origin=origin)).headers.get_list("set-cookie")
    assert cookie.startswith(f"{name}=")
    assert ("secure" in cookie.lower()) is secure


async def test_the_refresh_token_is_used_up(http: httpx2.AsyncClient) -> None:
    refresh_token = await sign_in(http)
    assert (await http.put("/browser", json={"refresh_token": refresh_token})).status_code == 200
    assert (await http.post("/refresh", json={"refresh_token": refresh_token})).status_code == 401
    # Somebody had a copy of it, so the sign-in has ended for whoever holds it.
    assert (await http.post("/browser")).status_code == 401


async def test_what_the_browser_keeps_is_no_refresh_token(http: httpx2.AsyncClient) -> None:
    await keep(http)
    (value,) = http.cookies.values()
    for method, path in (("POST", "/refresh"), ("PUT", "/browser")):
        answer = await http.request(method, path, json={"refresh_token": value})
        assert (answer.status_code, answer.json()["error_code"]) == (401, "INVALID_TOKEN")
    assert await whose(http, value) == (401, None)


async def test_signing_out_in_one_window_ends_it_in_all(http: httpx2.AsyncClient) -> None:
    tokens = [(await keep(http)).json()["access_token"], (await http.post("/browser")).json()["access_token"]]
    answer = await http.delete("/browser")
    assert (answer.status_code, len(http.cookies)) == (204, 0)
    assert [await whose(http, token) for token in tokens] == [(401, None)] * 2
    assert (await http.post("/browser")).status_code == 204  # nothing is kept, and nothing is wrong
    assert (await http.delete("/browser")).status_code == 204


async def test_where_the_sign_in_cannot_be_ended_the_browser_forgets_it_all_the_same(
    http: httpx2.AsyncClient, identity: IdentityService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(http)

    async def busy(*_: object) -> None:
        raise StorageUnavailable("the database does not answer", reason="busy")

    monkeypatch.setattr(identity, "forget_in_browser", busy)
    answer = await http.delete("/browser")
    assert (answer.status_code, answer.headers["retry-after"], len(http.cookies)) == (503, "5", 0)


async def test_whoever_signs_in_next_leaves_no_sign_in_of_the_one_before(
    http: httpx2.AsyncClient, identity: IdentityService
) -> None:
    before = (await keep(http)).json()["access_token"]
    (cookie,) = http.cookies.values()
    refused = await http.put("/browser", json={"refresh_token": "none"})
    assert (refused.status_code, await whose(http, before)) == (401, (200, "anna"))  # nobody has come
    await identity.create_user("ben", Role.STUDENT, PASSWORD)
    ben = (await http.post("/login", json={"username": "ben", "password": PASSWORD})).json()
    after = (await http.put("/browser", json={"refresh_token": ben["refresh_token"]})).json()["access_token"]
    assert [await whose(http, token) for token in (before, after)] == [(401, None), (200, "ben")]
    assert (await http.post("/browser")).json()["user"]["username"] == "ben"
    http.cookies = {"toolboxai-login": cookie}
    assert (await http.post("/browser")).status_code == 401


async def test_an_end_elsewhere_is_an_end_here_and_the_cookie_goes(
    http: httpx2.AsyncClient, identity: IdentityService, anna: User
) -> None:
    await keep(http)
    await identity.disable("anna")
    answer = await http.post("/browser")
    assert (answer.status_code, answer.json()["error_code"], len(http.cookies)) == (401, "INVALID_TOKEN", 0)


async def test_it_ends_when_a_sign_in_does(http: httpx2.AsyncClient, clock: ManualClock) -> None:
    await keep(http)
    clock.advance(REFRESH_TTL_S + 60)
    answer = await http.post("/browser")
    assert (answer.status_code, answer.json()["error_code"], len(http.cookies)) == (401, "TOKEN_EXPIRED", 0)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"},
        {"origin": "http://other.school.example", "sec-fetch-site": "same-site"},
        {"origin": "http://elsewhere.example", "sec-fetch-site": ""},
        {"origin": "null", "sec-fetch-site": "same-origin"},
        {"origin": "", "sec-fetch-site": "same-origin"},
        {"origin": "http://[school.example", "sec-fetch-site": "same-origin"},
        {"origin": "http://school.example@elsewhere.example", "sec-fetch-site": ""},
    ],
)
async def test_only_pages_of_this_server_ask(http: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    await keep(http)
    sent = httpx2.Headers(http.headers)
    for name, value in headers.items():
        sent[name] = value
        if not value:
            del sent[name]
    http.headers = sent
    for method in ("PUT", "POST", "DELETE"):
        body = {"refresh_token": "x"} if method == "PUT" else None
        answer = await http.request(method, "/browser", json=body)
        assert (answer.status_code, answer.json()["error_code"]) == (403, "INSUFFICIENT_PERMISSIONS")


async def test_an_older_browser_is_known_by_its_origin(http: httpx2.AsyncClient) -> None:
    await keep(http)
    del http.headers["sec-fetch-site"]
    assert (await http.post("/browser")).status_code == 200
