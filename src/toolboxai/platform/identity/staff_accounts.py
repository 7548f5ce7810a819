"""Accounts of people who sign in at their school's identity provider."""

from collections.abc import Iterator
from typing import Final

from toolboxai.clock import Clock
from toolboxai.errors import Conflict, InsufficientPermissions
from toolboxai.ids import Dice, new_token
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action, By
from toolboxai.platform.identity.claim_rules import Standing
from toolboxai.platform.identity.links import Link, LinkStore
from toolboxai.platform.identity.model import User
from toolboxai.platform.identity.passwords import NO_PASSWORD
from toolboxai.platform.identity.service import IdentityService, check_in_use
from toolboxai.platform.identity.store import IdentityStore

__all__ = ["StaffAccounts"]

_NUMBERED: Final = 9  # of people with one name get a number, further ones some letters


class StaffAccounts:
    """Finds or makes the account of somebody, and keeps its role as the provider says.

    Args:
        identity: knows the schools.
        store: knows names and addresses.
        links: knows who is who.
        clock: for when.
        dice: for ids.
        audit: notes who was let in.
    """

    def __init__(
        self,
        identity: IdentityService,
        store: IdentityStore,
        links: LinkStore,
        clock: Clock,
        dice: Dice,
        audit: Audit,
    ) -> None:
        self._identity = identity
        self._store = store
        self._links = links
        self._clock = clock
        self._dice = dice
        self._audit = audit

    async def account(self, link: Link, standing: Standing) -> User:
        """The account of whoever this is; it is made at the first time. An address alone links nobody to an account.

        Raises:
            InsufficientPermissions: the account is of another school than the provider says now, or out of use.
        """
        user = await self._links.linked(link) or await self._made(link, standing)
        check_in_use(user)
        school = await self._identity.organization(standing.organization)
        if user.organization_id != school.id:
            raise InsufficientPermissions(
                "your account here is of another school than the one that your sign-in names now; ask the people who "
                "run this server",
                details={"rule": "auth.oidc.organizations"},
            )
        if user.role is not standing.role:
            await self._links.change_role(user.id, standing.role)
            facts = {"before": user.role.value, "role": standing.role.value}
            await self._audit.note(
                Action.ROLE_CHANGED, By(user.organization_id, user.id), "user", user.id, details=facts
            )
            user = await self._identity.user(user.id)
        return user

    async def link(self, user: User, link: Link) -> None:
        """Let somebody who has an account already sign in to it elsewhere, too; for the operator.

        Raises:
            Conflict: that person has an account.
        """
        await self._links.add(user.id, link, at=self._clock.now())

    async def _made(self, link: Link, standing: Standing) -> User:
        school = await self._identity.organization(standing.organization)
        email = standing.email
        if email is not None and await self._store.credentials(email) is not None:
            email = None  # another account's, which this sign-in opens for nobody
        for username in self._names(standing.username):
            user = User(
                id=new_token(self._dice, "user_", bits=80),
                organization_id=school.id,
                username=username,
                email=email,
                display_name=standing.display_name or username,
                role=standing.role,
            )
            try:
                await self._links.add_user(user, NO_PASSWORD, link, at=self._clock.now())
            except Conflict:
                there = await self._links.linked(link)
                if there is not None:  # the same person, in two windows
                    return there
                email = None
                continue
            by = By(school.id, user.id)
            await self._audit.note(
                Action.ACCOUNT_MADE,
                by,
                "user",
                user.id,
                details={"role": user.role.value, "by_provider": True},
            )
            return user
        raise Conflict("no name is free for a new account; ask the people who run this server")

    def _names(self, wished: str) -> Iterator[str]:
        yield wished
        for number in range(2, _NUMBERED + 1):
            yield f"{wished}-{number}"
        for _ in range(2):
            yield f"{wished}-{new_token(self._dice, bits=40)}"
