"""Who may use which old socket: the same tokens, and the same table, as for a subscription."""

import msgspec

from toolboxai.clock import Clock
from toolboxai.errors import RateLimitExceeded
from toolboxai.legacy.endpoints import Call
from toolboxai.legacy.questions import Admitted, Authenticate, Denial, Denied, Done, Follow
from toolboxai.platform.identity.authorisations import NOT_KNOWN, Authorisations, Way
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.identity.policy import ChannelPolicy, Decision, Reason
from toolboxai.platform.identity.service import IdentityService

__all__ = ["SocketRights"]

_DENIAL = {Reason.NO_PERMISSION: Denial.NO_PERMISSION}


class SocketRights:
    """Answers the questions of sessions that concern rights.

    Args:
        identity: checks tokens.
        policy: who may follow what.
        limiter: bounds how often one account may ask.
        clock: for the lifetime of tokens.
        authorisations: take note of what was decided.
    """

    def __init__(
        self,
        identity: IdentityService,
        policy: ChannelPolicy,
        limiter: AttemptLimiter,
        clock: Clock,
        authorisations: Authorisations,
    ) -> None:
        self._identity = identity
        self._policy = policy
        self._limiter = limiter
        self._clock = clock
        self._authorisations = authorisations

    async def authenticate(self, question: Authenticate) -> Admitted | Denied:
        """Whether the token holds, and its user may use the endpoint."""
        try:
            principal = await self._identity.authenticate(question.token or "")
        except NOT_KNOWN as fault:
            self._authorisations.not_known(Way.OLD_SOCKET, [_asked_for(question.call)], fault)
            return Denied(Denial.BAD_TOKEN)
        if question.user_id is not None and question.user_id != principal.user_id:
            decision = Decision(False, Reason.OTHER_USER)
            self._authorisations.decided(Way.OLD_SOCKET, principal, _asked_for(question.call), decision)
            return Denied(Denial.OTHER_USER)
        who = Admitted(
            principal.user_id,
            principal.role.value,
            sorted(principal.permissions),
            principal.expires_at - self._clock.now(),
            principal,
        )
        denied = await self._denial(question.call, principal)
        return who if denied is None else msgspec.structs.replace(denied, who=who)

    def holds(self, principal: Principal) -> bool:
        """Whether the token that a user signed in with is still good, its time aside."""
        return self._identity.holds(principal)

    async def follow(self, question: Follow) -> Done | Denied:
        """Whether a user who is signed in may follow one more resource of the endpoint."""
        principal: Principal = question.principal
        channel = question.call.endpoint.private_channel(question.resource_id)
        return await self._decided(principal, channel) or Done()

    async def _denial(self, call: Call, principal: Principal) -> Denied | None:
        enough = call.endpoint.enough
        if enough and not enough & principal.permissions:
            decision = Decision(False, Reason.NO_PERMISSION, needs=enough)
            self._authorisations.decided(Way.OLD_SOCKET, principal, _asked_for(call), decision)
            return Denied(Denial.NO_PERMISSION)
        return await self._decided(principal, call.channel) if call.channel else None

    async def _decided(self, principal: Principal, channel: str) -> Denied | None:
        try:
            await self._limiter.admit(Attempts.CHANNEL_AUTH, account=principal.user_id)
        except RateLimitExceeded as fault:
            return Denied(Denial.TOO_MANY_TRIES, fault.retry_after_s)
        decision = await self._policy.decide(principal, channel)
        self._authorisations.decided(Way.OLD_SOCKET, principal, channel, decision)
        if decision.allowed:
            return None
        self._limiter.failed(Attempts.CHANNEL_AUTH, account=principal.user_id)
        return Denied(_DENIAL.get(decision.reason, Denial.NO_RESOURCE))


def _asked_for(call: Call) -> str:
    """The channel; the path of an endpoint that has none of its own."""
    return call.channel or call.path
