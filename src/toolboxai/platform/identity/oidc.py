"""Signing in at a school's identity provider: OpenID Connect, the authorization code flow with PKCE."""

import logging
import re
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import urlencode, urlsplit

from toolboxai.clock import Clock
from toolboxai.errors import InsufficientPermissions, InvalidToken, ProviderUnavailable, RequestError
from toolboxai.ids import Dice, new_token
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action, By
from toolboxai.platform.identity.claim_rules import ClaimRules
from toolboxai.platform.identity.id_token import BadIdToken, ProviderKey, UnknownKey, verified_claims
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.identity.links import Link
from toolboxai.platform.identity.model import User
from toolboxai.platform.identity.oidc_visits import Visit, Visits
from toolboxai.platform.identity.service import IdentityService, Session
from toolboxai.platform.identity.staff_accounts import StaffAccounts

__all__ = ["Answer", "Client", "Departure", "OidcSignIn", "Provider"]

log = logging.getLogger(__name__)

CODE_TTL_S: Final = 60.0  # the page that follows exchanges it at once
_ERROR: Final = re.compile(r"[a-z_]{1,60}")
_NOT_NOW: Final = frozenset({"server_error", "temporarily_unavailable"})


class Provider(Protocol):
    """What is asked of the provider; the other end is ``adapters.oidc_provider``."""

    async def authorization_endpoint(self) -> str:
        """Where browsers go.

        Raises:
            ProviderUnavailable: it does not answer, or not as it should.
        """
        ...

    async def redeem(self, code: str, verifier: str) -> str:
        """The ID token that a code stands for; not looked at yet.

        Raises:
            InvalidToken: the code does not hold.
            ProviderUnavailable: as above.
        """
        ...

    async def keys(self, *, anew: bool = False) -> "list[ProviderKey]":
        """Its public keys.

        Args:
            anew: they were not enough: fetch them, unless that was done a moment ago.

        Raises:
            ProviderUnavailable: as above.
        """
        ...


@dataclass(frozen=True, slots=True)
class Client:
    """What we are to the provider.

    Args:
        issuer: the provider.
        client_id: our name there.
        redirect_uri: where browsers come back to; registered there.
        scopes: asked for; ``openid`` among them.
        login_s: seconds after which somebody has to come by the provider again; it tells nobody who has left.
    """

    issuer: str
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    login_s: float


@dataclass(frozen=True, slots=True)
class Departure:
    """A browser on its way.

    Args:
        url: of the provider.
        cookie: a secret for the browser to keep until it is back.
    """

    url: str
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What the provider sends a browser back with; all of it may be a stranger's.

    Args:
        state: names the sign-in.
        code: stands for the ID token; None: it was refused.
        error: the reason, as a word of the standard; None: there is none.
        issuer: who says so (RFC 9207); None: it does not say.
    """

    state: str
    code: str | None = None
    error: str | None = None
    issuer: str | None = None


class OidcSignIn:
    """Signs people in by a provider's word.

    Args:
        client: what we are there.
        provider: the way to it.
        rules: who may come in, and as what.
        accounts: of those who came.
        visits: binds ways to browsers.
        identity: makes the session.
        limiter: bounds tries by address.
        clock: for the times in ID tokens.
        dice: for codes.
        audit: notes who signed in.
    """

    def __init__(
        self,
        client: Client,
        provider: Provider,
        rules: ClaimRules,
        accounts: StaffAccounts,
        visits: Visits,
        identity: IdentityService,
        limiter: AttemptLimiter,
        clock: Clock,
        dice: Dice,
        audit: Audit,
    ) -> None:
        self._client = client
        self._provider = provider
        self._rules = rules
        self._accounts = accounts
        self._visits = visits
        self._identity = identity
        self._limiter = limiter
        self._clock = clock
        self._dice = dice
        self._audit = audit

    @property
    def label(self) -> str:
        """What people call the provider."""
        return self._rules.label

    async def begin(self, address: str) -> Departure:
        """Send a browser to the provider.

        Raises:
            ProviderUnavailable: it does not answer.
            RateLimitExceeded: too many tries from this address.
        """
        await self._limiter.admit(Attempts.IDENTITY_PROVIDER, address=address)
        endpoint = await self._provider.authorization_endpoint()
        visit = self._visits.begin()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._client.client_id,
                "redirect_uri": self._client.redirect_uri,
                "scope": " ".join(self._client.scopes),
                "state": visit.state,
                "nonce": visit.nonce,
                "code_challenge": visit.challenge,
                "code_challenge_method": "S256",
            }
        )
        joint = "&" if urlsplit(endpoint).query else "?"
        return Departure(f"{endpoint}{joint}{query}", visit.cookie)

    async def end(self, answer: Answer, cookie: str | None, address: str) -> str:
        """A browser is back: a one-time code for it, which `exchange` takes from the same browser alone.

        Args:
            answer: of the provider.
            cookie: that the browser has kept; None: it has none.
            address: of the client, for the limits.

        Raises:
            InvalidToken: the sign-in, or what the provider says, does not hold.
            InsufficientPermissions: they may not come in; the text says why.
            ProviderUnavailable: the provider does not answer.
            RateLimitExceeded: too many tries from this address.
        """
        await self._limiter.admit(Attempts.IDENTITY_PROVIDER, address=address)
        try:
            visit = self._visits.end(cookie, answer.state)
            user = await self._user(visit, answer)
        except (InvalidToken, InsufficientPermissions) as refused:
            self._limiter.failed(Attempts.IDENTITY_PROVIDER, address=address)
            about = {"error_code": refused.error_code, "reason": refused.message, "address": address}
            log.info("sign-in at the identity provider refused", extra=about)
            raise
        code = new_token(self._dice, "once_")
        await self._identity.one_time_code(user, _bound(code, visit.cookie), ttl_s=CODE_TTL_S)
        by = By(user.organization_id, user.id)
        await self._audit.note(
            Action.SIGNED_IN,
            by,
            "user",
            user.id,
            logged={"address": address},
            details={"role": user.role.value},
        )
        return code

    async def exchange(self, code: str, cookie: str | None, address: str) -> Session:
        """Sign in with the code of `end`, in the browser that it was made for.

        Raises:
            InvalidToken: it is not valid, or not here.
            RateLimitExceeded: too many tries from this address.
        """
        return await self._identity.exchange_code(
            _bound(code, cookie or ""),
            address,
            counted_as=Attempts.IDENTITY_PROVIDER,
            login_s=self._client.login_s,
        )

    async def _user(self, visit: Visit, answer: Answer) -> User:
        if answer.issuer not in (None, self._client.issuer):
            raise self._bad("the answer is of another issuer")
        if answer.error is not None or answer.code is None:
            raise self._told(answer.error or "")
        token = await self._provider.redeem(answer.code, visit.verifier)
        keys = await self._provider.keys()
        try:
            try:
                claims = self._claims(token, keys, visit)
            except UnknownKey:  # a new one, perhaps
                claims = self._claims(token, await self._provider.keys(anew=True), visit)
        except BadIdToken as fault:
            raise self._bad(f"ID token: {fault}") from fault
        standing = self._rules.standing(claims)
        return await self._accounts.account(Link(self._client.issuer, str(claims["sub"])), standing)

    def _claims(self, token: str, keys: "list[ProviderKey]", visit: Visit) -> "dict[str, object]":
        client = self._client
        return dict(
            verified_claims(
                token,
                keys,
                issuer=client.issuer,
                client_id=client.client_id,
                nonce=visit.nonce,
                now=self._clock.now(),
            )
        )

    def _told(self, error: str) -> RequestError:
        """What the provider's own refusal is called here; its free text is nobody's whom we trust."""
        if error == "access_denied":
            text = f"{self.label} did not let you sign in, or you cancelled it there; begin again if that was not meant"
            return InsufficientPermissions(text)
        word = error if _ERROR.fullmatch(error) else "no known word"
        log.warning("the identity provider refuses", extra={"error_code": word})
        if error in _NOT_NOW:
            return ProviderUnavailable(
                f"{self.label} cannot sign anybody in at this moment; try again in a minute"
            )
        text = f"{self.label} refused the sign-in ({word}); begin again, and tell the people who run this server if it stays"
        return InvalidToken(text)

    def _bad(self, reason: str) -> InvalidToken:
        log.warning("the identity provider's word does not hold", extra={"reason": reason})
        return InvalidToken(
            f"what {self.label} says of you does not hold here; begin again, and tell the people who run this server if "
            "it stays"
        )


def _bound(code: str, cookie: str) -> str:
    """A code that is worth nothing in another browser: a link with somebody's code signs nobody else in as them."""
    return f"{code}.{cookie}"
