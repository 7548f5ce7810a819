"""The keys that sign tokens, as they follow the settings."""

import logging

import pytest

from toolboxai.app.identity import follow_settings, make_key_ring
from toolboxai.config import Purpose, Settings, load_settings
from toolboxai.logs import mask_text

FIRST, SECOND = (f"{word} secret of these tests, long enough to sign" for word in ("first", "second"))


def settings(secret: str) -> Settings:
    return load_settings({"TOOLBOXAI_JWT_SECRET": secret}, purpose=Purpose.TOKENS)


def test_a_key_that_came_with_a_reload_is_masked_in_logs_from_then_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "toolboxai.audit")
    ring = make_key_ring(settings(FIRST))
    follow_settings(ring, settings(SECOND))
    assert ring.signing.signing == SECOND.encode()
    assert SECOND not in mask_text(f"it broke at {SECOND}")
    (record,) = caplog.records
    assert (vars(record)["added"], vars(record)["removed"]) == (["1"], ["1"])
    assert not [secret for secret in (FIRST, SECOND) if secret in str(vars(record))]
