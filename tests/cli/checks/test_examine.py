"""What the settings name beside the server is looked at too."""

from pathlib import Path

import pytest

from oidc_provider import CLIENT_ID, CLIENT_SECRET, provider_open
from toolboxai.cli.checks import Finding, Verdict, examine

TABLE = """[auth.oidc]
issuer = "{issuer}"
client_id = "{client_id}"
public_url = "http://127.0.0.1:8009"
label = "Springfield"
organization = "Springfield High"
role_claim = "groups"
roles = {{ "lesson-teachers" = "teacher" }}
"""


async def seen() -> dict[str, Finding]:
    return {finding.check: finding for finding in await examine(url=None, key=None, config=None)}


async def test_an_identity_provider_is_asked_for_its_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLBOXAI_OIDC_CLIENT_SECRET", CLIENT_SECRET)
    monkeypatch.setenv("TOOLBOXAI_PORT", "1")
    async with provider_open() as provider:
        file = tmp_path / "toolboxai.toml"
        file.write_text(TABLE.format(issuer=provider.issuer, client_id=CLIENT_ID))
        found = (await seen())["identity provider"]
        assert found.verdict is Verdict.OK
        assert "has to be registered there" in found.text
        provider.instead["/keys"] = 200, b'{"keys": []}', {}
        found = (await seen())["identity provider"]
        assert found.verdict is Verdict.FAULT
        assert "shows no key" in found.text
        assert CLIENT_SECRET not in found.text
        provider.instead["/keys"] = 502, b"", {}
        found = (await seen())["identity provider"]
        assert found.verdict is Verdict.FAULT
        assert f"{provider.issuer}/keys answers 502" in found.text


async def test_without_one_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLBOXAI_PORT", "1")
    assert "identity provider" not in await seen()
