"""Tokens: what is in them, and everything that is not let through."""

import base64
import hmac
import json
import random
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.errors import InvalidToken, TokenExpired
from toolboxai.platform.identity.keys import KeyRing, TokenKey
from toolboxai.platform.identity.model import PERMISSIONS, Role
from toolboxai.platform.identity.tokens import TokenService
from toolboxai.testing.clock import ManualClock

SECRET = "a secret of the tests, long enough to sign"
OTHER = "another secret of the tests, also long enough"


def service(clock: ManualClock, *keys: TokenKey, audience: str = "toolboxai") -> TokenService:
    return TokenService(
        KeyRing(keys or (TokenKey.hmac("1", SECRET),)),
        issuer="toolboxai",
        audience=audience,
        clock=clock,
        dice=random.Random(1),
        access_ttl_s=900,
        refresh_ttl_s=86400,
    )


def access(tokens: TokenService) -> str:
    return tokens.issue_access(
        subject="user_1",
        organization_id="org_1",
        role=Role.TEACHER,
        permissions=PERMISSIONS[Role.TEACHER],
        session_id="login_1",
    ).text


def claims(clock: ManualClock, **changed: Any) -> dict[str, Any]:
    """Those of a good access token, changed; None leaves one out."""
    good = {
        "iss": "toolboxai",
        "aud": "toolboxai",
        "sub": "user_1",
        "typ": "access",
        "jti": "token_1",
        "sid": "login_1",
        "iat": clock.now(),
        "exp": clock.now() + 900,
        "role": "teacher",
        "permissions": ["content:read"],
        "org": "org_1",
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def signed(payload: Mapping[str, Any], secret: str = SECRET, **header: Any) -> str:
    return jwt.encode(dict(payload), secret, algorithm="HS256", headers=header)


def test_an_access_token_says_who_and_what(clock: ManualClock) -> None:
    tokens = service(clock)
    principal = tokens.read_access(access(tokens))
    assert (principal.user_id, principal.organization_id, principal.role) == ("user_1", "org_1", Role.TEACHER)
    assert principal.permissions == PERMISSIONS[Role.TEACHER]
    assert principal.can("content:generate")
    assert not principal.can("system:manage")
    assert principal.expires_at == clock.now() + 900
    assert principal.session_id == "login_1"


def test_the_claims_are_the_documented_ones(clock: ManualClock) -> None:
    payload = jwt.decode(access(service(clock)), options={"verify_signature": False})
    assert payload["typ"] == "access"
    assert {"sub", "role", "permissions", "org", "typ", "iat", "exp", "jti", "iss", "aud"} <= set(payload)


def test_a_refresh_token_is_no_access_token_nor_the_other_way(clock: ManualClock) -> None:
    tokens = service(clock)
    refresh = tokens.issue_refresh(subject="user_1", session_id="login_1")
    with pytest.raises(InvalidToken):
        tokens.read_access(refresh.text)
    with pytest.raises(InvalidToken):
        tokens.read_refresh(access(tokens))
    assert tokens.read_refresh(refresh.text).token_id == refresh.token_id


def test_it_expires_half_a_minute_after_its_time(clock: ManualClock) -> None:
    tokens = service(clock)
    token = access(tokens)
    clock.advance(900 + 29)
    tokens.read_access(token)
    clock.advance(1)
    with pytest.raises(TokenExpired):
        tokens.read_access(token)


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "another"},
        {"aud": None},
        {"iss": "another"},
        {"iss": None},
        {"typ": None},
        {"typ": "id"},
        {"exp": None},
        {"exp": "never"},
        {"sub": None},
        {"sub": 1},
        {"jti": None},
        {"sid": None},
        {"org": None},
        {"role": "headmaster"},
        {"permissions": "content:read"},
        {"permissions": None},
        {"iat": 9e9},
        {"nbf": 9e9},
        {"nbf": "soon"},
    ],
)
def test_a_token_of_another_shape_is_refused_even_when_we_signed_it(
    clock: ManualClock, changed: dict[str, Any]
) -> None:
    for header in ({}, {"kid": "1"}):  # the second is word for word ours
        with pytest.raises(InvalidToken):
            service(clock).read_access(signed(claims(clock, **changed), **header))


def test_the_library_is_not_asked_about_what_begins_as_ours(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = service(clock, TokenKey.hmac("2", OTHER), TokenKey.hmac("1", SECRET))
    ours = access(tokens)
    assert ours.startswith(f"{TokenKey.hmac('2', OTHER).own_header}")
    known = [tokens.read_access(signed(claims(clock), kid="1")), tokens.read_access(ours)]
    monkeypatch.setattr(jwt, "decode", None)
    assert [tokens.read_access(signed(claims(clock), kid="1")), tokens.read_access(ours)] == known


def test_one_letter_of_a_token_of_ours_that_is_another_ends_it(clock: ManualClock) -> None:
    tokens = service(clock)
    token = access(tokens)
    principal = tokens.read_access(token)
    for at, letter in enumerate(token):
        other = "A" if letter != "A" else "B"
        if at == len(token) - 1:  # its last bits mean nothing, and the library takes any
            continue
        with pytest.raises(InvalidToken):
            tokens.read_access(token[:at] + other + token[at + 1 :])
    assert tokens.read_access(token) == principal


@pytest.mark.parametrize("payload", [b"[1]", b"nothing", b'{"exp": NaN}', b"[" * 5000])
def test_what_we_have_signed_that_is_no_payload_is_refused(clock: ManualClock, payload: bytes) -> None:
    key = TokenKey.hmac("1", SECRET)
    said = f"{key.own_header}{_base64(payload)}"
    signature = _base64(hmac.digest(SECRET.encode(), said.encode(), "sha256"))
    with pytest.raises(InvalidToken):
        service(clock, key).read_access(f"{said}.{signature}")


def test_every_refusal_reads_the_same(clock: ManualClock) -> None:
    tokens = service(clock)
    bad = [
        "",
        "a.b.c",
        access(tokens)[:-2],
        signed(claims(clock), OTHER),
        signed(claims(clock), kid="unknown"),
        signed(claims(clock, aud="another")),
        jwt.encode(claims(clock), "", algorithm="none"),
        "x" * 10_000,
        f"{_base64(b'[' * 5000)}.e30.e30",
        "\ud800",
        tokens.issue_refresh(subject="user_1", session_id="login_1").text,
    ]
    said = set()
    for token in bad:
        with pytest.raises(InvalidToken) as refusal:
            tokens.read_access(token)
        said.add(refusal.value.message)
    assert len(said) == 1


@given(st.text())
def test_any_text_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(InvalidToken):
        service(ManualClock()).read_access(text)


def test_a_new_key_goes_in_front_and_nobody_signs_in_again(clock: ManualClock) -> None:
    old, new = TokenKey.hmac("1", SECRET), TokenKey.hmac("2", OTHER)
    before = access(service(clock, old))
    rotated = service(clock, new, old)
    rotated.read_access(before)
    assert jwt.get_unverified_header(access(rotated))["kid"] == "2"
    with pytest.raises(InvalidToken):
        service(clock, new).read_access(before)


def test_a_key_that_is_taken_out_ends_its_tokens_and_those_alone(clock: ManualClock) -> None:
    old, new = TokenKey.hmac("1", SECRET), TokenKey.hmac("2", OTHER)
    ring = KeyRing([old])
    tokens = TokenService(ring, issuer="toolboxai", audience="toolboxai", clock=clock, dice=random.Random(1))
    before = access(tokens)
    who = tokens.read_access(before)
    ring.replace([old, new])
    assert jwt.get_unverified_header(access(tokens))["kid"] == "1"
    ring.replace([new, old])
    after = access(tokens)
    assert jwt.get_unverified_header(after)["kid"] == "2"
    assert tokens.holds(tokens.read_access(before))
    ring.replace([new])
    assert tokens.holds(tokens.read_access(after))
    assert not tokens.holds(who)
    with pytest.raises(InvalidToken):
        tokens.read_access(before)


@pytest.mark.parametrize("kid", ["3", "", 1, True, ["1"], {"kid": "1"}, "../1", "1\x00", "x" * 5000])
def test_a_key_id_that_is_not_ours_is_refused_whatever_it_is(clock: ManualClock, kid: Any) -> None:
    head, body = (_part(part) for part in ({"alg": "HS256", "kid": kid}, claims(clock)))
    digest = hmac.digest(SECRET.encode(), f"{head}.{body}".encode(), "sha256")
    with pytest.raises(InvalidToken):
        service(clock).read_access(f"{head}.{body}.{_base64(digest)}")


@pytest.mark.parametrize("alg", ["none", "None", "HS384", "HS512", "RS256", "ES256", "EdDSA", ""])
def test_a_token_of_another_algorithm_is_refused_though_our_key_made_it(clock: ManualClock, alg: str) -> None:
    head, body = (_part(part) for part in ({"alg": alg, "kid": "1"}, claims(clock)))
    kind = {"HS384": "sha384", "HS512": "sha512"}.get(alg, "sha256")
    digest = hmac.digest(SECRET.encode(), f"{head}.{body}".encode(), kind)
    for signature in ("", _base64(digest)):
        with pytest.raises(InvalidToken):
            service(clock).read_access(f"{head}.{body}.{signature}")


def test_a_token_without_a_key_id_is_tried_with_each_key(clock: ManualClock) -> None:
    tokens = service(clock, TokenKey.hmac("2", OTHER), TokenKey.hmac("1", SECRET))
    assert tokens.read_access(signed(claims(clock))).user_id == "user_1"


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def test_keys_in_two_halves_sign_too(clock: ManualClock) -> None:
    for key in (TokenKey.pem("r", _pem(RSA), "RS256"), TokenKey.pem("e", _pem(EC), "ES256")):
        tokens = service(clock, key)
        assert tokens.read_access(access(tokens)).user_id == "user_1"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _part(content: Mapping[str, Any]) -> str:
    return _base64(json.dumps(content).encode())


def test_a_public_key_is_never_taken_for_a_shared_secret(clock: ManualClock) -> None:
    tokens = service(clock, TokenKey.pem("r", _pem(RSA), "RS256"))
    public = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head, body = (_part(part) for part in ({"alg": "HS256", "kid": "r"}, claims(clock)))
    forged = f"{head}.{body}.{_base64(hmac.digest(public, f'{head}.{body}'.encode(), 'sha256'))}"
    with pytest.raises(InvalidToken):
        tokens.read_access(forged)
