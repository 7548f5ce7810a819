"""What a token says of itself and whether it holds, for the operator: never the token, and nothing that signs."""

from dataclasses import dataclass
from typing import Any

import jwt

from toolboxai.adapters.system_clock import SystemClock
from toolboxai.app.identity import make_key_ring, make_token_service
from toolboxai.config import Settings
from toolboxai.errors import InvalidToken, TokenExpired
from toolboxai.platform.identity.keys import KeyRing

__all__ = ["TokenReport", "report_token"]

_SHOWN = ("typ", "sub", "role", "org", "iat", "exp")


@dataclass(frozen=True, slots=True)
class TokenReport:
    """What was found.

    Args:
        kid: of the key that is to have signed it; None: the token names none.
        claims: those that tell whose it is and until when, as the token has them; unproven unless it holds.
        expires_in_s: seconds that are left, negative when it is over; None: it does not say.
        holds: whether it does, revocation aside.
        verdict: the reason in words.
    """

    kid: str | None
    claims: dict[str, Any]
    expires_in_s: int | None
    holds: bool
    verdict: str


def report_token(settings: Settings, token: str) -> TokenReport:
    """Look at a token with the keys of these settings."""
    ring = make_key_ring(settings)
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, UnicodeError, RecursionError):
        return TokenReport(
            None, {}, None, False, "this is no token: a token is three parts with dots between them"
        )
    shown = {name: claims[name] for name in _SHOWN if isinstance(claims.get(name), str | int | float)}
    exp = claims.get("exp")
    left = int(exp - SystemClock().now()) if isinstance(exp, int | float) else None
    holds, verdict = _judged(ring, token, kid, refresh=claims.get("typ") == "refresh")
    return TokenReport(kid if isinstance(kid, str) else None, shown, left, holds, verdict)


def _judged(ring: KeyRing, token: str, kid: object, *, refresh: bool) -> tuple[bool, str]:
    accepted = ", ".join(repr(key.kid) for key in ring.named(None))
    if not ring.named(kid):
        return False, f"it names the key {kid!r}, which is not accepted here; accepted are {accepted}"
    tokens = make_token_service(ring)
    try:
        (tokens.read_refresh if refresh else tokens.read_access)(token)
    except TokenExpired:
        return False, "its time is over: get a new one with the refresh token, or sign in again"
    except InvalidToken:
        text = (
            "its signature, issuer, audience or claims are not ours: it was changed, or is of another server"
        )
        return False, text
    return True, "it holds, unless it was signed out or used up"
