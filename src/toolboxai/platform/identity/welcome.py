"""Welcome codes: with one, somebody chooses a password and is signed in. For new accounts, and for those set back.

The other end of the port is ``adapters.database.school``.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Final, Protocol

from toolboxai.clock import Clock
from toolboxai.errors import InvalidToken
from toolboxai.ids import Dice, new_token
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action, By
from toolboxai.platform.identity.account_rules import check_account
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.identity.service import IdentityService, Session

__all__ = ["WELCOME_S", "Welcome", "WelcomeCode", "WelcomeStore", "new_welcome_code"]

WELCOME_S: Final = 72 * 3600.0  # over a weekend


@dataclass(frozen=True, slots=True)
class WelcomeCode:
    """A code that was made just now.

    Args:
        text: a secret; it goes into a fragment, and is shown once.
        hash: what is kept of it.
        expires_at: Unix seconds.
    """

    text: str = field(repr=False)
    hash: str
    expires_at: float

    @property
    def link(self) -> str:
        """Where it is used: a fragment, which browsers tell no server."""
        return f"/#welcome={self.text}"


def new_welcome_code(dice: Dice, clock: Clock) -> WelcomeCode:
    """A code, to be kept by its hash."""
    text = new_token(dice)
    return WelcomeCode(text, _hash(text), clock.now() + WELCOME_S)


class WelcomeStore(Protocol):
    """Codes with which somebody chooses a password."""

    async def holder(self, code_hash: str, *, now: float) -> str | None:
        """The user id that the code stands for; it stays good. None: unknown, used or expired."""
        ...

    async def redeem(self, code_hash: str, password_hash: str, *, now: float) -> str | None:
        """Use up the code and keep the hash, both or neither; the user id, or None as for `holder`."""
        ...


class Welcome:
    """Takes codes.

    Args:
        identity: makes hashes, and signs in.
        store: knows the codes.
        limiter: bounds tries by address.
        clock: the time.
        audit: notes who has come.
    """

    def __init__(
        self,
        identity: IdentityService,
        store: WelcomeStore,
        limiter: AttemptLimiter,
        clock: Clock,
        audit: Audit,
    ) -> None:
        self._identity = identity
        self._store = store
        self._limiter = limiter
        self._clock = clock
        self._audit = audit

    async def redeem(self, code: str, password: str, address: str, *, request_id: str | None) -> Session:
        """Set the account's password and sign in; a code that is good is used up by that alone.

        Args:
            code: from the link.
            password: to be the account's.
            address: of the client, for the limits.
            request_id: of the request.

        Raises:
            ValidationError: the password cannot be one.
            InvalidToken: the code is unknown, was used, or its time is over.
            InsufficientPermissions: the account is out of use.
            RateLimitExceeded: too many tries from this address, or too many people at once.
        """
        check_account({"password": password})
        await self._limiter.admit(Attempts.WELCOME, address=address)
        kept = _hash(code)
        user_id = None
        if await self._store.holder(kept, now=self._clock.now()) is not None:  # hashing is dear
            password_hash = await self._identity.password_hash(password)
            user_id = await self._store.redeem(kept, password_hash, now=self._clock.now())
        if user_id is None:
            self._limiter.failed(Attempts.WELCOME, address=address)
            raise InvalidToken(
                "this link is not valid any more; it works once, and for 72 hours: ask your school for another"
            )
        user = await self._identity.user(user_id)
        session = await self._identity.open_login(user)
        by = By(user.organization_id, user.id)
        await self._audit.note(Action.WELCOMED, by, "user", user.id, request_id=request_id)
        return session


def _hash(code: str) -> str:
    """Not the hash of a code of another kind, so that no other door takes it."""
    return hashlib.sha256(b"welcome\n" + code.encode("utf-8", "surrogatepass")).hexdigest()
