"""ID tokens of an identity provider: whether one was made by it, for us, in this very sign-in (OpenID Connect Core, 3.1.3.7)."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt
import msgspec
from jwt.algorithms import AllowedPublicKeys, ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.utils import base64url_decode

__all__ = ["BadIdToken", "ProviderKey", "UnknownKey", "read_keys", "verified_claims"]

LEEWAY_S: Final = 60  # the provider's clock is another machine's
AGE_S: Final = 600  # a token is made when the code is redeemed, which is now
TOKEN_CHARS: Final = 32_768  # the groups of a large district stand in it
KEYS: Final = 100
RSA_BITS: Final = 2048
SUBJECT_CHARS: Final = 255  # OpenID Connect Core, 2

# Asymmetric ones alone: with a shared secret, or none, whoever knows public things could sign. RSA has two forms, an
# elliptic curve has the one that belongs to it.
_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_CURVES: Final = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}
_PUBLIC: Final = ("kty", "n", "e", "crv", "x", "y")


class BadIdToken(Exception):
    """It proves nothing; the text says why, for the log alone."""


class UnknownKey(BadIdToken):
    """It names a key that is not among those at hand: the provider may have a new one."""


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """One public key.

    Args:
        kid: its name; None: it has none.
        algorithms: that it is used with; a token of another is refused.
        key: itself.
    """

    kid: str | None
    algorithms: frozenset[str]
    key: AllowedPublicKeys


class _Claims(msgspec.Struct, frozen=True, kw_only=True):
    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    nonce: str
    azp: str | None = None
    nbf: float = 0


def read_keys(document: Any) -> list[ProviderKey]:
    """The keys of a JWK set that sign; others, and those of kinds that are not used here, are left out."""
    listed = document.get("keys") if isinstance(document, dict) else None
    found = []
    for entry in listed[:KEYS] if isinstance(listed, list) else ():
        key = _key(entry) if isinstance(entry, dict) else None
        if key is not None:
            found.append(key)
    return found


def _key(entry: dict[str, Any]) -> ProviderKey | None:
    kid, use = entry.get("kid"), entry.get("use", "sig")
    if use != "sig" or not isinstance(kid, str | None):
        return None
    public = {name: entry[name] for name in _PUBLIC if name in entry}  # a private half has no business here
    kind: Any = {"RSA": RSAAlgorithm, "EC": ECAlgorithm, "OKP": OKPAlgorithm}.get(str(entry.get("kty")))
    try:
        if kind is None:
            return None
        key: AllowedPublicKeys = kind.from_jwk(public)
    except (jwt.InvalidKeyError, ValueError, TypeError, KeyError):
        return None
    algorithms = _algorithms(entry)
    if "alg" in entry:
        algorithms &= {str(entry["alg"])}
    return ProviderKey(kid, algorithms, key) if algorithms else None


def _algorithms(entry: dict[str, Any]) -> frozenset[str]:
    """Those that a key of this kind is for; it was found to be one."""
    if entry.get("kty") == "RSA":
        modulus = int.from_bytes(base64url_decode(str(entry["n"])))
        return _RSA if modulus.bit_length() >= RSA_BITS else frozenset()
    algorithm = _CURVES.get(str(entry.get("crv")))
    return frozenset() if algorithm is None else frozenset((algorithm,))


def verified_claims(
    token: str, keys: Sequence[ProviderKey], *, issuer: str, client_id: str, nonce: str, now: float
) -> Mapping[str, Any]:
    """The claims, all of which the provider vouches for.

    Args:
        token: as the provider sent it.
        keys: of the provider.
        issuer: the provider.
        client_id: ours.
        nonce: of this sign-in.
        now: Unix seconds.

    Raises:
        UnknownKey: none of the keys is the one that it names.
        BadIdToken: it does not hold.
    """
    if len(token) > TOKEN_CHARS or not token.isascii():
        raise BadIdToken("too long, or not ASCII")
    payload = _signed(token, keys)
    try:
        claims = msgspec.convert(payload, _Claims)
    except msgspec.ValidationError as fault:
        raise BadIdToken(f"claims: {fault}") from fault
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    for holds, otherwise in (
        (claims.iss == issuer, "another issuer"),
        (client_id in audience, "another audience"),
        (claims.azp is not None or len(audience) == 1, "several audiences and no authorized party"),
        (claims.azp in (None, client_id), "another authorized party"),
        (claims.exp > now - LEEWAY_S, "expired"),
        (claims.nbf <= now + LEEWAY_S, "not good yet"),
        (now - AGE_S - LEEWAY_S <= claims.iat <= now + LEEWAY_S, "made at another time"),
        (hmac.compare_digest(claims.nonce.encode(errors="replace"), nonce.encode()), "another nonce"),
        (0 < len(claims.sub) <= SUBJECT_CHARS and claims.sub.isprintable(), "no usable subject"),
    ):
        if not holds:
            raise BadIdToken(otherwise)
    return payload


def _signed(token: str, keys: Sequence[ProviderKey]) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, RecursionError) as fault:
        raise BadIdToken("no JSON Web Token") from fault
    kid, algorithm = header.get("kid"), str(header.get("alg"))
    named = [key for key in keys if key.kid == kid] if kid is not None else list(keys)
    if not named:
        raise UnknownKey("a key that the provider does not show")
    fitting = [key for key in named if algorithm in key.algorithms]
    if len(fitting) != 1:  # without a name it has to be clear which is meant
        raise BadIdToken(
            "no one key for its algorithm" if fitting else "an algorithm that its key is not for"
        )
    try:
        return jwt.decode(
            token,
            fitting[0].key,
            algorithms=[algorithm],
            # Everything else is compared by us, with our own clock.
            options={
                "verify_aud": False,
                "verify_iss": False,
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_sub": False,
                "verify_jti": False,
            },
        )
    except (jwt.PyJWTError, RecursionError) as fault:
        raise BadIdToken("a signature that does not hold") from fault
