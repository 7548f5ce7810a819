"""Signing in at an identity provider, joined from the settings: a real server and a real provider, over HTTP."""

import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider, provider_open
from server_process import credentials
from toolboxai.app.oidc import check_provider, link_account
from toolboxai.app.run import running
from toolboxai.config import Settings, load_settings
from toolboxai.config.oidc_table import CALLBACK
from toolboxai.errors import ConfigError, ProviderUnavailable, ResourceNotFound

TABLE = """[auth.oidc]
issuer = "{issuer}"
client_id = "{client_id}"
public_url = "{here}"
label = "Springfield"
organization = "Springfield High"
role_claim = "groups"
roles = {{ "lesson-teachers" = "teacher" }}
login_s = 600
"""


@dataclass
class Place:
    """Where our server will be, as the provider and the settings know it."""

    listener: socket.socket
    here: str
    environ: dict[str, str]
    settings: Settings
    provider: OidcProvider


@pytest.fixture
def database_backend() -> str:
    return "sqlite"


@pytest.fixture
async def place(tmp_path: Path, migrated_url: str) -> AsyncIterator[Place]:
    listener = socket.create_server(("127.0.0.1", 0))
    here = f"http://127.0.0.1:{listener.getsockname()[1]}"
    environ = {
        **credentials(),
        "TOOLBOXAI_JWT_SECRET": "a secret of the tests, long enough to sign",
        "TOOLBOXAI_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "TOOLBOXAI_DATABASE_URL": migrated_url,
        "TOOLBOXAI_DRAIN_S": "0",
    }
    async with provider_open() as provider:
        provider.comes_back_to = f"{here}{CALLBACK}"
        provider.person |= {"preferred_username": "jane", "name": "Jane Goodall"}
        file = tmp_path / "toolboxai.toml"
        file.write_text(TABLE.format(issuer=provider.issuer, client_id=CLIENT_ID, here=here))
        with listener:
            yield Place(listener, here, environ, load_settings(environ, file=file), provider)


async def test_a_teacher_signs_in_there_and_is_known_here(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "toolboxai.audit")
    async with (
        running(place.settings, listener=place.listener),
        httpx2.AsyncClient(base_url=place.here, follow_redirects=True, trust_env=False) as browser,
    ):
        ways = (await browser.get("/api/v1/auth/ways")).json()
        page = await browser.get(ways["oidc"]["url"])  # there, and back to our page
        assert (page.status_code, page.url.path, page.url.query) == (200, "/", b"")
        code = dict(parse_qsl(urlsplit(str(page.url)).fragment))["code"]
        session = (await browser.post("/api/v1/auth/oidc/session", json={"code": code})).json()
        assert 590 <= session["expires_in"] <= 600  # as the settings bound the login
        bearer = {"Authorization": f"Bearer {session['access_token']}"}
        me = (await browser.get("/api/v1/auth/me", headers=bearer)).json()
        assert (me["display_name"], me["role"]) == ("Jane Goodall", "teacher")
        assert not [name for name in browser.cookies if "toolboxai" in name]
    assert [record.getMessage() for record in caplog.records if record.name == "toolboxai.audit"] == [
        "account made",
        "signed in at the identity provider",
    ]
    assert (await link_account(place.settings, "jane", "s-2")).display_name == "Jane Goodall"


async def test_whether_it_answers_is_told_to_the_operator(place: Place) -> None:
    told = await check_provider(place.settings)
    assert told is not None
    assert f"{place.here}{CALLBACK} has to be registered there" in told
    place.provider.instead["/keys"] = 200, b'{"keys": []}', {}
    with pytest.raises(ProviderUnavailable, match="shows no key"):
        await check_provider(place.settings)
    place.provider.instead["/keys"] = 500, b"", {}
    with pytest.raises(ProviderUnavailable, match="/keys answers 500"):
        await check_provider(place.settings)


async def test_without_one_nobody_is_asked_or_linked(place: Place) -> None:
    without = load_settings(place.environ)
    assert await check_provider(without) is None
    with pytest.raises(ConfigError, match="no identity provider"):
        await link_account(without, "jane", "s-3")
    with pytest.raises(ResourceNotFound, match="no user 'jane'"):
        await link_account(place.settings, "jane", "s-3")
