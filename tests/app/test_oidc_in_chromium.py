"""A teacher signs in at the school's identity provider: a browser, our server and the provider, each the real one.

`tests/app/test_oidc.py` and `tests/web/test_oidc.py` show the same over HTTP; what the page itself does is shown here.
"""

import socket
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from chromium import ARGUMENTS, chromium
from forms import FULL
from oidc_provider import CLIENT_ID, CLIENT_SECRET, provider_open
from server_process import credentials
from toolboxai.app.run import running
from toolboxai.config import load_settings
from toolboxai.config.oidc_table import CALLBACK

PATIENCE_MS = 10_000


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
async def test_a_teacher_signs_in_there_and_is_known_here(tmp_path: Path) -> None:
    listener = socket.create_server(
        ("127.0.0.1", 0)
    )  # the provider has to know our address before our server runs
    here = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = tmp_path / "toolboxai.toml"
    environ = {
        **credentials(),
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
        async with running(settings, listener=listener), async_playwright() as playwright:
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
