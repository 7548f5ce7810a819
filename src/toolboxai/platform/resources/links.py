"""Sharing by link: whoever opens it looks, with an account of theirs or one that is made for them."""

import hashlib
from typing import Final, NamedTuple

from toolboxai.clock import Clock
from toolboxai.errors import (
    AuthenticationRequired,
    Conflict,
    InsufficientPermissions,
    ResourceNotFound,
)
from toolboxai.ids import Dice, new_token
from toolboxai.platform.classes.model import pseudonym_of
from toolboxai.platform.identity.guests import new_guest
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.identity.model import PEOPLE, Principal, User
from toolboxai.platform.identity.policy import Resources
from toolboxai.platform.identity.service import IdentityService, Session
from toolboxai.platform.resources.model import Share, ShareRole
from toolboxai.platform.resources.owned import check_role, fault, owned
from toolboxai.platform.resources.sharing import SHARES_MOST, Shared, may_edit, too_many
from toolboxai.platform.resources.store import ShareStore

__all__ = ["Redeemed", "ShareLinks"]

_HOUR_S: Final = 3600.0


class Redeemed(NamedTuple):
    """What somebody has from a link: a share of their own, and a login where an account was made for them."""

    shared: Shared
    session: Session | None


class ShareLinks:
    """Links and what becomes of them.

    A link's code has 160 random bits; its hash alone is kept.

    Args:
        store: keeps shares.
        resources: says whose something is.
        identity: knows people, and signs in whom an account is made for.
        limiter: bounds how often codes are tried.
        clock, dice: time and chance.
    """

    def __init__(
        self,
        store: ShareStore,
        resources: Resources,
        identity: IdentityService,
        limiter: AttemptLimiter,
        clock: Clock,
        dice: Dice,
    ) -> None:
        self._store = store
        self._resources = resources
        self._identity = identity
        self._limiter = limiter
        self._clock = clock
        self._dice = dice

    async def make(
        self, principal: Principal, kind: str, resource_id: str, *, role: ShareRole, hours: int
    ) -> tuple[Shared, str]:
        """A link to something of the asker's; the share, and the code, which nobody tells again.

        Raises:
            ValidationError: a kind that cannot be shared, or not so.
            ResourceNotFound: no such resource of the asker's.
            Conflict: it is shared as often as it can be.
        """
        ownership = await owned(self._resources, principal, kind, resource_id)
        check_role(kind, role)
        code, now = new_token(self._dice), self._clock.now()
        new = Share(
            new_token(self._dice, "share_", bits=80),
            kind,
            resource_id,
            ownership.organization_id,
            None,
            now,
            role=role,
            code_hash=_hash(code),
            expires_at=now + hours * _HOUR_S,
        )
        if await self._store.add(new, most=SHARES_MOST) is None:
            raise too_many(new)
        return Shared(new), code

    async def redeem(
        self, principal: Principal | None, code: str, address: str, *, pseudonym: str | None = None
    ) -> Redeemed:
        """A share of one's own for the code of a link.

        Args:
            principal: who asks; None: nobody who is signed in, and a pupil's account is made.
            code: from the link.
            address: of the client, for the limits.
            pseudonym: what that pupil is to be called.

        Raises:
            RateLimitExceeded: too many tries from this address.
            ResourceNotFound: no link of the asker's organisation has this code, or its time is over.
            ValidationError: a pseudonym is missing or cannot be one, or the asker is the owner.
            AuthenticationRequired: it is a link for editors, and nobody is signed in.
            InsufficientPermissions: it is one, and the asker does not teach.
            Conflict: it is shared as often as it can be.
        """
        account = None if principal is None else principal.user_id
        await self._limiter.admit(Attempts.JOIN_CODE, account=account, address=address)
        link = await self._store.by_code(_hash(code), now=self._clock.now())
        ownership = None
        if link is not None and (
            principal is None
            or (principal.role in PEOPLE and principal.organization_id == link.organization_id)
        ):
            ownership = await self._resources.ownership(link.kind, link.resource_id)
        if link is None or ownership is None:
            self._limiter.failed(Attempts.JOIN_CODE, account=account, address=address)
            raise ResourceNotFound("this link is not valid any more; ask whoever gave it to you for another")
        if principal is None:
            return await self._as_guest(link, pseudonym)
        if principal.user_id == ownership.owner_id:
            raise fault("code", "it is a link to what is your own already")
        user = await self._identity.user(principal.user_id)
        if link.role is ShareRole.EDITOR and not may_edit(user):
            raise InsufficientPermissions("this link lets a teacher edit; ask for one to look with")
        # Who may do more already keeps it.
        role = ShareRole.EDITOR if user.id in ownership.editors else link.role
        new = self._of(link, user, role)
        kept = await self._kept(new, None)
        return Redeemed(Shared(kept, user, fresh=kept.id == new.id), None)

    async def _as_guest(self, link: Share, pseudonym: str | None) -> Redeemed:
        if link.role is ShareRole.EDITOR:
            raise AuthenticationRequired("this link lets a teacher edit; sign in first, then open it again")
        if pseudonym is None:
            raise fault("pseudonym", "say what you want to be called, or sign in first")
        guest = new_guest(self._dice, link.organization_id, pseudonym_of(pseudonym))
        kept = await self._kept(self._of(link, guest, link.role), guest)
        return Redeemed(Shared(kept, guest), await self._identity.open_login(guest))

    def _of(self, link: Share, user: User, role: ShareRole) -> Share:
        return Share(
            new_token(self._dice, "share_", bits=80),
            link.kind,
            link.resource_id,
            link.organization_id,
            user.id,
            self._clock.now(),
            role=role,
        )

    async def _kept(self, share: Share, account: User | None) -> Share:
        kept = await self._store.add(share, most=SHARES_MOST, account=account)
        if kept is None:
            raise Conflict("this link has been opened by as many as it can be; tell whoever gave it to you")
        return kept


def _hash(code: str) -> str:
    """A stranger's text may hold anything."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
