"""A roster becomes accounts, with a welcome link for each, and places in classes: all of it or nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from toolboxai.clock import Clock
from toolboxai.errors import ValidationError
from toolboxai.ids import Dice, new_token
from toolboxai.platform.classes.model import CLASSES_MOST, MEMBERS_MOST
from toolboxai.platform.identity.model import Principal, Role
from toolboxai.platform.identity.store import name_key
from toolboxai.platform.identity.welcome import new_welcome_code
from toolboxai.platform.school.accounts import Invited, NewAccount, new_user
from toolboxai.platform.school.roster import Fault, RosterRow, read_roster
from toolboxai.platform.school.store import ClassPlan, Invitation, SchoolStore

__all__ = ["Imported", "RosterImport"]

_TOLD: Final = 5  # faults that stand in the sentence; all are in the details


class Imported(NamedTuple):
    """What came of a roster.

    Args:
        rows: how many people it has.
        invited: those who were made; none after a mere check.
        classes: names of the classes that are new.
    """

    rows: int
    invited: Sequence[Invited]
    classes: Sequence[str]


class RosterImport:
    """Makes the accounts of a roster.

    Args:
        store: keeps accounts, and knows who is there.
        clock, dice: time and chance.
    """

    def __init__(self, store: SchoolStore, clock: Clock, dice: Dice) -> None:
        self._store = store
        self._clock = clock
        self._dice = dice

    async def run(self, admin: Principal, text: str, *, check: bool) -> Imported:
        """Make everybody of the file, or with `check` see whether that would go well.

        A teacher with a class that is not there has it from then on; one that nobody of the file teaches is the
        admin's. Pupils are called Pupil 1, Pupil 2 and so on in a class, until its teacher says otherwise.

        Args:
            admin: whose school it is; the caller has checked ``users:manage``.
            text: of the file.
            check: only look.

        Raises:
            ValidationError: ``details.faults`` has every fault; nothing was made.
            Conflict: somebody took a name in the same moment; nothing was made.
        """
        roster = await asyncio.to_thread(read_roster, text)  # two thousand lines take a while
        faults = [*roster.faults, *await self._taken(roster.rows)]
        invited = {row.line: self._invited(admin, row) for row in roster.rows}
        plans, unfit = await self._classes(admin, roster.rows, invited)
        faults.extend(unfit)
        if faults:
            raise _refusal(sorted(faults))
        fresh = [plan.name for plan in plans if plan.fresh]
        if check:
            return Imported(len(roster.rows), (), fresh)
        made = list(invited.values())
        invitations = [Invitation(one.user, one.code.hash, one.code.expires_at) for one in made]
        await self._store.invite(invitations, plans, at=self._clock.now())
        return Imported(len(roster.rows), made, fresh)

    def _invited(self, admin: Principal, row: RosterRow) -> Invited:
        new = NewAccount(row.username, row.role, row.email, row.display_name)
        return Invited(new_user(self._dice, admin, new), new_welcome_code(self._dice, self._clock))

    async def _taken(self, rows: Sequence[RosterRow]) -> Sequence[Fault]:
        keys = {name_key(value) for row in rows for value in (row.username, row.email) if value}
        taken = await self._store.taken(keys)
        return [
            Fault(row.line, column, "it is taken; choose another")
            for row in rows
            for column, value in (("username", row.username), ("email", row.email))
            if value and name_key(value) in taken
        ]

    async def _classes(
        self, admin: Principal, rows: Sequence[RosterRow], invited: Mapping[int, Invited]
    ) -> tuple[Sequence[ClassPlan], Sequence[Fault]]:
        wanted: dict[str, list[RosterRow]] = {}
        for row in rows:
            if row.class_name is not None:
                wanted.setdefault(name_key(row.class_name), []).append(row)
        if not wanted:
            return (), ()
        there: dict[str, list[tuple[str, str, str]]] = {}
        for one in await self._store.classes(admin.organization_id):
            there.setdefault(name_key(one[1]), []).append(one)
        taken = await self._store.pseudonyms([one[0] for key in wanted for one in there.get(key, ())])
        plans: list[ClassPlan] = []
        faults: list[Fault] = []
        for key, members in wanted.items():
            known = there.get(key, [])
            wrong = _unfit(members, known)
            if wrong:
                faults.extend(wrong)
                continue
            teachers = [invited[row.line].user.id for row in members if row.role is Role.TEACHER]
            pupils = [row for row in members if row.role is Role.STUDENT]
            class_id, name, owner_id = (
                known[0]
                if known
                else (
                    new_token(self._dice, "class_", bits=80),
                    members[0].class_name or "",
                    teachers[0] if teachers else admin.user_id,
                )
            )
            called = taken.get(class_id, set())
            if len(called) + len(pupils) > MEMBERS_MOST:
                told = f"a class has at most {MEMBERS_MOST} pupils, and this one would have {len(called) + len(pupils)}"
                faults.append(Fault(pupils[-1].line, "class", told))
                continue
            names = _pseudonyms(len(pupils), called)
            ids = [invited[row.line].user.id for row in pupils]
            plans.append(ClassPlan(class_id, name, owner_id, not known, dict(zip(ids, names, strict=True))))
        faults.extend(_too_many(admin, plans, there, wanted))
        return plans, faults


def _unfit(members: Sequence[RosterRow], known: Sequence[tuple[str, str, str]]) -> Sequence[Fault]:
    """Faults of one class: it has one teacher, and pupils are told apart by its name."""
    if len(known) > 1:
        told = f"{len(known)} classes have this name; put pupils into it one by one, or rename one"
        return [Fault(row.line, "class", told) for row in members]
    teachers = [row for row in members if row.role is Role.TEACHER]
    if known:
        told = "this class is there and has a teacher; leave it out, its teacher may share with others"
        return [Fault(row.line, "class", told) for row in teachers]
    return [
        Fault(row.line, "class", f"the class has the teacher of line {teachers[0].line} already")
        for row in teachers[1:]
    ]


def _too_many(
    admin: Principal,
    plans: Sequence[ClassPlan],
    there: Mapping[str, Sequence[tuple[str, str, str]]],
    wanted: Mapping[str, Sequence[RosterRow]],
) -> Sequence[Fault]:
    """New classes without a teacher are the admin's, who may have as many as anybody."""
    own = sum(one[2] == admin.user_id for classes in there.values() for one in classes)
    new = [plan for plan in plans if plan.fresh and plan.owner_id == admin.user_id]
    if own + len(new) <= CLASSES_MOST:
        return ()
    line = wanted[name_key(new[-1].name)][0].line
    return [Fault(line, "class", f"you would have more than {CLASSES_MOST} classes; name their teachers")]


def _pseudonyms(number: int, taken: set[str]) -> Sequence[str]:
    """As many that nobody of the class has."""
    names: list[str] = []
    count = 0
    while len(names) < number:
        count += 1
        if name_key(f"Pupil {count}") not in taken:
            names.append(f"Pupil {count}")
    return names


def _refusal(faults: Sequence[Fault]) -> ValidationError:
    told = "; ".join(
        f"line {fault.line}{', ' if fault.column else ''}{fault.column}: {fault.problem}"
        for fault in faults[:_TOLD]
    )
    rest = len(faults) - _TOLD
    more = f"; and {rest} more in details.faults" if rest > 0 else ""
    return ValidationError(
        f"nothing was made, for the roster has faults: {told}{more}",
        details={"faults": [fault._asdict() for fault in faults]},
    )
