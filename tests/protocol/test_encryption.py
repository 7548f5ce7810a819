"""The secrets and payloads of encrypted channels, against the protocol's known answers."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from known import vectors
from toolboxai.errors import ConfigError
from toolboxai.protocol.encryption import (
    NONCE_BYTES,
    ChannelSecrets,
    encrypted_data,
    encrypted_size,
    master_key,
    shared_secret,
)

KNOWN = vectors("encryption")


@pytest.mark.parametrize("vector", KNOWN["secrets"], ids=lambda vector: vector["channel"])
def test_the_secret_of_a_channel(vector: dict[str, str]) -> None:
    secret = shared_secret(master_key(vector["master_key"]), vector["channel"])
    assert base64.b64encode(secret).decode() == vector["shared_secret"]


@pytest.mark.parametrize("vector", KNOWN["payloads"], ids=lambda vector: vector["channel"])
def test_the_payload_of_an_event(vector: dict[str, str]) -> None:
    secret = shared_secret(master_key(vector["master_key"]), vector["channel"])
    nonce = base64.b64decode(vector["nonce"])
    assert len(nonce) == NONCE_BYTES
    sealed = json.loads(encrypted_data(secret, vector["data"], nonce))
    assert sealed == {"nonce": vector["nonce"], "ciphertext": vector["ciphertext"]}


@pytest.mark.parametrize("text", ["", "x", "é", "A" * 43, base64.b64encode(b"x" * 31).decode(), " " * 44])
def test_a_master_key_has_32_bytes(text: str) -> None:
    with pytest.raises(ConfigError, match="must be 32 bytes in base64"):
        master_key(text)


@given(st.text(max_size=200))
def test_how_large_an_event_gets_is_known_before_it_is_sealed(data: str) -> None:
    sealed = encrypted_data(b"s" * 32, data, b"n" * NONCE_BYTES)
    assert encrypted_size(len(data.encode())) == len(sealed.encode())


def test_each_event_is_sealed_with_entropy_of_its_own() -> None:
    drawn = iter([b"a" * NONCE_BYTES, b"b" * NONCE_BYTES])
    secrets = ChannelSecrets(base64.b64encode(b"k" * 32).decode(), lambda _size: next(drawn))
    nonces = [json.loads(secrets.seal("private-encrypted-a", "same"))["nonce"] for _ in range(2)]
    assert [base64.b64decode(nonce) for nonce in nonces] == [b"a" * NONCE_BYTES, b"b" * NONCE_BYTES]
    assert secrets.text("private-encrypted-a") != secrets.text("private-encrypted-b")
