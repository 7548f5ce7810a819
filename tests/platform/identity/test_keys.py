"""The keys that sign tokens, and how they change."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from toolboxai.platform.identity.keys import KeyChange, KeyRing, TokenKey

SECRET = "a secret of the tests, long enough to sign"
OTHER = "another secret of the tests, also long enough"


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("private_key", "algorithm"),
    [(_pem(EC), "RS256"), (_pem(RSA), "ES256"), (b"text", "RS256"), (b"", "ES256")],
)
def test_a_key_of_another_kind_is_refused_at_the_start(private_key: bytes, algorithm: Any) -> None:
    with pytest.raises(ValueError, match="not a private key"):
        TokenKey.pem("1", private_key, algorithm)


def test_a_short_secret_is_refused_and_the_text_makes_a_better_one() -> None:
    with pytest.raises(ValueError, match="token_urlsafe"):
        TokenKey.hmac("1", "x" * 31)


def test_a_ring_needs_a_key_and_tells_keys_apart() -> None:
    with pytest.raises(ValueError, match="TOOLBOXAI_JWT_SECRET"):
        KeyRing([])
    with pytest.raises(ValueError, match="same kid"):
        KeyRing([TokenKey.hmac("1", SECRET), TokenKey.hmac("1", OTHER)])


def test_a_change_is_told_by_kid_and_one_that_cannot_be_changes_nothing() -> None:
    one, two, three = (TokenKey.hmac(kid, f"{SECRET} {kid}") for kid in "123")
    ring = KeyRing([one, two])
    assert ring.replace([TokenKey.hmac("1", f"{SECRET} 1"), two]) is None
    assert ring.replace([three, two]) == KeyChange("3", ["3", "2"], ["3"], ["1"])
    with pytest.raises(ValueError, match="no JWT key"):
        ring.replace([])
    assert ring.signing is three
    assert ring.replace([two, three]) == KeyChange("2", ["2", "3"], [], [])


def test_another_secret_under_the_same_kid_is_another_key() -> None:
    ring = KeyRing([TokenKey.hmac("1", SECRET)])
    before = ring.signing.fingerprint
    assert ring.replace([TokenKey.hmac("1", OTHER)]) == KeyChange("1", ["1"], ["1"], ["1"])
    assert (ring.has(before), ring.has(ring.signing.fingerprint)) == (False, True)


def test_keys_for_a_purpose_follow_the_ring_and_differ_from_all_others() -> None:
    ring = KeyRing([TokenKey.hmac("1", SECRET)])
    links, visits = ring.derived("links"), ring.derived("visits")
    (old,) = links()
    ring.replace([TokenKey.hmac("2", OTHER), TokenKey.hmac("1", SECRET)])
    new, still = links()
    assert still == old
    assert len({new, old, *visits(), SECRET.encode(), OTHER.encode()}) == 6


def test_a_key_does_not_show_its_secret() -> None:
    assert SECRET not in repr(TokenKey.hmac("1", SECRET))
