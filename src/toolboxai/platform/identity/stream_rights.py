"""Who may read a private channel as an event stream: the same table as for a subscription."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from toolboxai.errors import InsufficientPermissions
from toolboxai.platform.identity.authorisations import NOT_KNOWN, Authorisations, Way
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.identity.policy import ChannelPolicy
from toolboxai.platform.identity.service import IdentityService

__all__ = ["StreamGrant", "StreamRights"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StreamGrant:
    """Leave to follow a channel.

    Args:
        expires_at: unix seconds at which it ends.
        holds: asked while it is used; once it says no, it has ended before its time.
    """

    expires_at: float
    holds: Callable[[], bool]


class StreamRights:
    """An instance is the word that the transport asks for.

    Args:
        identity: checks tokens.
        policy: who may follow what.
        limiter: bounds how often one may ask; the same as for signatures.
        authorisations: take note of what was decided.
    """

    def __init__(
        self,
        identity: IdentityService,
        policy: ChannelPolicy,
        limiter: AttemptLimiter,
        authorisations: Authorisations,
    ) -> None:
        self._identity = identity
        self._policy = policy
        self._limiter = limiter
        self._authorisations = authorisations

    async def __call__(self, token: str, channel: str) -> StreamGrant:
        """For how long the holder of this access token may follow the channel.

        Raises:
            AuthenticationRequired, InvalidToken, TokenExpired: the token does not hold.
            InsufficientPermissions: they may not; the text is the same for what is foreign and what is not there.
            RateLimitExceeded: too many tries of this account.
        """
        try:
            principal = await self._identity.authenticate(token)
        except NOT_KNOWN as fault:
            self._authorisations.not_known(Way.EVENT_STREAM, [channel], fault)
            raise
        await self._limiter.admit(Attempts.CHANNEL_AUTH, account=principal.user_id)
        decision = await self._policy.decide(principal, channel)
        self._authorisations.decided(Way.EVENT_STREAM, principal, channel, decision)
        if not decision.allowed:
            self._limiter.failed(Attempts.CHANNEL_AUTH, account=principal.user_id)
            about = {"channel": channel, "user_id": principal.user_id, "reason": decision.reason.value}
            _log.info("event stream refused", extra=about)
            raise InsufficientPermissions(f"you may not follow {channel}", details={"channel": channel})
        return StreamGrant(principal.expires_at, lambda: self._identity.holds(principal))
