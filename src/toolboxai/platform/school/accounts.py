"""What an admin does with the accounts of their own school; another's are as unknown as those there are not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from toolboxai.clock import Clock
from toolboxai.errors import Conflict, ResourceNotFound
from toolboxai.ids import Dice, new_token
from toolboxai.platform.identity.account_rules import check_account, normal_name
from toolboxai.platform.identity.model import Principal, Role, User
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.identity.store import name_key
from toolboxai.platform.identity.welcome import WelcomeCode, new_welcome_code
from toolboxai.platform.resources.model import is_resource_id
from toolboxai.platform.school.store import Change, Changed, Invitation, LastAdmin, SchoolStore

__all__ = ["LAST_ADMIN", "Invited", "NewAccount", "SchoolAccounts", "new_user", "place_of"]

LAST_ADMIN = "this is the last admin of the school, and somebody has to look after its accounts; make another admin first"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account as an admin wishes it.

    Args:
        username: to sign in with.
        role: one of PEOPLE, as text.
        email: also to sign in with.
        display_name: how to address the person; the user name when None.
    """

    username: str
    role: str
    email: str | None = None
    display_name: str | None = None


class Invited(NamedTuple):
    """An account, and the code that its owner chooses a password with."""

    user: User
    code: WelcomeCode


class SchoolAccounts:
    """Lists, makes, changes and resets accounts; the caller has checked ``users:manage``.

    Args:
        identity: ends logins at once.
        store: keeps accounts.
        clock, dice: time and chance.
    """

    def __init__(self, identity: IdentityService, store: SchoolStore, clock: Clock, dice: Dice) -> None:
        self._identity = identity
        self._store = store
        self._clock = clock
        self._dice = dice

    async def users(
        self,
        admin: Principal,
        *,
        role: Role | None = None,
        text: str | None = None,
        after: str | None = None,
        limit: int,
    ) -> Sequence[User]:
        """The school's accounts by user name; the arguments are those of the store."""
        return await self._store.users(admin.organization_id, role=role, text=text, after=after, limit=limit)

    async def user(self, admin: Principal, user_id: str) -> User:
        """One account of the school.

        Raises:
            ResourceNotFound: there is none.
        """
        found = await self._store.user(admin.organization_id, user_id) if is_resource_id(user_id) else None
        if found is None:
            raise _unknown(user_id)
        return found

    async def create(self, admin: Principal, new: NewAccount) -> Invited:
        """Make an account without a password; its owner chooses one with the code.

        Raises:
            ValidationError: ``details.fields`` names each fault.
            Conflict: the name or the address is taken.
        """
        given = {
            "username": normal_name(new.username),
            "role": new.role,
            "email": new.email,
            "display_name": new.display_name,
        }
        check_account(given)
        user, code = new_user(self._dice, admin, new), new_welcome_code(self._dice, self._clock)
        invitation = Invitation(user, code.hash, code.expires_at)
        await self._store.invite([invitation], at=self._clock.now())
        return Invited(user, code)

    async def change(self, admin: Principal, user_id: str, change: Change) -> Changed:
        """Change name, role, or whether an account is in use. Another role, as being out of use, ends its logins.

        Raises:
            ValidationError: the name cannot be one.
            ResourceNotFound: no such account of the school.
            Conflict: it is the last admin, or a guest who is to be more than a pupil.
        """
        user = await self.user(admin, user_id)
        check_account({"display_name": change.display_name, "role": change.role})
        if user.guest and change.role not in (None, Role.STUDENT):
            raise Conflict(
                "this pupil joined with a code and has no password; make a link with which they choose one, then give "
                "the role"
            )
        try:
            changed = await self._store.change(admin.organization_id, user_id, change, at=self._clock.now())
        except LastAdmin:
            raise Conflict(LAST_ADMIN) from None
        if changed is None:
            raise _unknown(user_id)
        await self._identity.refuse(changed.ended)
        return changed

    async def reset(self, admin: Principal, user_id: str) -> Invited:
        """Void an account's password and end its logins; its owner chooses another with the code.

        Raises:
            ResourceNotFound: no such account of the school.
            Conflict: it is out of use.
        """
        user = await self.user(admin, user_id)
        code = new_welcome_code(self._dice, self._clock)
        ended = await self._store.reset(Invitation(user, code.hash, code.expires_at))
        if ended is None:
            raise Conflict(
                "this account is out of use, and nobody could sign in by the link; enable it first"
            )
        await self._identity.refuse(ended)
        return Invited(user, code)


def new_user(dice: Dice, admin: Principal, new: NewAccount) -> User:
    """The account, of the admin's school; it was held against the rules."""
    username = normal_name(new.username)
    email = new.email.strip() if new.email else None
    shown = (new.display_name or username).strip()
    return User(
        new_token(dice, "user_", bits=80), admin.organization_id, username, email, shown, Role(new.role)
    )


def place_of(user: User) -> str:
    """Where an account stands in the list."""
    return name_key(user.username)


def _unknown(user_id: str) -> ResourceNotFound:
    return ResourceNotFound(f"there is no user {user_id[:80]!r} in your school")
