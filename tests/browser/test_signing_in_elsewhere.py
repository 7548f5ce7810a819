"""A teacher signs in at the school's identity provider: a browser, our server and the provider, each the real one."""

import logging
import socket
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from chromium import ARGUMENTS, chromium
from oidc_provider import CLIENT_ID, CLIENT_SECRET, provider_open
from server_process import credentials
from toolboxai.app.oidc import check_provider, link_account
from toolboxai.app.run import running
from toolboxai.config import load_settings
from toolboxai.config.oidc_table import CALLBACK
from toolboxai.errors import ConfigError, ProviderUnavailable

PATIENCE_MS = 10_000


def free_port() -> int:
    """The provider has to know our address before our server runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_a_teacher_signs_in_there_and_is_known_here(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "toolboxai")
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    config = tmp_path / "toolboxai.toml"
    environ = {
        **credentials(),
        "TOOLBOXAI_PORT": str(port),
        "TOOLBOXAI_JWT_SECRET": "a secret of the tests, long enough to sign",
        "TOOLBOXAI_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "TOOLBOXAI_DATABASE_URL": f"sqlite:///{tmp_path / 'toolboxai.db'}",
        "TOOLBOXAI_DRAIN_S": "0",
    }
    async with provider_open() as provider:
        provider.comes_back_to = f"{here}{CALLBACK}"
        provider.person |= {"preferred_username": "jane", "name": "Jane Goodall"}
        config.write_text(
            f"""[auth.oidc]
issuer = "{provider.issuer}"
client_id = "{CLIENT_ID}"
public_url = "{here}"
label = "Springfield"
organization = "Springfield High"
role_claim = "groups"
roles = {{ "lesson-teachers" = "teacher" }}
"""
        )
        settings = load_settings(environ, file=config)
        told = await check_provider(settings)
        assert told is not None
        assert f"{here}{CALLBACK} has to be registered there" in told
        async with running(settings), async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
            page = await browser.new_page()
            page.set_default_timeout(PATIENCE_MS)
            await page.goto(here)
            provider.refuses = "access_denied"
            await page.get_by_role("link", name="Sign in with Springfield").click()
            await expect(page.get_by_role("alert")).to_contain_text("you cancelled it there")
            await page.get_by_role("link", name="Back to the sign-in page").click()
            provider.refuses = None
            await page.get_by_role("link", name="Sign in with Springfield").click()
            await expect(page.locator("#who")).to_have_text("Jane Goodall", timeout=PATIENCE_MS)
            assert page.url == f"{here}/"  # the code has left the address
            names = [cookie.get("name", "") for cookie in await page.context.cookies()]
            assert not [name for name in names if "toolboxai" in name]
            await browser.close()
        provider.instead["/keys"] = 200, b'{"keys": []}', {}
        with pytest.raises(ProviderUnavailable, match="shows no key"):
            await check_provider(settings)
        assert (await link_account(settings, "jane", "s-2")).display_name == "Jane Goodall"
    audit = [record.getMessage() for record in caplog.records if record.name == "toolboxai.audit"]
    assert audit == [
        "account made for somebody of the identity provider",
        "signed in at the identity provider",
    ]
    without = load_settings(environ)
    assert await check_provider(without) is None
    with pytest.raises(ConfigError, match="no identity provider"):
        await link_account(without, "jane", "s-3")
