"""ID tokens: one that the provider made for us just now, and everything that looks like one."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from oidc_provider import CLIENT_ID, CLIENT_SECRET, Json, public_pem, rsa_key
from toolboxai.platform.identity.id_token import BadIdToken, UnknownKey, read_keys, verified_claims

ISSUER, NONCE, NOW = "https://login.school.example", "the nonce of this sign-in", 1_800_000_000.0
EC, ED = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()


def jwk(kid: str | None, key: Any, **more: Any) -> Json:
    kind: Any = OKPAlgorithm
    if isinstance(key, rsa.RSAPublicKey):
        kind = RSAAlgorithm
    elif isinstance(key, ec.EllipticCurvePublicKey):
        kind = ECAlgorithm
    found = {**json.loads(kind.to_jwk(key)), "use": "sig", "kid": kid, **more}
    return {name: value for name, value in found.items() if value is not None and name != "key_ops"}


SET = {
    "keys": [
        jwk("r", rsa_key(0).public_key()),
        jwk("e", EC.public_key(), alg="ES256"),
        jwk("d", ED.public_key()),
    ]
}


def claims(**changed: Any) -> Json:
    good = {"iss": ISSUER, "sub": "s-1", "aud": CLIENT_ID, "iat": NOW, "exp": NOW + 300, "nonce": NONCE}
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def read(token: str, document: Any = SET) -> Mapping[str, Any]:
    return verified_claims(
        token, read_keys(document), issuer=ISSUER, client_id=CLIENT_ID, nonce=NONCE, now=NOW
    )


def signed(payload: Json, key: Any = None, algorithm: str = "RS256", **header: Any) -> str:
    return jwt.encode(payload, key or rsa_key(0), algorithm, {"kid": "r", **header})


def by_hand(head: Json, payload: bytes, digest: Callable[[bytes], bytes] = lambda _: b"x" * 256) -> str:
    """Libraries refuse to make these."""
    parts = [
        base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (json.dumps(head).encode(), payload)
    ]
    text = ".".join(parts)
    return f"{text}.{base64.urlsafe_b64encode(digest(text.encode())).decode().rstrip('=')}"


def test_what_the_provider_says_of_somebody_is_read_whole() -> None:
    assert read(signed(claims(groups=["staff"]))) == claims(groups=["staff"])


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(rsa_key(0), "PS256", "r"), (EC, "ES256", "e"), (ED, "EdDSA", "d")]
)
def test_each_kind_of_key_signs_in_its_own_way(key: Any, algorithm: str, kid: str) -> None:
    assert read(signed(claims(), key, algorithm, kid=kid))["sub"] == "s-1"


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": 7},
        {"nonce": "\ud800"},
        {"aud": "another client"},
        {"aud": None},
        {"aud": []},
        {"aud": [CLIENT_ID, "another client"]},
        {"aud": [CLIENT_ID, "another client"], "azp": "another client"},
        {"azp": "another client"},
        {"iss": "https://accounts.evil.example"},
        {"iss": f"{ISSUER}/"},
        {"iss": None},
        {"exp": NOW - 61},
        {"exp": None},
        {"exp": "never"},
        {"iat": NOW - 700},
        {"iat": NOW + 61},
        {"iat": None},
        {"nbf": NOW + 61},
        {"sub": None},
        {"sub": ""},
        {"sub": "s" * 256},
        {"sub": "a\x00b"},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_token_for_something_else_is_refused_though_the_provider_signed_it(changed: Json) -> None:
    with pytest.raises(BadIdToken):
        read(signed(claims(**changed)))


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": [CLIENT_ID]},
        {"aud": ["another client", CLIENT_ID], "azp": CLIENT_ID},
        {"iat": NOW + 59, "nbf": NOW + 59},
        {"exp": NOW - 59, "iat": NOW - 300},
    ],
    ids=str,
)
def test_several_audiences_with_us_as_party_and_clocks_a_minute_apart_are_good(changed: Json) -> None:
    assert read(signed(claims(**changed)))["sub"] == "s-1"


PAYLOAD = json.dumps(claims()).encode()


@pytest.mark.parametrize(
    "token",
    [
        by_hand({"alg": "none", "kid": "r"}, PAYLOAD, lambda _: b""),
        by_hand({"alg": "None", "kid": "r"}, PAYLOAD, lambda _: b""),
        by_hand(
            {"alg": "HS256", "kid": "r"}, PAYLOAD, lambda text: hmac.digest(public_pem(), text, "sha256")
        ),
        by_hand(
            {"alg": "HS256", "kid": "r"},
            PAYLOAD,
            lambda text: hmac.digest(CLIENT_SECRET.encode(), text, "sha256"),
        ),
        signed(claims(), rsa_key(1)),
        signed(claims(), rsa_key(1), jwk=jwk("r", rsa_key(1).public_key()), jku="https://evil.example/keys"),
        signed(claims(), EC, "ES256"),
        signed(claims(), rsa_key(0), kid="e"),
        by_hand({"alg": "RS256", "kid": ["r"]}, PAYLOAD),
        by_hand({"alg": ["RS256"], "kid": "r"}, PAYLOAD),
        by_hand({"alg": "RS256", "kid": "r", "crit": ["exp"]}, PAYLOAD),
        by_hand({"alg": "RS256", "kid": "r"}, b"[" * 20_000),
        f"{base64.urlsafe_b64encode(b'[' * 20_000).decode()}.e30.e30",
        signed(claims())[:-3],
        signed(claims(x="x" * 40_000)),
        "a.b.c",
        "",
        "\u00fc",
        "\ud800",
    ],
    ids=[
        "alg none",
        "alg None",
        "HS256 with the public key",
        "HS256 with our secret",
        "another key",
        "a key of its own",
        "another kind of key",
        "the name of another kind of key",
        "odd kid",
        "odd alg",
        "critical",
        "deep payload",
        "deep header",
        "cut",
        "endless",
        "dots",
        "empty",
        "letters",
        "half a character",
    ],
)
def test_what_the_provider_did_not_sign_is_refused(token: str) -> None:
    with pytest.raises(BadIdToken):
        read(token)


def test_a_key_that_is_not_there_is_told_apart() -> None:
    with pytest.raises(UnknownKey):
        read(signed(claims(), kid="new"))
    with pytest.raises(UnknownKey):
        read(signed(claims()), {"keys": []})


def test_without_a_key_id_it_has_to_be_clear_which_key_is_meant() -> None:
    token = jwt.encode(claims(), rsa_key(0), "RS256")
    assert read(token)["sub"] == "s-1"  # the one RSA key
    with pytest.raises(BadIdToken):
        read(token, {"keys": [*SET["keys"], jwk("r2", rsa_key(1).public_key())]})
    with pytest.raises(BadIdToken):  # two with one name
        read(signed(claims()), {"keys": [*SET["keys"], jwk("r", rsa_key(1).public_key())]})


WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"keys": None},
        {"keys": [7, None, {}, {"kty": "RSA"}, {"kty": ["RSA"]}, {"kty": "RSA", "n": 7, "e": []}]},
        {"keys": [{"kty": "oct", "k": "AAAA", "kid": "r", "alg": "HS256"}]},
        {"keys": [jwk("r", rsa_key(0).public_key(), use="enc")]},
        {"keys": [jwk("r", rsa_key(0).public_key(), alg="HS256")]},
        {"keys": [{**jwk("r", rsa_key(0).public_key()), "kid": 7}]},
        {"keys": [jwk("r", WEAK.public_key())]},
        {"keys": [{"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}]},
        {"keys": [{}] * 100 + [jwk("r", rsa_key(0).public_key())]},
    ],
)
def test_what_is_no_key_for_signatures_is_left_out(document: Any) -> None:
    assert read_keys(document) == []


def test_of_a_private_key_that_somebody_shows_the_public_half_is_taken() -> None:
    shown = {**json.loads(RSAAlgorithm.to_jwk(rsa_key(0))), "kid": "r"}
    shown.pop("key_ops", None)
    assert read(signed(claims()), {"keys": [shown]})["sub"] == "s-1"
