"""How pupils come into a class: by its code, without an address and without a password, and back again by a link."""

from typing import Final, NamedTuple

from toolboxai.clock import Clock
from toolboxai.errors import InsufficientPermissions, InvalidToken, ResourceNotFound
from toolboxai.ids import Dice, new_token
from toolboxai.platform.classes.codes import JoinCodes
from toolboxai.platform.classes.model import MEMBERS_MOST, Classroom, Member
from toolboxai.platform.classes.service import Classes, Seen, refused
from toolboxai.platform.classes.store import ClassStore, Entry
from toolboxai.platform.identity.guests import new_guest
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.identity.model import Principal, Role, User
from toolboxai.platform.identity.service import IdentityService, Session

__all__ = ["RETURN_S", "Joined", "Joining"]

RETURN_S: Final = 86_400.0  # a pupil takes the link home
_RETURN: Final = "return_"  # no other one-time code begins so, and no other is taken here


class Joined(NamedTuple):
    """Somebody who is in a class now.

    Args:
        seen: the class, as they see it.
        user: their account.
        session: their login, where an account was made, or a link was used.
        fresh: False where they were in it already.
    """

    seen: Seen
    user: User
    session: Session | None
    fresh: bool = True


class Joining:
    """The way in.

    Args:
        store: keeps classes.
        classes: their rules.
        codes: finds a code's class.
        identity: knows people, and signs in whom an account is made for.
        limiter: bounds how often codes are tried.
        clock, dice: time and chance.
    """

    def __init__(
        self,
        store: ClassStore,
        classes: Classes,
        codes: JoinCodes,
        identity: IdentityService,
        limiter: AttemptLimiter,
        clock: Clock,
        dice: Dice,
    ) -> None:
        self._store = store
        self._classes = classes
        self._codes = codes
        self._identity = identity
        self._limiter = limiter
        self._clock = clock
        self._dice = dice

    async def join(self, principal: Principal | None, code: str, pseudonym: str, address: str) -> Joined:
        """Come into the class that is open by this code; a second time changes nothing.

        Args:
            principal: a pupil who is signed in; None: an account is made.
            code: as it was typed.
            pseudonym: what the class shall call them.
            address: of the client, for the limits.

        Raises:
            RateLimitExceeded: too many tries from this address.
            ResourceNotFound: no class of the asker's organisation is open by this code.
            InsufficientPermissions: the asker is no pupil.
            ValidationError: the pseudonym cannot be one.
            Conflict: it is taken, or the class is full.
        """
        account = None if principal is None else principal.user_id
        await self._limiter.admit(Attempts.JOIN_CODE, account=account, address=address)
        classroom = await self._store.by_code(self._codes.hashes(code), now=self._clock.now())
        if classroom is None or (
            principal is not None and principal.organization_id != classroom.organization_id
        ):
            self._limiter.failed(Attempts.JOIN_CODE, account=account, address=address)
            raise ResourceNotFound("no class is open by this code; look at it again, or ask your teacher")
        if principal is not None:
            return await self._by_account(principal, classroom, pseudonym)
        kept = await self._classes.checked(classroom, pseudonym)
        guest = new_guest(self._dice, classroom.organization_id, kept)
        await self._enter(classroom, guest, kept, account=guest)
        return Joined(await self._seen(classroom, guest), guest, await self._identity.open_login(guest))

    async def _by_account(self, principal: Principal, classroom: Classroom, pseudonym: str) -> Joined:
        if principal.role is not Role.STUDENT:
            raise InsufficientPermissions("classes are joined by pupils; teachers make their own")
        user = await self._identity.user(principal.user_id)
        if await self._store.member(classroom.id, user.id) is not None:
            return Joined(Seen(classroom), user, None, fresh=False)
        await self._enter(classroom, user, await self._classes.checked(classroom, pseudonym))
        return Joined(await self._seen(classroom, user), user, None)

    async def _enter(
        self, classroom: Classroom, user: User, pseudonym: str, *, account: User | None = None
    ) -> None:
        member = Member(
            classroom.id, user.id, pseudonym, account is not None, self._clock.now(), user.display_name
        )
        entry = await self._store.enter(member, most=MEMBERS_MOST, account=account)
        if entry is not Entry.IN:
            raise refused(entry, pseudonym)

    async def _seen(self, classroom: Classroom, user: User) -> Seen:
        return self._classes.seen_by(user, await self._store.classroom(classroom.id) or classroom)

    # ---- coming back --------------------------------------------------------------------------------------------

    async def way_back(self, principal: Principal, class_id: str, user_id: str) -> tuple[str, float]:
        """A one-time code by which a pupil whose account was made here comes back, on another device say.

        Nobody else's account is opened so, whoever is in the class: the teacher of one class would read another's.

        Returns:
            The code, and until when it holds (Unix seconds).

        Raises:
            ResourceNotFound: no class of the asker's own, or no such member.
            InsufficientPermissions: their account was not made by joining this class.
            RateLimitExceeded: too many codes for this pupil.
        """
        classroom = await self._classes.own(principal, class_id)
        member = await self._classes.member(classroom.id, user_id)
        if not member.made_here:
            raise InsufficientPermissions(
                "this pupil's account was not made by joining this class: they sign in as usual, and an admin of the "
                "school can let them in anew"
            )
        user = await self._identity.user(user_id)
        code = new_token(self._dice, _RETURN)
        await self._identity.one_time_code(user, code, ttl_s=RETURN_S)
        return code, self._clock.now() + RETURN_S

    async def come_back(self, code: str, address: str) -> tuple[Session, Seen | None]:
        """Sign in by the code of `way_back`; once.

        Returns:
            The login, and the class; None where they are not in it any more.

        Raises:
            InvalidToken: the code is unknown, was used, or its time is over.
            InsufficientPermissions: the account is out of use.
            RateLimitExceeded: too many tries from this address.
        """
        if not code.startswith(_RETURN):
            await self._limiter.admit(Attempts.JOIN_CODE, address=address)
            self._limiter.failed(Attempts.JOIN_CODE, address=address)
            raise InvalidToken("this code is not valid; it works once, and not for long")
        session = await self._identity.exchange_code(code, address, counted_as=Attempts.JOIN_CODE)
        classroom = await self._store.made_for(session.user.id)
        return session, None if classroom is None else Seen(classroom)
