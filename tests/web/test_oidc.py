"""Signing in at an identity provider: a real one on this machine, real HTTP to it, and everything that it may say."""

import base64
import hmac
import json
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import jwt
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from identity_parts import PASSWORD
from oidc_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    Json,
    OidcProvider,
    back,
    provider_open,
    public_pem,
    rsa_key,
)
from toolboxai.adapters import oidc_provider as far
from toolboxai.adapters.database.identity import DatabaseIdentityStore
from toolboxai.adapters.database.links import DatabaseLinkStore
from toolboxai.config.oidc_table import CALLBACK
from toolboxai.errors import Conflict
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.identity.claim_rules import ClaimRules
from toolboxai.platform.identity.keys import KeyRing, TokenKey
from toolboxai.platform.identity.limiter import ALLOWANCES, AttemptLimiter, Attempts
from toolboxai.platform.identity.links import Link
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.oidc import Client, OidcSignIn
from toolboxai.platform.identity.oidc_visits import VISIT_S, Visits
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.identity.staff_accounts import StaffAccounts
from toolboxai.platform.identity.tokens import LEEWAY_S
from toolboxai.testing.clock import ManualClock
from toolboxai.web.application import create_api
from toolboxai.web.auth import auth_routes
from toolboxai.web.oidc import oidc_routes
from toolboxai.web.security import Authenticator

PUBLIC = "https://lessons.school.example"
RULES = ClaimRules(
    label="Springfield",
    role_claim="groups",
    roles={"it": Role.ADMIN, "lesson-teachers": Role.TEACHER, "pupils": Role.STUDENT},
    organization="Springfield High",
)
LOGIN = "/api/v1/auth/oidc/login"
LOGIN_S = 3600
SESSION = "/api/v1/auth/oidc/session"
REFRESH = "/api/v1/auth/refresh"


@pytest.fixture
def database_backend() -> str:
    """What depends on the kind of database is tested with the store."""
    return "sqlite"


@pytest.fixture
async def provider(clock: ManualClock) -> AsyncIterator[OidcProvider]:
    async with provider_open() as provider:
        provider.now = clock.now
        yield provider


@dataclass
class Door:
    """Our server, and what is behind it."""

    api: Any
    accounts: StaffAccounts
    ring: KeyRing

    @asynccontextmanager
    async def browser(self, **headers: str) -> AsyncIterator[httpx2.AsyncClient]:
        """One of its own: it keeps cookies, and follows nothing by itself."""
        transport = httpx2.ASGITransport(self.api)
        async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC, headers=headers) as browser:
            yield browser


Open = Callable[..., AsyncIterator[Door]]


@pytest.fixture
async def opened(
    provider: OidcProvider,
    identity: IdentityService,
    identity_store: DatabaseIdentityStore,
    database: AsyncEngine,
    audit: Audit,
    limiter: AttemptLimiter,
    key_ring: KeyRing,
    clock: ManualClock,
) -> AsyncIterator[Callable[..., Door]]:
    ways: list[far.OidcProvider] = []

    def door(rules: ClaimRules = RULES, *, public_url: str = PUBLIC, secret: str = CLIENT_SECRET) -> Door:
        redirect_uri = f"{public_url}{CALLBACK}"
        way = far.OidcProvider(
            provider.issuer,
            client_id=CLIENT_ID,
            client_secret=secret,
            redirect_uri=redirect_uri,
            label=rules.label,
            clock=clock,
        )
        ways.append(way)
        dice = random.Random(len(ways))
        links = DatabaseLinkStore(database)
        accounts = StaffAccounts(identity, identity_store, links, clock, dice, audit)
        sign_in = OidcSignIn(
            Client(provider.issuer, CLIENT_ID, redirect_uri, ("openid", "email"), LOGIN_S),
            way,
            rules,
            accounts,
            Visits(key_ring.derived("visits"), clock, dice),
            identity,
            limiter,
            clock,
            dice,
            audit,
        )
        authenticator = Authenticator(identity)
        routes = [
            auth_routes(identity, authenticator),
            oidc_routes(sign_in, authenticator, public_url=public_url),
        ]
        return Door(create_api(routes), accounts, key_ring)

    yield door
    for way in ways:
        await way.close()


@pytest.fixture
def door(opened: Callable[..., Door]) -> Door:
    return opened()


@pytest.fixture
async def browser(door: Door) -> AsyncIterator[httpx2.AsyncClient]:
    async with door.browser() as browser:
        yield browser


async def gone(browser: httpx2.AsyncClient) -> str:
    """A browser is sent to the provider; where."""
    answer = await browser.get(LOGIN)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def came_back(browser: httpx2.AsyncClient, provider: OidcProvider) -> httpx2.Response:
    """There and back; what our server says then."""
    return await browser.get(back(provider.visited(await gone(browser))))


def code_of(answer: httpx2.Response) -> str:
    """The one-time code of the page's address."""
    assert answer.status_code == 303, answer.text
    place = urlsplit(answer.headers["location"])
    assert (place.scheme, place.netloc, place.path, place.query) == ("", "", "/", "")
    fragment = dict(parse_qsl(place.fragment))
    assert fragment.pop("from") == "oidc"
    return fragment.pop("code")


async def signed_in(browser: httpx2.AsyncClient, provider: OidcProvider) -> Json:
    answer = await browser.post(SESSION, json={"code": code_of(await came_back(browser, provider))})
    assert answer.status_code == 200, answer.text
    session: Json = answer.json()
    return session


def told(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]


BAD, NOT_ALLOWED, NOT_NOW = (
    (401, "INVALID_TOKEN"),
    (403, "INSUFFICIENT_PERMISSIONS"),
    (503, "PROVIDER_UNAVAILABLE"),
)


# ---- the way in -------------------------------------------------------------------------------------------------


async def test_somebody_comes_in_with_school_and_role_as_the_operator_says(
    browser: httpx2.AsyncClient, provider: OidcProvider, identity: IdentityService
) -> None:
    provider.person = {
        "sub": "s-7",
        "preferred_username": "Anna.Arendt@school.example",
        "name": "Anna Arendt",
        "email": "anna@school.example",
        "email_verified": True,
        "groups": ["everybody", "lesson-teachers"],
    }
    session = await signed_in(browser, provider)
    user = session["user"]
    assert (user["username"], user["display_name"], user["role"]) == ("Anna.Arendt", "Anna Arendt", "teacher")
    assert user["email"] == "anna@school.example"
    who = await identity.authenticate(session["access_token"])
    assert who.organization_id == (await identity.organization("Springfield High")).id
    again = await signed_in(browser, provider)
    assert again["user"]["id"] == user["id"]
    assert provider.asked.count("/keys") == provider.asked.count("/.well-known/openid-configuration") == 1


async def test_a_page_is_told_where_one_signs_in(browser: httpx2.AsyncClient) -> None:
    ways = (await browser.get("/api/v1/auth/ways")).json()
    assert ways == {"password": True, "oidc": {"label": "Springfield", "url": f"{PUBLIC}{LOGIN}"}}


async def test_without_a_provider_there_is_no_such_way(identity: IdentityService) -> None:
    api = create_api([oidc_routes(None, Authenticator(identity))])
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url=PUBLIC) as http:
        assert (await http.get("/api/v1/auth/ways")).json() == {"password": True, "oidc": None}
        for answer in (
            await http.get(LOGIN),
            await http.get(back({"state": "x", "code": "y"})),
            await http.post(SESSION, json={"code": "x"}),
        ):
            assert told(answer) == (404, "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize("public_url", [PUBLIC, "http://127.0.0.1:8009"])
async def test_the_cookie_is_for_this_browser_and_this_host_alone(
    opened: Callable[..., Door], provider: OidcProvider, public_url: str
) -> None:
    async with opened(public_url=public_url).browser() as browser:
        answer = await browser.get(LOGIN)
    (morsel,) = SimpleCookie(answer.headers["set-cookie"]).values()
    assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["domain"]) == (
        True,
        "lax",
        "/",
        "",
    )
    assert int(morsel["max-age"]) == VISIT_S
    secure = public_url == PUBLIC
    assert (morsel.key.startswith("__Host-"), bool(morsel["secure"])) == (secure, secure)
    sent = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert sent["redirect_uri"] == f"{public_url}{CALLBACK}"
    assert len({sent["state"], sent["nonce"], sent["code_challenge"], morsel.value}) == 4
    assert not [each for each in (sent["state"], sent["nonce"]) if each in morsel.value]
    assert provider.asked == ["/.well-known/openid-configuration"]


async def test_a_way_that_was_begun_before_a_key_of_ours_was_rotated_ends_well(
    door: Door, browser: httpx2.AsyncClient, provider: OidcProvider
) -> None:
    query = provider.visited(await gone(browser))
    door.ring.replace(
        [TokenKey.hmac("2", "another secret of the tests, long enough too"), *door.ring.named(None)]
    )
    assert code_of(await browser.get(back(query)))
    assert code_of(await came_back(browser, provider))


async def test_nothing_secret_is_logged(
    browser: httpx2.AsyncClient, provider: OidcProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "toolboxai")
    query = provider.visited(await gone(browser))
    once = code_of(await browser.get(back(query)))
    await browser.get(back(query))
    (cookie,) = browser.cookies.jar or [None]
    said = " ".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert "signed in at the identity provider" in said
    secrets = [once, query["state"], query["code"], CLIENT_SECRET, *([cookie.value] if cookie else [])]
    assert not [each for each in secrets if each and each in said]


async def test_a_login_that_was_made_there_is_over_after_its_time_however_often_it_is_refreshed(
    browser: httpx2.AsyncClient, provider: OidcProvider, clock: ManualClock
) -> None:
    session = await signed_in(browser, provider)
    assert session["expires_in"] == 900
    for passed in range(0, LOGIN_S - 600, 600):
        clock.advance(600)
        answer = await browser.post(REFRESH, json={"refresh_token": session["refresh_token"]})
        assert answer.status_code == 200, passed
        session = answer.json()
    assert session["expires_in"] == 600  # no access token outlives it either
    clock.advance(600)
    for _ in range(2):
        answer = await browser.post(REFRESH, json={"refresh_token": session["refresh_token"]})
        assert told(answer) == (401, "TOKEN_EXPIRED")
    clock.advance(LEEWAY_S)
    me = await browser.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {session['access_token']}"})
    assert told(me) == (401, "TOKEN_EXPIRED")
    assert (await signed_in(browser, provider))["user"]["id"] == session["user"]["id"]


async def test_an_account_that_was_taken_out_of_use_is_signed_in_to_by_nobody(
    browser: httpx2.AsyncClient, provider: OidcProvider, identity: IdentityService
) -> None:
    session = await signed_in(browser, provider)
    await identity.disable(session["user"]["username"])
    answer = await browser.post(REFRESH, json={"refresh_token": session["refresh_token"]})
    assert told(answer) == BAD
    provider.person["groups"] = ["it"]
    answer = await came_back(browser, provider)
    assert told(answer) == NOT_ALLOWED
    assert "out of use" in answer.json()["message"]
    assert (await identity.user(session["user"]["id"])).role is Role.TEACHER
    provider.person["groups"] = ["lesson-teachers"]
    await identity.enable(session["user"]["username"])
    assert (await signed_in(browser, provider))["user"]["id"] == session["user"]["id"]


async def test_guessed_codes_do_not_keep_a_whole_school_behind_one_address_out(
    browser: httpx2.AsyncClient, provider: OidcProvider
) -> None:
    for _ in range(10):
        assert told(await browser.post(SESSION, json={"code": "guessed"})) == BAD
    assert (await signed_in(browser, provider))["user"]["role"] == "teacher"


# ---- browsers ---------------------------------------------------------------------------------------------------


async def test_a_state_of_another_browser_signs_nobody_in(door: Door, provider: OidcProvider) -> None:
    async with door.browser() as mallory, door.browser() as victim, door.browser() as fresh:
        query = provider.visited(await gone(mallory))
        await gone(victim)
        assert told(await victim.get(back(query))) == BAD
        assert told(await fresh.get(back(query))) == BAD


async def test_a_code_of_the_page_is_worth_nothing_in_another_browser(
    door: Door, provider: OidcProvider
) -> None:
    async with door.browser() as mallory, door.browser() as victim:
        code = code_of(await came_back(mallory, provider))
        await gone(victim)
        assert told(await victim.post(SESSION, json={"code": code})) == BAD
        assert (await mallory.post(SESSION, json={"code": code})).status_code == 200
        assert told(await mallory.post(SESSION, json={"code": code})) == BAD


async def test_a_code_of_the_page_holds_for_a_minute(
    browser: httpx2.AsyncClient, provider: OidcProvider, clock: ManualClock
) -> None:
    code = code_of(await came_back(browser, provider))
    clock.advance(61)
    assert told(await browser.post(SESSION, json={"code": code})) == BAD


async def test_an_answer_counts_once(browser: httpx2.AsyncClient, provider: OidcProvider) -> None:
    query = provider.visited(await gone(browser))
    cookies = dict(browser.cookies)
    code_of(await browser.get(back(query)))
    browser.cookies.update(cookies)
    assert told(await browser.get(back(query))) == BAD  # the state
    assert provider.asked.count("/token") == 1
    other = provider.visited(await gone(browser))
    assert told(await browser.get(back({**other, "code": query["code"]}))) == BAD  # the code


async def test_a_way_takes_ten_minutes_at_most(
    browser: httpx2.AsyncClient, provider: OidcProvider, clock: ManualClock
) -> None:
    query = provider.visited(await gone(browser))
    clock.advance(VISIT_S + 1)
    assert told(await browser.get(back(query))) == BAD


async def test_nobody_is_led_elsewhere_whoever_asks_for_it(
    browser: httpx2.AsyncClient, provider: OidcProvider
) -> None:
    evil = dict.fromkeys(("next", "redirect_uri", "return_to", "url", "Host"), "https://evil.example/")
    hosts = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    answer = await browser.get(LOGIN, params=evil, headers=hosts)
    place = answer.headers["location"]
    assert place.startswith(provider.issuer)
    assert "evil" not in place
    assert code_of(await browser.get(back({**provider.visited(place), **evil}), headers=hosts))


# ---- what the provider says -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [{"nonce": "another"}, {"aud": "another client"}, {"iss": "https://evil.example"}, {"exp": 1}],
    ids=str,
)
async def test_an_id_token_for_something_else_signs_nobody_in(
    browser: httpx2.AsyncClient, provider: OidcProvider, changes: Json
) -> None:
    provider.changes = changes
    assert told(await came_back(browser, provider)) == BAD
    provider.changes = {}
    assert (await signed_in(browser, provider))["user"]["role"] == "teacher"


def forged(claims: Json, algorithm: str, digest: Callable[[bytes], bytes]) -> str:
    """A token by hand: libraries refuse to make these."""
    head = {"alg": algorithm, "kid": "0"}
    parts = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, claims)
    )
    signed = ".".join(parts)
    return f"{signed}.{base64.urlsafe_b64encode(digest(signed.encode())).decode().rstrip('=')}"


def none(claims: Json) -> str:
    return forged(claims, "none", lambda _: b"")


def hmac_with_the_public_key(claims: Json) -> str:
    return forged(claims, "HS256", lambda signed: hmac.digest(public_pem(), signed, "sha256"))


def another_key(claims: Json) -> str:
    return jwt.encode(claims, rsa_key(1), "RS256", {"kid": "0"})


def unknown_kid(claims: Json) -> str:
    return jwt.encode(claims, rsa_key(0), "RS256", {"kid": "nobody's"})


@pytest.mark.parametrize("makes", [none, hmac_with_the_public_key, another_key, unknown_kid])
async def test_a_token_that_the_provider_did_not_sign_signs_nobody_in(
    browser: httpx2.AsyncClient, provider: OidcProvider, makes: Callable[[Json], str]
) -> None:
    provider.makes = makes
    assert told(await came_back(browser, provider)) == BAD


async def test_an_unknown_key_is_looked_for_once_in_a_while(
    browser: httpx2.AsyncClient, provider: OidcProvider, clock: ManualClock
) -> None:
    await came_back(browser, provider)
    provider.makes = unknown_kid
    for _ in range(3):
        assert told(await came_back(browser, provider)) == BAD
    assert provider.asked.count("/keys") == 1  # they were fetched a moment ago
    clock.advance(far.AGAIN_S)
    for _ in range(3):
        await came_back(browser, provider)
    assert provider.asked.count("/keys") == 2


async def test_the_provider_rotates_its_keys_and_people_come_in(
    browser: httpx2.AsyncClient, provider: OidcProvider, clock: ManualClock
) -> None:
    await signed_in(browser, provider)
    clock.advance(far.AGAIN_S)
    provider.shown, provider.signing = [0, 1], 1
    assert (await signed_in(browser, provider))["user"]["role"] == "teacher"
    provider.shown, provider.signing = [1], 0
    clock.advance(far.FRESH_S)
    assert told(await came_back(browser, provider)) == BAD  # a key that was taken out is good no more


async def test_an_answer_of_another_issuer_is_refused_before_anything_is_redeemed(
    browser: httpx2.AsyncClient, provider: OidcProvider
) -> None:
    query = provider.visited(await gone(browser))
    assert told(await browser.get(back({**query, "iss": "https://evil.example"}))) == BAD
    assert "/token" not in provider.asked


async def test_what_the_provider_refuses_is_told_in_our_words(
    browser: httpx2.AsyncClient, provider: OidcProvider
) -> None:
    for error, answer, words in (
        ("access_denied", NOT_ALLOWED, "Springfield did not let you sign in, or you cancelled it there"),
        ("server_error", NOT_NOW, "try again in a minute"),
        ("temporarily_unavailable", NOT_NOW, "try again in a minute"),
        ("invalid_scope", BAD, "refused the sign-in (invalid_scope)"),
        ("<script>", BAD, "refused the sign-in (no known word)"),
        ("x" * 500, BAD, "refused the sign-in (no known word)"),
    ):
        provider.refuses = error
        said = await came_back(browser, provider)
        assert (told(said), words in said.json()["message"]) == (answer, True), error
        assert "pay here" not in said.text


async def test_a_person_is_shown_a_page(browser: httpx2.AsyncClient, provider: OidcProvider) -> None:
    provider.refuses = "access_denied"
    query = provider.visited(await gone(browser))
    answer = await browser.get(back(query), headers={"Accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "did not let you sign in" in answer.text
    assert 'href="/"' in answer.text
    assert "script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "Max-Age=0" in answer.headers["set-cookie"]


async def test_a_provider_that_is_away_is_told_as_such(
    browser: httpx2.AsyncClient, provider: OidcProvider, clock: ManualClock
) -> None:
    well_known = "/.well-known/openid-configuration"
    provider.instead[well_known] = 500, b"", {}
    answer = await browser.get(LOGIN)
    assert told(answer) == NOT_NOW
    assert "Springfield does not answer" in answer.json()["message"]
    provider.instead.clear()
    clock.advance(far.PAUSE_S)
    assert (await signed_in(browser, provider))["user"]["role"] == "teacher"
    provider.instead["/token"] = 502, b"", {}
    assert told(await came_back(browser, provider)) == NOT_NOW


async def test_one_address_may_try_only_so_often(browser: httpx2.AsyncClient) -> None:
    for _ in range(ALLOWANCES[Attempts.IDENTITY_PROVIDER].address.patience.free + 1):
        await browser.get(back({"state": "guessed", "code": "guessed"}))
    answer = await browser.get(LOGIN)
    assert told(answer) == (429, "RATE_LIMIT_EXCEEDED")
    page = await browser.get(LOGIN, headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["retry-after"]) == (429, answer.headers["retry-after"])


# ---- accounts ---------------------------------------------------------------------------------------------------


async def test_without_a_role_that_is_listed_nobody_comes_in_whatever_else_is_claimed(
    browser: httpx2.AsyncClient, provider: OidcProvider
) -> None:
    for groups in (None, ["admin"]):
        provider.changes = {"groups": groups, "role": "admin", "permissions": ["system:manage"]}
        answer = await came_back(browser, provider)
        assert (told(answer), answer.json()["details"]) == (NOT_ALLOWED, {"rule": "auth.oidc.roles"})


async def test_admin_is_who_the_operator_lists_as_such_and_the_first_rule_that_fits_counts(
    opened: Callable[..., Door], provider: OidcProvider
) -> None:
    provider.person["groups"] = ["pupils", "it", "lesson-teachers"]
    async with opened().browser() as browser:
        assert (await signed_in(browser, provider))["user"]["role"] == "admin"
    fewer = replace(RULES, roles={"pupils": Role.STUDENT, "lesson-teachers": Role.TEACHER})
    async with opened(fewer).browser() as browser:
        assert (await signed_in(browser, provider))["user"]["role"] == "student"


async def test_a_role_that_changed_at_the_provider_changes_here_and_one_that_ended_ends(
    browser: httpx2.AsyncClient, provider: OidcProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "toolboxai.audit")
    first = (await signed_in(browser, provider))["user"]
    provider.person["groups"] = ["pupils"]
    second = (await signed_in(browser, provider))["user"]
    assert (first["id"], first["role"], second["id"], second["role"]) == (
        first["id"],
        "teacher",
        first["id"],
        "student",
    )
    provider.person["groups"] = []
    assert told(await came_back(browser, provider)) == NOT_ALLOWED
    audit = [record.getMessage() for record in caplog.records if record.name == "toolboxai.audit"]
    assert audit == [
        "account made",
        "signed in at the identity provider",
        "role changed as the identity provider says",
        "signed in at the identity provider",
    ]


async def test_an_address_alone_opens_no_account(
    browser: httpx2.AsyncClient, provider: OidcProvider, identity: IdentityService
) -> None:
    anna = await identity.create_user("anna", Role.ADMIN, PASSWORD, email="anna@school.example")
    provider.person |= {"preferred_username": "anna", "email": "Anna@School.example", "email_verified": True}
    user = (await signed_in(browser, provider))["user"]
    assert user["id"] != anna.id
    assert (user["username"], user["email"], user["role"]) == ("anna-2", None, "teacher")


async def test_an_account_that_the_operator_linked_is_signed_in_to(
    door: Door, browser: httpx2.AsyncClient, provider: OidcProvider, identity: IdentityService
) -> None:
    anna = await identity.create_user("anna", Role.TEACHER, PASSWORD, organization="Springfield High")
    link = Link(provider.issuer, "s-1")
    await door.accounts.link(anna, link)
    assert (await signed_in(browser, provider))["user"]["id"] == anna.id
    with pytest.raises(Conflict):
        await door.accounts.link(anna, link)


async def test_an_account_stays_in_its_school(
    opened: Callable[..., Door], provider: OidcProvider, identity: IdentityService
) -> None:
    rules = replace(
        RULES,
        organization=None,
        organization_claim="place.school",
        organizations={"17": "North", "18": "South"},
    )
    async with opened(rules).browser() as browser:
        assert told(await came_back(browser, provider)) == NOT_ALLOWED
        provider.changes = {"place": {"school": "17"}}
        session = await signed_in(browser, provider)
        who = await identity.authenticate(session["access_token"])
        assert who.organization_id == (await identity.organization("North")).id
        provider.changes = {"place": {"school": "18"}}
        answer = await came_back(browser, provider)
        assert told(answer) == NOT_ALLOWED
        assert "another school" in answer.json()["message"]


async def test_the_account_has_no_password_that_anybody_knows(
    browser: httpx2.AsyncClient, provider: OidcProvider
) -> None:
    name = (await signed_in(browser, provider))["user"]["username"]
    for password in ("", "!", "s-1", name, "password"):
        answer = await browser.post("/api/v1/auth/login", json={"username": name, "password": password})
        assert answer.status_code in (401, 422)
