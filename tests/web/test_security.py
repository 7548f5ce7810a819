"""Who makes a request, and from where."""

from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, Depends
from starlette.requests import Request

from identity_parts import PASSWORD
from toolboxai.platform.identity.model import Principal, Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.web.application import create_api
from toolboxai.web.security import Authenticator


def _request(client: str | None, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return Request({"type": "http", "headers": headers, "client": (client, 1) if client else None})


@pytest.mark.parametrize(
    ("proxies", "client", "forwarded", "expected"),
    [
        ((), "192.0.2.1", ("10.9.9.9",), "192.0.2.1"),  # nobody is trusted: what they say is not read
        (("10.0.0.0/8",), "192.0.2.1", ("10.9.9.9",), "192.0.2.1"),
        (("10.0.0.0/8",), "10.0.0.1", ("192.0.2.1",), "192.0.2.1"),
        (
            ("10.0.0.0/8",),
            "10.0.0.1",
            ("1.2.3.4, 192.0.2.1",),
            "192.0.2.1",
        ),  # the left part is the client's own claim
        (("10.0.0.0/8",), "10.0.0.1", ("1.2.3.4", "192.0.2.1, 10.0.0.2"), "192.0.2.1"),
        (("10.0.0.0/8",), "10.0.0.1", (), "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", ("garbage",), "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", ("10.0.0.3, 10.0.0.2",), "10.0.0.3"),
        (("::1/128",), "::1", ("2001:db8::1",), "2001:db8::1"),
        ((), None, (), "unknown"),
    ],
)
async def test_the_address_is_that_of_the_nearest_machine_that_is_no_proxy_of_ours(
    identity: IdentityService,
    proxies: tuple[str, ...],
    client: str | None,
    forwarded: tuple[str, ...],
    expected: str,
) -> None:
    assert Authenticator(identity, trusted_proxies=proxies).address(_request(client, *forwarded)) == expected


@pytest.fixture
def http(identity: IdentityService) -> httpx2.AsyncClient:
    authenticator = Authenticator(identity)
    router = APIRouter()

    @router.get("/lessons")
    async def lessons(
        principal: Annotated[Principal, Depends(authenticator.require("content:generate"))],
    ) -> str:
        return principal.user_id

    @router.get("/open")
    async def opened(principal: Annotated[Principal | None, Depends(authenticator.optional)]) -> str:
        return principal.user_id if principal else "nobody"

    return httpx2.AsyncClient(transport=httpx2.ASGITransport(create_api([router])), base_url="http://server")


async def test_a_permission_is_required_and_named(
    identity: IdentityService, http: httpx2.AsyncClient
) -> None:
    answers = {}
    for role in (Role.TEACHER, Role.STUDENT):
        await identity.create_user(role.value, role, PASSWORD)
        token = await identity.issue_access_token(role.value)
        answers[role] = await http.get("/lessons", headers={"authorization": f"Bearer {token}"})
    assert answers[Role.TEACHER].status_code == 200
    refused = answers[Role.STUDENT]
    assert (refused.status_code, refused.json()["error_code"]) == (403, "INSUFFICIENT_PERMISSIONS")
    assert refused.json()["details"] == {"required_permissions": ["content:generate"]}


async def test_who_need_not_sign_in_is_nobody_and_a_bad_token_is_bad_there_too(
    http: httpx2.AsyncClient,
) -> None:
    assert (await http.get("/open")).json() == "nobody"
    assert (await http.get("/open", headers={"authorization": "Bearer a.b.c"})).status_code == 401
    assert (await http.get("/open?access_token=a.b.c")).status_code == 401
