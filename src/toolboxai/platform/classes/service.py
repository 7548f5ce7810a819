"""What teachers do with their classes, and what members see of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from toolboxai.clock import Clock
from toolboxai.errors import Conflict, ResourceNotFound, ValidationError
from toolboxai.ids import Dice, new_token
from toolboxai.platform.classes.codes import JoinCodes
from toolboxai.platform.classes.model import (
    CLASSES_MOST,
    MEMBERS_MOST,
    Classroom,
    Member,
    class_name,
    pseudonym_of,
)
from toolboxai.platform.classes.store import ClassStore, Entry, Place
from toolboxai.platform.identity.model import PEOPLE, Principal, Role, User
from toolboxai.platform.identity.people import People
from toolboxai.platform.identity.store import name_key

__all__ = ["Classes", "OpenDoor", "Seen", "refused"]

_HOUR_S: Final = 3600.0
_CODES: Final = 3  # tries; that two open classes have one code happens once in a million million


class OpenDoor(NamedTuple):
    """The code by which pupils join a class, and until when (Unix seconds)."""

    code: str
    expires_at: float


class Seen(NamedTuple):
    """A class as somebody sees it: its door is for its teacher alone."""

    classroom: Classroom
    door: OpenDoor | None = None


class Classes:
    """The rules of classes: whose one is changes it, who is in it sees it, nobody else knows that there is one.

    Args:
        store: keeps them.
        people: says who somebody is.
        codes: makes codes.
        clock, dice: time and chance.
    """

    def __init__(self, store: ClassStore, people: People, codes: JoinCodes, clock: Clock, dice: Dice) -> None:
        self._store = store
        self._people = people
        self._codes = codes
        self._clock = clock
        self._dice = dice

    # ---- classes ------------------------------------------------------------------------------------------------

    async def make(self, principal: Principal, name: str) -> Seen:
        """A new class; the caller has checked ``class:manage``.

        Raises:
            ValidationError: the name cannot be one.
            Conflict: the asker has as many as one can have.
        """
        made = Classroom(
            new_token(self._dice, "class_", bits=80),
            principal.organization_id,
            principal.user_id,
            class_name(name),
            names_shown=False,
            created_at=self._clock.now(),
        )
        if not await self._store.add(made, most=CLASSES_MOST):
            raise Conflict(
                f"you have {CLASSES_MOST} classes, and may not have more; delete one",
                details={"limit": CLASSES_MOST},
            )
        return Seen(made)

    async def one(self, principal: Principal, class_id: str) -> Seen:
        """One class of the asker's own, or that they are in.

        Raises:
            ResourceNotFound: there is none.
        """
        return self.seen_by(principal, await self._visible(principal, class_id))

    async def all(self, principal: Principal, *, after: Place | None = None, limit: int) -> Sequence[Seen]:
        """The asker's own classes and those they are in, oldest first, beginning after a place."""
        if principal.role not in PEOPLE:
            return []
        found = await self._store.classes_of(principal.user_id, after=after, limit=limit)
        return [self.seen_by(principal, each) for each in found]

    async def change(
        self,
        principal: Principal,
        class_id: str,
        *,
        name: str | None = None,
        names_shown: bool | None = None,
    ) -> Seen:
        """Change what is not None.

        Raises:
            ResourceNotFound: no class of the asker's own.
            ValidationError: the name cannot be one.
        """
        await self._own(principal, class_id)
        kept = None if name is None else class_name(name)
        await self._store.change(class_id, name=kept, names_shown=names_shown)
        return await self.one(principal, class_id)

    async def remove(self, principal: Principal, class_id: str) -> None:
        """Remove a class: nobody is in it any more, and what was shared with it is not.

        Raises:
            ResourceNotFound: no class of the asker's own.
        """
        await self._own(principal, class_id)
        await self._store.remove(class_id)

    # ---- the door -----------------------------------------------------------------------------------------------

    async def open(self, principal: Principal, class_id: str, *, hours: int) -> OpenDoor:
        """Let pupils join by a new code, in the place of an earlier one.

        Raises:
            ResourceNotFound: no class of the asker's own.
        """
        await self._own(principal, class_id)
        expires_at = self._clock.now() + hours * _HOUR_S
        for _ in range(_CODES):
            code, kept = self._codes.made(class_id, new_token(self._dice, bits=80), expires_at=expires_at)
            if await self._store.set_code(class_id, kept):
                return OpenDoor(code, expires_at)
        raise Conflict("no code was free; try again")

    async def close(self, principal: Principal, class_id: str) -> None:
        """Let nobody join any more.

        Raises:
            ResourceNotFound: no class of the asker's own.
        """
        await self._own(principal, class_id)
        await self._store.set_code(class_id, None)

    # ---- members ------------------------------------------------------------------------------------------------

    async def members(
        self, principal: Principal, class_id: str, *, after: Place | None = None, limit: int
    ) -> Sequence[Member]:
        """Who is in a class, the first who came first; names of accounts as far as the asker may see them.

        Raises:
            ResourceNotFound: no class of the asker's own, nor one they are in.
        """
        classroom = await self._visible(principal, class_id)
        found = await self._store.members(class_id, after=after, limit=limit)
        return [self._as_seen(principal, classroom, each) for each in found]

    async def add(
        self,
        principal: Principal,
        class_id: str,
        *,
        user_id: str | None = None,
        username: str | None = None,
        pseudonym: str | None = None,
    ) -> tuple[Member, bool]:
        """Take a pupil of the organisation who has an account in; a second time changes nothing.

        Args:
            principal: the owner.
            class_id: of the class.
            user_id: who; or
            username: the name or e-mail address that the pupil signs in with.
            pseudonym: what the class calls them; ``Pupil 1`` and so on when None.

        Returns:
            The member, and whether they were not in it before.

        Raises:
            ResourceNotFound: no class of the asker's own, or no such pupil.
            ValidationError: the pseudonym cannot be one.
            Conflict: it is taken, or the class is full.
        """
        classroom = await self._own(principal, class_id)
        user = await self._pupil(classroom, user_id, username)
        there = await self._store.member(class_id, user.id)
        if there is not None:
            return there, False
        if pseudonym is None:
            pseudonym = await self._free_pseudonym(class_id)
        else:
            pseudonym = await self.checked(classroom, pseudonym)
        new = Member(class_id, user.id, pseudonym, False, self._clock.now(), user.display_name)
        entry = await self._store.enter(new, most=MEMBERS_MOST)
        if entry is not Entry.IN:
            raise refused(entry, new.pseudonym)
        return new, True

    async def rename(self, principal: Principal, class_id: str, user_id: str, pseudonym: str) -> Member:
        """Give a member another pseudonym.

        Raises:
            ResourceNotFound: no class of the asker's own, or no such member.
            ValidationError: the pseudonym cannot be one.
            Conflict: it is taken.
        """
        classroom = await self._own(principal, class_id)
        kept = await self.checked(classroom, pseudonym)
        await self.member(class_id, user_id)
        if await self._store.rename(class_id, user_id, kept) is Entry.TAKEN:
            raise refused(Entry.TAKEN, kept)
        return await self.member(class_id, user_id)

    async def dismiss(self, principal: Principal, class_id: str, user_id: str) -> None:
        """Let somebody be in a class no more; members may leave by themselves.

        Raises:
            ResourceNotFound: no such class, or no such member whom the asker may dismiss.
        """
        classroom = await self._visible(principal, class_id)
        if not _owns(principal, classroom) and principal.user_id != user_id:
            raise _no_member(user_id)
        await self.member(class_id, user_id)
        await self._store.leave(class_id, user_id)

    async def member(self, class_id: str, user_id: str) -> Member:
        """One member; whoever asks has been looked at.

        Raises:
            ResourceNotFound: there is none.
        """
        found = await self._store.member(class_id, user_id) if _storable(user_id) else None
        if found is None:
            raise _no_member(user_id)
        return found

    async def own(self, principal: Principal, class_id: str) -> Classroom:
        """A class of the asker's own.

        Raises:
            ResourceNotFound: there is none.
        """
        return await self._own(principal, class_id)

    async def checked(self, classroom: Classroom, pseudonym: str) -> str:
        """A pseudonym as it is kept, which nobody takes for the teacher.

        Raises:
            ValidationError: it cannot be one.
        """
        kept = pseudonym_of(pseudonym)
        try:
            teacher = await self._people.user(classroom.owner_id)
        except ResourceNotFound:
            return kept
        if name_key(kept) in {name_key(teacher.display_name), name_key(teacher.username)}:
            told = "it is the teacher's name; take another"
            raise ValidationError(f"pseudonym: {told}", details={"fields": {"pseudonym": told}})
        return kept

    def seen_by(self, principal: Principal | User, classroom: Classroom) -> Seen:
        """A class as somebody who may see it does."""
        kept = classroom.code
        user_id = principal.id if isinstance(principal, User) else principal.user_id
        if kept is None or user_id != classroom.owner_id or kept.expires_at <= self._clock.now():
            return Seen(classroom)
        code = self._codes.shown(classroom.id, kept)
        return Seen(classroom, None if code is None else OpenDoor(code, kept.expires_at))

    # ---- inside -------------------------------------------------------------------------------------------------

    async def _visible(self, principal: Principal, class_id: str) -> Classroom:
        found = await self._store.classroom(class_id) if _storable(class_id) else None
        if (
            found is not None
            and principal.role in PEOPLE
            and principal.organization_id == found.organization_id
            and (
                principal.user_id == found.owner_id
                or await self._store.member(class_id, principal.user_id) is not None
            )
        ):
            return found
        raise ResourceNotFound(f"there is no class {class_id[:80]!r} of yours")

    async def _own(self, principal: Principal, class_id: str) -> Classroom:
        found = await self._visible(principal, class_id)
        if not _owns(principal, found):
            raise ResourceNotFound(f"there is no class {class_id[:80]!r} of yours")
        return found

    async def _pupil(self, classroom: Classroom, user_id: str | None, username: str | None) -> User:
        """A pupil with an account of their own; one who joined by a code comes into another class by its code."""
        try:
            if user_id is not None:
                user = await self._people.user(user_id) if _storable(user_id) else None
            else:
                user = await self._people.user_named(username or "")
        except ResourceNotFound:
            user = None
        if (
            user is None
            or user.organization_id != classroom.organization_id
            or user.role is not Role.STUDENT
            or user.guest
        ):
            raise ResourceNotFound(
                f"there is no pupil {(user_id or username or '')[:80]!r} with an account in the class's organisation"
            )
        return user

    async def _free_pseudonym(self, class_id: str) -> str:
        taken = {name_key(each.pseudonym) for each in await self._store.members(class_id)}
        return next(
            name for number in range(1, len(taken) + 2) if name_key(name := f"Pupil {number}") not in taken
        )

    @staticmethod
    def _as_seen(principal: Principal, classroom: Classroom, member: Member) -> Member:
        if classroom.names_shown or _owns(principal, classroom):
            return member
        return replace(member, display_name="")


def refused(entry: Entry, pseudonym: str) -> Conflict:
    """Why somebody does not come in."""
    match entry:
        case Entry.FULL:
            return Conflict(f"the class is full: {MEMBERS_MOST} are in it", details={"limit": MEMBERS_MOST})
        case Entry.TAKEN:
            told = "it is taken in this class; choose another"
            return Conflict(f"{pseudonym!r}: {told}", details={"fields": {"pseudonym": told}})
        case _:
            return Conflict("they are in the class already, or it has just been deleted; look at it again")


def _owns(principal: Principal, classroom: Classroom) -> bool:
    return principal.user_id == classroom.owner_id


def _storable(text: str) -> bool:
    """Whether a stranger's text can be an id at all."""
    return text.isascii() and len(text) <= 64 and text.replace("_", "").isalnum()


def _no_member(user_id: str) -> ResourceNotFound:
    return ResourceNotFound(f"there is no member {user_id[:80]!r} of this class")
