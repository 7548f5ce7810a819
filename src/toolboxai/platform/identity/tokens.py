"""Access and refresh tokens: signed JSON Web Tokens of a fixed shape.

Every key has one algorithm and is only ever used with that one, so a token's own header decides nothing but which of
our keys to try. Times are compared with the clock that is handed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeVar

import jwt
import msgspec
from jwt.algorithms import AllowedPrivateKeys, AllowedPublicKeys

from toolboxai.clock import Clock
from toolboxai.errors import InvalidToken, TokenExpired
from toolboxai.ids import Dice, new_token
from toolboxai.platform.identity.model import Principal, Role

__all__ = ["AccessGrant", "Issued", "RefreshGrant", "TokenKey", "TokenService"]

LEEWAY_S: Final = 30  # clocks of two machines may differ by so much
HMAC_BYTES: Final = (
    32  # HS256 takes a key as long as its digest (RFC 7518, 3.2); shorter ones can be guessed offline
)
TOKEN_CHARS: Final = 8192  # no token of ours comes near; longer text is not even parsed


@dataclass(frozen=True, slots=True, repr=False)
class TokenKey:
    """One key and the one algorithm it is for; make it with `hmac` or `pem`.

    Args:
        kid: names the key in a token's header, so that keys rotate; unique among the keys of a service.
        algorithm: HS256, RS256 or ES256.
        signing: the secret, or the private key.
        verifying: the same secret, or the public key.
    """

    kid: str
    algorithm: str
    signing: AllowedPrivateKeys | bytes
    verifying: AllowedPublicKeys | bytes

    @classmethod
    def hmac(cls, kid: str, secret: str) -> "TokenKey":
        """A shared secret, for HS256.

        Raises:
            ValueError: the secret is shorter than 32 bytes.
        """
        key = secret.encode()
        if len(key) < HMAC_BYTES:
            raise ValueError(
                f"JWT key {kid!r} has {len(key)} bytes, HS256 needs at least {HMAC_BYTES}; "
                "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        return cls(kid, "HS256", key, key)

    @classmethod
    def pem(cls, kid: str, private_key: bytes, algorithm: Literal["RS256", "ES256"]) -> "TokenKey":
        """A private key in PEM form, for RS256 or ES256; whoever only checks tokens needs its public half alone.

        Raises:
            ValueError: it is not a private key of that kind.
        """
        try:
            signing = jwt.get_algorithm_by_name(algorithm).prepare_key(private_key)
            verifying = signing.public_key()
        except (jwt.InvalidKeyError, AttributeError, ValueError, TypeError) as fault:
            raise ValueError(
                f"JWT key {kid!r} is not a private key for {algorithm} in PEM form: {fault}"
            ) from fault
        return cls(kid, algorithm, signing, verifying)


class _Common(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of both kinds of token; a token without one of them, or with another type in it, is refused."""

    sub: str
    jti: str
    sid: str
    iat: float
    exp: float
    nbf: float = 0


class _AccessClaims(_Common, frozen=True, kw_only=True, tag_field="typ", tag="access"):
    role: Role
    permissions: Annotated[frozenset[str], msgspec.Meta(max_length=64)]
    org: str


class _RefreshClaims(_Common, frozen=True, kw_only=True, tag_field="typ", tag="refresh"):
    pass


_Claims = TypeVar("_Claims", bound=_Common)


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that was just signed.

    Args:
        text: the token; a secret.
        token_id: its ``jti``.
        expires_at: Unix seconds.
    """

    text: str
    token_id: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class AccessGrant:
    """A good access token: who it speaks for, and in which login session it was issued."""

    principal: Principal
    session_id: str


@dataclass(frozen=True, slots=True)
class RefreshGrant:
    """A good refresh token. Whether it was used before, the store knows."""

    user_id: str
    token_id: str
    session_id: str


class TokenService:
    """Signs and checks tokens.

    Args:
        keys: the first signs, all verify; so a new key goes in front, and the old one leaves when its last token has
            expired, without anybody signing in again.
        issuer: ``iss`` of every token.
        audience: ``aud`` of every token; a token for another audience is refused.
        clock: for ``iat`` and ``exp``.
        dice: for ``jti``; in production ``random.SystemRandom()``.
        access_ttl_s: seconds that an access token holds.
        refresh_ttl_s: seconds that a login lasts without being used.

    Raises:
        ValueError: no key, or two keys with one kid.
    """

    def __init__(
        self,
        keys: Sequence[TokenKey],
        *,
        issuer: str,
        audience: str,
        clock: Clock,
        dice: Dice,
        access_ttl_s: int = 900,
        refresh_ttl_s: int = 14 * 86400,
    ) -> None:
        if not keys:
            raise ValueError("no JWT key: set TOOLBOXAI_JWT_SECRET, or jwt_keys in the table [auth]")
        self._keys = {key.kid: key for key in keys}
        if len(self._keys) != len(keys):
            raise ValueError("two JWT keys have the same kid; give each its own")
        self._signing = keys[0]
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._dice = dice
        self.access_ttl_s = access_ttl_s
        self.refresh_ttl_s = refresh_ttl_s

    def issue_access(
        self,
        *,
        subject: str,
        organization_id: str,
        role: Role,
        permissions: frozenset[str],
        session_id: str,
        ttl_s: int | None = None,
    ) -> Issued:
        """An access token for one account, or one plugin, issued within one login session; `ttl_s` if not as usual."""
        claims = {"role": role.value, "permissions": sorted(permissions), "org": organization_id}
        return self._issue("access", subject, session_id, ttl_s or self.access_ttl_s, claims)

    def issue_refresh(self, *, subject: str, session_id: str) -> Issued:
        """A refresh token; good once."""
        return self._issue("refresh", subject, session_id, self.refresh_ttl_s, {})

    def _issue(self, typ: str, subject: str, session_id: str, ttl_s: int, more: dict[str, Any]) -> Issued:
        now = int(self._clock.now())
        token_id = new_token(self._dice)
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": subject,
            "typ": typ,
            "jti": token_id,
            "sid": session_id,
            "iat": now,
            "exp": now + ttl_s,
            **more,
        }
        key = self._signing
        return Issued(
            jwt.encode(claims, key.signing, algorithm=key.algorithm, headers={"kid": key.kid}),
            token_id,
            now + ttl_s,
        )

    def read_access(self, token: str) -> AccessGrant:
        """Check an access token. Revocation is not looked at here.

        Raises:
            InvalidToken: for whatever reason; the text never says which.
            TokenExpired: all holds but its time.
        """
        claims = self._read(token, _AccessClaims)
        principal = Principal(claims.sub, claims.org, claims.role, claims.permissions, claims.jti, claims.exp)
        return AccessGrant(principal, claims.sid)

    def read_refresh(self, token: str) -> RefreshGrant:
        """Check a refresh token. Whether it was used before is not looked at here.

        Raises:
            InvalidToken: for whatever reason; the text never says which.
            TokenExpired: all holds but its time.
        """
        claims = self._read(token, _RefreshClaims)
        return RefreshGrant(claims.sub, claims.jti, claims.sid)

    def _read(self, token: str, shape: type[_Claims]) -> _Claims:
        payload = self._verified(token)
        try:
            claims = msgspec.convert(payload, shape)
        except msgspec.ValidationError as fault:
            raise _refused() from fault
        now = self._clock.now()
        if claims.iat > now + LEEWAY_S or claims.nbf > now + LEEWAY_S:
            raise _refused()
        if claims.exp <= now - LEEWAY_S:
            raise TokenExpired(
                "the token has expired; get a new one with the refresh token, or sign in again"
            )
        return claims

    def _verified(self, token: str) -> dict[str, Any]:
        """The payload, once signature, issuer and audience hold."""
        if len(token) > TOKEN_CHARS or not token.isascii():
            raise _refused()
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError as fault:
            raise _refused() from fault
        for key in [self._keys[kid]] if kid in self._keys else self._keys.values() if kid is None else ():
            try:
                return jwt.decode(
                    token,
                    key.verifying,
                    algorithms=[key.algorithm],
                    issuer=self._issuer,
                    audience=self._audience,
                    # Times are compared with our own clock, in _read.
                    options={
                        "verify_exp": False,
                        "verify_iat": False,
                        "verify_nbf": False,
                        "require": ["iss", "aud", "exp", "iat", "typ"],
                    },
                )
            except jwt.PyJWTError:
                continue
        raise _refused()


def _refused() -> InvalidToken:
    return InvalidToken("the token is not valid; sign in again")
