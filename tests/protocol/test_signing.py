"""Signatures, against answers that are known."""

import hmac
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from known import vectors
from toolboxai.apps.app import App, AppKey
from toolboxai.errors import RemoteProtocolError
from toolboxai.protocol.signing import (
    request_text,
    sign,
    sign_channel,
    sign_request,
    sign_user,
    verify_channel_auth,
)

KNOWN = vectors("signatures")
KEY, SECRET = KNOWN["key"], KNOWN["secret"]
APP = App(id="3", keys=(AppKey(KEY, SECRET), AppKey("newer", "other secret")))


@pytest.mark.parametrize("entry", KNOWN["channels"])
def test_a_channel(entry: dict[str, str]) -> None:
    name, data, signature = entry["channel"], entry["channel_data"], entry["signature"]
    assert sign_channel(SECRET, entry["socket_id"], name, data) == signature
    verify_channel_auth(APP, entry["socket_id"], name, f"{KEY}:{signature}", data)


@given(st.text(max_size=200), st.binary(max_size=300))
def test_whatever_the_secret_and_the_text_it_is_hmac_sha256(secret: str, text: bytes) -> None:
    assert sign(secret, text) == hmac.digest(secret.encode(), text, "sha256").hex()


@pytest.mark.parametrize("entry", KNOWN["users"])
def test_a_user(entry: dict[str, str]) -> None:
    assert sign_user(SECRET, entry["socket_id"], entry["user_data"]) == entry["signature"]


@pytest.mark.parametrize("entry", KNOWN["bodies"])
def test_the_body_of_a_webhook(entry: dict[str, str]) -> None:
    assert sign(SECRET, entry["body"].encode()) == entry["signature"]


@pytest.mark.parametrize("entry", KNOWN["requests"], ids=lambda entry: entry["method"] + entry["path"])
def test_a_request(entry: dict[str, Any]) -> None:
    params = {
        "auth_key": KEY,
        "auth_timestamp": str(KNOWN["request_timestamp"]),
        "auth_version": "1.0",
        **entry["params"],
    }
    for order in (params.items(), reversed(params.items())):
        assert sign_request(SECRET, entry["method"], entry["path"], order) == entry["signature"]


def test_the_text_of_a_request_is_sorted_by_name() -> None:
    assert (
        request_text("GET", "/apps/3/channels", [("b", "2"), ("a", "1,x")])
        == "GET\n/apps/3/channels\na=1,x&b=2"
    )


SIGNED = sign_channel(SECRET, "1.1", "private-a")
REFUSED = [
    (None, "Auth info required to subscribe to private-a"),
    ("", "Auth info required to subscribe to private-a"),
    ("nosig", "Auth value for subscription to private-a is invalid: should be of format 'key:signature'"),
    (":", "Auth value for subscription to private-a is invalid: should be of format 'key:signature'"),
    (f"{KEY}:", "Auth value for subscription to private-a is invalid: should be of format 'key:signature'"),
    (f"other:{SIGNED}", "Invalid key in subscription auth data: 'other'"),
    (
        f"newer:{SIGNED}",
        "Invalid signature: Expected HMAC SHA256 hex digest of 1.1:private-a, but got " + SIGNED,
    ),
    (f"{KEY}:é", "Invalid signature: Expected HMAC SHA256 hex digest of 1.1:private-a, but got é"),
    (f"{KEY}:{SIGNED.upper()}", "Invalid signature"),
    (f"{KEY}:{SIGNED} ", "Invalid signature"),
]


@pytest.mark.parametrize(("auth", "text"), REFUSED)
def test_what_does_not_hold_is_told_in_the_words_that_clients_know(auth: str | None, text: str) -> None:
    with pytest.raises(RemoteProtocolError, match=re.escape(text)) as refused:
        verify_channel_auth(APP, "1.1", "private-a", auth, None)
    assert refused.value.code is None


@pytest.mark.parametrize(
    ("socket_id", "channel", "data"),
    [("1.2", "private-a", None), ("1.1", "private-b", None), ("1.1", "private-a", "{}")],
)
def test_a_signature_holds_for_one_socket_one_channel_and_its_data(
    socket_id: str, channel: str, data: str | None
) -> None:
    with pytest.raises(RemoteProtocolError, match="Invalid signature"):
        verify_channel_auth(APP, socket_id, channel, f"{KEY}:{SIGNED}", data)


def test_while_keys_rotate_either_may_sign() -> None:
    verify_channel_auth(APP, "1.1", "private-a", f"{KEY}:{SIGNED}", None)
    newer = sign_channel("other secret", "1.1", "private-a")
    verify_channel_auth(APP, "1.1", "private-a", f"newer:{newer}", None)
