"""A school signs in on a Monday morning, all of it from one address; who guesses is stopped, there and elsewhere."""

import json
import random
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from callers import Http
from identity_parts import PASSWORD
from servers import Running, serving
from strangers import Stranger, proxy_block
from toolboxai.adapters.database.identity import DatabaseIdentityStore
from toolboxai.adapters.passwords import Argon2Passwords
from toolboxai.adapters.try_window import MemoryTryWindow
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.identity.limiter import AttemptLimiter
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.identity.tokens import TokenService
from toolboxai.protocol.allow_list import AllowedNetwork, AllowList
from toolboxai.protocol.proxies import TrustedProxies
from toolboxai.testing.clock import ManualClock
from toolboxai.web.application import create_api
from toolboxai.web.auth import auth_routes
from toolboxai.web.security import Authenticator

BALANCER, STRANGER = "127.0.0.9", "127.0.0.2"
SCHOOL = "203.0.113.7"
LISTED = AllowedNetwork(ip_network("203.0.113.0/24"))


@pytest.fixture
async def server(
    identity_store: DatabaseIdentityStore,
    tokens: TokenService,
    passwords: Argon2Passwords,
    clock: ManualClock,
    audit: Audit,
) -> AsyncIterator[Running]:
    limiter = AttemptLimiter(MemoryTryWindow(), clock, allow_list=AllowList([LISTED]))
    identity = IdentityService(identity_store, tokens, passwords, limiter, clock, random.Random(2), audit)
    for name in ("anna", "ben"):
        await identity.create_user(name, Role.STUDENT, PASSWORD)
    proxies = TrustedProxies([ip_network(f"{BALANCER}/32")])
    api = create_api([auth_routes(identity, Authenticator(identity, proxies=proxies))])
    async with serving(web=api, proxies=[BALANCER], proxy_protocol=True) as running:
        yield running


def call(path: str, body: object, **headers: str) -> bytes:
    return Http.request(
        "POST",
        f"/api/v1/auth/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", **headers},
    )


async def statuses(server: Running, address: str, *requests: bytes, header: bytes = b"") -> list[int]:
    """Of the answers to requests that are sent one after the other on one connection."""
    async with Stranger.at(server.port, address, header) as client:
        found = []
        for request in requests:
            await client.says(request)
            found.append(await client.answered())
        return found


GUESS = call("refresh", {"refresh_token": "no token of ours"})


async def test_the_tries_of_a_school_are_not_counted_together_and_those_of_a_stranger_are(
    server: Running,
) -> None:
    assert await statuses(server, BALANCER, *[GUESS] * 60, header=proxy_block(SCHOOL)) == [401] * 60
    stranger = await statuses(server, BALANCER, *[GUESS] * 60, header=proxy_block("198.51.100.1"))
    assert stranger[:40] == [401] * 40
    assert stranger[-1] == 429


async def test_who_forges_the_address_of_the_school_is_counted_as_what_it_is(server: Running) -> None:
    for headers in ({"X-Forwarded-For": SCHOOL}, {"Forwarded": f"for={SCHOOL}"}):
        forged = call("refresh", {"refresh_token": "no token of ours"}, **headers)
        await statuses(server, STRANGER, *[forged] * 21)
    assert await statuses(server, STRANGER, GUESS) == [429]


async def test_guessing_at_one_account_is_stopped_within_the_school_too_and_the_others_sign_in(
    server: Running,
) -> None:
    guess = call("login", {"username": "anna", "password": "wrong password"})
    guessed = await statuses(server, BALANCER, *[guess] * 8, header=proxy_block(SCHOOL))
    assert guessed[:4] == [401] * 4
    assert guessed[-1] == 429
    right = call("login", {"username": "ben", "password": PASSWORD})
    assert await statuses(server, BALANCER, right, header=proxy_block(SCHOOL)) == [200]
