"""Who makes a request, and from where."""

from ipaddress import ip_network
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, Depends
from starlette.requests import Request

from identity_parts import PASSWORD
from toolboxai.platform.identity.model import Principal, Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.protocol.proxies import TrustedProxies
from toolboxai.web.application import create_api
from toolboxai.web.security import Authenticator


def _address(authenticator: Authenticator, client: str | None, **headers: str) -> str:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return authenticator.address(
        Request({"type": "http", "headers": raw, "client": (client, 1) if client else None})
    )


async def test_the_address_is_that_of_the_nearest_machine_that_is_no_proxy_of_ours(
    identity: IdentityService,
) -> None:
    behind = Authenticator(identity, proxies=TrustedProxies([ip_network("10.0.0.0/8")]))
    assert _address(behind, "10.0.0.1", x_forwarded_for="1.2.3.4, 192.0.2.1") == "192.0.2.1"
    assert _address(behind, "10.0.0.1", forwarded='for="[2001:db8::1]:80"') == "2001:db8::1"
    assert _address(behind, "192.0.2.1", x_forwarded_for="10.9.9.9") == "192.0.2.1"


async def test_without_trusted_proxies_nobody_is_believed(identity: IdentityService) -> None:
    alone = Authenticator(identity)
    assert _address(alone, "10.0.0.1", x_forwarded_for="192.0.2.1", forwarded="for=192.0.2.1") == "10.0.0.1"
    assert _address(alone, None, x_forwarded_for="192.0.2.1") == "unknown"


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
