"""One way to the identity provider and back, bound to the browser that went.

The browser is given a cookie that nobody else has; state, nonce and the verifier of PKCE are derived from it with a key
of ours. So nothing is kept for those who never come back, a restart or a rotated key ends nobody's way, and a state that
was begun in another browser is none.
"""

import base64
import hashlib
import hmac
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from toolboxai.clock import Clock
from toolboxai.errors import InvalidToken
from toolboxai.ids import Dice, new_token
from toolboxai.platform.identity.keys import DerivedKeys

__all__ = ["VISIT_S", "Visit", "Visits"]

VISIT_S: Final = (
    600  # seconds that somebody may take to sign in there, with a second factor and a forgotten password
)
USED: Final = (
    20_000  # ways that ended are remembered, so that none ends twice; more in ten minutes nobody can make
)
_COOKIE: Final = re.compile(r"[0-9]{1,12}\.[0-9a-z]{40,80}")


@dataclass(frozen=True, slots=True, repr=False)
class Visit:
    """Secrets of one way.

    Args:
        cookie: what the browser keeps.
        state: what comes back with it.
        nonce: what the ID token has to carry.
        verifier: what proves to the provider that the code is redeemed by whoever asked for it (RFC 7636).
    """

    cookie: str
    state: str
    nonce: str
    verifier: str = field(repr=False)

    @property
    def challenge(self) -> str:
        """The verifier in the form S256."""
        return _base64(hashlib.sha256(self.verifier.encode()).digest())


class Visits:
    """Begins and ends them.

    Args:
        keys: of this purpose.
        clock: for their time.
        dice: for cookies; in production ``random.SystemRandom()``.
    """

    def __init__(self, keys: DerivedKeys, clock: Clock, dice: Dice) -> None:
        self._keys = keys
        self._clock = clock
        self._dice = dice
        self._used: OrderedDict[str, float] = OrderedDict()

    def begin(self) -> Visit:
        """A new one, good for ``VISIT_S`` seconds."""
        cookie = f"{int(self._clock.now()) + VISIT_S}.{new_token(self._dice, bits=256)}"
        return _visit(self._keys()[0], cookie)

    def end(self, cookie: str | None, state: str) -> Visit:
        """The one that comes back now; it does so once.

        Args:
            cookie: that the browser sends; None: it has none.
            state: that the provider hands on.

        Raises:
            InvalidToken: it was not begun in this browser, not by us, too long ago, or has ended before.
        """
        now = self._clock.now()
        if cookie is not None and _COOKIE.fullmatch(cookie):
            for key in self._keys():
                visit = _visit(key, cookie)
                if hmac.compare_digest(visit.state.encode(), state.encode("utf-8", "replace")):
                    if int(cookie.partition(".")[0]) < now or not self._first(visit.state, now):
                        break
                    return visit
        raise InvalidToken(
            "this sign-in was not begun in this browser, took too long, or is over already; begin again from the "
            "sign-in page, and let the browser keep its cookies"
        )

    def _first(self, state: str, now: float) -> bool:
        """Whether this is its first return; from now on it is not."""
        while self._used and (len(self._used) >= USED or next(iter(self._used.values())) < now - VISIT_S):
            self._used.popitem(last=False)
        if state in self._used:
            return False
        self._used[state] = now
        return True


def _visit(key: bytes, cookie: str) -> Visit:
    def secret(purpose: str) -> str:
        return _base64(hmac.digest(key, f"{purpose}\n{cookie}".encode(), hashlib.sha256))

    return Visit(cookie, secret("state"), secret("nonce"), secret("verifier"))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
