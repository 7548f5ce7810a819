"""Access and refresh tokens: signed JSON Web Tokens of a fixed shape.

Every key has one algorithm and is only ever used with that one, so a token's own header decides nothing but which of
our keys to try. Times are compared with the clock that is handed in.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

import jwt
import msgspec

from toolboxai.clock import Clock
from toolboxai.errors import InvalidToken, TokenExpired
from toolboxai.ids import Dice, new_token
from toolboxai.platform.identity.keys import KeyRing, TokenKey
from toolboxai.platform.identity.model import Principal, Role
from toolboxai.platform.identity.own_tokens import own_payload

__all__ = ["REFRESH_TTL_S", "Issued", "RefreshGrant", "TokenService"]

LEEWAY_S: Final = 30  # clocks of two machines may differ by so much
ACCESS_TTL_S: Final = 900
REFRESH_TTL_S: Final = 14 * 86400  # a login that nobody uses for so long is over
TOKEN_CHARS: Final = 8192  # no token of ours comes near; longer text is not even parsed


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
    end: float | None = None


class _BrowserClaims(_Common, frozen=True, kw_only=True, tag_field="typ", tag="browser"):
    end: float | None = None


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
class RefreshGrant:
    """A good refresh token, or one that a browser keeps. Whether it holds still, the store knows.

    Args:
        user_id: whose.
        token_id: its ``jti``.
        session_id: the login that it continues.
        expires_at: Unix seconds.
        ends_at: Unix seconds at which that login is over, however often it is refreshed; None: it has no such end.
    """

    user_id: str
    token_id: str
    session_id: str
    expires_at: float
    ends_at: float | None


class TokenService:
    """Signs and checks tokens.

    Args:
        keys: those that hold at the moment of each call.
        issuer: ``iss`` of every token.
        audience: ``aud`` of every token; a token for another audience is refused.
        clock: for ``iat`` and ``exp``.
        dice: for ``jti``; in production ``random.SystemRandom()``.
        access_ttl_s: seconds that an access token holds.
        refresh_ttl_s: seconds that a login lasts without being used.
    """

    def __init__(
        self,
        keys: KeyRing,
        *,
        issuer: str,
        audience: str,
        clock: Clock,
        dice: Dice,
        access_ttl_s: int = ACCESS_TTL_S,
        refresh_ttl_s: int = REFRESH_TTL_S,
    ) -> None:
        self._keys = keys
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
        ends_at: float | None = None,
    ) -> Issued:
        """An access token for one account, or one plugin, issued within one login session.

        Args:
            subject: of the account or plugin.
            organization_id: their tenant.
            role: signed.
            permissions: signed.
            session_id: of the login.
            ttl_s: seconds that it holds, if not as usual.
            ends_at: Unix seconds at which the login is over; None: it has no such end.
        """
        claims = {"role": role.value, "permissions": sorted(permissions), "org": organization_id}
        life_s = self._within(ttl_s or self.access_ttl_s, ends_at)
        return self._issue("access", subject, session_id, life_s, claims)

    def issue_refresh(self, *, subject: str, session_id: str, ends_at: float | None = None) -> Issued:
        """A refresh token; good once. `ends_at` is carried on to each that follows it, and no token outlives it."""
        more = {} if ends_at is None else {"end": ends_at}
        return self._issue("refresh", subject, session_id, self._within(self.refresh_ttl_s, ends_at), more)

    def issue_browser(self, *, subject: str, session_id: str, ends_at: float | None = None) -> Issued:
        """What a browser keeps of a login in a cookie that no script reads; it is good until the login ends."""
        more = {} if ends_at is None else {"end": ends_at}
        return self._issue("browser", subject, session_id, self._within(self.refresh_ttl_s, ends_at), more)

    def _within(self, ttl_s: int, ends_at: float | None) -> int:
        return ttl_s if ends_at is None else min(ttl_s, max(1, int(ends_at - self._clock.now())))

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
        key = self._keys.signing
        return Issued(
            jwt.encode(claims, key.signing, algorithm=key.algorithm, headers={"kid": key.kid}),
            token_id,
            now + ttl_s,
        )

    def read_access(self, token: str) -> Principal:
        """Check an access token. Revocation is not looked at here.

        Raises:
            InvalidToken: for whatever reason; the text never says which.
            TokenExpired: all holds but its time.
        """
        claims, key = self._read(token, _AccessClaims)
        return Principal(
            claims.sub,
            claims.org,
            claims.role,
            claims.permissions,
            claims.jti,
            claims.exp,
            claims.sid,
            key.fingerprint,
        )

    def holds(self, principal: Principal) -> bool:
        """Whether the key that signed this principal's token is one of ours still."""
        return self._keys.has(principal.key_fingerprint)

    def read_refresh(self, token: str) -> RefreshGrant:
        """Check a refresh token. Whether it was used before is not looked at here.

        Raises:
            InvalidToken: for whatever reason; the text never says which.
            TokenExpired: all holds but its time.
        """
        return self._grant(self._read(token, _RefreshClaims)[0])

    def read_browser(self, token: str) -> RefreshGrant:
        """Check what a browser kept. Whether the login goes on is not looked at here.

        Raises:
            InvalidToken, TokenExpired: as `read_refresh`.
        """
        return self._grant(self._read(token, _BrowserClaims)[0])

    def _grant(self, claims: _RefreshClaims | _BrowserClaims) -> RefreshGrant:
        if claims.end is not None and claims.end <= self._clock.now():
            raise TokenExpired("this login has lasted as long as it may; sign in again")
        return RefreshGrant(claims.sub, claims.jti, claims.sid, claims.exp, claims.end)

    def _read(self, token: str, shape: type[_Claims]) -> tuple[_Claims, TokenKey]:
        payload, key = self._verified(token)
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
        return claims, key

    def _verified(self, token: str) -> tuple[dict[str, Any], TokenKey]:
        """The payload, once signature, issuer and audience hold, and the key that signed it."""
        if len(token) > TOKEN_CHARS or not token.isascii():
            raise _refused()
        for key in self._keys.named(None):
            own = own_payload(key, token, issuer=self._issuer, audience=self._audience)
            if own is not None:
                return own, key
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except (jwt.PyJWTError, RecursionError) as fault:  # a stranger's JSON may be as deep as they like
            raise _refused() from fault
        for key in self._keys.named(kid):
            try:
                payload = jwt.decode(
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
            return payload, key
        raise _refused()


def _refused() -> InvalidToken:
    return InvalidToken("the token is not valid; sign in again")
