"""What an application lets its pages do is signed as the protocol's known answers say."""

import base64
import hashlib
import json

import pytest

from known import vectors
from toolboxai.apps.app import App, AppKey
from toolboxai.channels.signing import Signer, text_of
from toolboxai.errors import ChannelsApiError

KNOWN = vectors("signatures")
MASTER = base64.b64encode(b"32 bytes that only the app knows").decode()


def signer(master: str | None = None) -> Signer:
    return Signer(App(id="3", keys=(AppKey(KNOWN["key"], KNOWN["secret"]),)), master)


def test_a_private_channel_is_signed_as_the_vectors_say() -> None:
    vector = next(each for each in KNOWN["channels"] if each["channel"] == "private-foobar")
    answer = signer().authorize(vector["socket_id"], vector["channel"])
    assert answer == {"auth": f"{KNOWN['key']}:{vector['signature']}"}


def test_a_user_is_signed_as_the_vectors_say() -> None:
    (vector,) = KNOWN["users"]
    answer = signer().authenticate(vector["socket_id"], "12345")
    assert answer == {"auth": f"{KNOWN['key']}:{vector['signature']}", "user_data": vector["user_data"]}


def test_what_is_signed_says_as_whom_and_until_when() -> None:
    presence = signer().authorize("1.2", "presence-a", user_id="7", user_info={"n": "é"}, expires_at=9.5)
    assert json.loads(presence["channel_data"]) == {
        "user_id": "7",
        "user_info": {"n": "é"},
        "expires_at": 9.5,
    }
    private = signer().authorize("1.2", "private-a", user_id="7", expires_at=9)
    assert json.loads(private["channel_data"]) == {"expires_at": 9}
    assert "channel_data" not in signer().authorize("1.2", "private-a", user_id="7")


def test_an_encrypted_channel_comes_with_its_secret() -> None:
    answer = signer(MASTER).authorize("1.2", "private-encrypted-a")
    secret = hashlib.sha256(b"private-encrypted-a" + base64.b64decode(MASTER)).digest()
    assert base64.b64decode(answer["shared_secret"]) == secret


def test_an_event_for_an_encrypted_channel_is_sealed_and_never_twice_alike() -> None:
    sealed = [signer(MASTER).checked("private-encrypted-a", "e", '{"n":1}').data for _ in range(2)]
    assert all(set(json.loads(each)) == {"nonce", "ciphertext"} for each in sealed)
    assert sealed[0] != sealed[1]
    assert signer().checked("private-a", "e", '{"n":1}').data == '{"n":1}'


@pytest.mark.parametrize(
    ("channel", "given"),
    [
        ("news", {}),
        ("cache-news", {}),
        ("#server-to-user-7", {}),
        ("presence-a", {}),
        ("presence-a", {"user_id": ""}),
        ("presence-a", {"user_id": "a b"}),
        ("presence-a", {"user_id": "7", "user_info": {"x": "y" * 1024}}),
        ("private-encrypted-a", {}),
        ("bad name!", {}),
    ],
)
def test_what_the_server_would_refuse_is_not_signed(channel: str, given: dict[str, str]) -> None:
    with pytest.raises(ChannelsApiError):
        signer().authorize("1.2", channel, **given)  # type: ignore[arg-type]  # a row of the table


@pytest.mark.parametrize(
    "socket_id", ["", "1", "1.", "1.2.3", "1.2:private-b", "a.b", "1.2\n", "\u0661.\u0662"]
)
def test_a_socket_id_cannot_carry_another_signature(socket_id: str) -> None:
    with pytest.raises(ChannelsApiError, match="Invalid socket id"):
        signer().authorize(socket_id, "private-a")
    with pytest.raises(ChannelsApiError, match="Invalid socket id"):
        signer().authenticate(socket_id, "7")


@pytest.mark.parametrize(
    "given",
    [{"user_id": ""}, {"user_id": "7", "watchlist": ["x"] * 101}, {"user_id": "7", "watchlist": [""]}],
)
def test_a_user_that_the_server_would_refuse_is_not_signed(given: dict[str, object]) -> None:
    with pytest.raises(ChannelsApiError):
        signer().authenticate("1.2", **given)  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize("data", [float("nan"), {1, 2}, object(), b"bytes", "\ud83d", {"a": "\ud83d"}])
def test_data_that_json_cannot_carry_is_refused(data: object) -> None:
    with pytest.raises(ChannelsApiError, match="cannot be written as JSON in UTF-8"):
        text_of(data)
