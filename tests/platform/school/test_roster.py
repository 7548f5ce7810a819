"""A roster is read whole, or every fault of every row is told."""

import pytest

from toolboxai.platform.identity.model import Role
from toolboxai.platform.school.roster import ROWS_MOST, RosterRow, read_roster

HEAD = "username,display_name,role,class,email\n"


def test_people_are_read_with_what_a_spreadsheet_says_of_them() -> None:
    roster = read_roster(
        HEAD + "anna.a,Anna A.,teacher,7b,anna@school.example\n"
        'sam1,"Sam, the second",,7b,\n'
        "\n"
        "paul,Paul P.,Parent,,\n"
    )
    assert roster.faults == []
    assert roster.rows == [
        RosterRow(2, "anna.a", "Anna A.", Role.TEACHER, "7b", "anna@school.example"),
        RosterRow(3, "sam1", "Sam, the second", Role.STUDENT, "7b", None),
        RosterRow(5, "paul", "Paul P.", Role.PARENT, None, None),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_stand_in_any_order_between_commas_semicolons_or_tabs(delimiter: str) -> None:
    text = "Display_Name|USERNAME\r\nSam S.|sam\r\n".replace("|", delimiter)
    assert read_roster(text).rows == [RosterRow(2, "sam", "Sam S.", Role.STUDENT, None, None)]


def test_every_fault_of_every_row_is_told_with_its_line() -> None:
    roster = read_roster(
        HEAD + "sam,Sam S.,student,,sam@school.example\n"
        "s am,,king,7b,nobody\n"
        "SAM,Sam T.,student,,SAM@school.example\n"
        "lea,Lea L.,admin,7b,\n"
        "tom,Tom\n"
    )
    assert [(fault.line, fault.column) for fault in roster.faults] == [
        (3, "username"),
        (3, "display_name"),
        (3, "role"),
        (3, "email"),
        (4, "username"),
        (4, "email"),
        (5, "class"),
        (6, ""),
    ]
    told = {(fault.line, fault.column): fault.problem for fault in roster.faults}
    assert told[3, "role"] == "allowed is: one of admin, parent, student, teacher"
    assert told[4, "username"] == "it stands in line 2 already"
    assert told[5, "class"] == "classes are for pupils and teachers; leave it out for the role admin"
    assert told[6, ""].startswith("2 cells in the place of 5")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", (1, "display_name")),
        ("username\nsam\n", (1, "display_name")),
        ("username,display_name,name\nsam,Sam,S\n", (1, "name")),
        ("username,username,display_name\nsam,sam,Sam\n", (1, "username")),
        (HEAD, (2, "")),
        (HEAD + 'sam,"Sam\n', (2, "")),
        (HEAD + "sam," + "x" * 200_000, (2, "")),
    ],
)
def test_a_file_that_is_none_is_told_why(text: str, fault: tuple[int, str]) -> None:
    roster = read_roster(text)
    assert roster.rows == [] or roster.rows == ()
    assert (roster.faults[0].line, roster.faults[0].column) == fault


def test_more_people_than_one_file_may_have_are_not_read() -> None:
    rows = "".join(f"sam{number},Sam,,,\n" for number in range(ROWS_MOST))
    assert len(read_roster(HEAD + rows).rows) == ROWS_MOST
    (fault,) = read_roster(HEAD + rows + "lea,Lea,,,\n").faults
    assert (fault.line, fault.problem) == (
        ROWS_MOST + 2,
        f"at most {ROWS_MOST} people at once; send the rest in another file",
    )
