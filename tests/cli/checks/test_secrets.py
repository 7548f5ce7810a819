"""Secrets that are no secrets are told, and no secret is."""

import secrets
from pathlib import Path

import pytest

from toolboxai.cli.checks.finding import Verdict
from toolboxai.cli.checks.secrets import app_secrets, jwt_keys, settings_file


@pytest.mark.parametrize(
    "secret",
    [
        "j" * 40,
        "abcd" * 12,
        "changeme",
        "1" * 64,
        "changeme-changeme-changeme-changeme",
        "your-secret-key-change-in-production",
        "my-super-secret-jwt-key-for-school-1",
    ],
)
def test_a_typed_secret_of_tokens_is_told_by_its_kid_alone(secret: str) -> None:
    (found,) = jwt_keys({"2027": secret})
    assert found.verdict is Verdict.WARNING
    assert "'2027'" in found.text
    assert secret not in found.text


def test_one_that_is_drawn_by_lot_is_good() -> None:
    for drawn in (secrets.token_urlsafe(48), secrets.token_hex(32)):
        (found,) = jwt_keys({"1": drawn})
        assert found.verdict is Verdict.OK
    assert list(jwt_keys({})) == []


@pytest.mark.parametrize("secret", ["app-secret", "7ad3773142a6692b25b8", "school", "aaaaaaaaaaaaaaaaaaaa"])
def test_a_well_known_or_short_secret_of_an_app_is_told_by_its_key(secret: str) -> None:
    (found,) = app_secrets({"key-1": secret, "key-2": secrets.token_hex(10)})
    assert found.verdict is Verdict.WARNING
    assert "key-1" in found.text
    assert secret not in found.text


def test_a_settings_file_that_everybody_reads_is_told(tmp_path: Path) -> None:
    file = tmp_path / "toolboxai.toml"
    file.touch(mode=0o640)
    assert list(settings_file(file)) == []
    file.chmod(0o644)
    (found,) = settings_file(file)
    assert found.verdict is Verdict.WARNING
    assert f"chmod 640 {file}" in found.text
