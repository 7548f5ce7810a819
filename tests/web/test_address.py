"""Whom the server takes a caller for."""

from collections.abc import AsyncIterator
from ipaddress import ip_network

import httpx2
import pytest

from identity_parts import PASSWORD
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.protocol.proxies import TrustedProxies
from toolboxai.web.address import address_routes
from toolboxai.web.application import create_api
from toolboxai.web.security import Authenticator

PATH = "/api/v1/admin/address"


@pytest.fixture
def database_backend() -> str:
    return "sqlite"


@pytest.fixture
async def http(identity: IdentityService) -> AsyncIterator[httpx2.AsyncClient]:
    await identity.create_user("ada", Role.ADMIN, PASSWORD)
    await identity.create_user("anna", Role.TEACHER, PASSWORD)
    proxies = TrustedProxies([ip_network("10.0.0.0/8")])
    web = create_api([address_routes(Authenticator(identity, proxies=proxies))])
    transport = httpx2.ASGITransport(web, client=("10.0.0.2", 4711))
    async with httpx2.AsyncClient(transport=transport, base_url="http://server") as client:
        client.headers["Authorization"] = f"Bearer {await identity.issue_access_token('ada')}"
        yield client


async def test_behind_a_trusted_proxy_it_is_the_client(http: httpx2.AsyncClient) -> None:
    told = await http.get(PATH, headers={"X-Forwarded-For": "198.51.100.7"})
    assert told.json() == {"address": "198.51.100.7", "peer": "10.0.0.2", "forwarded": True}


async def test_without_a_word_it_is_the_peer(http: httpx2.AsyncClient) -> None:
    assert (await http.get(PATH)).json() == {"address": "10.0.0.2", "peer": "10.0.0.2", "forwarded": False}


async def test_it_is_for_those_who_run_the_server(
    http: httpx2.AsyncClient, identity: IdentityService
) -> None:
    anna = {"Authorization": f"Bearer {await identity.issue_access_token('anna')}"}
    assert (await http.get(PATH, headers=anna)).status_code == 403
    del http.headers["Authorization"]
    assert (await http.get(PATH)).status_code == 401
