"""A school's list of people as CSV: read whole, with every fault of every row."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from toolboxai.errors import ValidationError
from toolboxai.platform.classes.model import class_name
from toolboxai.platform.identity.account_rules import account_faults, normal_name
from toolboxai.platform.identity.model import PEOPLE, Role
from toolboxai.platform.identity.store import name_key

__all__ = ["COLUMNS", "ROWS_MOST", "Fault", "Roster", "RosterRow", "read_roster"]

ROWS_MOST: Final = 2000
COLUMNS: Final = ("username", "display_name", "role", "class", "email")
_NEEDED: Final = frozenset({"username", "display_name"})
_DELIMITERS: Final = ",;\t"  # what spreadsheets write, by country
_IN_CLASSES: Final = frozenset({Role.STUDENT, Role.TEACHER})


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One person.

    Args:
        line: of the file, as a spreadsheet counts: the head is 1.
        username: in the form that is kept.
        display_name: how to address them.
        role: student where the file does not say.
        class_name: of a pupil's class, or of the one that a teacher has; None: none.
        email: None: none.
    """

    line: int
    username: str
    display_name: str
    role: Role
    class_name: str | None
    email: str | None


class Fault(NamedTuple):
    """What is wrong in one cell, and what is allowed; `column` is empty where it is the whole row."""

    line: int
    column: str
    problem: str


class Roster(NamedTuple):
    """The rows without a fault, and all faults, in the order of the file."""

    rows: Sequence[RosterRow]
    faults: Sequence[Fault]


def read_roster(text: str) -> Roster:
    """Read a file; columns in any order, names of columns in any case, separated by commas, semicolons or tabs."""
    lines = csv.reader(io.StringIO(text), delimiter=_delimiter(text), strict=True)
    rows: list[RosterRow] = []
    faults: list[Fault] = []
    try:
        head = [cell.strip().lower() for cell in next(lines, [])]
        faults.extend(_head_faults(head))
        if faults:
            return Roster((), faults)
        seen, people = _Seen(), 0
        for number, cells in enumerate(lines, start=2):
            if not any(cell.strip() for cell in cells):
                continue
            people += 1
            if people > ROWS_MOST:
                told = f"at most {ROWS_MOST} people at once; send the rest in another file"
                return Roster(rows, [*faults, Fault(number, "", told)])
            row, wrong = _row(number, head, cells)
            wrong.extend(seen.twice(number, row))
            faults.extend(wrong)
            if not wrong:
                rows.append(row)
    except csv.Error as broken:
        told = f"this cannot be read as CSV: {broken}; a cell that begins with a quote ends with one"
        faults.append(Fault(lines.line_num, "", told))
    if not rows and not faults:
        faults.append(Fault(2, "", "there is nobody below the head"))
    return Roster(rows, faults)


def _delimiter(text: str) -> str:
    first = text[:1000].partition("\n")[0]
    return max(_DELIMITERS, key=first.count)


def _head_faults(head: Sequence[str]) -> Iterator[Fault]:
    allowed = f"columns are {', '.join(COLUMNS)}; the first two are needed"
    for name in head:
        if name not in COLUMNS:
            yield Fault(1, name[:40], f"no such column; {allowed}")
    for name in sorted({name for name in head if head.count(name) > 1}):
        yield Fault(1, name, "it is there twice")
    for name in sorted(_NEEDED - set(head)):
        yield Fault(1, name, f"the column is missing; {allowed}")


def _row(number: int, head: Sequence[str], cells: Sequence[str]) -> tuple[RosterRow, list[Fault]]:
    """The row, whatever it holds, and its faults."""
    faults = []
    if len(cells) != len(head):
        told = f"{len(cells)} cells in the place of {len(head)}; a name with a comma in it needs quotes"
        faults.append(Fault(number, "", told))
    given = {name: cell.strip() for name, cell in zip(head, cells, strict=False)}
    username, role = normal_name(given.get("username", "")), given.get("role", "").lower() or Role.STUDENT
    email, into = given.get("email") or None, given.get("class") or None
    known: Mapping[str, str | None] = {
        "name": username,
        "display_name": given.get("display_name", ""),
        "role": role,
        "email": email,
    }
    for field, allowed in account_faults(known).items():
        faults.append(Fault(number, "username" if field == "name" else field, f"allowed is: {allowed}"))
    if into is not None:
        try:
            into = class_name(into)
        except ValidationError as fault:
            faults.append(Fault(number, "class", str(fault.details["fields"]["name"])))
        if role in PEOPLE and role not in _IN_CLASSES:
            faults.append(
                Fault(
                    number, "class", f"classes are for pupils and teachers; leave it out for the role {role}"
                )
            )
    kept = Role(role) if role in PEOPLE else Role.STUDENT
    return RosterRow(number, username, given.get("display_name", ""), kept, into, email), faults


class _Seen:
    """Names and addresses of the rows so far."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}

    def twice(self, number: int, row: RosterRow) -> list[Fault]:
        faults = []
        for column, value in (("username", row.username), ("email", row.email)):
            if value:
                first = self._lines.setdefault(name_key(value), number)
                if first != number:
                    faults.append(Fault(number, column, f"it stands in line {first} already"))
        return faults
